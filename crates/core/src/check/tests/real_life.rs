//! Tests inputs from public issues (`testdata/cases`), each with a cause that the check must name.

use serde_json::{Value, json};

use super::case::{NOW, token};
use crate::check::{Finding, Outcome, Presented, Question, SKEW, Verdict, already_fits, check};
use crate::cloud::PUBLIC;
use crate::credential::{Credential, forms};
use crate::shell::Shell;
use crate::token::Token;

macro_rules! input {
    ($case:literal, $file:literal) => {
        include_str!(concat!("../../../testdata/cases/", $case, "/", $file))
    };
}

macro_rules! answer {
    ($case:literal) => {
        answer(&presented(input!($case, "token.json")), &forms::parse(input!($case, "fics.json")).unwrap())
    };
}

/// The token with these claims, which is valid now.
fn presented(claims: &str) -> Token {
    let mut claims: Value = serde_json::from_str(claims).unwrap();
    let times = [("iat", NOW), ("nbf", NOW), ("exp", NOW + 600)];
    claims.as_object_mut().unwrap().extend(times.map(|(name, time)| (name.to_owned(), time.into())));
    token(&json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}), &claims)
}

fn question<'a>(token: &'a Token, credentials: &'a [Credential]) -> Question<'a> {
    Question {
        token,
        credentials,
        client_id: None,
        cloud: PUBLIC,
        now: NOW,
        skew: SKEW,
        keys: None,
        shell: Shell::Bash,
    }
}

fn answer(token: &Token, credentials: &[Credential]) -> Verdict {
    check(&question(token, credentials))
}

/// A check before there is a token.
fn planned(issuer: &str, subject: &str, credentials: &[Credential]) -> Verdict {
    let presented = Presented { issuer: Some(issuer), subject: Some(subject), ..Presented::default() };
    answer(&presented.read(PUBLIC).unwrap().unwrap(), credentials)
}

fn credential(name: &str, issuer: &str, subject: &str) -> Credential {
    let credential =
        json!({"name": name, "issuer": issuer, "subject": subject, "audiences": ["api://AzureADTokenExchange"]});
    forms::parse(&credential.to_string()).unwrap().remove(0)
}

fn finding<'a>(verdict: &'a Verdict, code: &str) -> &'a Finding {
    verdict.findings.iter().find(|finding| finding.code == code).unwrap_or_else(|| panic!("no {code} in {verdict:#?}"))
}

fn remedies(verdict: &Verdict) -> Vec<&str> {
    verdict.findings.iter().filter_map(|finding| finding.remedy.as_deref()).collect()
}

/// Everything that the answer says, for what it must never say.
fn all(verdict: &Verdict) -> String {
    let text = |finding: &Finding| format!("{} {}\n", finding.message, finding.remedy.as_deref().unwrap_or_default());
    verdict.findings.iter().map(text).collect()
}

#[test]
fn a_token_with_the_inner_issuer_of_a_cluster_keeps_the_credential() {
    let verdict = answer!("in-cluster-issuer");
    let first = &verdict.findings[0];
    assert_eq!(first.code, "issuer-not-public");
    let remedy = first.remedy.as_deref().unwrap();
    assert!(
        remedy.contains("--service-account-issuer=https://contosooidc.blob.core.windows.net/cluster-1/"),
        "{remedy}"
    );
    assert!(!all(&verdict).contains("az "), "{}", all(&verdict));
}

#[test]
fn an_inner_issuer_is_never_written_whatever_else_differs() {
    let cluster = "https://kubernetes.default.svc.cluster.local";
    for credentials in [
        vec![],
        vec![credential("other", "https://contoso.example/c/", "system:serviceaccount:a:b")],
        vec![credential("inner", cluster, "system:serviceaccount:a:b")],
    ] {
        let verdict = planned(cluster, "system:serviceaccount:default:sa", &credentials);
        assert!(all(&verdict).contains("--service-account-issuer"), "{}", all(&verdict));
        assert!(!all(&verdict).contains("az "), "{}", all(&verdict));
    }
}

#[test]
fn an_issuer_of_external_id_is_a_match_with_a_caution() {
    let verdict = answer!("external-id-issuer");
    let caution = finding(&verdict, "issuer-external-id");
    assert_eq!(caution.severity.name(), "warning");
    assert!(caution.message.contains("AADSTS700222"), "{}", caution.message);
}

