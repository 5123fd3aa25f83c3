//! Tests of checks before a token exists.

use serde_json::{Map, Value, json};

use super::case::{NOW, token};
use crate::check::{Outcome, Presented, Question, SKEW, Verdict, check, claims_object, undecided};
use crate::cloud::{Cloud, PUBLIC};
use crate::credential::{Credential, Matcher};
use crate::jwks::KeySet;
use crate::shell::Shell;

const ISSUER: &str = "https://gitlab.com";
const SUBJECT: &str = "project_path:g/p:ref_type:branch:ref:main";

const EXCHANGE: &str = "api://AzureADTokenExchange";

fn credential(matcher: Matcher, audience: &str) -> Credential {
    Credential {
        name: "main".to_owned(),
        issuer: ISSUER.to_owned(),
        matcher,
        audiences: vec![audience.to_owned()],
        description: None,
        application: None,
        identity: None,
    }
}

fn exact() -> Credential {
    credential(Matcher::Subject(SUBJECT.to_owned()), "api://AzureADTokenExchange")
}

fn named() -> Presented<'static> {
    Presented { issuer: Some(ISSUER), subject: Some(SUBJECT), ..Presented::default() }
}

fn claims(claims: &Value) -> Map<String, Value> {
    claims.as_object().cloned().unwrap()
}

fn asked(presented: Presented<'_>, credentials: &[Credential], keys: Option<&KeySet>) -> Verdict {
    let token = presented.read(PUBLIC).unwrap().unwrap();
    check(&Question {
        token: &token,
        credentials,
        client_id: None,
        cloud: PUBLIC,
        now: NOW,
        skew: SKEW,
        keys,
        shell: Shell::Bash,
    })
}

#[test]
fn issuer_and_subject_are_enough_and_the_audience_is_the_clouds() {
    let verdict = asked(named(), &[exact()], None);
    assert_eq!(verdict.verdict, Outcome::Match);
    assert_eq!(verdict.findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["token-not-given"]);
    let usgov = named().read(Cloud::by_name("usgov").unwrap()).unwrap().unwrap();
    assert_eq!(usgov.claims().aud, ["api://AzureADTokenExchangeUSGov"]);
}

#[test]
fn explicit_values_win_over_claims() {
    let all = || claims(&json!({"iss": ISSUER, "sub": SUBJECT, "aud": "other", "exp": 1, "nbf": 9_999_999_999_i64}));
    let held = credential(Matcher::Subject(SUBJECT.to_owned()), "other");
    let by_claims = asked(Presented { claims: all(), ..Presented::default() }, &[held], None);
    assert_eq!(by_claims.verdict, Outcome::Match, "times do not count: {:?}", by_claims.findings);
    let over = Presented { audience: Some("api://AzureADTokenExchange"), claims: all(), ..Presented::default() };
    assert_eq!(asked(over, &[exact()], None).verdict, Outcome::Match);
}

#[test]
fn an_expression_compares_further_claims() {
    let value = "claims['sub'] matches 'project_path:g/p:*' and claims['project_id'] eq '72'".to_owned();
    let flexible = [credential(Matcher::Expression { value, language_version: 1 }, "api://AzureADTokenExchange")];
    let with = Presented { claims: claims(&json!({"project_id": "72"})), ..named() };
    assert_eq!(asked(with, &flexible, None).verdict, Outcome::Match);
    let verdict = asked(named(), &flexible, None);
    assert_eq!(verdict.predicted_error, Some(7_002_131));
    let finding = &verdict.findings[0];
    assert_eq!((finding.code, finding.remedy_is_command), ("expression-claim-unknown", false));
}

#[test]
fn nothing_is_decided_while_a_claim_of_the_expression_was_not_given() {
    let flexible =
        |value: &str| credential(Matcher::Expression { value: value.to_owned(), language_version: 1 }, EXCHANGE);
    let of_id = flexible("claims['sub'] matches 'project_path:g/p:*' and claims['project_id'] eq '72'");
    let other = flexible("claims['sub'] matches 'project_path:g/q:*' and claims['project_id'] eq '72'");
    let with = |value: Value| Presented { claims: claims(&value), ..named() };
    for (presented, credentials, is_open) in [
        (named(), vec![of_id.clone()], true),
        (named(), vec![other.clone(), of_id.clone()], true),
        (named(), vec![other], false),
        (named(), vec![of_id.clone(), exact()], false),
        (with(json!({"project_id": "71"})), vec![of_id.clone()], false),
        (with(json!({"project_id": "72"})), vec![of_id.clone()], false),
        (with(json!({"aud": "other"})), vec![of_id.clone()], false),
        // The claims of a whole token.
        (with(json!({"exp": 1})), vec![of_id], false),
    ] {
        let token = presented.clone().read(PUBLIC).unwrap().unwrap();
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
        let fault = undecided(&question);
        assert_eq!(fault.is_some(), is_open, "{presented:?} {credentials:?}");
        if let Some(fault) = fault {
            assert!(fault.hints[0].contains("`--token-claim project_id=VALUE`"), "{fault:?}");
        }
    }
}

