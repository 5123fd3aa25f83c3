//! Tests which credentials let in too much, with counter-examples.

use super::*;

const GITHUB: &str = "https://token.actions.githubusercontent.com";

fn code(matcher: Matcher) -> Option<&'static str> {
    code_of(GITHUB, matcher)
}

fn code_of(issuer: &str, matcher: Matcher) -> Option<&'static str> {
    let credential = Credential {
        name: "main".to_owned(),
        issuer: issuer.to_owned(),
        matcher,
        audiences: vec!["api://AzureADTokenExchange".to_owned()],
        description: None,
        application: None,
        identity: None,
    };
    problem(&credential).map(|problem| problem.code)
}

#[test]
fn subjects_that_name_no_repository_let_in_all_of_them() {
    let (all, pulls) = (Some("credential-lets-in-repositories"), Some("credential-lets-in-pull-requests"));
    for (subject, wanted) in [
        ("repository_owner:octo-org:repository_visibility:internal:workflow:deploy", all),
        ("repository_owner_id:123456:environment:prod", all),
        ("environment:prod", all),
        ("repo:octo-org/web:pull_request", pulls),
        ("repo:octo-org/web:environment:prod", None),
        ("repo:octo-org/web:ref:refs/heads/main", None),
        ("repository_id:456789:environment:prod", None),
        ("job_workflow_ref:octo-org/ci/.github/workflows/deploy.yml@refs/heads/main", None),
        ("anything", None),
    ] {
        assert_eq!(code(Matcher::Subject(subject.to_owned())), wanted, "{subject}");
    }
}

#[test]
fn patterns_over_repositories_or_pull_requests_let_in_too_much() {
    let (all, pulls) = (Some("credential-lets-in-repositories"), Some("credential-lets-in-pull-requests"));
    for (value, wanted) in [
        ("claims['sub'] matches 'repo:octo-org/*' and claims['repository_owner_id'] eq '1'", all),
        ("claims['sub'] matches 'repo:octo-org/*:environment:prod' and claims['repository_owner_id'] eq '1'", all),
        (
            "claims['sub'] matches 'repo:octo-org/web*:ref:refs/heads/main' and claims['repository_owner_id'] eq '1'",
            all,
        ),
        ("claims['sub'] matches 'repo:octo-org/web:*' and claims['repository_id'] eq '1'", pulls),
        ("claims['sub'] matches 'repo:octo-org/*:environment:prod' and claims['repository_id'] eq '1'", None),
        ("claims['sub'] matches 'repo:octo-org/web:environment:*' and claims['repository_id'] eq '1'", None),
        ("claims['sub'] eq 'repo:octo-org/web:ref:refs/heads/main' and claims['repository_id'] eq '1'", None),
        // Wildcards for the ids alone leave owner and repository named.
        (
            "claims['sub'] matches 'repo:octo-org@*/web@*:environment:prod' and claims['repository_owner_id'] eq '1'",
            None,
        ),
        ("claims['sub'] matches 'repo:octo-org@*/*:environment:prod' and claims['repository_owner_id'] eq '1'", all),
        ("claims['sub'] matches 'repo:octo-org@*/web@*:*' and claims['repository_id'] eq '1'", pulls),
        ("claims['sub'] matches 'repo:octo-org/we*-prod:*' and claims['repository_id'] eq '1'", pulls),
    ] {
        let matcher = Matcher::Expression { value: value.to_owned(), language_version: 1 };
        assert_eq!(code(matcher), wanted, "{value}");
    }
}

