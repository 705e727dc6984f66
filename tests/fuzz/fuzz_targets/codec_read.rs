//! Every object that the codec reads, whole; what was read is written, and reads back as it was.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use oke_fuzz::{codec, json, seeds};

fuzz_target!(init: { seeds::plant(seeds::messages) }, |data: &[u8]| {
    codec::codec_read(data);
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    json::mutate(data, (size, max_size), seed, fuzzer_mutate)
});
