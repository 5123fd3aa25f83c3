//! Tests that a known secret is found in every form, and that nothing else changes.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use proptest::prelude::*;

use super::*;

const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJvcmc6Y29udG9zbyJ9.c2lnbmF0dXJl-c2lnbmF0dXJl_c2ln";
const OPAQUE: &str = "0.Ab+CdE1fG2/hI3jK4lM5nO6~pQ7rS8tU9v";

fn known(secret: &str) -> KnownSecrets {
    let known = KnownSecrets::default();
    known.learn(secret);
    known
}

fn hidden(secret: &str, text: &str) -> String {
    known(secret).hide(text.to_owned())
}

/// The text with each character written by `write`.
fn each(text: &str, write: impl Fn(char) -> String) -> String {
    text.chars().map(write).collect()
}

fn wrapped(text: &str, width: usize, end: &str) -> String {
    text.as_bytes().chunks(width).map(|line| String::from_utf8_lossy(line).into_owned()).collect::<Vec<_>>().join(end)
}

/// Every way in which an answer may repeat a secret.
fn forms(secret: &str) -> Vec<String> {
    let percent = each(secret, |c| format!("%{:02x}", u32::from(c)));
    let mut forms = vec![
        secret.to_owned(),
        percent.clone(),
        each(secret, |c| if c.is_alphanumeric() { c.to_string() } else { format!("%{:02X}", u32::from(c)) }),
        percent.replace('%', "%25"),
        percent.replace('%', "%2525"),
        each(secret, |c| format!("\\u{:04x}", u32::from(c))),
        each(secret, |c| format!("\\\\u{:04X}", u32::from(c))),
        each(secret, |c| format!("\\x{:02x}", u32::from(c))),
        each(secret, |c| format!("\\u{{{:x}}}", u32::from(c))),
        each(secret, |c| format!("{c}\u{202e}")),
        secret.replace('/', "\\/"),
    ];
    for end in ["\n", "\r\n", "\\n", "\\\\n", "\\r\\n", "%0A", " ", "\",\n  \"", "\n> "] {
        forms.extend([76, 19, 3, 1].map(|width| wrapped(secret, width, end)));
    }
    for before in ["", "x", "xy", "client_assertion="] {
        for after in ["", "&z"] {
            let whole = format!("{before}{secret}{after}");
            let url = BASE64_URL_SAFE_NO_PAD.encode(&whole);
            forms.push(wrapped(&url, 5, "\r\n"));
            forms.push(url);
            forms.push(BASE64_STANDARD_NO_PAD.encode(&whole));
            forms.push(BASE64_STANDARD.encode(&whole).replace('/', "\\/"));
            forms.push(BASE64_STANDARD.encode(&whole).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D"));
        }
    }
    forms
}

#[test]
fn a_known_secret_is_masked_in_every_form() {
    for secret in [TOKEN, OPAQUE, "Xh48Q~Zk2LmN9pQrS4tUvWxYz01aBcDeFg", "de9f2c7fd25e1b3afad3e85a0bd17d9b100db4b3"] {
        for form in forms(secret) {
            let text = hidden(secret, &format!("before `{form}` after"));
            let rest = text.trim_start_matches("before `").trim_end_matches("` after");
            // At most the characters of base64 that depend on the neighbours are left.
            let left = plain(&rest.replace(MASK, "")).0;
            assert!(rest.contains(MASK) && left.len() < 30 && text.starts_with("before `"), "{form}\n{text}");
            let more = known(secret);
            assert_eq!(more.hide(text.clone()), text, "hiding again changes nothing");
        }
        assert_eq!(hidden(secret, &format!("a {secret} b {secret}")), "a *** b ***");
        assert_eq!(hidden(secret, secret), "***");
        assert_eq!(hidden(&format!(" {secret}\r\n"), secret), "***");
    }
}

#[test]
fn a_part_of_a_secret_is_masked_and_a_few_characters_are_not() {
    for start in 0..TOKEN.len() {
        for end in start..TOKEN.len() {
            let part = &TOKEN[start..end];
            let text = hidden(TOKEN, &format!("[{part}]"));
            if plain(part).0.len() >= SHORTEST_PART {
                assert!(text.contains(MASK) && text.len() <= 9, "{text}");
            }
        }
    }
    assert_eq!(hidden(TOKEN, "the header is eyJhbGci"), "the header is eyJhbGci");
}

#[test]
fn short_values_and_decoded_tokens_are_shown() {
    for word in ["", "token", "not-a-token-yet"] {
        assert_eq!(hidden(word, "this is not-a-token-yet, but a token"), "this is not-a-token-yet, but a token");
    }
    let decoded = r#"{"iss":"https://issuer.example"}"#;
    assert_eq!(hidden(decoded, "the issuer is https://issuer.example"), "the issuer is https://issuer.example");
}

#[test]
fn secrets_with_the_same_beginning_are_masked_once_each() {
    let secrets = known(TOKEN);
    let other = TOKEN.replace("c2ln", "d3Mo");
    secrets.learn(&other);
    secrets.learn(TOKEN);
    assert_eq!(secrets.hide(format!("{TOKEN} {other}")), "*** ***");
    secrets.learn(OPAQUE);
    assert_eq!(secrets.hide(format!("{OPAQUE},{TOKEN}")), "***,***");
}

#[test]
fn debug_shows_nothing() {
    assert_eq!(format!("{:?}", known(TOKEN)), "KnownSecrets");
}

#[test]
fn the_time_grows_with_the_length_only() {
    let repeated = "A".repeat(4000);
    let secrets = known(&repeated);
    secrets.learn(TOKEN);
    for text in [
        "A".repeat(1 << 20),
        format!("{}B", "A".repeat(18)).repeat(50_000),
        "\\".repeat(1 << 20),
        "%25".repeat(300_000),
        format!("{}!", &TOKEN[..18]).repeat(50_000),
    ] {
        // A search whose time grows with the square of the length would not end here.
        let length = text.len();
        assert!(secrets.hide(text).len() <= length);
    }
}

proptest! {
    #[test]
    fn a_secret_never_survives_and_other_text_does(
        secret in "[!-z|-~]{24,200}", before in "[ -~\\n\u{202e}é]{0,40}", after in "[ -~\\né]{0,40}",
    ) {
        let text = hidden(&secret, &format!("{before}{secret}{after}"));
        let left = plain(&text).0;
        let parts = plain(&secret).0;
        prop_assert!(parts.len() < SHORTEST || !left.windows(parts.len()).any(|part| part == parts));
        let other = format!("{before}{after}");
        prop_assert_eq!(hidden("Zq9_never_in_any_text_Zq9", &other), other);
    }
}
