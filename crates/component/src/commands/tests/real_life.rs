//! Tests inputs from public issues through the command line.

use super::*;

const MAIN: &str = "repo:octo-org/web:ref:refs/heads/main";

macro_rules! input {
    ($case:literal, $file:literal) => {
        include_str!(concat!("../../../../core/testdata/cases/", $case, "/", $file))
    };
}

#[test]
fn a_decoded_token_is_shown_and_compared() {
    let job = Job::default().file("-", input!("pasted-decoded-token", "token.txt"));
    let outcome = job.run("inspect --id-token -");
    assert_eq!(outcome.exit_code, 0, "{}", shown(&outcome));
    for words in [MAIN, GITHUB, "decoded token, without its signature", "expires     2025-05-29T"] {
        assert!(outcome.stdout.contains(words), "{words}\n{}", outcome.stdout);
    }
    let job = Job::default()
        .file("claims.json", input!("pasted-claims-check", "claims.json"))
        .file("fics.json", input!("pasted-claims-check", "fics.json"));
    let outcome = job.run("check --id-token-file claims.json --credential fics.json");
    assert_eq!(outcome.exit_code, 0, "{}", shown(&outcome));
    assert!(outcome.stderr.contains("decoded token"), "{}", outcome.stderr);
}

#[test]
fn a_decoded_token_is_no_token_elsewhere() {
    let job = Job::default().file("-", input!("pasted-decoded-token", "token.txt"));
    let outcome = job.run("verify --id-token - --discover");
    assert_eq!(outcome.exit_code, 3, "{}", shown(&outcome));
    assert!(
        outcome.stderr.contains("the token is decoded") && outcome.stderr.contains("compact form"),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains("inside it"), "{}", outcome.stderr);
}