#[test]
fn no_signature_is_verified_before_a_token_exists() {
    let keys = KeySet::parse(r#"{"keys": []}"#).unwrap();
    assert_eq!(asked(named(), &[exact()], Some(&keys)), asked(named(), &[exact()], None));
}

#[test]
fn either_a_token_or_claims_must_be_given() {
    let text = "a.b.c";
    let cases = [
        (Presented::default(), "token-missing"),
        (Presented { issuer: Some(ISSUER), ..Presented::default() }, "token-missing"),
        (Presented { subject: Some(SUBJECT), ..Presented::default() }, "token-missing"),
        (Presented { token: Some(text), ..named() }, "token-and-description"),
        (Presented { token: Some(text), audience: Some("x"), ..Presented::default() }, "token-and-description"),
        (Presented { claims: claims(&json!({"iss": 7, "sub": "s"})), ..Presented::default() }, "token-claim-type"),
    ];
    for (presented, code) in cases {
        let fault = presented.clone().read(PUBLIC).unwrap_err();
        assert_eq!((fault.code, fault.category.exit_code()), (code, 2), "{presented:?}");
    }
    let given = Presented { token: Some(text), ..Presented::default() };
    assert_eq!(given.read(PUBLIC).unwrap().unwrap_err().aadsts, 50027, "what is no token is an answer");
}

#[test]
fn claims_are_one_strict_json_object() {
    for text in ["", "[]", "{\"sub\": \"a\", \"sub\": \"b\"}", "sub"] {
        assert_eq!(claims_object(text).unwrap_err().code, "claims-not-json", "{text}");
    }
    assert_eq!(claims_object("{\"sub\": \"a\"}").unwrap(), claims(&json!({"sub": "a"})));
}

#[test]
fn each_credential_is_compared_in_the_order_of_the_list() {
    let token = token(
        &json!({"alg": "RS256", "kid": "k"}),
        &json!({"iss": ISSUER, "sub": SUBJECT, "aud": "api://AzureADTokenExchange", "exp": NOW + 60}),
    );
    let pattern = |value: &str| Matcher::Expression { value: value.to_owned(), language_version: 1 };
    let credentials = [
        exact(),
        Credential { issuer: "https://gitlab.example".to_owned(), ..exact() },
        credential(Matcher::Subject("other".to_owned()), "other"),
        credential(pattern("claims['sub'] matches 'project_path:g/p:*' and claims['project_id'] eq '72'"), "x"),
        credential(pattern("nonsense"), "x"),
    ];
    let verdict = check(&Question {
        token: &token,
        credentials: &credentials,
        client_id: None,
        cloud: PUBLIC,
        now: NOW,
        skew: SKEW,
        keys: None,
        shell: Shell::Bash,
    });
    let found: Vec<_> = verdict.credentials.iter().map(|one| (one.issuer, one.subject, one.audience)).collect();
    assert_eq!(
        found,
        [(true, true, true), (false, true, true), (true, false, false), (true, false, false), (true, false, false)]
    );
}

#[test]
fn a_subject_that_no_token_has_gets_no_credential() {
    for (subject, words) in [
        ("project_path:g/p:ref_type:branch:ref:*", "azure-oidc credential --flexible"),
        ("project_path:g/p:ref_type:branch:ref:<branch>", "write the value itself"),
    ] {
        let verdict = asked(Presented { subject: Some(subject), ..named() }, &[exact()], None);
        let first = &verdict.findings[0];
        assert_eq!((verdict.verdict, first.code), (Outcome::NoMatch, "subject-impossible"));
        assert!(first.remedy.as_ref().is_some_and(|remedy| remedy.contains(words)), "{:?}", first.remedy);
        assert!(verdict.findings.iter().all(|finding| !finding.remedy_is_command), "{:?}", verdict.findings);
        let alone =
            asked(Presented { subject: Some(subject), issuer: Some("https://a.example"), ..named() }, &[exact()], None);
        assert!(alone.findings.iter().all(|finding| !finding.remedy_is_command), "{:?}", alone.findings);
    }
}

#[test]
fn credentials_of_several_owners_are_told_apart() {
    let of = |owner: &str, subject: &str| Credential {
        application: Some(owner.to_owned()),
        ..credential(Matcher::Subject(subject.to_owned()), "api://AzureADTokenExchange")
    };
    let whose = |verdict: &Verdict| {
        let finding = verdict.findings.iter().find(|one| one.code == "credentials-of-several");
        finding.map(|finding| finding.message.clone()).unwrap_or_default()
    };
    let matching = asked(named(), &[of("/applications/1", "other"), of("/applications/2", SUBJECT)], None);
    assert_eq!(matching.verdict, Outcome::Match);
    assert!(whose(&matching).ends_with("`main` that matches is one of the application `/applications/2`"));
    let both = asked(named(), &[of("/applications/1", SUBJECT), of("/applications/2", SUBJECT)], None);
    assert!(
        whose(&both).ends_with("matches of the application `/applications/1` and the application `/applications/2`")
    );
    assert!(both.findings.iter().all(|one| one.code != "credential-duplicate"), "{:?}", both.findings);
    let upper = SUBJECT.to_uppercase();
    for near in ["other", upper.as_str()] {
        let none = asked(named(), &[of("/applications/1", near), of("/applications/2", near)], None);
        let error = &none.findings[0];
        assert!(error.message.contains("`main` of the application `/applications/1`"), "{}", error.message);
        let remedy = error.remedy.clone().unwrap_or_default();
        assert!(remedy.starts_with("give the credentials of the one that signs in alone"), "{remedy}");
        assert!(none.findings.iter().all(|one| !one.remedy_is_command), "{:?}", none.findings);
        assert!(!whose(&none).is_empty());
    }
    let one = asked(named(), &[of("/applications/1", "other"), of("/applications/1", SUBJECT)], None);
    assert_eq!(whose(&one), "");
}
