//! Fuzzes the reader of an issuer's documents.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| azure_oidc_fuzz::run("issuer", input));
