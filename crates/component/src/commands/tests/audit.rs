//! Tests the output of `audit`: as text, as JSON, and with the new credentials.

use super::*;

const GITLAB_SLASH: (&str, &str, &str) = ("gitlab", "https://gitlab.com/", "project_path:g/p:ref_type:branch:ref:main");
const NAMES: (&str, &str, &str) = ("names", GITHUB, "repo:octo-org/web:pull_request");
const RIGHT: (&str, &str, &str) = ("right", GITHUB, "repo:octo-org@1/web@2:environment:prod");

fn codes(report: &Value) -> Vec<String> {
    let one = |finding: &Value| {
        let text = |name: &str| finding[name].as_str().unwrap_or("all").to_owned();
        format!("{} {} {}", text("severity"), text("code"), text("credential"))
    };
    report["findings"].as_array().unwrap().iter().map(one).collect()
}

#[test]
fn each_credential_has_its_findings_and_one_thing_to_do() {
    let job = Job::default().file("app.json", list(&[RIGHT, NAMES, GITLAB_SLASH]));
    insta::assert_snapshot!(shown(&job.run("audit --credential app.json")), @r#"
    exit 1
    failed: 1 error, 2 warnings in 3 credentials

    the credential `gitlab` in app.json
      error: no token has this issuer: GitLab writes it as https://gitlab.com
      do:   az ad app federated-credential update --federated-credential-id 'gitlab' --id "${AZURE_CLIENT_ID:?}" --parameters '{"audiences":["api://AzureADTokenExchange"],"issuer":"https://gitlab.com","name":"gitlab","subject":"project_path:g/p:ref_type:branch:ref:main"}'

    the credential `names` in app.json
      warning: the credential lets in jobs of pull requests, whose code nobody has reviewed yet; where the repository gives forks a token, these are pull requests of strangers too
      warning: the subject names owner and repository by their names alone; the tokens of repositories that were created, renamed or transferred since 2026-07-15 have their ids too, and do not match
      do:   use a credential for an environment with required reviewers, or give this application only roles that read
      then: az ad app federated-credential create --id "${AZURE_CLIENT_ID:?}" --parameters '{"audiences":["api://AzureADTokenExchange"],"issuer":"https://token.actions.githubusercontent.com","name":"repo-octo-org-1-web-2-pull_request-ce273c8b","subject":"repo:octo-org@1/web@2:pull_request"}'
    ---
    "#);
}

#[test]
fn right_credentials_pass() {
    let job = Job::default().file("-", list(&[RIGHT]));
    insta::assert_snapshot!(shown(&job.run("audit --credential -")), @r"
    exit 0
    passed: nothing to do in 1 credential
    ---
    ");
}

#[test]
fn new_credentials_are_alone_on_standard_output() {
    let job = Job::default().file("app.json", list(&[RIGHT, NAMES, GITLAB_SLASH]));
    let line = "audit --credential app.json --write --replace octo-org/web=octo-org@1/web@2 --format";
    let outcome = job.run(&format!("{line} graph"));
    assert_eq!(outcome.exit_code, 1, "the old credentials have errors");
    let written: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let subjects: Vec<_> = written.as_array().unwrap().iter().map(|one| one["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["repo:octo-org@1/web@2:pull_request", "project_path:g/p:ref_type:branch:ref:main"]);
    assert!(outcome.stderr.starts_with("failed: 1 error, 2 warnings in 3 credentials\n"), "{}", outcome.stderr);
    let again = Job::default().file("new.json", outcome.stdout).run("audit --credential new.json");
    assert_eq!(again.exit_code, 0, "{}", shown(&again));
    let commands = job.run(&format!("{line} az --client-id 11111111-2222-4333-8444-555555555555"));
    let verbs: Vec<_> = commands.stdout.lines().filter_map(|line| line.split(' ').nth(4)).collect();
    assert_eq!(verbs, ["create", "update"]);
    let nothing = Job::default().file("f", list(&[RIGHT])).run("audit --credential f --write");
    assert_eq!((nothing.exit_code, nothing.stdout.as_str()), (0, ""));
    assert!(nothing.stderr.ends_with("note: there is no new credential to write\n"), "{}", nothing.stderr);
}

#[test]
fn every_finding_names_its_file_and_its_credential() {
    let job = Job::default().file("a", list(&[RIGHT, GITLAB_SLASH])).file("b", list(&[GITLAB_SLASH]));
    let outcome = job.run("audit --credential a --credential b --output json");
    assert_eq!((outcome.exit_code, outcome.stderr.as_str()), (1, ""));
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["verdict"], "fail");
    assert_eq!(
        codes(&report),
        ["error issuer-trailing-slash gitlab"; 2],
        "two applications may have equal credentials"
    );
    let files: Vec<_> = report["findings"].as_array().unwrap().iter().map(|finding| &finding["file"]).collect();
    assert_eq!(files, ["a", "b"]);
    let twice = Job::default().file("a", list(&[RIGHT, ("copy", RIGHT.1, RIGHT.2)]));
    let report: Value = serde_json::from_str(&twice.run("audit --credential a --output json").stdout).unwrap();
    assert_eq!(codes(&report), ["error credential-duplicate right"]);
}

#[test]
fn a_terraform_state_of_two_applications_has_no_duplicates() {
    let instance = |application: &str| {
        json!({"attributes": {"application_id": application, "display_name": "main", "issuer": GITHUB,
            "subject": RIGHT.2, "audiences": [AUDIENCE]}})
    };
    let state = |second: &str| {
        json!({"version": 4, "terraform_version": "1.9.5", "resources": [{"mode": "managed", "name": "fic",
            "type": "azuread_application_federated_identity_credential",
            "instances": [instance("/applications/1"), instance(second)]}]})
        .to_string()
    };
    let text = Job::default().file("f", state("/applications/1")).run("audit --credential f").stdout;
    assert!(text.contains("\nthe credential `main` of `/applications/1` in f\n"), "{text}");
    let exit_code = |second: &str| Job::default().file("f", state(second)).run("audit --credential f").exit_code;
    assert_eq!((exit_code("/applications/2"), exit_code("/applications/1")), (0, 1));
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let job = Job::default().file("a", list(&[RIGHT])).file("b", r#"{"appId": "x"}"#);
    let outcome = job.run("audit --credential a --credential b");
    assert_eq!(outcome.exit_code, 2);
    assert!(outcome.stderr.contains("file: b"), "{}", outcome.stderr);
    let outcome = job.run("audit --credential c");
    assert_eq!(outcome.exit_code, 2);
    assert!(outcome.stderr.contains("c, named by `--credential`"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("federated-credential list"), "{}", outcome.stderr);
}

macro_rules! real_life {
    ($($case:literal: [$($finding:literal),*];)*) => {
        &[$((
            $case,
            include_str!(concat!("../../../../core/testdata/cases/", $case, "/fics.json")),
            &[$($finding),*] as &[&str],
        )),*]
    };
}

#[test]
fn credentials_of_real_life_have_these_findings() {
    let cases: &[(&str, &str, &[&str])] = real_life! {
        "arm-access-token-as-assertion": [];
        "arm-template": ["warning credential-name-short gh", "warning subject-without-ids gh"];
        "custom-subject-visibility": ["warning subject-without-ids gh-env", "warning subject-without-ids gh-main"];
        "external-id-issuer": ["warning issuer-external-id extid"];
        "in-cluster-issuer": [];
        "intermittent-700213-with-credential": [];
        "login-573-same-letters": ["warning subject-without-ids main"];
        "mi-subject-is-client-id": [];
        "pasted-claims-check": ["warning subject-without-ids a"];
        "pulumi-four-of-another-stack": [];
        "pulumi-stack-export": ["warning subject-without-ids gh", "warning credential-name-short gh", "warning subject-without-ids gh"];
        "regex-in-expression": ["error expression-regex flex-1", "warning credential-lets-in-repositories flex-1"];
        "terraform-azapi-state": ["warning credential-name-short gh", "warning expression-id-missing gh", "info expression-on-identity gh"];
        "unreachable-issuer-cluster-name": ["error issuer-not-public c-1"];
        "unreachable-issuer-private-address": ["error issuer-not-public c-1"];
    };
    for (case, document, findings) in cases {
        let outcome = Job::default().file("f", *document).run("audit --credential f --output json");
        let report: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{case}: {outcome:?}"));
        assert_eq!(codes(&report), *findings, "{case}");
        assert_eq!(outcome.exit_code, u8::from(findings.iter().any(|finding| finding.starts_with("error"))), "{case}");
    }
    let table = include_str!("../../../../core/testdata/cases/az-table/fics.json");
    assert_eq!(Job::default().file("f", table).run("audit --credential f").exit_code, 2);
}
