//! A publisher's bundle of keys, revocations and packages; a trust file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oke_fuzz::{readers, seeds};

fuzz_target!(init: { seeds::plant(seeds::bundles) }, |data: &[u8]| {
    readers::bundle(data);
});
