//! Tests how copied parts are normalised.

use super::*;
use crate::platform::by_name;

fn one(platform: &str, name: &str, value: &str) -> Result<(String, usize), &'static str> {
    several(platform, &[(name, value)], false)
}

fn several(platform: &str, parts: &[(&str, &str)], flexible: bool) -> Result<(String, usize), &'static str> {
    let parts: Vec<_> = parts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (normal, notes) = normalise(by_name(platform).unwrap(), &parts, flexible).map_err(|fault| fault.code)?;
    let again = normalise(by_name(platform).unwrap(), &normal, flexible).unwrap();
    assert_eq!(again, (normal.clone(), Vec::new()), "normalising twice changes nothing");
    Ok((normal[0].1.clone(), notes.len()))
}

#[test]
fn the_address_of_a_repository_gives_owner_and_name() {
    for value in [
        "https://github.com/octo-org/octo-repo",
        "https://github.com/octo-org/octo-repo.git",
        "https://github.com/octo-org/octo-repo/",
        "https://www.github.com/octo-org/octo-repo/tree/main?tab=readme",
        "https://user@github.com/octo-org/octo-repo.git",
        "http://github.com/octo-org/octo-repo#readme",
        "git@github.com:octo-org/octo-repo.git",
        "ssh://git@github.com:22/octo-org/octo-repo.git",
        "git://github.com/octo-org/octo-repo.git",
        "github.com/octo-org/octo-repo",
        "octo-org/octo-repo/",
    ] {
        assert_eq!(one("github", "repo", value), Ok(("octo-org/octo-repo".to_owned(), 1)), "{value}");
    }
    assert_eq!(one("github", "repo", "octo-org/octo-repo"), Ok(("octo-org/octo-repo".to_owned(), 0)));
    for value in
        ["https://git.example/a/b", "git@git.example:a/b.git", "a", "a/b/c", "a/b:c", "https://github.com/a", "/a", ""]
    {
        assert_eq!(one("github", "repo", value), Err("subject-part-impossible"), "{value}");
    }
    let server = [("repo", "https://git.example/a/b"), ("host", "git.example")];
    assert_eq!(several("github", &server, false), Ok(("a/b".to_owned(), 1)));
    for value in ["https://gitlab.com/g/sub/p/-/tree/main", "git@gitlab.com:g/sub/p.git", "gitlab.com/g/sub/p"] {
        assert_eq!(one("gitlab", "project-path", value), Ok(("g/sub/p".to_owned(), 1)), "{value}");
    }
}

#[test]
fn a_full_ref_becomes_a_branch_or_tag() {
    for platform in ["github", "gitlab"] {
        assert_eq!(one(platform, "branch", "refs/heads/main"), Ok(("main".to_owned(), 1)));
        assert_eq!(one(platform, "branch", "release/1"), Ok(("release/1".to_owned(), 0)));
        assert_eq!(one(platform, "tag", "refs/tags/v1"), Ok(("v1".to_owned(), 1)));
        assert_eq!(one(platform, "branch", "refs/tags/v1"), Err("subject-part-impossible"));
        assert_eq!(one(platform, "tag", "refs/heads/v1"), Err("subject-part-impossible"));
    }
    assert_eq!(one("github", "event", "pull-request"), Ok(("pull_request".to_owned(), 1)));
}

#[test]
fn a_wildcard_needs_an_expression() {
    assert_eq!(one("github", "branch", "*"), Err("subject-part-impossible"));
    assert_eq!(one("pulumi", "stack", "dev*"), Err("subject-part-impossible"));
    assert_eq!(several("github", &[("branch", "release/*")], true), Ok(("release/*".to_owned(), 0)));
    assert_eq!(several("github", &[("repo", "octo-org/*")], true), Ok(("octo-org/*".to_owned(), 0)));
}

#[test]
fn ids_are_uuids_or_numbers() {
    let uuid = "5034460f-c7c4-4c43-9457-de07e2029e7b";
    for part in ["org", "project", "user"] {
        assert_eq!(one("circleci", part, "jane"), Err("subject-part-impossible"));
        assert_eq!(one("circleci", part, uuid), Ok((uuid.to_owned(), 0)));
        assert_eq!(one("circleci", part, &uuid.to_uppercase()), Ok((uuid.to_owned(), 1)));
    }
    assert_eq!(one("github", "repository-id", "octo-repo"), Err("subject-part-impossible"));
    assert_eq!(one("github", "owner-id", "123456"), Ok(("123456".to_owned(), 0)));
    assert_eq!(one("gitlab", "project-id", "g/p"), Err("subject-part-impossible"));
    assert_eq!(one("semaphore", "project", "web"), Err("subject-part-impossible"));
}

#[test]
fn addresses_of_azure_devops_give_the_organization() {
    for value in
        ["https://dev.azure.com/contoso", "https://dev.azure.com/contoso/Payments", "https://contoso.visualstudio.com/"]
    {
        assert_eq!(one("azure-pipelines", "organization", value), Ok(("contoso".to_owned(), 1)), "{value}");
    }
    assert_eq!(one("azure-pipelines", "organization", "https://example.com/x"), Err("subject-part-impossible"));
}

#[test]
fn a_subject_that_no_token_has_is_refused() {
    for subject in ["repo:https://github.com/a/b:pull_request", "repo:a/b:ref:refs/heads/refs/heads/main", "repo:a/b:*"]
    {
        assert_eq!(check_subject(subject, false).unwrap_err().code, "subject-impossible", "{subject}");
    }
    for (subject, flexible) in [("repo:a/b:*", true), ("repo:a/b:pull_request", false), ("anything?", false)] {
        assert_eq!(check_subject(subject, flexible), Ok(()), "{subject}");
    }
}

