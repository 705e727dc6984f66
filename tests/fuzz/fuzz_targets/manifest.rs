//! A manifest, and a profile under it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oke_fuzz::{readers, seeds};

fuzz_target!(init: { seeds::plant(seeds::contents) }, |data: &[u8]| {
    readers::manifest(data);
});
