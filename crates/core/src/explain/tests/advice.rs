//! Tests of advice about a refusal.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::cloud::PUBLIC;
use crate::credential::{Credential, Matcher};
use crate::explain::{Refused, advise};
use crate::shell::Shell;
use crate::token::Token;

const NOW: i64 = 1_787_306_400;
const GITHUB: &str = "https://token.actions.githubusercontent.com";
const PRINTED: &str = "AADSTS700213: No matching federated identity record found for presented assertion subject \
                       'repo:acme/web:environment:prod'. Check your federated identity credential Subject, Audience and Issuer \
                       against the presented assertion.";

fn token(sub: &str, exp: i64) -> Token {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"iss": GITHUB, "sub": sub, "aud": "api://AzureADTokenExchange", "iat": exp - 300, "exp": exp});
    let text = format!("{}.{}.AQ", part(&json!({"alg": "RS256", "kid": "1"})), part(&claims));
    Token::parse(&text).unwrap()
}

fn credential(subject: &str) -> Credential {
    Credential {
        name: "main".to_owned(),
        issuer: GITHUB.to_owned(),
        matcher: Matcher::Subject(subject.to_owned()),
        audiences: vec!["api://AzureADTokenExchange".to_owned()],
        description: None,
        application: None,
        identity: None,
    }
}

fn advice(code: u32, description: &str, token: Option<&Token>, credentials: &[Credential]) -> String {
    let client_id = Some("11111111-2222-3333-4444-555555555555");
    advise(&Refused { code, description, token, credentials, client_id, cloud: PUBLIC, now: NOW, shell: Shell::Bash })
        .join("\n")
}

#[test]
fn without_credentials_the_required_values_come_from_the_token() {
    let token = token("repo:acme/web:environment:prod", NOW + 300);
    insta::assert_snapshot!("advice-from-token", advice(700213, PRINTED, Some(&token), &[]));
}

#[test]
fn with_credentials_the_difference_comes_first() {
    let token = token("repo:acme/web:environment:prod", NOW + 300);
    insta::assert_snapshot!(
        "advice-from-credentials",
        advice(700213, PRINTED, Some(&token), &[credential("repo:acme/web:ref:refs/heads/main")])
    );
}

#[test]
fn another_token_in_entras_message_is_reported() {
    let token = token("repo:acme/web:environment:test", NOW + 300);
    let advice = advice(700213, PRINTED, Some(&token), &[]);
    assert!(
        advice.contains("Entra received the subject `repo:acme/web:environment:prod`, and this token has"),
        "{advice}"
    );
}

#[test]
fn a_token_with_the_second_subject_of_the_log_is_no_other_token() {
    let second = "repo:acme/web:environment:test";
    let text = format!("{PRINTED}\n\n{}", PRINTED.replace("repo:acme/web:environment:prod", second));
    let advice = advice(700213, &text, Some(&token(second, NOW + 300)), &[]);
    assert!(advice.contains(&format!("\"subject\":\"{second}\"")) && !advice.contains("another token"), "{advice}");
}

#[test]
fn no_credential_is_written_or_described_for_a_subject_of_one_run() {
    let token = token("repo:acme/web:run_id:123", NOW + 300);
    let other = credential("repo:acme/web:environment:prod");
    for credentials in [&[][..], &[other]] {
        let advice = advice(700213, "", Some(&token), credentials);
        assert!(advice.contains("`run_id`") || advice.contains("the run_id"), "{advice}");
        assert!(advice.contains("include_claim_keys"), "{advice}");
        assert!(!advice.contains("must hold exactly") && !advice.contains("az ad app"), "{advice}");
    }
}

#[test]
fn a_wide_subject_of_a_token_has_a_warning_before_its_command() {
    let token = token("repository_owner:acme", NOW + 300);
    let advice = advice(700213, "", Some(&token), &[]);
    let warning = advice.find("lets in every repository of the owner `acme`").unwrap_or(usize::MAX);
    assert!(advice.find("az ad app federated-credential create").is_some_and(|at| warning < at), "{advice}");
}

#[test]
fn nothing_is_proposed_for_a_token_that_was_not_sent() {
    let token = token("repo:acme/web:environment:test", NOW + 300);
    let nearest = credential("repo:acme/web:environment:Prod");
    let advice = advice(700213, PRINTED, Some(&token), &[nearest]);
    assert!(advice.starts_with("another token was sent"), "{advice}");
    assert!(advice.contains("`prod` instead of `Prod`") && !advice.contains("az "), "{advice}");
    assert_eq!(advice.matches("environment:test").count(), 1, "{advice}");
}

