//! The contents of a package that is signed as it should be: manifest, profile, release notes, list of components.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oke_fuzz::{readers, seeds};

fuzz_target!(init: { seeds::plant(seeds::contents) }, |data: &[u8]| {
    readers::contents(data);
});
