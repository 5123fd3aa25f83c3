//! Fuzzes the search for AADSTS codes in a text.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| azure_oidc_fuzz::run("aadsts", input));