#[test]
fn a_token_file_in_utf_16_is_named_so() {
    let token = token(GITHUB, MAIN, AUDIENCE);
    for (mark, unit) in [([0xFF, 0xFE], u16::to_le_bytes as fn(u16) -> [u8; 2]), ([0xFE, 0xFF], u16::to_be_bytes)] {
        let bytes: Vec<u8> = mark.into_iter().chain(token.encode_utf16().flat_map(unit)).collect();
        let outcome = Job::default().file("u16.jwt", bytes).run("inspect --id-token-file u16.jwt");
        assert_eq!(outcome.exit_code, 3);
        assert!(
            outcome.stderr.contains("UTF-16") && outcome.stderr.contains("Out-File -Encoding ascii -NoNewline"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_table_of_the_azure_cli_is_named_so() {
    let job = Job::with_token(&token(GITHUB, MAIN, AUDIENCE)).file("f", input!("az-table", "fics.json"));
    let outcome = job.run("check --id-token-env T --credential f");
    assert_eq!(outcome.exit_code, 2);
    assert!(outcome.stderr.contains("table") && outcome.stderr.contains("--output json"), "{}", outcome.stderr);
}

#[test]
fn a_warning_before_the_list_is_ignored_and_said() {
    let list = format!("WARNING: The command is in preview\n{}", list(&[("main", GITHUB, MAIN)]));
    let job = Job::with_token(&token(GITHUB, MAIN, AUDIENCE)).file("f", list);
    let outcome = job.run("check --id-token-env T --credential f");
    assert_eq!(outcome.exit_code, 0, "{}", shown(&outcome));
    assert!(outcome.stderr.contains("text before its JSON"), "{}", outcome.stderr);
}

#[test]
fn what_no_token_can_have_is_normalised_or_refused() {
    for (line, subject) in [
        (
            "--platform github --repo https://github.com/octo-org/octo-repo --branch main",
            "repo:octo-org/octo-repo:ref:refs/heads/main",
        ),
        (
            "--platform github --repo octo-org/octo-repo --branch refs/heads/main",
            "repo:octo-org/octo-repo:ref:refs/heads/main",
        ),
    ] {
        let outcome = Job::default().run(&format!("credential {line} --format az"));
        assert_eq!(outcome.exit_code, 0, "{}", shown(&outcome));
        assert!(outcome.stdout.contains(&format!("\"subject\":\"{subject}\"")), "{}", outcome.stdout);
        assert!(outcome.stderr.starts_with("note: the part `"), "{}", outcome.stderr);
    }
    let metadata = "https://issuer.example/.well-known/openid-configuration";
    let outcome = Job::default().run(&format!("credential --issuer {metadata} --subject x --format az"));
    assert_eq!(outcome.exit_code, 0, "{}", shown(&outcome));
    assert!(outcome.stdout.contains("\"issuer\":\"https://issuer.example\""), "{}", outcome.stdout);
    assert!(outcome.stderr.starts_with("note: the issuer is `https://issuer.example`"), "{}", outcome.stderr);
    for (line, words) in [
        ("--platform github --repo octo-org/octo-repo --branch *", "--flexible"),
        ("--platform github --repo octo-org/octo-repo --branch refs/pull/1/merge", "--event pull_request"),
        ("--platform gitlab --project-path g/p --branch refs/merge-requests/1/head", "source branch"),
        ("--platform github --repo octo-org/octo-repo --branch <branch>", "placeholder"),
        ("--platform pulumi --org contoso --project core --stack contoso/core/dev", "--stack STACK"),
        ("--issuer https://user@issuer.example --subject x", "user info"),
        ("--issuer https://issuer.example?a=b --subject x", "query"),
        ("--issuer https://issuer.example --subject team/*", "--flexible"),
        ("--platform circleci --org octo-org --project web --user jane", "UUID"),
        (
            "--issuer https://kubernetes.default.svc.cluster.local --subject system:serviceaccount:ci:runner",
            "--service-account-issuer",
        ),
        ("--issuer https://10.1.2.3:8443 --subject system:serviceaccount:ci:runner", "public https address"),
        (
            "--platform github --repo octo-org/octo-repo --branch main --host github.corp.internal",
            "public https address",
        ),
        ("--issuer https://token.actions.githubusercontent.com --subject repo:***/web:pull_request", "`***`"),
        ("--issuer https://vstoken.dev.azure.com/contoso --subject sc://contoso/p/c", "instanceId"),
        (
            "--issuer https://agent.buildkite.com --subject organization:a:pipeline:b:ref:refs/heads/main:commit:0:step:c",
            "--subject-claim pipeline_id",
        ),
        ("--issuer https://oidc.circleci.com/org/acme --subject x", "UUID"),
    ] {
        let outcome = Job::default().run(&format!("credential {line} --format az"));
        assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (2, ""), "{line}\n{}", shown(&outcome));
        assert!(outcome.stderr.contains(words), "{line}\n{}", outcome.stderr);
    }
}

#[test]
fn a_credential_that_needs_caution_is_written_with_a_warning() {
    for (line, words) in [
        (
            "--issuer https://sts.windows.net/11111111-2222-4333-8444-555555555555/ --subject x",
            "login.microsoftonline.com",
        ),
        ("--issuer https://contoso.ciamlogin.com/t/v2.0 --subject x", "AADSTS700222"),
        ("--platform github --repo octo-org/octo-repo --event pull_request", "pull requests"),
    ] {
        let outcome = Job::default().run(&format!("credential {line} --format az"));
        assert_eq!(outcome.exit_code, 0, "{}", shown(&outcome));
        assert!(outcome.stderr.starts_with("warning: ") && outcome.stderr.contains(words), "{}", outcome.stderr);
    }
}

#[test]
fn an_issuer_is_written_as_its_platform_writes_it() {
    for (line, issuer) in [
        ("--issuer https://gitlab.com/ --subject project_path:g/p:ref_type:branch:ref:main", "https://gitlab.com"),
        (
            "--platform gitlab --project-path g/p --branch main --server gitlab.example.com",
            "https://gitlab.example.com",
        ),
        (
            "--platform kubernetes --namespace a --service-account b --issuer https://eastus.oic.prod-aks.azure.com/t/c",
            "https://eastus.oic.prod-aks.azure.com/t/c/",
        ),
    ] {
        let outcome = Job::default().run(&format!("credential {line} --format az"));
        assert_eq!(outcome.exit_code, 0, "{}", shown(&outcome));
        assert!(outcome.stdout.contains(&format!("\"issuer\":\"{issuer}\"")), "{}", outcome.stdout);
        assert!(outcome.stderr.starts_with("note: "), "{}", outcome.stderr);
    }
}

#[test]
fn a_token_that_no_credential_can_accept_gives_none() {
    for (iss, sub, aud, words) in [
        (
            "https://agent.buildkite.com",
            "organization:acme:pipeline:web:ref:refs/heads/main:commit:0123456789abcdef0123456789abcdef01234567:step:deploy",
            AUDIENCE,
            ["changes with every run", "--subject-claim pipeline_id"],
        ),
        (
            "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
            "{11111111-2222-4333-8444-555555555555}:{11111111-2222-4333-8444-666666666666}",
            AUDIENCE,
            ["changes with every run", "workload identity"],
        ),
        (
            "https://sts.windows.net/11111111-2222-4333-8444-555555555555/",
            "44444444-4444-4444-8444-444444444444",
            "https://management.azure.com",
            ["leave the credentials as they are", "request the token for `api://AzureADTokenExchange`"],
        ),
    ] {
        let outcome =
            Job::with_token(&token(iss, sub, aud)).run("credential --from-token --id-token-env T --format az");
        assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (2, ""), "{}", shown(&outcome));
        for words in words {
            assert!(outcome.stderr.contains(words), "{words}\n{}", outcome.stderr);
        }
    }
    let id = "0184990a-477b-4fa8-9968-496074483cee";
    let job = Job::with_token(&token("https://agent.buildkite.com", id, AUDIENCE));
    assert_eq!(job.run("credential --from-token --id-token-env T").exit_code, 0);
}

#[test]
fn a_credential_that_only_a_few_runs_can_use_is_written_with_a_warning() {
    for (reference, words) in [
        ("refs/heads/gh-readonly-queue/main/pr-12-0123abcd", "environment"),
        ("refs/heads/dependabot/npm_and_yarn/x-1.2.3", "branches-ignore"),
        ("refs/pull/12/merge", ":pull_request`"),
    ] {
        let job = Job::with_token(&token(GITHUB, &format!("repo:o/r:ref:{reference}"), AUDIENCE));
        let outcome = job.run("credential --from-token --id-token-env T --format az");
        assert_eq!(outcome.exit_code, 0, "{}", shown(&outcome));
        assert!(outcome.stderr.starts_with("warning: the subject names `refs/"), "{}", outcome.stderr);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
}