#[test]
fn subjects_of_every_platform_have_neighbours_that_are_narrow() {
    const GITLAB: &str = "https://gitlab.com";
    const AKS: &str = "https://westeurope.oic.prod-aks.azure.com/t/c/";
    const PULUMI: &str = "https://api.pulumi.com/oidc";
    const SEMAPHORE: &str = "https://acme.semaphoreci.com";
    const HARNESS: &str = "https://app.harness.io/ng/api/oidc/account/Hue1lBsaSx2APlXjzVEPIg";
    for (issuer, subject, wanted) in [
        (GITLAB, "project_path:g/p:ref_type:branch:ref:main", None),
        (GITLAB, "project_path:g/p", Some(REFS)),
        (GITLAB, "project_id:7:deployment_tier:production", Some(REFS)),
        (GITLAB, "project_id:7:environment:prod", None),
        (GITLAB, "project_path:g/p:ref_protected:false", Some(REFS)),
        (GITLAB, "project_path:g/p:ref_protected:true", None),
        ("https://git.example", "project_path:g/p", Some(REFS)),
        (AKS, "system:serviceaccount:ns:default", Some("credential-lets-in-pods")),
        (AKS, "system:serviceaccount:default:web", None),
        ("https://oidc.example/c", "system:serviceaccount:ns:default", Some("credential-lets-in-pods")),
        (HARNESS, "Hue1lBsaSx2APlXjzVEPIg", Some("credential-lets-in-pipelines")),
        (HARNESS, "account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/p", None),
        (PULUMI, "pulumi:environments:pulumi.organization.login:acme", Some("credential-lets-in-environments")),
        (PULUMI, "pulumi:environments:pulumi.organization.login:acme:currentEnvironment.name:p/e", None),
        (PULUMI, "pulumi:environments:org:acme:env:p/e", None),
        (SEMAPHORE, "org:acme:project:1:repo:web:ref_type:pr:ref:refs/pull/1", Some(PULL_REQUESTS)),
        (SEMAPHORE, "org:acme:project:1:repo:web:ref_type:branch:ref:refs/heads/main", None),
        // Another issuer's subject may look like one of GitHub's templates.
        ("https://idp.example", "environment:prod", None),
    ] {
        assert_eq!(code_of(issuer, Matcher::Subject(subject.to_owned())), wanted, "{issuer} {subject}");
    }
}

#[test]
fn patterns_of_every_platform_have_neighbours_that_are_narrow() {
    const GITLAB: &str = "https://gitlab.com";
    const TERRAFORM: &str = "https://app.terraform.io";
    let (projects, workspaces) = (Some("credential-lets-in-projects"), Some("credential-lets-in-workspaces"));
    for (issuer, value, wanted) in [
        (GITHUB, "claims['sub'] matches '*' and claims['repository_owner_id'] eq '1'", Some(REPOSITORIES)),
        (GITHUB, "claims['sub'] matches 'repo:octo-org/*' and claims['repository_id'] eq '1'", Some(PULL_REQUESTS)),
        (
            GITHUB,
            "claims['sub'] matches 'repo:octo-org/web:p*' and claims['repository_id'] eq '1'",
            Some(PULL_REQUESTS),
        ),
        (
            GITHUB,
            "claims['sub'] eq 'repo:octo-org/web:pull_request' and claims['repository_id'] eq '1'",
            Some(PULL_REQUESTS),
        ),
        (GITHUB, "claims['sub'] matches 'repository_owner:octo-org:*' and claims['repository_id'] eq '1'", None),
        (GITLAB, "claims['sub'] matches 'project_path:group/*'", projects),
        (GITLAB, "claims['sub'] matches 'project_path:group/sub/*:ref_type:branch:ref:main'", projects),
        (
            GITLAB,
            "claims['sub'] matches 'project_path:group/*:ref_type:branch:ref:main' and claims['project_id'] eq '7'",
            None,
        ),
        (GITLAB, "claims['sub'] matches 'project_path:group/*' and claims['project_id'] eq '7'", Some(REFS)),
        (GITLAB, "claims['sub'] matches 'project_path:g/p:*' and claims['project_id'] eq '7'", Some(REFS)),
        (GITLAB, "claims['sub'] matches 'project_id:7:*'", Some(REFS)),
        (GITLAB, "claims['sub'] matches 'project_path:g/p:ref_type:*:ref:main' and claims['project_id'] eq '7'", None),
        (
            GITLAB,
            "claims['sub'] matches 'project_path:g/p:ref_type:branch:ref:*' and claims['project_id'] eq '7'",
            Some(REFS),
        ),
        (
            GITLAB,
            "claims['sub'] matches 'project_path:g/p:ref_type:tag:ref:*' and claims['project_id'] eq '7'",
            Some(REFS),
        ),
        (
            GITLAB,
            "claims['sub'] matches 'project_path:g/p:ref_type:branch:ref:release/*' and claims['project_id'] eq '7'",
            None,
        ),
        (GITLAB, "claims['sub'] eq 'project_path:g/p:ref_type:branch:ref:main' and claims['project_id'] eq '7'", None),
        ("https://gitlab.example.com", "claims['sub'] matches 'project_path:group/*'", projects),
        (TERRAFORM, "claims['sub'] matches 'organization:x:*'", projects),
        (TERRAFORM, "claims['sub'] matches 'organization:x:project:*:workspace:*:run_phase:*'", projects),
        (TERRAFORM, "claims['sub'] matches 'organization:x:project:p*:workspace:w:run_phase:apply'", projects),
        (TERRAFORM, "claims['sub'] matches 'organization:x:project:Default Project:*'", workspaces),
        (TERRAFORM, "claims['sub'] matches 'organization:x:project:p:workspace:*:run_phase:apply'", workspaces),
        (TERRAFORM, "claims['sub'] matches 'organization:x:project:p:workspace:w:run_phase:*'", None),
        (TERRAFORM, "claims['sub'] matches 'organization:x:project:p:stack:s:deployment:d:operation:*'", None),
        // The review of expressions says that these accept everybody.
        (TERRAFORM, "claims['sub'] matches 'organization:*'", None),
        (GITLAB, "claims['sub'] matches 'project_path:*'", None),
    ] {
        let matcher = Matcher::Expression { value: value.to_owned(), language_version: 1 };
        assert_eq!(code_of(issuer, matcher), wanted, "{issuer} {value}");
    }
}

