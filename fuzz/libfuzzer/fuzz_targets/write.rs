//! Fuzzes the writer of credentials.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| azure_oidc_fuzz::run("write", input));
