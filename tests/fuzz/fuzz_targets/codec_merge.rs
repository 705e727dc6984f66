//! The merge of R3 and table 4.0.F: an object, and what comes in for it.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use oke_fuzz::{json, merge, seeds};

fuzz_target!(init: { seeds::plant(seeds::changes) }, |data: &[u8]| {
    merge::codec_merge(data);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    json::mutate(data, (size, max_size), seed, fuzzer_mutate)
});
