//! Tests the parts of subjects from each platform.

use super::super::{ALL, identify};
use super::platform;

/// A platform, an issuer of its tokens, a subject, its form, and its parts; `~` marks those that
/// change from run to run.
const SUBJECTS: &[(&str, &str, &str, &str, &str)] = &[
    ("harness", HARNESS, "Hue1lBsaSx2APlXjzVEPIg", "account", "account=Hue1lBsaSx2APlXjzVEPIg"),
    (
        "harness",
        HARNESS,
        "account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/OIDC_Test",
        "enhanced",
        "account=Hue1lBsaSx2APlXjzVEPIg org=default project=OIDC_Test",
    ),
    (
        "harness",
        HARNESS,
        "account/Hue1lBsaSx2APlXjzVEPIg:org/:project/",
        "enhanced",
        "account=Hue1lBsaSx2APlXjzVEPIg org= project=",
    ),
    (
        "harness",
        HARNESS,
        "account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/OIDC_Test:pipeline/deploy",
        "enhanced, with pipeline",
        "account=Hue1lBsaSx2APlXjzVEPIg org=default project=OIDC_Test pipeline=deploy",
    ),
    ("circleci", CIRCLE, "org/5034/project/9b2f/user/1c7a", "version 1", "org=5034 project=9b2f ~user=1c7a"),
    (
        "circleci",
        "https://oidc.circleci.com",
        "org/5034/project/9b2f/user/1c7a/vcs-origin/github.com/acme/web/vcs-ref/refs/heads/main",
        "version 2",
        "org=5034 project=9b2f ~user=1c7a vcs-origin=github.com/acme/web vcs-ref=refs/heads/main",
    ),
    (
        "pulumi",
        "https://api.pulumi.com/oidc",
        "pulumi:deploy:org:contoso:project:core:stack:dev:operation:preview:scope:write",
        "deployment",
        "org=contoso project=core stack=dev ~operation=preview scope=write",
    ),
    (
        "pulumi",
        "https://api.pulumi.com/oidc",
        "pulumi:environments:org:contoso:env:core/dev",
        "ESC environment",
        "org=contoso env=core/dev",
    ),
    (
        "pulumi",
        "https://api.pulumi.com/oidc",
        "pulumi:environments:org:contoso:env:<yaml>",
        "ESC environment",
        "org=contoso env=<yaml>",
    ),
    (
        "pulumi",
        "https://api.pulumi.com/oidc",
        "pulumi:environments:pulumi.organization.login:contoso:currentEnvironment.name:core/dev:pulumi.user.login:jane",
        "ESC environment, custom attributes",
        "pulumi.organization.login=contoso currentEnvironment.name=core/dev ~pulumi.user.login=jane",
    ),
    (
        "pulumi",
        "https://api.pulumi.com/oidc/v2",
        "pulumi:org:8a1f:env:5b7d",
        "ESC environment, version 2",
        "org=8a1f env=5b7d",
    ),
    (
        "azure-pipelines",
        VSTOKEN,
        "sc://contoso/Payments/azure-prod",
        "service connection, by names",
        "organization=contoso project=Payments connection=azure-prod",
    ),
    (
        "azure-pipelines",
        VSTOKEN,
        "p://contoso/Payments/deploy",
        "pipeline",
        "organization=contoso project=Payments pipeline=deploy",
    ),
    (
        "azure-pipelines",
        "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
        "/eid1/c/pub/t/T0Fn/a/UXdF/sc/6a3b1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d/0f1e2d3c-4b5a-4697-8877-665544332211",
        "service connection, by ids",
        "entra-prefix=/eid1/c/pub/t/T0Fn/a/UXdF organization-id=6a3b1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d connection-id=0f1e2d3c-4b5a-4697-8877-665544332211",
    ),
    (
        "gitlab",
        "https://gitlab.com",
        "project_path:my-group/my-project:ref_type:branch:ref:main",
        "project path and ref",
        "project_path=my-group/my-project ref_type=branch ref=main",
    ),
    (
        "gitlab",
        "https://gitlab.example.com",
        "project_id:72:ref_type:tag:ref:v1:environment:prod",
        "custom components",
        "project_id=72 ref_type=tag ref=v1 environment=prod",
    ),
    ("gitlab", "https://git.example.com", "project_path:g/p", "custom components", "project_path=g/p"),
    (
        "github",
        GITHUB,
        "repo:octo-org/octo-repo:ref:refs/heads/main",
        "repository and context",
        "owner=octo-org repository=octo-repo ref=refs/heads/main",
    ),
    (
        "github",
        GITHUB,
        "repo:o/r:environment:prod%3Aeu",
        "repository and context",
        "owner=o repository=r environment=prod%3Aeu",
    ),
    ("github", GITHUB, "repo:o/r:pull_request", "repository and context", "owner=o repository=r event=pull_request"),
    (
        "github",
        GITHUB,
        "repo:octo-org@123456/octo-repo@456789:ref:refs/tags/v1",
        "repository and context, with ids",
        "owner=octo-org owner_id=123456 repository=octo-repo repository_id=456789 ref=refs/tags/v1",
    ),
    (
        "github",
        "https://token.actions.githubusercontent.com/octo-enterprise",
        "repo:o/r:environment:prod:job_workflow_ref:o/x/.github/workflows/y.yml@refs/heads/main:actor:jane",
        "custom claims",
        "owner=o repository=r environment=prod job_workflow_ref=o/x/.github/workflows/y.yml@refs/heads/main ~actor=jane",
    ),
    (
        "github",
        "https://token.actions.acme.ghe.com",
        "repository_owner:o:repo_property_team:pay",
        "custom claims",
        "repository_owner=o other_claim=repo_property_team:pay",
    ),
    (
        "github",
        "https://github.example.com/_services/token",
        "repo:o/r:ref:refs/heads/main",
        "repository and context",
        "owner=o repository=r ref=refs/heads/main",
    ),
    (
        "buildkite",
        BUILDKITE,
        "0184990a-477b-4fa8-9968-496074483cee",
        "one id",
        "id=0184990a-477b-4fa8-9968-496074483cee",
    ),
    (
        "buildkite",
        BUILDKITE,
        "organization:acme:pipeline:web:ref:refs/heads/main:commit:9f3182061f1e:step:",
        "default, which changes with every commit",
        "organization=acme pipeline=web ref=refs/heads/main ~commit=9f3182061f1e step=",
    ),
    (
        "bitbucket",
        BITBUCKET,
        "{c7b2d1a0-1111-4222-8333-444455556666}:{d8c3e2b1-7777-4888-9999-aaaabbbbcccc}",
        "repository and step",
        "repository=c7b2d1a0-1111-4222-8333-444455556666 ~step=d8c3e2b1-7777-4888-9999-aaaabbbbcccc",
    ),
    (
        "bitbucket",
        BITBUCKET,
        "{c7b2d1a0-1111-4222-8333-444455556666}:{e9d4f3c2-1234-4567-89ab-cdef01234567}:{d8c3e2b1-7777-4888-9999-aaaabbbbcccc}",
        "repository, environment and step",
        "repository=c7b2d1a0-1111-4222-8333-444455556666 environment=e9d4f3c2-1234-4567-89ab-cdef01234567 ~step=d8c3e2b1-7777-4888-9999-aaaabbbbcccc",
    ),
    (
        "terraform-cloud",
        "https://app.terraform.io",
        "organization:acme:project:Default Project:workspace:web:run_phase:apply",
        "workspace",
        "organization=acme project=Default_Project workspace=web ~run_phase=apply",
    ),
    (
        "terraform-cloud",
        "https://app.eu.terraform.io",
        "organization:acme:project:p:stack:s:deployment:d:operation:plan",
        "stack",
        "organization=acme project=p stack=s deployment=d ~operation=plan",
    ),
    (
        "kubernetes",
        "https://westeurope.oic.prod-aks.azure.com/72f988bf-86f1-41af-91ab-2d7cd011db47/0f1e2d3c/",
        "system:serviceaccount:payments:deployer",
        "service account",
        "namespace=payments service-account=deployer",
    ),
    (
        "kubernetes",
        "https://cluster.example.com",
        "system:serviceaccount:payments:deployer",
        "service account",
        "namespace=payments service-account=deployer",
    ),
    (
        "spacelift",
        "https://acme.app.spacelift.io",
        "space:root:stack:web-production:run_type:TRACKED:scope:write",
        "stack",
        "space=root stack=web-production ~run_type=TRACKED ~scope=write",
    ),
    (
        "spacelift",
        "https://acme.app.spacelift.io",
        "space:root:module:vpc:run_type:TESTING:scope:write",
        "module",
        "space=root module=vpc ~run_type=TESTING ~scope=write",
    ),
    (
        "semaphore",
        "https://acme.semaphoreci.com",
        "org:acme:project:936a5312:repo:web:ref_type:branch:ref:refs/heads/main",
        "project, repository and ref",
        "org=acme project=936a5312 repo=web ref_type=branch ref=refs/heads/main",
    ),
    (
        "codefresh",
        "https://oidc.codefresh.io",
        "account:628a:pipeline:64f3:scm_repo_url:https://github.com/acme/web:scm_user_name:jane:scm_ref:main",
        "pipeline, started by a repository",
        "account=628a pipeline=64f3 scm_repo_url=https://github.com/acme/web ~scm_user_name=jane scm_ref=main",
    ),
    (
        "codefresh",
        "https://oidc.codefresh.io",
        "account:628a:pipeline:64f3:initiator:jane",
        "pipeline, started by a person",
        "account=628a pipeline=64f3 ~initiator=jane",
    ),
    (
        "google-cloud",
        "https://accounts.google.com",
        "104512384219586413592",
        "service account",
        "service-account-id=104512384219586413592",
    ),
    (
        "spiffe",
        "https://oidc.example.org",
        "spiffe://example.org/ns/payments/sa/deployer",
        "SPIFFE id",
        "trust-domain=example.org path=ns/payments/sa/deployer",
    ),
];

