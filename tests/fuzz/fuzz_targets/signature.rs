//! Envelopes, statements and counter-statements.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oke_fuzz::{readers, seeds};

fuzz_target!(init: { seeds::plant(seeds::signatures) }, |data: &[u8]| {
    readers::signature(data);
});
