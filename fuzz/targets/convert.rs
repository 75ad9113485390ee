//! `make fuzz`: see the body, `fuzz/bodies/src/convert.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sergo_fuzz_bodies::convert(data));
