//! `make fuzz`: see the body, `fuzz/bodies/src/format.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sergo_fuzz_bodies::format(data));
