//! Tests Entra's rules about keys and signatures, and when it applies them.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rsa::PrivateKey;
use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use sha2::Sha256;

use super::case::NOW;
use crate::check::decision::{Application, Case, Keys, Refusal, decide};
use crate::check::{Outcome, Question, SKEW, Verdict, check, check_unreachable};
use crate::cloud::PUBLIC;
use crate::credential::{Credential, Matcher};
use crate::jwks::KeySet;
use crate::shell::Shell;
use crate::token::Token;

const ISSUER: &str = "https://issuer.example";

fn key() -> PrivateKey {
    PrivateKey::from_pkcs1_der(include_bytes!("../../../../token/testdata/keys/rsa-2048.test-key.der")).unwrap()
}

fn signed(kid: &str, exp: i64) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let header = json!({"alg": "RS256", "kid": kid});
    let claims =
        json!({"iss": ISSUER, "sub": "job", "aud": "api://AzureADTokenExchange", "iat": exp - 300, "exp": exp});
    let input = format!("{}.{}", part(&header), part(&claims));
    let signature = key().pkcs1v15_sign::<Sha256>(input.as_bytes()).unwrap();
    format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn key_set(kids: &[&str], changes: &Value) -> KeySet {
    let key = key();
    let number = |bytes| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let (n, e) = (number(key.n_bytes()), number(key.e_bytes()));
    let jwk = |kid: &&str| {
        let mut jwk = json!({"kty": "RSA", "use": "sig", "kid": kid, "n": n, "e": e});
        jwk.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        jwk
    };
    KeySet::parse(&json!({"keys": kids.iter().map(jwk).collect::<Vec<_>>()}).to_string()).unwrap()
}

fn credential(subject: &str) -> Credential {
    Credential {
        name: "job".to_owned(),
        issuer: ISSUER.to_owned(),
        matcher: Matcher::Subject(subject.to_owned()),
        audiences: vec!["api://AzureADTokenExchange".to_owned()],
        description: None,
        application: None,
        identity: None,
    }
}

fn decided(token: &str, subject: &str, keys: Keys<'_>) -> Result<(), Refusal> {
    let token = Token::parse(token).unwrap();
    let (credentials, application) = ([credential(subject)], Application::default());
    let case = Case { token: &token, credentials: &credentials, application, cloud: PUBLIC, keys, now: NOW, skew: 0 };
    decide(&case).map(|_| ())
}

fn code(token: &str, subject: &str, keys: Keys<'_>) -> Option<u32> {
    decided(token, subject, keys).err().map(|refusal| refusal.aadsts)
}

#[test]
fn a_signature_by_the_issuers_key_is_accepted() {
    assert_eq!(decided(&signed("a", NOW + 300), "job", Keys::Set(&key_set(&["b", "a"], &json!({})))), Ok(()));
}

#[test]
fn a_key_that_the_set_lacks_is_named() {
    let keys = key_set(&["b"], &json!({}));
    let refusal = decided(&signed("a", NOW + 300), "job", Keys::Set(&keys)).unwrap_err();
    assert_eq!(refusal.aadsts, 7000272);
    assert!(refusal.message().contains("identifier a used"), "{}", refusal.message());
    assert!(refusal.message().contains("provider https://issuer.example."), "{}", refusal.message());
}

#[test]
fn a_changed_payload_is_a_bad_signature() {
    let good = signed("a", NOW + 300);
    let parts: Vec<&str> = good.split('.').collect();
    let other = signed("a", NOW + 301);
    let changed = format!("{}.{}.{}", parts[0], other.split('.').nth(1).unwrap(), parts[2]);
    assert_eq!(code(&changed, "job", Keys::Set(&key_set(&["a"], &json!({})))), Some(7000274));
}

#[test]
fn a_key_for_another_algorithm_does_not_count() {
    let keys = key_set(&["a"], &json!({"alg": "RS512"}));
    assert_eq!(code(&signed("a", NOW + 300), "job", Keys::Set(&keys)), Some(5002730));
}

#[test]
fn an_issuer_that_cannot_be_reached_is_told_before_anything_about_the_signature() {
    assert_eq!(code(&signed("a", NOW - 1), "other", Keys::Unreachable), Some(501661));
}

#[test]
fn the_signature_is_looked_at_after_the_issuer_and_before_time_and_subject() {
    let keys = key_set(&["b"], &json!({}));
    assert_eq!(code(&signed("a", NOW - 1), "other", Keys::Set(&keys)), Some(7000272));
    assert_eq!(code(&signed("b", NOW - 1), "other", Keys::Set(&keys)), Some(700024));
    assert_eq!(code(&signed("b", NOW + 300), "other", Keys::Set(&keys)), Some(700213));
    assert_eq!(code(&signed("a", NOW - 1), "other", Keys::Unknown), Some(700024));
}

#[test]
fn a_bad_signature_is_no_match_and_the_credential_that_fits_is_mentioned() {
    let (text, keys) = (signed("a", NOW + 300), key_set(&["b"], &json!({})));
    let (token, credentials) = (Token::parse(&text).unwrap(), [credential("job")]);
    let keys = Some(&keys);
    let verdict = check(&question(&token, &credentials, keys));
    assert_eq!((verdict.verdict, verdict.predicted_error, verdict.matched), (Outcome::NoMatch, Some(7000272), None));
    let codes: Vec<_> = verdict.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["key-not-found", "credential-fits"]);
}

