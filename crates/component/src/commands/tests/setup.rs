//! Tests `setup`: the text for each tool, what a shell makes of the script, and that `check` accepts
//! what it creates.

use azure_oidc_core::cloud::PUBLIC;
use azure_oidc_core::platform;

use super::*;
use played::{created, played, tried};

mod pages;
mod played;
mod refused;

const SUBSCRIPTION: &str = "33333333-3333-4333-8333-333333333333";
const GITHUB_LINE: &str = "setup --platform github --repo octo-org/octo-repo --branch main --resource-group app \
                           --subscription 33333333-3333-4333-8333-333333333333";
const PULUMI_LINE: &str = "setup --platform pulumi --org contoso --project core --stack dev \
                           --subscription 33333333-3333-4333-8333-333333333333";

#[test]
fn a_script_for_an_application() {
    insta::assert_snapshot!(Job::default().run(GITHUB_LINE).stdout);
}

#[test]
fn a_script_for_a_managed_identity() {
    let line = format!("{PULUMI_LINE} --identity --role Contributor --operation update");
    let outcome = Job::default().run(&line);
    assert!(outcome.stderr.contains("the whole subscription"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("warning: the identity's own resource group"), "{}", outcome.stderr);
    insta::assert_snapshot!(outcome.stdout);
}

#[test]
fn a_script_for_each_other_tool() {
    for (name, rest) in [
        ("powershell_cli", "--shell powershell"),
        ("powershell", "--format powershell"),
        ("powershell_identity", "--format powershell --identity --identity-group ids"),
        ("terraform", "--format terraform"),
        ("terraform_identity", "--format terraform --identity --role acdd72a7-3385-48ef-bd42-f606fba81ae7"),
        ("bicep", "--format bicep"),
    ] {
        insta::assert_snapshot!(name, Job::default().run(&format!("{GITHUB_LINE} {rest}")).stdout);
    }
}

#[test]
fn what_each_platform_must_know_is_in_the_script() {
    const CONNECTION: &str =
        "--organization contoso --project p --connection c --organization-id 44444444-4444-4444-8444-444444444444";
    for (line, expected) in [
        (format!("azure-pipelines {CONNECTION}"), "Endpoint Creators"),
        (format!("azure-pipelines {CONNECTION}"), "`Convert`"),
        ("gitlab --server https://git.contoso.example --project-path g/p --branch main".to_owned(), "https://git.contoso.example/oauth/discovery/keys"),
        ("pulumi --org contoso --project core --stack dev".to_owned(), "azure-native"),
        ("circleci --org 5034460f-c7c4-4c43-9457-de07e2029e7b --project 9b2f3c1e-0a4d-4f56-8b7e-1d2c3b4a5f60 --user 1c7a9e52-3b64-4d8f-9a01-7e6f5d4c3b2a".to_owned(), "Organization Settings > Overview"),
        (format!("azure-pipelines {CONNECTION} --identity"), "from allowed issuer types"),
    ] {
        let text = Job::default().run(&format!("setup --subscription {SUBSCRIPTION} --platform {line}")).stdout;
        assert!(text.contains(expected), "{line}: {text}");
        assert!(text.contains("/docs/platforms/"), "{line}: {text}");
    }
    let missing = Job::default().run(&format!("setup --subscription {SUBSCRIPTION} --platform circleci"));
    assert!(missing.stderr.contains("Organization Settings > Overview"), "{}", missing.stderr);
}

#[test]
fn check_accepts_the_tokens_of_a_platform_that_was_set_up() {
    for platform in platform::ALL.iter().filter(|platform| !platform.parts().is_empty()) {
        let parts: Vec<_> = platform
            .parts()
            .iter()
            .filter(|part| part.required || is_usual(platform.name(), part.name))
            .map(|part| (part.name.to_owned(), part.example.to_owned()))
            .collect();
        if platform.name() == "bitbucket" {
            // No credential can match: the subject changes with every run.
            let line = format!("setup --subscription {SUBSCRIPTION} --platform bitbucket --workspace acme");
            assert_eq!(Job::default().run(&line).exit_code, 2);
            continue;
        }
        let issuer = platform.issuer_from_parts(&parts).unwrap_or_else(|fault| panic!("{}: {fault}", platform.name()));
        let subjects = platform.build_subjects(&parts).unwrap();
        let audience = platform.default_audience(&parts).unwrap().unwrap_or_else(|| PUBLIC.usual_audience().to_owned());
        for owner in ["", "--identity", "--identity --identity-group ids"] {
            let mut words = vec!["setup", "--subscription", SUBSCRIPTION, "--platform", platform.name()];
            let options: Vec<_> = parts.iter().map(|(name, value)| format!("--{name}={value}")).collect();
            words.extend(options.iter().map(String::as_str));
            words.extend(owner.split_whitespace());
            let script = Job::default().run_words(&words);
            assert_eq!(script.exit_code, 0, "{words:?}: {}", script.stderr);
            let (calls, printed) = played(&script.stdout);
            assert!(printed.contains("AZURE_CLIENT_ID=22222222-2222-4222-8222-222222222222\n"), "{printed}");
            let roles = calls.iter().filter(|call| call.starts_with(&["role".to_owned(), "assignment".to_owned()]));
            assert_eq!(roles.count(), 1, "{calls:?}");
            let credentials = created(&calls).to_string();
            for subject in &subjects {
                let job = Job::with_token(&token(&issuer, subject, &audience)).file("fics.json", credentials.clone());
                let outcome = job.run("check --id-token-env T --credential fics.json");
                assert_eq!(outcome.exit_code, 0, "{} {owner} {subject}: {}", platform.name(), shown(&outcome));
                let other = token(&issuer, &format!("{subject}x"), &audience);
                let job = Job::with_token(&other).file("fics.json", credentials.clone());
                assert_eq!(job.run("check --id-token-env T --credential fics.json").exit_code, 1, "{subject}");
            }
        }
    }
}

/// Whether subjects of the usual form need this part, which is not in all of their forms.
fn is_usual(platform: &str, part: &str) -> bool {
    matches!(
        (platform, part),
        ("github" | "gitlab", "branch" | "project-path")
            | ("azure-pipelines", "organization" | "organization-id" | "project" | "connection")
            | ("pulumi", "org" | "project" | "stack")
            | ("buildkite", "pipeline-id")
            | ("harness", "org" | "project")
            | ("spacelift", "account" | "stack")
            | ("kubernetes" | "spiffe", "issuer")
    )
}

#[test]
fn pipelines_that_look_alike_have_names_of_their_own() {
    let names = |issuer: &str, subject: &str| {
        let line = format!("setup --subscription {SUBSCRIPTION} --issuer {issuer} --subject {subject}");
        let (calls, _) = played(&Job::default().run(&line).stdout);
        let app = calls.iter().find(|call| call[..3] == ["ad", "app", "create"]).unwrap()[4].clone();
        [app, created(&calls)[0]["name"].as_str().unwrap().to_owned()].map(|name| name.to_ascii_lowercase())
    };
    let uuid = "5034460f-c7c4-4c43-9457-de07e2029e7b";
    let of = [
        ("https://a.example", "deploy"),
        ("https://b.example", "deploy"),
        ("https://a.example", "Deploy"),
        ("https://a.example", "prod_team"),
        ("https://a.example", "prod-team"),
        ("https://a.example", uuid),
        ("https://b.example", uuid),
    ];
    let all: std::collections::BTreeSet<_> = of.iter().flat_map(|(issuer, subject)| names(issuer, subject)).collect();
    assert_eq!(all.len(), 2 * of.len(), "{all:?}");
}

#[test]
fn roles_are_written_once_and_by_id_where_that_is_known() {
    let id = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
    let whole = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{id}");
    for (format, expected) in [
        ("powershell", format!("-RoleDefinitionId '{id}'")),
        ("terraform", format!("role_definition_id   = \"{whole}\"")),
        ("bicep", format!("'Microsoft.Authorization/roleDefinitions', '{id}'")),
        ("az", format!("--role {whole} ")),
    ] {
        let text = Job::default().run(&format!("{GITHUB_LINE} --format {format} --role {whole} --role {whole}")).stdout;
        let (script, _) = text.split_once("To undo it").unwrap();
        assert_eq!(script.matches(&expected).count(), 1, "{text}");
    }
}

#[test]
fn the_test_of_an_instance_is_for_the_shell_of_the_script() {
    let line = format!(
        "setup --subscription {SUBSCRIPTION} --platform gitlab --project-path g/p --branch main --server https://gl.example/a+b=c"
    );
    for (rest, expected) in [
        ("", "curl -fsS 'https://gl.example/a+b=c/.well-known/openid-configuration' "),
        ("--format powershell", "Invoke-WebRequest"),
        ("--shell powershell", "Invoke-WebRequest"),
    ] {
        let text = Job::default().run(&format!("{line} {rest}")).stdout;
        assert!(text.contains(expected), "{text}");
        assert_eq!(text.contains("curl"), rest.is_empty(), "{text}");
    }
}

#[test]
fn a_role_that_looks_like_a_variable_stays_as_it_is() {
    let role = "a ${HOME:?} <name> =B c";
    for rest in [&["--shell", "powershell"][..], &["--format", "powershell"], &["--identity"], &[]] {
        let line = ["setup", "--subscription", SUBSCRIPTION, "--issuer", "https://ci.example", "--subject", "s"];
        let outcome = Job::default().run_words(&[&line[..], rest, &["--role", role]].concat());
        assert!(outcome.stdout.contains(role), "{}", shown(&outcome));
    }
}

#[test]
fn ids_in_capitals_are_written_as_tokens_and_azure_have_them() {
    let ids = ["5034460f-c7c4-4c43-9457-de07e2029e7b", "9b2f3c1e-0a4d-4f56-8b7e-1d2c3b4a5f60", SUBSCRIPTION];
    let [org, project, subscription] = ids.map(str::to_uppercase);
    let reader = "ACDD72A7-3385-48EF-BD42-F606FBA81AE7";
    for format in ["az", "powershell", "terraform", "bicep"] {
        let line = |org: &str, project: &str, subscription: &str, role: &str| {
            let outcome = Job::default().run(&format!(
                "setup --platform circleci --org {org} --project {project} --user {org} --subscription {subscription} --role {role} \
                 --resource-group app --format {format}"
            ));
            assert_eq!(outcome.exit_code, 0, "{format}: {}", outcome.stderr);
            outcome.stdout
        };
        let written = line(&org, &project, &subscription, reader);
        assert_eq!(written, line(ids[0], ids[1], ids[2], &reader.to_lowercase()), "{format}");
        assert!(ids.iter().all(|id| written.contains(id)), "{format}: {written}");
    }
}

#[test]
fn a_role_and_its_id_are_one_role() {
    let id = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
    let path = format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{id}");
    for format in ["az", "powershell", "terraform", "bicep"] {
        let written = |roles: &[&str]| {
            let mut words: Vec<_> = GITHUB_LINE.split_whitespace().chain(["--format", format]).collect();
            words.extend(roles.iter().flat_map(|role| ["--role", *role]));
            Job::default().run_words(&words).stdout
        };
        let upper = id.to_uppercase();
        assert_eq!(written(&["Reader", id, "reader", &upper, &path]), written(&["Reader"]), "{format}");
        assert_eq!(written(&[id, "Reader"]), written(&[id]), "{format}");
        assert_ne!(written(&["Reader", "AcrPull"]), written(&["Reader"]), "{format}");
    }
}

#[test]
fn the_way_back_from_bicep_stops_at_the_first_command_that_fails() {
    let text = Job::default().run(&format!("{GITHUB_LINE} --role AcrPull --role AcrPush --format bicep")).stdout;
    let (_, undo) = text.split_once("// To undo it:\n").unwrap();
    let undo = undo.strip_prefix("// ").unwrap();
    let deletions = |variables: &[(&str, &str)]| {
        let (_, calls, _) = tried(undo, variables);
        calls.iter().filter(|call| call.iter().any(|word| word == "delete")).count()
    };
    assert_eq!(deletions(&[]), 3);
    assert_eq!(deletions(&[("MISSING", "1")]), 0);
    assert_eq!(deletions(&[("ROLE_FAILS", "1")]), 1);
}
