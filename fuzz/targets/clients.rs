//! `make fuzz`: see the body, `fuzz/bodies/src/clients.rs`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sergo_fuzz_bodies::clients(data));
