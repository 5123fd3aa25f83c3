//! Tests texts that are not tokens, and the message and hint for each.

use super::{HEADER, encoded, token};
use crate::token::{Jws, Token};

/// Text that no message may repeat.
const MARK: &str = "s3cr3tM4rk";

/// Each text with its code; `TOKEN` stands for a good token.
const MISTAKES: &[(&str, &str)] = &[
    ("", "token-empty"),
    (" \r\n", "token-empty"),
    ("\"\"", "token-empty"),
    ("$(s3cr3tM4rk)", "token-placeholder"),
    ("${s3cr3tM4rk}", "token-placeholder"),
    ("${{ secrets.s3cr3tM4rk }}", "token-placeholder"),
    ("$s3cr3tM4rk", "token-placeholder"),
    ("\"$s3cr3tM4rk\"\n", "token-placeholder"),
    ("{{ s3cr3tM4rk }}", "token-placeholder"),
    ("<+secrets.getValue(\"s3cr3tM4rk\")>", "token-placeholder"),
    ("<s3cr3tM4rk>", "token-placeholder"),
    ("%s3cr3tM4rk%", "token-placeholder"),
    ("***", "token-masked"),
    ("**************", "token-masked"),
    ("[MASKED]", "token-masked"),
    ("null", "token-null"),
    ("undefined\n", "token-null"),
    ("None", "token-null"),
    ("<no value>", "token-null"),
    ("Bearer TOKEN", "token-bearer-prefix"),
    ("bearer s3cr3tM4rk", "token-bearer-prefix"),
    ("Authorization: Bearer TOKEN", "token-bearer-prefix"),
    ("-----BEGIN PRIVATE KEY-----\ns3cr3tM4rk\n-----END PRIVATE KEY-----\n", "token-is-pem"),
    ("<!DOCTYPE html><title>s3cr3tM4rk", "token-is-html"),
    ("<html><body>s3cr3tM4rk</body></html>\n", "token-is-html"),
    ("{\"payload\":\"TOKEN\",\"signatures\":[{\"signature\":\"s3cr3tM4rk\"}]}", "token-json-serialization"),
    ("{\"payload\":\"TOKEN\",\"protected\":\"TOKEN\",\"signature\":\"s3cr3tM4rk\"}", "token-json-serialization"),
    ("{\"protected\":\"TOKEN\",\"ciphertext\":\"s3cr3tM4rk\",\"tag\":\"x\"}", "token-encrypted"),
    ("{\"value\":\"TOKEN\"}\n", "token-is-json"),
    ("{\"iss\":\"s3cr3tM4rk\"}", "token-is-json"),
    ("[\"TOKEN\"]", "token-is-json"),
    ("https://s3cr3tM4rk.example/token?audience=api%3A%2F%2Fx", "token-is-url"),
    ("\"TOKEN\"", "token-quoted"),
    ("'TOKEN'\n", "token-quoted"),
    ("\u{201c}TOKEN\u{201d}", "token-quoted"),
    ("\"TOKEN", "token-quoted"),
    ("/var/run/secrets/azure/tokens/s3cr3tM4rk", "token-is-path"),
    ("./s3cr3tM4rk.jwt", "token-is-path"),
    ("~/s3cr3tM4rk", "token-is-path"),
    ("C:\\Users\\s3cr3tM4rk\\id.token", "token-is-path"),
    ("@s3cr3tM4rk.jwt", "token-is-path"),
    ("s3cr3tM4rk.jwt", "token-is-path"),
    ("tokens/s3cr3tM4rk", "token-is-path"),
    ("ID_TOK=TOKEN", "token-name-prefix"),
    ("id_token: 'TOKEN'", "token-name-prefix"),
    ("e\0y\0J\0", "token-utf16"),
    ("\u{feff}TOKEN", "token-white-space"),
    ("TOKEN\n", "token-white-space"),
    ("TOKEN\r\n", "token-white-space"),
    (" TOKEN", "token-white-space"),
    ("TOKEN\t", "token-white-space"),
    ("TOK\nEN", "token-white-space"),
    ("s3cr3tM4rk", "token-opaque"),
    ("ghp_s3cr3tM4rk", "token-opaque"),
    ("TOKEN.", "token-not-three-segments"),
    (".", "token-not-three-segments"),
    ("s3cr3tM4rk.s3cr3tM4rk", "token-not-three-segments"),
    ("TOKEN.s3cr3tM4rk.s3cr3tM4rk.s3cr3tM4rk", "token-not-three-segments"),
    ("TOKEN.s3cr3tM4rk.s3cr3tM4rk", "token-encrypted"),
    ("..", "token-not-json"),
    ("s3cr3tM4rk.e30.c2ln", "token-not-base64url"),
    ("TOKEN!", "token-not-base64url"),
    ("TOKEN,TOKEN", "token-not-three-segments"),
];

fn written_out(text: &str) -> String {
    let good = token(HEADER, format!("{{\"sub\":\"{MARK}\"}}"));
    let (start, end) = good.split_at(good.len() / 2);
    text.replace("TOKEN", &good).replace("TOK\nEN", &format!("{start}\n{end}"))
}

#[test]
fn every_mistake_has_its_name() {
    for (text, code) in MISTAKES {
        assert_eq!(Token::parse(&written_out(text)).unwrap_err().code(), *code, "{text:?}");
    }
}

#[test]
fn no_message_repeats_what_was_pasted() {
    let good = token(HEADER, format!("{{\"sub\":\"{MARK}\"}}"));
    let segments: Vec<_> = good.split('.').collect();
    for (text, _) in MISTAKES {
        let malformed = Token::parse(&written_out(text)).unwrap_err();
        let shown = format!("{malformed} {malformed:?}");
        assert!(!shown.contains(MARK) && segments.iter().all(|segment| !shown.contains(segment)), "{shown}");
        assert_eq!((malformed.aadsts, malformed.message.ends_with('.')), (50027, false));
    }
}

#[test]
fn a_repeated_member_is_named_only_when_its_name_is_well_known() {
    let repeat = |name: &str| token(HEADER, format!("{{\"{name}\":1,\"{name}\":2}}"));
    assert_eq!(
        Token::parse(&repeat("sub")).unwrap_err().message,
        "the payload of the token has the member `sub` more than once"
    );
    assert_eq!(
        Token::parse(&repeat(MARK)).unwrap_err().message,
        "the payload of the token has a member more than once"
    );
}

#[test]
fn a_jws_is_asked_the_same() {
    for (text, code) in MISTAKES {
        assert_eq!(Jws::parse(&written_out(text)).unwrap_err().code(), *code, "{text:?}");
    }
    assert!(Jws::parse(&format!("{}..", encoded(HEADER))).is_ok());
}

#[test]
fn each_mistake_has_its_message_and_hint() {
    let mut lines = Vec::new();
    for (text, code) in MISTAKES {
        let malformed = Token::parse(&written_out(text)).unwrap_err();
        let hint = malformed.hint.map_or(String::new(), |hint| format!("\n  hint: {hint}"));
        let line = format!("{code}: {}{hint}", malformed.message);
        if !lines.contains(&line) {
            lines.push(line);
        }
    }
    insta::assert_snapshot!(lines.join("\n"));
}