#[test]
fn a_good_signature_is_said_to_be_good_only_with_keys() {
    let (token, credentials) = (Token::parse(&signed("a", NOW + 300)).unwrap(), [credential("job")]);
    let keys = key_set(&["b", "a"], &json!({}));
    let verdict = check(&question(&token, &credentials, Some(&keys)));
    assert_eq!(verdict.verdict, Outcome::Match);
    assert_eq!(
        verdict.findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>(),
        ["the signature is good: the issuer's key `a`, number 2 of 2, made it"]
    );
    let unasked = check(&question(&token, &credentials, None));
    let codes: Vec<_> = unasked.findings.iter().map(|finding| finding.code).collect();
    assert_eq!((unasked.verdict, codes.as_slice()), (Outcome::Match, ["signature-not-checked"].as_slice()));
}

#[test]
fn a_key_that_entra_does_not_read_is_told_by_its_number() {
    let (token, credentials) = (Token::parse(&signed("a", NOW + 300)).unwrap(), [credential("job")]);
    let kids: Vec<_> = (0..100).map(|number| format!("k{number}")).chain(["a".to_owned()]).collect();
    let keys = key_set(&kids.iter().map(String::as_str).collect::<Vec<_>>(), &json!({}));
    let verdict = check(&question(&token, &credentials, Some(&keys)));
    assert_eq!(verdict.predicted_error, Some(7000272));
    assert_eq!(verdict.findings[0].code, "key-beyond-limit");
    assert_eq!(
        verdict.findings[0].message,
        "`a` is key number 101 of the issuer's, and Entra reads the first 100 only"
    );
}

#[test]
fn an_issuer_that_cannot_be_reached_is_no_match_with_the_reason() {
    let (token, credentials) = (Token::parse(&signed("a", NOW + 300)).unwrap(), [credential("job")]);
    let verdict = check_unreachable(&question(&token, &credentials, None), "nobody answers");
    assert_eq!((verdict.verdict, verdict.predicted_error), (Outcome::NoMatch, Some(501661)));
    let first = &verdict.findings[0];
    assert_eq!((first.code, first.message.as_str()), ("issuer-unreachable", "nobody answers"));
    assert_eq!(verdict.findings[1].code, "credential-fits");
}

#[test]
fn what_is_no_token_is_invalid_with_the_code_that_entra_has_for_it() {
    let verdict = Verdict::from(Token::parse("a.b").unwrap_err());
    assert_eq!((verdict.verdict, verdict.predicted_error), (Outcome::InvalidToken, Some(50027)));
    assert_eq!(verdict.findings[0].code, "token-not-three-segments");
    assert!(verdict.findings[0].remedy.is_some());
}

#[test]
fn what_a_pipeline_will_have_is_checked_before_there_is_a_token() {
    let credentials = [credential("job")];
    for (sub, wanted) in [("job", Outcome::Match), ("Job", Outcome::NoMatch)] {
        let token = Token::described(ISSUER, sub, "api://AzureADTokenExchange", &[]);
        let mut verdict = check(&question(&token, &credentials, None));
        assert_eq!(verdict.verdict, wanted);
        assert_eq!(verdict.findings.pop().map(|last| last.code), Some("token-not-given"));
        assert!(verdict.findings.iter().all(|finding| finding.claim == Some("sub")), "{:?}", verdict.findings);
    }
}

fn question<'a>(token: &'a Token, credentials: &'a [Credential], keys: Option<&'a KeySet>) -> Question<'a> {
    Question { token, credentials, client_id: None, cloud: PUBLIC, now: NOW, skew: SKEW, keys, shell: Shell::Bash }
}

#[test]
fn a_cut_signature_is_a_caution_and_the_claims_are_still_compared() {
    let whole = signed("k", NOW + 300);
    let (input, signature) = whole.rsplit_once('.').unwrap();
    let credentials = [credential("job")];
    for (text, code, words) in [
        (format!("{input}."), "signature-missing", "the token's signature is empty"),
        (format!("{input}.{}", &signature[..100]), "signature-cut", "has 75 bytes, and one of RS256 has at least 256"),
    ] {
        let token = Token::parse(&text).unwrap();
        let question = Question {
            token: &token,
            credentials: &credentials,
            client_id: None,
            cloud: PUBLIC,
            now: NOW,
            skew: SKEW,
            keys: None,
            shell: Shell::Bash,
        };
        let verdict = check(&question);
        assert_eq!(verdict.verdict, Outcome::Match, "{code}");
        let caution = &verdict.findings[0];
        assert_eq!(caution.code, code);
        assert!(caution.message.contains(words), "{}", caution.message);
        assert!(caution.message.ends_with("this text could not be exchanged"), "{}", caution.message);
        let keys = key_set(&["k"], &json!({}));
        let with_keys = check(&Question { keys: Some(&keys), ..question });
        assert!(with_keys.findings.iter().all(|finding| finding.code != code), "the signature was verified");
    }
    assert_eq!(crate::check::incomplete_signature(&Token::parse(&whole).unwrap()), None);
}
