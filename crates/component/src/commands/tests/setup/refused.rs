//! Tests values for which no script is written.

use super::*;

#[test]
fn a_pipeline_is_named_once() {
    let job =
        Job::with_token(&token("https://token.actions.githubusercontent.com", "repo:o/r:ref:refs/heads/main", "a"));
    let line = format!("setup --subscription {SUBSCRIPTION} --id-token-env T");
    assert_eq!(job.run(&line).exit_code, 0);
    for rest in ["--platform github --repo o/x", "--issuer https://ci.example", "--subject s"] {
        let outcome = job.run(&format!("{line} {rest}"));
        assert_eq!(outcome.exit_code, 2, "{rest}: {}", outcome.stdout);
        assert!(outcome.stderr.contains("--from-token"), "{rest}: {}", outcome.stderr);
    }
}

#[test]
fn a_value_that_no_output_holds_is_refused() {
    let line = ["setup", "--subscription", SUBSCRIPTION, "--issuer", "https://ci.example"];
    for rest in [
        &["--format", "powershell", "--subject", "x##[prod]"][..],
        &["--subject", "https://user:pw@h/"],
        &["--subject", "s", "--role", "https://user:pw@h/"],
    ] {
        let outcome = Job::default().run_words(&[&line[..], rest].concat());
        assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (2, ""), "{rest:?}");
        assert!(outcome.stderr.contains("looks like a secret"), "{}", outcome.stderr);
    }
}

#[test]
fn wrong_values_are_refused_with_what_to_do() {
    for (line, expected) in [
        ("--subscription prod", "`prod` cannot be the subscription: give the subscription's id, a GUID"),
        ("--subscription prod", "az account list"),
        ("--subscription 33333333-3333-4333-8333-333333333333 --name a/b", "3 to 90 letters"),
        ("--subscription 33333333-3333-4333-8333-333333333333 --resource-group a$b", "`a$b`"),
        ("--subscription 33333333-3333-4333-8333-333333333333 --resource x", "begins with `/subscriptions/`"),
        ("--subscription 33333333-3333-4333-8333-333333333333 --format bicep", "--resource-group NAME"),
        (
            "--subscription 33333333-3333-4333-8333-333333333333 --format bicep --resource-group a --role Own",
            "az role definition list",
        ),
        (
            "--subscription 33333333-3333-4333-8333-333333333333 --flexible --owner-id 1 --format powershell",
            "--format az",
        ),
        ("--subscription 33333333-3333-4333-8333-333333333333 --identity --cloud france", "--location NAME"),
        ("--subscription 33333333-3333-4333-8333-333333333333 --location x", "--identity"),
        (
            "--subscription 33333333-3333-4333-8333-333333333333 --identity --name app --resource-group App",
            "its own identity",
        ),
        (
            "--subscription 33333333-3333-4333-8333-333333333333 --identity --identity-group app \
             --resource /subscriptions/33333333-3333-4333-8333-333333333333/resourcegroups/APP/providers/x/y/z",
            "its own identity",
        ),
        ("--subscription 33333333-3333-4333-8333-333333333333 --format terraform --cloud france", "--format az"),
        ("--subscription 33333333-3333-4333-8333-333333333333 --host gh.example/a", "contains a `/`"),
        ("--subscription 33333333-3333-4333-8333-333333333333 --host gh.example;id", "holds `;`"),
        ("--subscription 33333333-3333-4333-8333-333333333333 --host a@gh.example", "user info"),
        ("--subscription 33333333-3333-4333-8333-333333333333 --host gh.example?a", "?"),
        ("", "--subscription"),
    ] {
        let outcome = Job::default().run(&format!("setup --platform github --repo o/r --branch main {line}"));
        assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (2, ""), "{line}");
        assert!(outcome.stderr.contains(expected), "{line}: {}", outcome.stderr);
    }
}