#[test]
fn the_narrower_pattern_keeps_what_is_fixed() {
    for (issuer, value, part) in [
        (
            GITHUB,
            "claims['sub'] matches 'repo:octo-org/*:environment:prod' and claims['repository_owner_id'] eq '1'",
            "add `and claims['repository_id'] eq '<the id of the repository>'`",
        ),
        (
            GITHUB,
            "claims['sub'] matches 'repo:octo-org@*/*:environment:prod' and claims['repository_owner_id'] eq '1'",
            "add `and claims['repository_id'] eq '<the id of the repository>'`",
        ),
        (GITHUB, "claims['sub'] matches '*' and claims['repository_id'] eq '456'", "'repo:*:environment:*'"),
        (
            GITHUB,
            "claims['sub'] matches '*:pull_request' and claims['repository_id'] eq '456'",
            "'repo:*:environment:*'",
        ),
        (
            GITHUB,
            "claims['sub'] matches 'repo:octo-org@*/octo-repo@*:*' and claims['repository_id'] eq '456'",
            "'repo:octo-org@*/octo-repo@*:environment:*'",
        ),
        (
            GITHUB,
            "claims['sub'] matches 'repo:octo-org/*' and claims['repository_id'] eq '456'",
            "'repo:octo-org/*:environment:*'",
        ),
        (
            "https://gitlab.com",
            "claims['sub'] matches '*' and claims['project_id'] eq '7'",
            "'project_path:<group>/<project>:ref_type:branch:ref:main'",
        ),
        (
            "https://gitlab.com",
            "claims['sub'] matches 'project_path:*' and claims['project_id'] eq '7'",
            "'project_path:<group>/<project>:ref_type:branch:ref:main'",
        ),
        (
            "https://gitlab.com",
            "claims['sub'] matches 'project_path:a/b/*'",
            "'project_path:a/b/<project>:ref_type:branch:ref:main'",
        ),
        (
            "https://gitlab.com",
            "claims['sub'] matches 'project_path:a/b:*'",
            "'project_path:a/b:ref_type:branch:ref:main'",
        ),
        (
            "https://app.terraform.io",
            "claims['sub'] matches 'organization:x:*'",
            "'organization:x:project:<project>:workspace:<workspace>:run_phase:*'",
        ),
    ] {
        let parsed = super::super::expression::parse(value).unwrap();
        let remedy = of_expression(issuer, &parsed).and_then(|problem| problem.remedy).unwrap_or_default();
        assert!(remedy.contains(part), "{remedy}");
    }
}
