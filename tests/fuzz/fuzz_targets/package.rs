//! A package as it comes in: its archive, its signature, its contents.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oke_fuzz::{readers, seeds};

fuzz_target!(init: { seeds::plant(seeds::packages) }, |data: &[u8]| {
    readers::package(data);
});
