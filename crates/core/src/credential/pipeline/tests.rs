//! Tests that the credentials for a pipeline accept its tokens, and that Entra would store them.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::check::{Outcome, Question, SKEW, check};
use crate::cloud::PUBLIC;
use crate::credential::reach;
use crate::credential::testing::token;
use crate::credential::write::{Format, Owner, Target, write};
use crate::credential::{expression, forms, limits};
use crate::platform::{ALL, PartName, by_name};
use crate::shell::Shell;
use crate::token::Token;

const NOW: i64 = 1_787_306_400;

/// What a platform's issuer is, where it is no part.
const ISSUER: &str = "https://issuer.example";

fn parts(text: &[&str]) -> Vec<(String, String)> {
    text.iter().map(|part| part.split_once('=').unwrap()).map(|(name, value)| (name.into(), value.into())).collect()
}

fn of_parts<'a>(platform: &str, parts: &'a [(String, String)]) -> Pipeline<'a> {
    Pipeline { platform: by_name(platform), parts, cloud: PUBLIC, ..NOTHING }
}

const NOTHING: Pipeline<'static> = Pipeline {
    platform: None,
    parts: &[],
    claims: None,
    issuer: None,
    subject: None,
    audience: None,
    name: None,
    flexible: false,
    cloud: PUBLIC,
};

fn texts(credentials: &[Credential]) -> Vec<&str> {
    credentials.iter().map(|credential| credential.matcher.text()).collect()
}

fn flexible(platform: &str, given: &[&str]) -> Result<Vec<Credential>, Fault> {
    let parts = parts(given);
    credentials(&Pipeline { flexible: true, ..of_parts(platform, &parts) })
}

/// Writes credentials as Graph's body, reads them again, and asks whether they accept a token.
fn accepted(credentials: &[Credential], claims: &serde_json::Value) -> Option<String> {
    let target = Target { owner: Owner::Application { client_id: None }, cloud: PUBLIC, shell: Shell::Bash };
    let written = forms::parse(&write(credentials, Format::GraphJson, &target).unwrap()).unwrap();
    assert_eq!(written, credentials);
    let token = token(claims);
    let verdict = check(&Question {
        token: &token,
        credentials: &written,
        client_id: None,
        cloud: PUBLIC,
        now: NOW,
        skew: SKEW,
        keys: None,
        shell: Shell::Bash,
    });
    verdict.matched.filter(|_| verdict.verdict == Outcome::Match)
}

fn claims(credential: &Credential, sub: &str) -> serde_json::Value {
    json!({"iss": credential.issuer, "sub": sub, "aud": credential.audiences[0], "iat": NOW, "exp": NOW + 300})
}

#[test]
fn a_flexible_credential_has_every_claim_that_its_issuer_requires() {
    for (platform, given, wanted) in [
        (
            "github",
            &["repo=o/r", "repository-id=74"][..],
            "claims['sub'] matches 'repo:o/r:*' and claims['repository_id'] eq '74'",
        ),
        (
            "github",
            &["repo=o/r", "owner-id=7", "environment=prod"],
            "claims['sub'] eq 'repo:o/r:environment:prod' and claims['repository_owner_id'] eq '7'",
        ),
        (
            "github",
            &["repo=o/r", "owner-id=7", "repository-id=74", "branch=release/*"],
            "claims['sub'] matches 'repo:o@7/r@74:ref:refs/heads/release/*' and claims['repository_id'] eq '74'",
        ),
        (
            "gitlab",
            &["project-path=g/p", "project-id=72"],
            "claims['sub'] matches 'project_path:g/p:*' and claims['project_id'] eq '72'",
        ),
        ("gitlab", &["project-id=72", "tag=v*"], "claims['sub'] matches 'project_id:72:ref_type:tag:ref:v*'"),
        (
            "terraform-cloud",
            &["organization=o", "project=p", "workspace=w"],
            "claims['sub'] matches 'organization:o:project:p:workspace:w:run_phase:*'",
        ),
        (
            "terraform-cloud",
            &["organization=o", "project=p", "workspace=*", "run-phase=plan"],
            "claims['sub'] matches 'organization:o:project:p:workspace:*:run_phase:plan'",
        ),
    ] {
        let written = flexible(platform, given).unwrap();
        assert_eq!(texts(&written), [wanted]);
        assert_eq!(limits::problems(&written), [], "{given:?}");
    }
}