const HARNESS: &str = "https://app.harness.io/ng/api/oidc/account/Hue1lBsaSx2APlXjzVEPIg";
const CIRCLE: &str = "https://oidc.circleci.com/org/5034460f-c7c4-4c43-9457-de07e2029e7b";
const VSTOKEN: &str = "https://vstoken.dev.azure.com/6a3b1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";
const GITHUB: &str = "https://token.actions.githubusercontent.com";
const BUILDKITE: &str = "https://agent.buildkite.com";
const BITBUCKET: &str = "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc";

#[test]
fn each_subject_is_split_into_parts() {
    for (name, _, subject, form, parts) in SUBJECTS {
        let cut = platform(name).subject(subject).unwrap_or_else(|| panic!("{name} {subject}"));
        let shown: Vec<_> = cut
            .parts
            .iter()
            .map(|part| format!("{}{}={}", if part.varies { "~" } else { "" }, part.name, part.value).replace(' ', "_"))
            .collect();
        assert_eq!((cut.form, shown.join(" ").as_str()), (*form, *parts), "{subject}");
        for part in cut.parts {
            assert!(!part.meaning.is_empty() && !part.meaning.ends_with('.'), "{name} {}", part.name);
        }
    }
}

#[test]
fn tokens_are_identified_by_issuer_and_subject() {
    for (name, issuer, subject, ..) in SUBJECTS {
        assert_eq!(
            identify(issuer, Some(subject)).map(super::super::Platform::name),
            Some(*name),
            "{issuer} {subject}"
        );
    }
}

