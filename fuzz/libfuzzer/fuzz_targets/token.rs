//! Fuzzes the parser of tokens.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| azure_oidc_fuzz::run("token", input));