#[test]
fn codes_that_are_about_no_credential_propose_none() {
    let token = token("repo:acme/web:environment:test", NOW - 300);
    let credentials = [credential("repo:acme/web:environment:prod")];
    for code in [700_016, 90_002, 500_011, 7_000_112, 53_003, 7_000_215, 50_059] {
        let advice = advice(code, "", Some(&token), &credentials);
        let explained = crate::explain::explain(&code.to_string(), Shell::Bash);
        assert_eq!(advice.lines().next(), explained[0].hints.first().map(String::as_str), "{code}");
        assert!(!advice.contains("federated-credential"), "{code}: {advice}");
    }
}

#[test]
fn a_file_that_contradicts_entra_is_another_applications() {
    let token = token("repo:acme/web:environment:test", NOW + 300);
    let credentials = [credential("repo:acme/web:environment:prod")];
    for (code, token) in [(70_025, Some(&token)), (70_025, None), (700_211, Some(&token))] {
        let description = format!("AADSTS{code}: The client has no configured federated identity credentials.");
        let advice = advice(code, &description, token, &credentials);
        assert!(advice.contains("another application's, or the client id is wrong"), "{code}: {advice}");
        assert!(!advice.contains("federated-credential"), "{code}: {advice}");
    }
    let elsewhere = [Credential { issuer: "https://gitlab.com".to_owned(), ..credentials[0].clone() }];
    assert!(!advice(700_211, "", Some(&token), &elsewhere).contains("another application's"));
}

#[test]
fn advice_says_how_long_ago_a_token_expired() {
    let advice = advice(700024, "", Some(&token("repo:acme/web:environment:prod", NOW - 700)), &[]);
    assert!(advice.starts_with("the token expired 11 minutes 40 seconds ago"), "{advice}");
    assert!(!advice.contains("az ad app"), "no credential helps: {advice}");
}

#[test]
fn a_token_that_is_not_valid_yet_is_no_reason_for_a_new_one() {
    let described = |now: &str, from: &str, until: &str| {
        format!(
            "AADSTS700024: Client assertion is not within its valid time range. Current time: {now}, assertion valid from {from}, expiry \
             time of assertion {until}. Trace ID: 5d1c6b5e-0000-4000-8000-0123456789ab"
        )
    };
    let early = described("2026-11-01T10:00:00Z", "2026-11-01T10:20:00.0000000Z", "2026-11-01T10:30:00.0000000Z");
    let explanation = crate::explain::explain(&early, Shell::Bash).remove(0);
    assert_eq!(explanation.fact("expires"), Some("2026-11-01T10:30:00.0000000Z"));
    for hints in [explanation.hints.join("\n"), advice(700_024, &early, None, &[credential("x")])] {
        assert!(hints.starts_with("correct the clock") && hints.contains("20 minutes"), "{hints}");
        assert!(!hints.contains("request a new") && !hints.contains("try again"), "{hints}");
    }
    let claims = json!({"iss": GITHUB, "sub": "s", "aud": "a", "nbf": NOW + 1_200, "exp": NOW + 1_800});
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let token = Token::parse(&format!("{}.{}.AQ", part(&json!({"alg": "RS256", "kid": "1"})), part(&claims))).unwrap();
    let with_token = advice(700_024, "", Some(&token), &[]);
    assert!(with_token.contains("correct the clock") && !with_token.contains("request a new"), "{with_token}");

    let expired = described("2026-11-01T10:00:00Z", "2026-11-01T09:00:00Z", "2026-11-01T09:10:00Z");
    let unclear = described("2026-11-01T10:00:00Z", "2026-11-01T10:20:00Z", "1970-01-01T00:00:00Z");
    for text in [expired, unclear] {
        let hints = crate::explain::explain(&text, Shell::Bash).remove(0).hints.join("\n");
        assert!(hints.contains("request a new ID token") && !hints.contains("clock"), "{hints}");
    }
}

#[test]
fn a_token_for_another_audience_is_requested_anew_and_no_credential_is_written_for_it() {
    let token = Token::described(GITHUB, "repo:acme/web:environment:prod", "foo", &[]);
    let advice = advice(700_212, "", Some(&token), &[]);
    assert!(advice.contains("api://AzureADTokenExchange"), "{advice}");
    assert!(!advice.contains("must hold exactly") && !advice.contains("az ad app"), "{advice}");
}

#[test]
fn where_no_credential_is_found_the_client_id_is_compared_first() {
    let advice = advice(70025, "", Some(&token("repo:acme/web:environment:prod", NOW + 60)), &[]);
    assert!(advice.starts_with("compare the client id of the job"), "{advice}");
    assert!(advice.contains("az ad app federated-credential create"), "{advice}");
}