#[test]
fn a_flexible_credential_is_refused_when_entra_refuses_it_or_it_accepts_other_owners() {
    for (platform, given, code, words) in [
        ("github", &["repo=o/r"][..], "expression-id-missing", "`repository-id` or `owner-id`"),
        ("gitlab", &["project-path=g/p"], "expression-id-missing", "`project-id`"),
        ("github", &["repo=o/r", "repository-id=1", "host=git.example.com"], "expression-issuer-not-allowed", "GitHub"),
        ("pulumi", &[], "expression-issuer-not-allowed", "exact subject"),
        (
            "terraform-cloud",
            &["organization=*", "project=p", "workspace=w"],
            "expression-open-to-strangers",
            "before the first wildcard",
        ),
        ("github", &["repo=o/r' and claims['sub'] matches '*", "owner-id=7"], "expression-quote", "exact subject"),
        ("github", &["repo=o/r", "owner-id=7' and claims['sub'] matches '*"], "expression-quote", "exact subject"),
    ] {
        let fault = flexible(platform, given).unwrap_err();
        assert_eq!(fault.code, code, "{platform} {given:?}");
        assert!(fault.hints.concat().contains(words), "{:?}", fault.hints);
    }
}

#[test]
fn a_token_gives_the_credentials_of_every_run_of_its_pipeline() {
    let deploy = "pulumi:deploy:org:contoso:project:core:stack:dev:operation";
    let phases = "organization:acme:project:p:workspace:web:run_phase";
    for (iss, sub, given, wanted) in [
        (
            "https://api.pulumi.com/oidc",
            format!("{deploy}:update:scope:write"),
            &[][..],
            ["preview", "update", "refresh", "destroy"]
                .map(|operation| format!("{deploy}:{operation}:scope:write"))
                .to_vec(),
        ),
        (
            "https://api.pulumi.com/oidc",
            format!("{deploy}:update:scope:write"),
            &["operation=preview"],
            vec![format!("{deploy}:preview:scope:write")],
        ),
        (
            "https://app.terraform.io",
            format!("{phases}:plan"),
            &[],
            vec![format!("{phases}:plan"), format!("{phases}:apply")],
        ),
        (
            "https://token.actions.githubusercontent.com",
            "repo:o/r:environment:prod".to_owned(),
            &[],
            vec!["repo:o/r:environment:prod".to_owned()],
        ),
        (ISSUER, "anything".to_owned(), &[], vec!["anything".to_owned()]),
    ] {
        let token = Token::described(iss, &sub, "contoso", &[]);
        let given = parts(given);
        let made = credentials(&Pipeline { claims: Some(token.claims()), parts: &given, ..NOTHING }).unwrap();
        assert_eq!(texts(&made), wanted, "{sub}");
        assert!(made.iter().all(|one| one.issuer == iss && one.audiences == ["contoso"]));
    }
}

#[test]
fn a_token_gives_the_ids_of_an_expression() {
    let (github, gitlab) = ("https://token.actions.githubusercontent.com", "https://gitlab.com");
    for (iss, sub, claim, wanted) in [
        (
            github,
            "repo:o/r:pull_request",
            "repository_id",
            "claims['sub'] eq 'repo:o/r:pull_request' and claims['repository_id'] eq '7'",
        ),
        (
            gitlab,
            "project_path:g/p:ref_type:branch:ref:x",
            "project_id",
            "claims['sub'] eq 'project_path:g/p:ref_type:branch:ref:x' and claims['project_id'] eq '7'",
        ),
        (
            "https://app.terraform.io",
            "organization:a:project:p:workspace:w:run_phase:plan",
            "x",
            "claims['sub'] matches 'organization:a:project:p:workspace:w:run_phase:*'",
        ),
    ] {
        let token = Token::described(iss, sub, "api://AzureADTokenExchange", &[(claim.to_owned(), "7".to_owned())]);
        let made = credentials(&Pipeline { claims: Some(token.claims()), flexible: true, ..NOTHING }).unwrap();
        assert_eq!(texts(&made), [wanted]);
    }
}

