//! A component's type, held against the contract before it is compiled.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oke_fuzz::{readers, seeds};

fuzz_target!(init: { seeds::plant(seeds::components) }, |data: &[u8]| {
    readers::component(data);
});
