#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| azure_oidc_fuzz::jwks(text));