#[test]
fn without_a_token_advice_comes_from_the_catalogue() {
    assert_eq!(advice(70025, "", None, &[]), crate::catalogue::entry(70025).unwrap().remedy);
    assert_eq!(advice(1, "", None, &[]), "");
}

#[test]
fn without_a_token_entras_message_is_compared_with_the_credentials() {
    let others =
        Credential { issuer: "https://gitlab.com".to_owned(), ..credential("project_path:a/b:ref_type:tag:ref:v1") };
    let credentials = [others, credential("repo:acme/web:environment:Prod")];
    let advice = advice(700213, PRINTED, None, &credentials);
    assert!(
        advice.starts_with("the token's subject differs from the credential `main` only in upper and lower case"),
        "{advice}"
    );
    assert!(advice.contains("az ad app federated-credential update --federated-credential-id 'main'"), "{advice}");
    assert!(!advice.contains("must hold exactly"), "the other claims are not known: {advice}");
}

proptest! {
    #[test]
    fn no_remedy_creates_a_credential_that_exists_or_has_a_mask(
        code in prop::sample::select(vec![70021_u32, 700211, 700212, 700213, 7002131, 7002138]),
        subject in "repo:(acme|Acme|\\*\\*\\*)/(web|app):(environment:(prod|Prod)|pull_request)",
        subjects in prop::collection::vec("repo:acme/(web|app):(environment:(prod|Prod)|pull_request)", 0..4),
        audience in prop::sample::select(vec!["api://AzureADTokenExchange", "https://github.com/acme"]),
        has_token in any::<bool>(),
    ) {
        let text = format!(
            "AADSTS{code}: No matching federated identity record found for presented assertion. Assertion Issuer: '{GITHUB}'. \
             Assertion Subject: '{subject}'. Assertion Audience: '{audience}'."
        );
        let token = token(&subject.replace("***", "acme"), NOW + 300);
        let credentials: Vec<_> = subjects.iter().map(|subject| credential(subject)).collect();
        let own = token.claims().sub.clone().unwrap_or_default();
        let without_credentials = crate::explain::explain(&text, Shell::Bash).remove(0).hints.join("\n");
        let advice = advice(code, &text, has_token.then_some(&token), &credentials);
        for line in advice.lines().chain(without_credentials.lines()).filter(|line| line.starts_with("az ")) {
            prop_assert!(!line.contains("***"), "{line}");
        }
        let is_create = |line: &&str| line.contains("federated-credential create");
        if subjects.contains(&own) {
            prop_assert_eq!(advice.lines().find(is_create), None);
        }
        prop_assert!(advice.lines().filter(is_create).count() <= 1, "{}", advice);
    }
}

#[test]
fn no_credential_is_advised_for_a_subject_that_only_a_few_runs_have() {
    for (issuer, subject, words) in [
        ("https://token.actions.githubusercontent.com", "repo:o/r:ref:refs/pull/12/merge", "`repo:o/r:pull_request`"),
        ("https://api.pulumi.com/oidc", "pulumi:environments:org:contoso:env:<yaml>", "subjectAttributes"),
        ("https://agent.buildkite.com", "organization:a:pipeline:b:ref:main:commit:0:step:c", "--subject-claim"),
    ] {
        let log = format!(
            "AADSTS70021: No matching federated identity record found for presented assertion. Assertion Issuer: '{issuer}'. \
             Assertion Subject: '{subject}'. Assertion Audience: 'api://AzureADTokenExchange'."
        );
        let token = Token::described(issuer, subject, "api://AzureADTokenExchange", &[]);
        let of_log = crate::explain::explain(&log, Shell::Bash)[0].hints.join("\n");
        for advice in [of_log, advice(70_021, &log, Some(&token), &[])] {
            assert!(advice.contains(words), "{advice}");
            assert!(!advice.contains("federated-credential create") && !advice.contains("exactly these"), "{advice}");
        }
    }
}

/// The list is of another application, or the change is fresh: the values are equal already.
#[test]
fn a_credential_is_not_changed_into_the_value_that_it_has() {
    let own = [credential("repo:acme/web:environment:prod"), credential("repo:acme/web:pull_request")];
    for (code, what, value) in [(700_211, "issuer", GITHUB), (700_212, "audience", "api://AzureADTokenExchange")] {
        let text = format!(
            "AADSTS{code}: No matching federated identity record found for presented assertion {what} '{value}'."
        );
        for credentials in [&own[..], &own[..1]] {
            let advice = advice(code, &text, None, credentials);
            assert!(advice.contains("the client id is wrong") && advice.contains("a short time ago"), "{advice}");
            for wrong in ["set the issuer", "correct the credential", "instead of"] {
                assert!(!advice.contains(wrong), "{advice}");
            }
        }
    }
}
