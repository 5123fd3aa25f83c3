//! Tests subjects, issuers and audiences that are built from parts.

use super::super::{ALL, Platform, identify};
use super::{parts, platform};
use crate::fault::Category;

const HARNESS: &str = "https://app.harness.io/ng/api/oidc/account/Hue1lBsaSx2APlXjzVEPIg";
const CIRCLE: &str = "https://oidc.circleci.com/org/5034460f-c7c4-4c43-9457-de07e2029e7b";
const VSTOKEN: &str = "https://vstoken.dev.azure.com/6a3b1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";
const GITHUB: &str = "https://token.actions.githubusercontent.com";
const BUILDKITE: &str = "https://agent.buildkite.com";

/// Parts, and all subjects, the issuer and the audience that are made of them.
type Built = (&'static str, &'static [&'static str], &'static [&'static str], &'static str, Option<&'static str>);

const BUILT: &[Built] = &[
    ("harness", &["account=Hue1lBsaSx2APlXjzVEPIg"], &["Hue1lBsaSx2APlXjzVEPIg"], HARNESS, None),
    (
        "harness",
        &["account=Hue1lBsaSx2APlXjzVEPIg", "org=default", "project=p", "pipeline=deploy", "host=app3.harness.io"],
        &["account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/p:pipeline/deploy"],
        "https://app3.harness.io/ng/api/oidc/account/Hue1lBsaSx2APlXjzVEPIg",
        None,
    ),
    (
        "harness",
        &["account=Hue1lBsaSx2APlXjzVEPIg", "org="],
        &["account/Hue1lBsaSx2APlXjzVEPIg:org/:project/"],
        HARNESS,
        None,
    ),
    (
        "circleci",
        &["org=5034460f-c7c4-4c43-9457-de07e2029e7b", "project=p", "user=u1", "user=u2"],
        &[
            "org/5034460f-c7c4-4c43-9457-de07e2029e7b/project/p/user/u1",
            "org/5034460f-c7c4-4c43-9457-de07e2029e7b/project/p/user/u2",
        ],
        CIRCLE,
        Some("5034460f-c7c4-4c43-9457-de07e2029e7b"),
    ),
    (
        "circleci",
        &[
            "org=5034460f-c7c4-4c43-9457-de07e2029e7b",
            "project=p",
            "user=u",
            "vcs-origin=github.com/a/b",
            "vcs-ref=refs/heads/main",
        ],
        &[
            "org/5034460f-c7c4-4c43-9457-de07e2029e7b/project/p/user/u/vcs-origin/github.com/a/b/vcs-ref/refs/heads/main",
        ],
        CIRCLE,
        Some("5034460f-c7c4-4c43-9457-de07e2029e7b"),
    ),
    (
        "pulumi",
        &["org=contoso", "project=core", "stack=dev"],
        &[
            "pulumi:deploy:org:contoso:project:core:stack:dev:operation:preview:scope:write",
            "pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write",
            "pulumi:deploy:org:contoso:project:core:stack:dev:operation:refresh:scope:write",
            "pulumi:deploy:org:contoso:project:core:stack:dev:operation:destroy:scope:write",
        ],
        "https://api.pulumi.com/oidc",
        Some("contoso"),
    ),
    (
        "pulumi",
        &["org=contoso", "environment=core/dev"],
        &["pulumi:environments:org:contoso:env:core/dev"],
        "https://api.pulumi.com/oidc",
        Some("azure:contoso"),
    ),
    (
        "pulumi",
        &["org=contoso", "environment=dev"],
        &["pulumi:environments:org:contoso:env:dev"],
        "https://api.pulumi.com/oidc",
        Some("contoso"),
    ),
    (
        "pulumi",
        &["org-id=8a1f", "environment-id=5b7d"],
        &["pulumi:org:8a1f:env:5b7d"],
        "https://api.pulumi.com/oidc/v2",
        None,
    ),
    (
        "azure-pipelines",
        &[
            "organization=contoso",
            "project=Payments",
            "connection=azure-prod",
            "organization-id=6a3b1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
        ],
        &["sc://contoso/Payments/azure-prod"],
        VSTOKEN,
        None,
    ),
    (
        "azure-pipelines",
        &[
            "organization=contoso",
            "project=Payments",
            "pipeline=deploy",
            "organization-id=6a3b1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
        ],
        &["p://contoso/Payments/deploy"],
        VSTOKEN,
        None,
    ),
    (
        "azure-pipelines",
        &[
            "entra-prefix=/eid1/c/pub/t/T0Fn/a/UXdF",
            "organization-id=6a3b1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
            "connection-id=0f1e2d3c-4b5a-4697-8877-665544332211",
            "tenant-id=72f988bf-86f1-41af-91ab-2d7cd011db47",
        ],
        &["/eid1/c/pub/t/T0Fn/a/UXdF/sc/6a3b1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d/0f1e2d3c-4b5a-4697-8877-665544332211"],
        "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0",
        None,
    ),
    (
        "gitlab",
        &["project-path=g/p", "branch=main", "tag=v1"],
        &["project_path:g/p:ref_type:branch:ref:main", "project_path:g/p:ref_type:tag:ref:v1"],
        "https://gitlab.com",
        None,
    ),
    (
        "gitlab",
        &["project-id=72", "branch=main", "server=https://gitlab.example.com"],
        &["project_id:72:ref_type:branch:ref:main"],
        "https://gitlab.example.com",
        None,
    ),
    (
        "github",
        &["repo=o/r", "environment=prod:eu", "branch=main", "tag=v1", "event=pull_request"],
        &[
            "repo:o/r:environment:prod%3Aeu",
            "repo:o/r:ref:refs/heads/main",
            "repo:o/r:ref:refs/tags/v1",
            "repo:o/r:pull_request",
        ],
        GITHUB,
        None,
    ),
    (
        "github",
        &["repo=o/r", "owner-id=1", "repository-id=2", "branch=main", "enterprise=acme"],
        &["repo:o@1/r@2:ref:refs/heads/main"],
        "https://token.actions.githubusercontent.com/acme",
        None,
    ),
    (
        "github",
        &["repo=o/r", "branch=b", "host=acme.ghe.com"],
        &["repo:o/r:ref:refs/heads/b"],
        "https://token.actions.acme.ghe.com",
        None,
    ),
    (
        "github",
        &["repo=o/r", "branch=b", "host=git.example.com"],
        &["repo:o/r:ref:refs/heads/b"],
        "https://git.example.com/_services/token",
        None,
    ),
    (
        "buildkite",
        &["pipeline-id=0184990a-477b-4fa8-9968-496074483cee"],
        &["0184990a-477b-4fa8-9968-496074483cee"],
        BUILDKITE,
        None,
    ),
    (
        "terraform-cloud",
        &["organization=acme", "project=Default Project", "workspace=web"],
        &[
            "organization:acme:project:Default Project:workspace:web:run_phase:plan",
            "organization:acme:project:Default Project:workspace:web:run_phase:apply",
        ],
        "https://app.terraform.io",
        None,
    ),
    (
        "terraform-cloud",
        &["organization=acme", "project=p", "workspace=web", "run-phase=apply", "host=app.eu.terraform.io"],
        &["organization:acme:project:p:workspace:web:run_phase:apply"],
        "https://app.eu.terraform.io",
        None,
    ),
    (
        "kubernetes",
        &["namespace=n", "service-account=a", "issuer=https://x.oic.prod-aks.azure.com/1/2/"],
        &["system:serviceaccount:n:a"],
        "https://x.oic.prod-aks.azure.com/1/2/",
        None,
    ),
    (
        "spacelift",
        &["space=root", "stack=web", "account=acme"],
        &[
            "space:root:stack:web:run_type:PROPOSED:scope:read",
            "space:root:stack:web:run_type:TRACKED:scope:read",
            "space:root:stack:web:run_type:TRACKED:scope:write",
            "space:root:stack:web:run_type:TASK:scope:write",
            "space:root:stack:web:run_type:DESTROY:scope:write",
        ],
        "https://acme.app.spacelift.io",
        Some("acme.app.spacelift.io"),
    ),
    (
        "spacelift",
        &["space=root", "stack=web", "account=acme", "run-type=TASK", "scope=read"],
        &["space:root:stack:web:run_type:TASK:scope:read"],
        "https://acme.app.spacelift.io",
        Some("acme.app.spacelift.io"),
    ),
    (
        "semaphore",
        &["org=acme", "project=936a", "repo=web", "ref=refs/heads/main"],
        &["org:acme:project:936a:repo:web:ref_type:branch:ref:refs/heads/main"],
        "https://acme.semaphoreci.com",
        Some("https://acme.semaphoreci.com"),
    ),
    (
        "codefresh",
        &[
            "account=628a",
            "pipeline=64f3",
            "initiator=jane",
            "scm-repo-url=https://github.com/a/b",
            "scm-user-name=jo",
            "scm-ref=main",
        ],
        &[
            "account:628a:pipeline:64f3:initiator:jane",
            "account:628a:pipeline:64f3:scm_repo_url:https://github.com/a/b:scm_user_name:jo:scm_ref:main",
        ],
        "https://oidc.codefresh.io",
        Some("https://g.codefresh.io"),
    ),
    ("google-cloud", &["service-account-id=1045"], &["1045"], "https://accounts.google.com", None),
    (
        "spiffe",
        &["trust-domain=example.org", "path=/ns/a", "issuer=https://oidc.example.org"],
        &["spiffe://example.org/ns/a"],
        "https://oidc.example.org",
        None,
    ),
];

#[test]
fn subjects_issuer_and_audience_are_built_from_parts() {
    for (name, given, subjects, issuer, audience) in BUILT {
        let (platform, given) = (platform(name), parts(given));
        assert_eq!(platform.build_subjects(&given).unwrap(), *subjects, "{given:?}");
        assert_eq!(platform.issuer_from_parts(&given).unwrap(), *issuer, "{given:?}");
        assert_eq!(platform.default_audience(&given).unwrap().as_deref(), *audience, "{given:?}");
    }
}

#[test]
fn built_subjects_and_issuers_are_recognised() {
    for (name, given, ..) in BUILT {
        let given = parts(given);
        let issuer = platform(name).issuer_from_parts(&given).unwrap();
        for subject in platform(name).build_subjects(&given).unwrap() {
            let found = identify(&issuer, Some(&subject)).map(Platform::name);
            assert_eq!(found, Some(*name), "{issuer} {subject}");
        }
    }
}

#[test]
fn every_platform_builds_subjects_from_the_examples_of_its_parts() {
    for platform in ALL.iter().filter(|platform| platform.parts().iter().any(|part| part.required)) {
        let mut given: Vec<_> = platform
            .parts()
            .iter()
            .filter(|part| part.required || ["branch", "stack"].contains(&part.name))
            .map(|part| (part.name.to_owned(), part.example.to_owned()))
            .collect();
        let subjects = platform.build_subjects(&given).unwrap_or_else(|fault| panic!("{platform:?} {fault} {given:?}"));
        assert!(subjects.iter().all(|subject| platform.subject(subject).is_some()), "{platform:?} {subjects:?}");
        while let Some((name, _)) = given.pop() {
            if platform.parts().iter().any(|part| part.name == name && part.required) {
                let fault = platform.build_subjects(&given).unwrap_err();
                assert_eq!(fault.code, "subject-part-missing", "{platform:?} without {name}");
            }
        }
    }
}

#[test]
fn a_wrong_part_is_a_fault_that_lists_the_parts() {
    for (name, given, code, words) in [
        ("github", &["repo=o/r", "owner=o"][..], "subject-part-unknown", "GitHub Actions has no part `owner`"),
        ("github", &["repo=o/r", "repo=p/r"], "subject-part-repeated", "`repo` was given twice"),
        ("github", &["repo=o/r"], "subject-part-missing", "`environment`, `branch`, `tag` or `event`"),
        ("github", &["repo="], "subject-part-missing", "`repo` is empty"),
        ("github", &["repo=r", "branch=b"], "subject-part-invalid", "`OWNER/REPOSITORY`"),
        (
            "github",
            &["repo=o/r", "owner-id=1", "branch=b"],
            "subject-part-missing",
            "`repository-id` beside `owner-id`",
        ),
        ("github", &["repo=o/r", "event=push"], "subject-part-invalid", "`push`"),
        ("github", &["repo=o/r\n"], "subject-part-invalid", "control character"),
        (
            "circleci",
            &["org=o", "project=p", "user=u", "vcs-ref=r"],
            "subject-part-missing",
            "`vcs-origin` beside `vcs-ref`",
        ),
        ("pulumi", &["org=o", "project=p", "stack=s", "operation=up"], "subject-part-invalid", "`destroy`"),
        (
            "terraform-cloud",
            &["organization=o", "project=p", "workspace=w", "run-phase=x"],
            "subject-part-invalid",
            "`plan`, `apply`",
        ),
        ("spacelift", &["space=s", "stack=a", "module=b"], "subject-part-missing", "not both"),
        (
            "spacelift",
            &["space=s", "module=b", "run-type=TRACKED"],
            "subject-part-missing",
            "`run-type` beside `scope`",
        ),
        (
            "semaphore",
            &["org=o", "project=p", "repo=r", "ref=x", "ref-type=y"],
            "subject-part-invalid",
            "`branch`, `pr`, `tag`",
        ),
        ("azure-pipelines", &["organization=o", "project=p"], "subject-part-missing", "`connection` or `pipeline`"),
        ("gitlab", &["branch=main"], "subject-part-missing", "`project-path`, or `project-id`"),
        ("gitlab", &["project-id=1"], "subject-part-missing", "`branch` or `tag`"),
        ("buildkite", &[], "subject-part-missing", "`pipeline-id`"),
        ("bitbucket", &["workspace=w"], "subject-varies", "changes with every run"),
        ("generic", &["a=b"], "subject-parts-unsupported", "cannot be built"),
    ] {
        let fault = platform(name).build_subjects(&parts(given)).unwrap_err();
        assert_eq!((fault.code, fault.category), (code, Category::Usage), "{name} {given:?}");
        assert!(fault.message.contains(words), "{}", fault.message);
        assert!(!fault.hints.is_empty(), "{name} {given:?}");
        if fault.code == "subject-parts-unsupported" {
            assert!(fault.hints.iter().any(|hint| hint.contains("`--subject`")), "{:?}", fault.hints);
        }
        if fault.code.starts_with("subject-part-") {
            for part in platform(name).parts() {
                assert!(fault.hints[0].contains(&format!("`{}`", part.name)), "{name}");
            }
        }
    }
}
