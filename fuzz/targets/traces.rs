//! `make fuzz`: see the body, `fuzz/bodies/src/traces.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sergo_fuzz_bodies::traces(data));
