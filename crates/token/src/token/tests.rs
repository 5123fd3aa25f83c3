//! Tests the parser of tokens, and the message for each mistake.

mod mistakes;
mod properties;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{Claims, Jws, MAX_BYTES, MalformedReason, Token};
use crate::{Category, Fault};

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A token with this header and payload and a signature of no meaning.
fn token(header: &str, payload: impl AsRef<[u8]>) -> String {
    format!("{}.{}.c2lnbmVk", encoded(header), encoded(payload))
}

fn refusal(text: &str) -> (&'static str, String) {
    let malformed = Token::parse(text).unwrap_err();
    (malformed.code(), malformed.message)
}

const HEADER: &str = r#"{"alg":"RS256","typ":"JWT","kid":"k"}"#;

#[test]
fn a_token_is_read_as_it_stands() {
    let payload = r#"{"iss":"https://a.example/","sub":" Job ","aud":"api://x","exp":1700000300,"nbf":1700000000,"iat":1,"run":7}"#;
    let text = token(r#"{"alg":"RS256","typ":"JWT","kid":"k","x5t":"t","extra":[1]}"#, payload);
    let token = Token::parse(&text).unwrap();
    let (header, claims) = (token.header(), token.claims());
    assert_eq!(
        (header.alg.as_str(), header.typ.as_deref(), header.kid.as_deref(), header.x5t.as_deref()),
        ("RS256", Some("JWT"), Some("k"), Some("t"))
    );
    assert_eq!(header.raw["extra"], json!([1]));
    assert_eq!((claims.iss.as_deref(), claims.sub.as_deref()), (Some("https://a.example/"), Some(" Job ")));
    assert_eq!((claims.aud.as_slice(), claims.aud_is_array), (["api://x".to_owned()].as_slice(), false));
    assert_eq!((claims.exp, claims.nbf, claims.iat), (Some(1_700_000_300), Some(1_700_000_000), Some(1)));
    assert_eq!((claims.text("sub"), claims.text("run"), claims.text("absent")), (Some(" Job "), None, None));
    assert_eq!(token.jws().payload(), payload.as_bytes());
    assert_eq!(token.jws().signature(), b"signed");
    assert_eq!(token.jws().signing_input(), text.rsplit_once('.').unwrap().0.as_bytes());
    assert_eq!(token.jws().text().reveal(), text);
}

#[test]
fn every_reason_has_a_sentence_and_one_place_in_the_order() {
    assert!(MalformedReason::ALL.is_sorted_by_key(|reason| reason.code()));
    for reason in MalformedReason::ALL {
        assert!(reason.sentence().starts_with(['a', 't']) && !reason.sentence().ends_with('.'), "{reason:?}");
    }
}

#[test]
fn debug_output_shows_no_content() {
    let text = token(HEADER, "{}");
    let parsed = Token::parse(&text).unwrap();
    assert_eq!(format!("{parsed:?}"), format!("Token({} bytes)", text.len()));
    assert_eq!(format!("{:?}", parsed.jws()), format!("Jws({} bytes)", text.len()));
}

#[test]
fn what_the_acceptor_judges_is_let_pass() {
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":""}"#,
        r#"{"alg":"ES256","typ":"at+jwt"}"#,
        r#"{"alg":"RS256","crit":["x"],"b64":false}"#,
        " {\r\n\t\"alg\" : \"RS256\" } ",
    ] {
        assert!(Token::parse(&token(header, "{}")).is_ok(), "{header}");
    }
    assert!(Token::parse(&format!("{}.{}.", encoded(HEADER), encoded("{}"))).is_ok());
}

#[test]
fn a_jws_may_have_any_payload_but_a_token_may_not() {
    for (payload, code) in
        [("", "token-not-json"), ("text", "token-not-json"), ("[]", "token-not-object"), ("\"ey\"", "token-not-object")]
    {
        let text = token(HEADER, payload);
        assert_eq!(Jws::parse(&text).unwrap().payload(), payload.as_bytes());
        assert_eq!(refusal(&text).0, code, "{payload}");
    }
}