#[test]
fn an_access_token_of_resource_manager_leaves_the_credential_alone() {
    let verdict = answer!("arm-access-token-as-assertion");
    let first = &verdict.findings[0];
    assert_eq!(first.code, "entra-wrong-token");
    assert!(first.remedy.as_deref().unwrap().contains("request the token for `api://AzureADTokenExchange`"));
    for remedy in remedies(&verdict) {
        assert!(!remedy.contains("federated-credential") && !remedy.contains("sts.windows.net"), "{remedy}");
    }
}

#[test]
fn entras_own_issuer_of_version_2_is_right_for_managed_identities_and_azure_pipelines() {
    let issuer = "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0";
    for subject in ["44444444-4444-4444-8444-444444444444", "/eid1/c/pub/t/abc/a/def/sc/org/connection"] {
        let verdict = planned(issuer, subject, &[credential("mi", issuer, subject)]);
        assert_eq!(verdict.verdict, Outcome::Match);
        assert!(verdict.findings.iter().all(|finding| finding.severity.name() == "info"), "{verdict:#?}");
    }
}

#[test]
fn an_issuer_that_entra_cannot_reach_is_no_match() {
    for (fics, issuer) in [
        (input!("unreachable-issuer-cluster-name", "fics.json"), "https://kubernetes.default.svc.cluster.local"),
        (input!("unreachable-issuer-private-address", "fics.json"), "https://10.1.2.3:8443"),
    ] {
        let credentials = forms::parse(fics).unwrap();
        let verdict = planned(issuer, "system:serviceaccount:ci:runner", &credentials);
        let first = &verdict.findings[0];
        assert_eq!((verdict.verdict, verdict.predicted_error), (Outcome::NoMatch, Some(501_661)));
        assert_eq!((first.code, first.severity.name()), ("issuer-not-public", "error"));
        assert!(first.remedy.as_deref().unwrap().contains("--service-account-issuer"));
        assert_eq!(verdict.findings.iter().filter(|one| one.code == "issuer-not-public").count(), 1, "said once");
    }
    let here = "https://localhost:8443";
    let verdict = planned(here, "x", &[credential("test", here, "x")]);
    assert_eq!((verdict.verdict, verdict.findings[0].code), (Outcome::Match, "issuer-not-public"));
}

#[test]
fn a_credential_that_fits_already_is_tried_again_or_replaced() {
    let cases = [
        (input!("login-573-same-letters", "fics.json"), input!("login-573-same-letters", "token.json")),
        (
            input!("intermittent-700213-with-credential", "fics.json"),
            input!("intermittent-700213-with-credential", "token.json"),
        ),
    ];
    for (fics, claims) in cases {
        let (credentials, token) = (forms::parse(fics).unwrap(), presented(claims));
        let advice = already_fits(&question(&token, &credentials)).unwrap();
        assert!(advice[0].contains("try again") && advice[1].contains("client id"), "{advice:?}");
        let command = advice.last().unwrap();
        assert!(
            command.starts_with("az ad app federated-credential delete ") && command.contains("&& az ad app"),
            "{command}"
        );
        assert_eq!(crate::check::remedy::create_for(&token, &credentials, None, PUBLIC, Shell::Bash), None);
        let other = presented(&claims.replace("api://AzureADTokenExchange", "other"));
        assert_eq!(already_fits(&question(&other, &credentials)), None, "the audience differs");
    }
}

#[test]
fn a_masked_subject_is_never_written() {
    let github = "https://token.actions.githubusercontent.com";
    let held = credential("c-1", github, "repo:octo-org/web:environment:release");
    for credentials in [vec![], vec![held.clone()], vec![credential("c-2", github, "repo:a/b:ref:refs/heads/main")]] {
        let verdict = planned(github, "repo:***/web:environment:release", &credentials);
        assert!(all(&verdict).contains("mask of a log"), "{}", all(&verdict));
        assert!(!all(&verdict).contains("az "), "{}", all(&verdict));
    }
    let masked = credential("c-3", github, "repo:***/web:environment:release");
    let verdict = planned(github, "repo:octo-org/web:environment:release", &[masked]);
    let first = &verdict.findings[0];
    assert_eq!(first.code, "subject-masked");
    let remedy = first.remedy.as_deref().unwrap();
    assert!(remedy.contains("update") && remedy.contains("repo:octo-org/web:environment:release"), "{remedy}");
}