#[test]
fn tokens_of_other_services_belong_to_no_platform() {
    for (issuer, subject) in [
        (
            "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
            "0f1e2d3c-4b5a-4697-8877-665544332211",
        ),
        ("https://idp.example.com", "0184990a-477b-4fa8-9968-496074483cee"),
        ("https://idp.example.com", "12345"),
        ("https://token.actions.githubusercontent.com.evil.example", "user"),
        ("", ""),
    ] {
        assert_eq!(identify(issuer, Some(subject)).map(super::super::Platform::name), None, "{issuer} {subject}");
    }
}

#[test]
fn issuers_are_compared_completely() {
    for (name, issuer) in [
        ("harness", "https://app.harness.io/ng/api/oidc/account/"),
        ("harness", "https://app.harness.io/ng/api/oidc/account/Hue1lBsaSx2APlXjzVEPIg/"),
        ("harness", "http://app.harness.io/ng/api/oidc/account/Hue1lBsaSx2APlXjzVEPIg"),
        ("circleci", "https://oidc.circleci.com/"),
        ("circleci", "https://oidc.circleci.com/org/acme"),
        ("pulumi", "https://api.pulumi.com/oidc/"),
        ("azure-pipelines", "https://vstoken.dev.azure.com/contoso"),
        ("azure-pipelines", "https://login.microsoftonline.com/common/v2.0"),
        ("github", "https://token.actions.githubusercontent.com/"),
        ("github", "https://token.actions..ghe.com/x"),
        ("terraform-cloud", "https://app.terraform.io/"),
        ("spacelift", "https://app.spacelift.io"),
        ("semaphore", "https://a.b.semaphoreci.com"),
        ("google-cloud", "accounts.google.com"),
        ("kubernetes", "https://oic.prod-aks.azure.com.evil.example/"),
    ] {
        assert!(!platform(name).issues(issuer), "{issuer}");
    }
}

#[test]
fn other_texts_are_no_subjects() {
    for platform in ALL {
        for text in [
            "",
            ":",
            "/",
            "a:b",
            "repo",
            "repo:o",
            "repo:o/r:",
            "org/x",
            "sc://x",
            "pulumi:",
            "{x}:{y}",
            "system:serviceaccount:x",
        ] {
            if let Some(subject) = platform.subject(text) {
                panic!("{platform:?} takes {text} for {subject:?}");
            }
        }
    }
}
