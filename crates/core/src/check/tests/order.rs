//! Tests the order of Entra's rules, its older answers, and the rules of some tenants only.

use serde_json::{Value, json};

use super::case::{NOW, token};
use crate::check::decision::{Application, Case, Keys, Refusal, decide, enterprise, issuer, shape};
use crate::check::{Question, SKEW, check};
use crate::cloud::PUBLIC;
use crate::credential::{Credential, Matcher};
use crate::shell::Shell;
use crate::token::Token;

const GITHUB: &str = "https://token.actions.githubusercontent.com";

fn presented(header: &Value, changes: &Value) -> Token {
    let mut claims = json!({
        "iss": GITHUB, "sub": "repo:acme/web:environment:prod", "aud": "api://AzureADTokenExchange", "iat": NOW, "exp": NOW + 300,
    });
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    token(header, &claims)
}

fn credential() -> Credential {
    Credential {
        name: "prod".to_owned(),
        issuer: GITHUB.to_owned(),
        matcher: Matcher::Subject("repo:acme/web:environment:prod".to_owned()),
        audiences: vec!["api://AzureADTokenExchange".to_owned()],
        description: None,
        application: None,
        identity: None,
    }
}

fn case<'a>(token: &'a Token, credentials: &'a [Credential]) -> Case<'a> {
    let application = Application { id: "11111111-2222-3333-4444-555555555555", name: "web" };
    Case { token, credentials, application, cloud: PUBLIC, keys: Keys::Unknown, now: NOW, skew: SKEW }
}

/// Each step takes one fault away, so that the next reason against the token shows.
#[test]
fn refusals_come_in_entras_order() {
    let late = json!({"exp": NOW - 1_000, "sub": "other"});
    let (good, bad_alg, no_kid) =
        (json!({"alg": "RS256", "kid": "1"}), json!({"alg": "ES256"}), json!({"alg": "RS256"}));
    let code = |header: &Value, changes: &Value, credentials: &[Credential]| {
        decide(&case(&presented(header, changes), credentials)).unwrap_err().aadsts
    };
    let other_issuer = [Credential { issuer: "https://gitlab.com".to_owned(), ..credential() }];
    let steps = [
        (code(&json!({"alg": "ES256", "typ": "at+jwt"}), &json!({"sub": ""}), &[]), 5002727),
        (code(&bad_alg, &json!({"sub": ""}), &[]), 5002738),
        (code(&no_kid, &json!({"sub": ""}), &[]), 5002723),
        (code(&good, &json!({"sub": ""}), &[]), 90014),
        (code(&good, &late, &[]), 70025),
        (code(&good, &late, &other_issuer), 700211),
        (code(&good, &late, &[credential()]), 700024),
        (code(&good, &json!({"iat": NOW - 90_000, "sub": "other"}), &[credential()]), 70023),
        (code(&good, &json!({"sub": "other", "aud": "other"}), &[credential()]), 700213),
        (code(&good, &json!({"aud": "other"}), &[credential()]), 700212),
    ];
    for (found, expected) in steps {
        assert_eq!(found, expected);
    }
}

#[test]
fn shape_and_issuer_can_be_checked_before_keys_are_fetched() {
    let token = presented(&json!({"alg": "RS256", "kid": "1"}), &json!({}));
    assert_eq!(shape(&token), Ok(()));
    assert_eq!(issuer(&case(&token, &[credential()])), Ok(()));
    let refusal = issuer(&case(&token, &[])).unwrap_err();
    assert_eq!(
        refusal.message(),
        "The client '11111111-2222-3333-4444-555555555555'(web) has no configured federated identity credentials."
    );
}

#[test]
fn until_2023_one_code_stood_for_every_mismatch() {
    let token = presented(&json!({"alg": "RS256", "kid": "1"}), &json!({"sub": "REPO"}));
    let legacy = decide(&case(&token, &[credential()])).unwrap_err().legacy(&token);
    assert_eq!(legacy.aadsts, 70021);
    let entry = legacy.entry().unwrap();
    assert_eq!((entry.emulated_status(), entry.emulated_error()), (400, "invalid_request"));
    assert!(legacy.message().contains("Assertion Subject: 'REPO'. Assertion Audience: 'api://AzureADTokenExchange'."));
    let expired = Refusal::new(700024);
    assert_eq!(expired.clone().legacy(&token), expired, "other refusals were the same");
}

#[test]
fn a_text_that_is_not_a_token_has_a_refusal() {
    let malformed = Token::parse("not.a.token").unwrap_err();
    assert_eq!(Refusal::from(&malformed).message(), "JWT token is invalid or malformed.");
}

#[test]
fn a_tenant_can_restrict_github_enterprises() {
    let of = |changes: Value| presented(&json!({"alg": "RS256", "kid": "1"}), &changes);
    let allowed = ["contoso", "contoso-labs"];
    let refusal = enterprise(of(json!({})).claims(), &allowed).unwrap_err();
    assert!(refusal.message().contains("actions.githubusercontent.com/' for applications"), "{}", refusal.message());
    assert!(refusal.message().contains("value 'contoso', 'contoso-labs' but"), "{}", refusal.message());
    assert_eq!(enterprise(of(json!({"enterprise": "contoso"})).claims(), &allowed), Ok(()));
    assert_eq!(enterprise(of(json!({"iss": "https://gitlab.com"})).claims(), &allowed), Ok(()));
    assert_eq!(enterprise(of(json!({})).claims(), &[]), Ok(()));
}

#[test]
fn a_remedy_can_be_pasted_into_a_shell_whatever_the_names() {
    let token = presented(&json!({"alg": "RS256", "kid": "1"}), &json!({"sub": "repo:acme/it's:environment:prod"}));
    let credentials = [credential()];
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
    let remedy = check(&question).findings.remove(0).remedy.take().unwrap();
    assert!(
        remedy.starts_with("az ad app federated-credential create --id \"${AZURE_CLIENT_ID:?}\" --parameters '"),
        "{remedy}"
    );
    assert!(remedy.contains(r#"repo:acme/it'\''s:environment:prod"#), "{remedy}");
}