#[test]
fn header_and_payload_are_one_strict_json_object_each() {
    for (code, header, payload) in [
        ("token-not-json", "", "{}"),
        ("token-not-json", r#"{"alg":"RS256""#, "{}"),
        ("token-not-json", r#"{"alg":"RS256"}{}"#, "{}"),
        ("token-not-json", HEADER, "{}x"),
        ("token-not-json", HEADER, "\u{feff}{}"),
        ("token-not-object", r#"["alg"]"#, "{}"),
        ("token-not-object", HEADER, "null"),
        ("token-duplicate-member", r#"{"alg":"none","alg":"RS256"}"#, "{}"),
        ("token-duplicate-member", HEADER, r#"{"sub":"a","sub":"b"}"#),
        ("token-duplicate-member", HEADER, r#"{"a":{"b":[{"c":1,"c":1}]}}"#),
        ("token-alg-missing", "{}", "{}"),
        ("token-header-type", r#"{"alg":null}"#, "{}"),
        ("token-header-type", r#"{"alg":["RS256"]}"#, "{}"),
        ("token-header-type", r#"{"alg":"RS256","kid":1}"#, "{}"),
        ("token-header-type", r#"{"alg":"RS256","typ":null}"#, "{}"),
        ("token-header-type", r#"{"alg":"RS256","x5t":{}}"#, "{}"),
    ] {
        assert_eq!(refusal(&token(header, payload)).0, code, "{header} {payload}");
    }
    assert_eq!(refusal(&token(HEADER, b"{\"sub\":\"\xff\"}")).0, "token-not-utf8");
    assert_eq!(refusal(&token(HEADER, format!("{{\"a\":{}{}}}", "[".repeat(32), "]".repeat(32)))).0, "token-too-deep");
}

#[test]
fn a_segment_that_is_not_base64url_is_named() {
    let [header, payload, signature] = [&encoded(HEADER), &encoded("{}"), "c2lnbmVk"];
    for (text, message) in [
        (
            format!("{header}=.{payload}.{signature}"),
            "the header of the token has `=` padding, which base64url in a token must not have",
        ),
        (
            format!("{header}.{payload}.{signature}=="),
            "the signature of the token has `=` padding, which base64url in a token must not have",
        ),
        (
            format!("{header}.{payload}.c2l+bmVk"),
            "the signature of the token uses `+` or `/` (character 4): it is base64, not base64url",
        ),
        (
            format!("{header}.e30/.{signature}"),
            "the payload of the token uses `+` or `/` (character 4): it is base64, not base64url",
        ),
        (
            format!("{header}.{payload}é.{signature}"),
            "the payload of the token has a character outside base64url (character 4)",
        ),
        (
            format!("{header}.{payload}.{signature}A"),
            "the signature of the token has a length that base64url can't have: it was probably cut short",
        ),
        (
            format!("{header}.{payload}.c2lnbmV"),
            "the signature of the token ends in bits that belong to no byte: its last character was changed or cut off",
        ),
    ] {
        assert_eq!(refusal(&text), ("token-not-base64url", message.to_owned()));
    }
}

#[test]
fn a_claim_of_the_wrong_type_is_named_with_its_type() {
    for (payload, code, message) in [
        (json!({"iss": 1}), "token-claim-type", "the claim `iss` is a number, not a string"),
        (json!({"sub": null}), "token-claim-type", "the claim `sub` is null, not a string"),
        (json!({"sub": ["a"]}), "token-claim-type", "the claim `sub` is a list, not a string"),
        (json!({"aud": {}}), "token-claim-type", "the claim `aud` is an object, not a string or a list of strings"),
        (
            json!({"aud": ["a", 1]}),
            "token-claim-type",
            "the claim `aud` has an item that is no string, not a string or a list of strings",
        ),
        (json!({"exp": "1700000300"}), "token-claim-type", "the claim `exp` is a string, not a number of seconds"),
        (json!({"nbf": false}), "token-claim-type", "the claim `nbf` is a boolean, not a number of seconds"),
        (json!({"iat": 1e300}), "token-claim-range", "the claim `iat` is a number outside the range of times"),
    ] {
        assert_eq!(refusal(&token(HEADER, payload.to_string())), (code, message.to_owned()));
    }
}

#[test]
fn an_audience_may_be_written_as_a_list() {
    for (aud, expected) in [
        (json!("a"), (vec!["a"], false)),
        (json!(["a"]), (vec!["a"], true)),
        (json!(["a", "b"]), (vec!["a", "b"], true)),
        (json!([]), (vec![], true)),
    ] {
        let claims = claims(json!({ "aud": aud }));
        assert_eq!((claims.aud.iter().map(String::as_str).collect(), claims.aud_is_array), expected);
    }
    assert_eq!((claims(json!({})).aud.len(), claims(json!({})).aud_is_array), (0, false));
}

#[test]
fn a_time_is_rounded_down_and_must_fit_64_bits() {
    for (number, seconds) in [
        ("0", Some(0)),
        ("1700000300", Some(1_700_000_300)),
        ("1700000300.999", Some(1_700_000_300)),
        ("1.7e9", Some(1_700_000_000)),
        ("-1.5", Some(-2)),
        ("-0", Some(0)),
        ("9223372036854775807", Some(i64::MAX)),
        ("-9223372036854775808", Some(i64::MIN)),
        ("9223372036854775808", None),
        ("-9223372036854777856", None),
        ("18446744073709551616", None),
        ("1e19", None),
    ] {
        let payload = format!(r#"{{"exp":{number}}}"#);
        match Token::parse(&token(HEADER, payload)) {
            Ok(token) => assert_eq!(token.claims().exp, seconds, "{number}"),
            Err(malformed) => assert_eq!((malformed.code(), seconds), ("token-claim-range", None), "{number}"),
        }
    }
    assert_eq!(refusal(&token(HEADER, r#"{"exp":1e999}"#)).0, "token-not-json");
}

#[test]
fn a_token_may_be_as_long_as_the_limit() {
    let shell = token(HEADER, "{\"a\":\"\"}").len();
    let fill = (MAX_BYTES - shell) / 4 * 3;
    let longest = token(HEADER, format!("{{\"a\":\"{}\"}}", "a".repeat(fill)));
    assert!((MAX_BYTES - 3..=MAX_BYTES).contains(&longest.len()) && Token::parse(&longest).is_ok());
    let longer = token(HEADER, format!("{{\"a\":\"{}\"}}", "a".repeat(fill + 4)));
    assert_eq!(
        refusal(&longer),
        ("token-too-large", format!("the token is {} bytes long; at most 65536 are read", longer.len()))
    );
}

#[test]
fn a_refusal_becomes_a_fault_about_the_id_token() {
    let fault = Fault::from(Token::parse("").unwrap_err());
    assert_eq!(
        (fault.category, fault.code, fault.message.as_str()),
        (Category::IdToken, "token-empty", "the token is empty")
    );
    assert_eq!(fault.hints.len(), 1);
}

fn claims(value: Value) -> Claims {
    let Value::Object(raw) = value else { panic!("not an object") };
    Claims::new(raw).unwrap()
}