#[test]
fn a_credential_is_never_created_beside_one_with_the_same_issuer_and_subject() {
    let (issuer, sub) = ("https://token.actions.githubusercontent.com", "repo:octo-org/octo-repo:ref:refs/heads/main");
    let claims = |aud: &str| json!({"iss": issuer, "sub": sub, "aud": aud}).to_string();
    let usual = credential("github-main", issuer, sub);
    let custom = Credential { audiences: vec!["https://acme.example".to_owned()], ..usual.clone() };
    for (aud, held, wanted) in [
        ("https://github.com/octo-org", &usual, "audience=api://AzureADTokenExchange"),
        ("https://other.example", &usual, "request the ID token with the audience `api://AzureADTokenExchange`"),
        ("api://AzureADTokenExchange", &custom, "az ad app federated-credential update "),
        ("https://other.example", &custom, "az ad app federated-credential update "),
    ] {
        let verdict = answer(&presented(&claims(aud)), std::slice::from_ref(held));
        assert_eq!(verdict.predicted_error, Some(700_212));
        assert!(verdict.findings[0].remedy.as_deref().unwrap().contains(wanted), "{}", all(&verdict));
        assert!(!all(&verdict).contains("federated-credential create"), "{}", all(&verdict));
    }
}

#[test]
fn a_subject_of_a_template_is_named_as_one_and_lets_in_every_repository() {
    let verdict = answer!("custom-subject-visibility");
    let first = &verdict.findings[0];
    assert_eq!(first.code, "subject-form");
    assert!(first.message.contains("include_claim_keys"), "{}", first.message);
    let remedy = first.remedy.as_deref().unwrap();
    assert!(remedy.contains("use_default=true") && remedy.contains("lets in every repository"), "{remedy}");
    assert!(!all(&verdict).contains("at character"), "{}", all(&verdict));

    let github = "https://token.actions.githubusercontent.com";
    let default = "repo:octo-org/web:ref:refs/heads/main";
    let template = "repo:octo-org/web:ref:refs/heads/main:workflow:deploy";
    for (sub, held) in [(template, "repo:octo-org/web:environment:prod"), (default, "repository_id:1:workflow:deploy")]
    {
        let verdict = planned(github, sub, &[credential("gh", github, held)]);
        assert_eq!(verdict.findings[0].code, "subject-form", "{sub} {held}");
        assert!(verdict.findings[0].remedy.as_deref().unwrap().starts_with("az ad app federated-credential create "));
    }
}

#[test]
fn a_credential_with_another_claim_of_the_token_is_told_so() {
    let verdict = answer!("mi-subject-is-client-id");
    let first = &verdict.findings[0];
    assert_eq!(first.code, "subject-other-claim");
    assert!(first.message.contains("`azp`, the client id") && first.message.contains("object id"), "{}", first.message);
    assert!(first.remedy.as_deref().unwrap().contains("federated-credential update"));

    let (issuer, audience) = ("https://accounts.google.com", "api://AzureADTokenExchange");
    let claims =
        json!({"iss": issuer, "sub": "112233445566778899", "aud": audience, "email": "ci@p.iam.gserviceaccount.com"});
    let verdict = answer(&presented(&claims.to_string()), &[credential("g", issuer, "ci@p.iam.gserviceaccount.com")]);
    assert!(verdict.findings[0].message.contains("`email`"), "{}", verdict.findings[0].message);
    let github = "https://token.actions.githubusercontent.com";
    let claims = json!({"iss": github, "sub": "repo:a/b:environment:x", "aud": audience, "repository": "a/b"});
    let verdict = answer(&presented(&claims.to_string()), &[credential("r", github, "a/b")]);
    assert!(verdict.findings[0].message.contains("`repository`"), "{}", verdict.findings[0].message);
}

#[test]
fn a_regular_expression_becomes_a_pattern() {
    let verdict = answer!("regex-in-expression");
    let first = &verdict.findings[0];
    assert_eq!(first.code, "expression-regex");
    let remedy = first.remedy.as_deref().unwrap();
    assert!(remedy.contains("`repo:octo-org/*`"), "{remedy}");
    let fixed = "claims['sub'] matches 'repo:octo-org/*' and claims['repository_owner_id'] eq '123456'";
    assert!(remedy.ends_with(fixed), "{remedy}");
    let credentials = input!("regex-in-expression", "fics.json");
    let credentials = credentials.replace("^repo:octo-org/.*$", "repo:octo-org/*");
    let token = presented(input!("regex-in-expression", "token.json"));
    assert_eq!(answer(&token, &forms::parse(&credentials).unwrap()).verdict, Outcome::Match);
}