#[test]
fn the_examples_of_every_platform_are_normal() {
    for platform in crate::platform::ALL {
        let parts: Vec<_> =
            platform.parts().iter().map(|part| (part.name.to_owned(), part.example.to_owned())).collect();
        assert_eq!(normalise(*platform, &parts, false), Ok((parts, Vec::new())), "{platform:?}");
    }
}

#[test]
fn the_ending_of_a_git_remote_is_cut() {
    assert_eq!(one("github", "repo", "octo-org/octo-repo.git"), Ok(("octo-org/octo-repo".to_owned(), 1)));
    assert_eq!(one("gitlab", "project-path", "g/p.git"), Ok(("g/p".to_owned(), 1)));
}

#[test]
fn a_ref_that_is_neither_branch_nor_tag_is_refused() {
    for (platform, value) in [
        ("github", "refs/pull/1/merge"),
        ("gitlab", "refs/merge-requests/1/head"),
        ("github", "refs/heads/refs/heads/main"),
    ] {
        for part in ["branch", "tag"] {
            assert_eq!(one(platform, part, value), Err("subject-part-impossible"), "{value}");
        }
    }
}

#[test]
fn a_placeholder_and_white_space_are_refused() {
    for value in ["${{ github.ref_name }}", "${BRANCH}", "$(Build.SourceBranchName)", "<branch>", "my branch", " main"]
    {
        assert_eq!(one("github", "branch", value), Err("subject-part-impossible"), "{value}");
    }
    assert_eq!(one("github", "environment", "<production>"), Err("subject-part-impossible"));
    for (platform, part) in
        [("github", "environment"), ("azure-pipelines", "project"), ("terraform-cloud", "workspace")]
    {
        assert_eq!(one(platform, part, "Two words"), Ok(("Two words".to_owned(), 0)));
        assert_eq!(one(platform, part, "Two words "), Err("subject-part-impossible"));
    }
    for subject in ["repo:${{ github.repository }}:pull_request", "repo:<owner>/web:pull_request"] {
        assert_eq!(check_subject(subject, false).unwrap_err().code, "subject-impossible", "{subject}");
    }
}

#[test]
fn an_address_is_cut_to_the_name_in_it_or_refused() {
    for (platform, part, value, name) in [
        ("spiffe", "trust-domain", "spiffe://example.org", "example.org"),
        ("circleci", "vcs-origin", "https://github.com/acme/web", "github.com/acme/web"),
        ("circleci", "vcs-origin", "git@github.com:acme/web.git", "github.com/acme/web"),
        ("semaphore", "org", "https://acme.semaphoreci.com/projects/web", "acme"),
        ("spacelift", "account", "acme.app.spacelift.io", "acme"),
        ("gitlab", "server", "gitlab.example.com", "https://gitlab.example.com"),
        ("semaphore", "ref", "main", "refs/heads/main"),
        (
            "kubernetes",
            "issuer",
            "https://eastus.oic.prod-aks.azure.com/33333333-3333-4333-8333-333333333333/44444444-4444-4444-8444-444444444444",
            "https://eastus.oic.prod-aks.azure.com/33333333-3333-4333-8333-333333333333/44444444-4444-4444-8444-444444444444/",
        ),
    ] {
        assert_eq!(one(platform, part, value), Ok((name.to_owned(), 1)), "{value}");
    }
    for (platform, part, value) in [
        ("pulumi", "stack", "contoso/core/dev"),
        ("azure-pipelines", "project", "a/b"),
        ("spiffe", "trust-domain", "spiffe://example.org/ns/a"),
        ("spiffe", "path", "spiffe://example.org/ns/a"),
        ("semaphore", "org", "https://semaphore.example"),
        ("semaphore", "org", "acme.semaphore.example"),
        ("semaphore", "repo", "https://github.com/acme/web"),
        ("spacelift", "account", "https://acme.app.us.spacelift.io"),
        ("spacelift", "stack", "https://acme.app.spacelift.io/stack/web"),
        ("kubernetes", "service-account", "system:serviceaccount:a:b"),
        ("kubernetes", "namespace", "system:serviceaccount:a"),
        ("circleci", "vcs-ref", "main"),
        ("google-cloud", "service-account-id", "sa@p.iam.gserviceaccount.com"),
        ("pulumi", "environment", "<yaml>"),
    ] {
        assert_eq!(one(platform, part, value), Err("subject-part-impossible"), "{value}");
    }
}

#[test]
fn a_part_is_completed_or_cut_with_what_the_other_parts_say() {
    let last = |platform, parts: &[(&str, &str)]| {
        let parts: Vec<_> = parts.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        normalise(by_name(platform).unwrap(), &parts, false).map(|(parts, _)| parts.last().unwrap().1.clone())
    };
    let account = [("namespace", "a"), ("service-account", "system:serviceaccount:a:b")];
    assert_eq!(last("kubernetes", &account).unwrap(), "b");
    let other = [("namespace", "c"), ("service-account", "system:serviceaccount:a:b")];
    assert_eq!(last("kubernetes", &other).unwrap_err().code, "subject-part-impossible");
    for (kind, value, name) in [
        ("branch", "release/1", "refs/heads/release/1"),
        ("tag", "v1", "refs/tags/v1"),
        ("pr", "refs/pull/7", "refs/pull/7"),
    ] {
        assert_eq!(last("semaphore", &[("ref-type", kind), ("ref", value)]).unwrap(), name);
    }
}

#[test]
fn the_literal_text_of_a_pulumi_environment_is_no_placeholder() {
    assert_eq!(check_subject("pulumi:environments:org:contoso:env:<yaml>", false), Ok(()));
    assert!(check_subject("pulumi:environments:org:contoso:env:<name>", false).is_err());
}
