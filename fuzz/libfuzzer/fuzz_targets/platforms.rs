//! Fuzzes the readers of token services' answers.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| azure_oidc_fuzz::run("platforms", input));