#[test]
fn a_missing_value_is_named_with_the_option_for_it() {
    let org = parts(&["org=contoso"]);
    let several = Pipeline { name: Some("all"), ..of_parts("terraform-cloud", &[]) };
    let workspace = parts(&["organization=o", "project=p", "workspace=w"]);
    for (pipeline, code, words) in [
        (NOTHING, "credential-incomplete", "--platform github"),
        (Pipeline { issuer: Some(ISSUER), ..NOTHING }, "credential-incomplete", "--subject"),
        (Pipeline { parts: &org, ..NOTHING }, "credential-incomplete", "--platform NAME"),
        (of_parts("pulumi", &org), "subject-part-missing", "`stack`"),
        (Pipeline { parts: &workspace, ..several }, "credential-incomplete", "leave the name out"),
    ] {
        let fault = credentials(&pipeline).unwrap_err();
        assert_eq!(fault.code, code);
        assert!(fault.hints.concat().contains(words), "{:?}", fault.hints);
    }
}

#[test]
fn too_many_credentials_for_one_application_are_refused_with_hints() {
    let mut given = parts(&["repo=o/r"]);
    given.extend((0..21).map(|number| ("branch".to_owned(), format!("b{number}"))));
    let made = credentials(&of_parts("github", &given)).unwrap();
    let target = Target { owner: Owner::Application { client_id: None }, cloud: PUBLIC, shell: Shell::Bash };
    let fault = write(&made, Format::Az, &target).unwrap_err();
    assert_eq!(fault.code, "credentials-too-many");
    for way in ["--flexible", "managed identities"] {
        assert!(fault.hints[0].contains(way), "{:?}", fault.hints);
    }
}

/// Usual and unusual values.
fn value() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z][a-z0-9-]{0,12}", "[A-Za-z0-9._/:@ %~-]{1,30}", "\\PC{1,8}"]
        .prop_filter("white space around a value is refused", |text| text.trim() == text && !text.is_empty())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn credentials_of_a_pipeline_accept_its_tokens(
        platform in proptest::sample::select(ALL.to_vec()),
        chosen in proptest::collection::vec((any::<bool>(), proptest::option::of(value())), 10),
    ) {
        let wanted = platform.parts().iter().zip(&chosen).filter(|(part, (chosen, _))| part.required || *chosen);
        let value = |part: &PartName, own: &Option<String>| own.clone().unwrap_or_else(|| part.example.to_owned());
        let given: Vec<_> = wanted.map(|(part, (_, own))| (part.name.to_owned(), value(part, own))).collect();
        let issuer = (platform.issuer_from_parts(&given).is_err()).then_some(ISSUER);
        let pipeline = Pipeline { issuer, ..of_parts(platform.name(), &given) };
        let Ok(made) = credentials(&pipeline) else { return Ok(()) };
        prop_assert!(!made.is_empty());
        let is_refused = |one: &Credential| crate::mask::is_masked(one.matcher.text()) || crate::credential::write::holds_secret(one);
        let is_usable = |one: &Credential| reach::unreachable(&one.issuer).is_none() && !is_refused(one);
        prop_assume!(made.iter().all(is_usable));
        for one in &made {
            let name = accepted(&made, &claims(one, one.matcher.text()));
            prop_assert_eq!(name.as_deref(), Some(one.name.as_str()), "{:?}", one);
        }
    }

    #[test]
    fn a_flexible_credential_accepts_any_branch_and_no_other_repository(
        owner in "[a-z]{1,8}", name in "[a-z]{1,8}", branch in "[a-z/]{1,12}", id in "[0-9]{1,9}",
    ) {
        let given = parts(&[&format!("repo={owner}/{name}"), &format!("repository-id={id}")]);
        let made = credentials(&Pipeline { flexible: true, ..of_parts("github", &given) }).unwrap();
        let of = |repo: &str, id: &str| {
            let mut claims = claims(&made[0], &format!("repo:{repo}:ref:refs/heads/{branch}"));
            claims["repository_id"] = id.into();
            accepted(&made, &claims)
        };
        let repo = format!("{owner}/{name}");
        prop_assert!(expression::is_allowed_issuer(&made[0].issuer));
        prop_assert_eq!(of(&repo, &id), Some(made[0].name.clone()));
        prop_assert_eq!(of(&repo, &format!("{id}0")), None);
        prop_assert_eq!(of(&format!("{repo}x"), &id), None);
    }
}
