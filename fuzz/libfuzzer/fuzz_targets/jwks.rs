//! Fuzzes the parser of key sets.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| azure_oidc_fuzz::run("jwks", input));