#[test]
fn a_pattern_in_the_wrong_place_is_named() {
    let github = "https://token.actions.githubusercontent.com";
    let sub = "repo:octo-org/web:ref:refs/heads/main";
    let flexible = |value: &str| {
        let credential = json!({"name": "flex", "issuer": github, "audiences": ["api://AzureADTokenExchange"],
            "claimsMatchingExpression": {"value": value, "languageVersion": 1}});
        planned(github, sub, &forms::parse(&credential.to_string()).unwrap())
    };
    for (value, code, remedy) in [
        ("repo:octo-org/web:*", "expression-plain-subject", "claims['sub'] matches 'repo:octo-org/web:*'"),
        (sub, "expression-plain-subject", "claims['sub'] eq 'repo:octo-org/web:ref:refs/heads/main'"),
        ("claims['sub'] matches 'repo:octo-org/web'", "expression-cut-short", "repo:octo-org/web*"),
        (r"claims['sub'] matches 'repo:octo-org\/web:.+'", "expression-regex", "'repo:octo-org/web:*'"),
        ("claims['sub'] matches 'repo:octo-org/(web|api):.*'", "expression-regex", "`*` (any characters"),
        ("claims['sub'] matches 'repo:octo-org/[vw]eb:.*'", "expression-regex", "`*` (any characters"),
        ("claims['sub'] matches 'repo:octo-org/[a-z]+:ref:*'", "expression-regex", "`*` (any characters"),
        (r"claims['sub'] matches 'repo:octo-org/web:ref:refs/heads/m\w+'", "expression-regex", "`*` (any characters"),
    ] {
        let verdict = flexible(value);
        assert_eq!(verdict.findings[0].code, code, "{value}");
        assert!(verdict.findings[0].remedy.as_deref().unwrap().contains(remedy), "{:?}", verdict.findings[0]);
    }
    let verdict = planned(github, sub, &[credential("regex", github, "^repo:octo-org/web:.*$")]);
    assert_eq!(verdict.findings[0].code, "subject-regex");
}

#[test]
fn the_other_stack_is_named_before_other_operations() {
    let verdict = answer!("pulumi-four-of-another-stack");
    let first = &verdict.findings[0];
    assert!(
        first.message.contains("`pulumi-update`") && first.message.contains("`stack`: `dev` instead of `prod`"),
        "{first:?}"
    );
    let others = ["pulumi-preview", "pulumi-refresh", "pulumi-destroy"];
    assert!(others.iter().all(|operation| !all(&verdict).contains(operation)), "{}", all(&verdict));

    let hcp = "https://app.terraform.io";
    let sub = |project: &str, phase: &str| format!("organization:o:project:{project}:workspace:w:run_phase:{phase}");
    let credentials = [credential("plan", hcp, &sub("b", "plan")), credential("apply", hcp, &sub("b", "apply"))];
    let verdict = planned(hcp, &sub("a", "apply"), &credentials);
    let message = &verdict.findings[0].message;
    assert!(message.contains("`apply`") && message.contains("`project`: `a` instead of `b`"), "{message}");
}

#[test]
fn a_match_warns_when_the_credential_lets_in_too_much() {
    let github = "https://token.actions.githubusercontent.com";
    for (sub, code) in [
        ("repository_owner:octo-org:workflow:deploy", "credential-lets-in-repositories"),
        ("repo:octo-org/web:pull_request", "credential-lets-in-pull-requests"),
    ] {
        let verdict = planned(github, sub, &[credential("broad", github, sub)]);
        assert_eq!(verdict.verdict, Outcome::Match);
        let warning = finding(&verdict, code);
        assert!(warning.severity.name() == "warning" && warning.remedy.is_some(), "{warning:?}");
    }
    let one = "repo:octo-org/web:environment:prod";
    assert_eq!(
        planned(github, one, &[credential("one", github, one)]).findings.len(),
        1,
        "only that there is no token yet"
    );
}

#[test]
fn credentials_in_other_documents_are_compared() {
    assert_eq!(answer!("pulumi-stack-export").findings[0].code, "subject-case");
    for verdict in [answer!("terraform-azapi-state"), answer!("arm-template")] {
        assert_eq!(verdict.verdict, Outcome::Match, "{verdict:#?}");
    }
    let fault = forms::parse(input!("az-table", "fics.json")).unwrap_err();
    assert!(fault.message.contains("table") && fault.hints[0].contains("--output json"), "{fault:?}");
}
