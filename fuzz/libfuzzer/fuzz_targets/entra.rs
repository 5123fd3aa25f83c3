//! Fuzzes the reader of Entra's answers.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| azure_oidc_fuzz::run("entra", input));
