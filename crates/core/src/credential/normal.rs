//! Normalises the parts of a pipeline as people copy them: addresses of repositories, full refs. A
//! value that no token can have is refused.

use crate::mask::mask_in;
use crate::platform::Platform;
use crate::{Category, Fault};

/// Names and values of parts, and what was changed, a line each.
pub type Normalised = (Vec<(String, String)>, Vec<String>);

/// Parts whose values are UUIDs: platform, part, where the UUID is shown.
const UUIDS: &[(&str, &str, &str)] = &[
    ("circleci", "org", "the organization's UUID is on the page Organization Settings > Overview"),
    ("circleci", "project", "the project's UUID is on the page Project Settings > Overview"),
    (
        "circleci",
        "user",
        "the person's UUID is the claim `oidc.circleci.com/user-id` or the part after `/user/` in a token's subject",
    ),
    (
        "azure-pipelines",
        "organization-id",
        "https://dev.azure.com/ORGANIZATION/_apis/connectionData shows it as `instanceId`",
    ),
    ("azure-pipelines", "connection-id", "it is the `resourceId` in the address of the service connection's page"),
    ("azure-pipelines", "tenant-id", "`az account show --query tenantId` prints it"),
    ("buildkite", "pipeline-id", "it is on the pipeline's settings page"),
    ("buildkite", "cluster-id", "it is in the address of the cluster's page"),
    ("buildkite", "queue-id", "it is on the queue's page"),
    ("buildkite", "organization-id", "it is on the organization's settings page"),
    ("semaphore", "project", "it is on the project's settings page, and in the variable `SEMAPHORE_PROJECT_ID`"),
];

/// Parts whose values are numbers: platform, part, the command that prints it.
const NUMBERS: &[(&str, &str, &str)] = &[
    ("github", "owner-id", "`gh api users/OWNER --jq .id` prints it"),
    ("github", "repository-id", "`gh api repos/OWNER/REPOSITORY --jq .id` prints it"),
    ("gitlab", "project-id", "it is on the project's page, under its name"),
];

/// The parts as the platform writes them into subjects.
///
/// # Errors
/// When a value is certainly wrong, and what was meant is not certain.
pub fn normalise(platform: &dyn Platform, parts: &[(String, String)], flexible: bool) -> Result<Normalised, Fault> {
    let (mut normal, mut notes) = (Vec::with_capacity(parts.len()), Vec::new());
    for (name, value) in parts {
        let part = Part { platform, name, value, flexible, has_host: parts.iter().any(|(name, _)| is_host(name)) };
        let changed = part.normalised()?;
        if changed != *value {
            notes.push(format!(
                "note: the part `{}` is `{}`, taken from `{}`",
                name.escape_debug(),
                changed.escape_debug(),
                value.escape_debug()
            ));
        }
        part.with(&changed).check()?;
        normal.push((name.clone(), changed));
    }
    Ok((normal, notes))
}

/// Refuses a subject that no token has, where it was given whole.
///
/// # Errors
/// When the subject holds the address of a repository, a doubled ref, or a wildcard without
/// `flexible`.
pub fn check_subject(subject: &str, flexible: bool) -> Result<(), Fault> {
    let wrong = |what: &str, hint: &str| {
        let message = format!("The subject `{}` {what}", subject.escape_debug());
        Err(Fault::new(Category::Usage, "subject-impossible", message).hint(hint))
    };
    if subject.contains("repo:http") || subject.contains("repo:git@") {
        return wrong("holds an address where GitHub writes `OWNER/REPOSITORY`", "write `repo:OWNER/REPOSITORY:...`");
    }
    if subject.contains("refs/heads/refs/") || subject.contains("refs/tags/refs/") {
        return wrong("has `refs/` twice", "write `ref:refs/heads/BRANCH` or `ref:refs/tags/TAG`");
    }
    if let Some(mask) = mask_in(subject) {
        return wrong(&format!("holds `{mask}`, which is the mask of a log"), UNMASKED);
    }
    if subject.contains('*') && !flexible {
        return wrong("has a `*`, which is no wildcard: Entra compares a subject literally", FLEXIBLE);
    }
    Ok(())
}

const FLEXIBLE: &str = "add `--flexible` for an expression, in which `*` is a wildcard (GitHub, GitLab and HCP Terraform); for other \
                        platforms, create one credential for each value";

const UNMASKED: &str =
    "write the name in place of the mask, or take it from a token: `azure-oidc inspect` shows it whole";

struct Part<'a> {
    platform: &'a dyn Platform,
    name: &'a str,
    value: &'a str,
    flexible: bool,
    /// Whether the parts name the host of the platform.
    has_host: bool,
}

impl<'a> Part<'a> {
    fn with(&self, value: &'a str) -> Self {
        Self { value, ..*self }
    }

    fn normalised(&self) -> Result<String, Fault> {
        let value = self.value;
        Ok(match (self.platform.name(), self.name) {
            ("github", "repo") | ("gitlab", "project-path") => self.repository()?,
            ("github" | "gitlab", "branch") => self.short_ref("refs/heads/", "refs/tags/", "tag")?,
            ("github" | "gitlab", "tag") => self.short_ref("refs/tags/", "refs/heads/", "branch")?,
            ("github", "event") if value == "pull-request" => "pull_request".to_owned(),
            ("github" | "harness" | "terraform-cloud", "host") => without_scheme(value).to_owned(),
            ("gitlab", "server") => value.trim_end_matches('/').to_owned(),
            ("azure-pipelines", "organization") => self.organization()?,
            _ => value.to_owned(),
        })
    }

    /// Owner and name out of the address of a repository or of a git remote.
    fn repository(&self) -> Result<String, Fault> {
        let public = if self.platform.name() == "github" { "github.com" } else { "gitlab.com" };
        let Some((host, path)) = address(self.value, public) else {
            return Ok(self.value.trim_end_matches('/').to_owned());
        };
        let host = host.strip_prefix("www.").unwrap_or(host);
        if host != public && !self.has_host {
            let option = if self.platform.name() == "github" { "host" } else { "server" };
            return Err(self.fault(
                &format!("is an address of `{}`, and the issuer of its tokens is not known", host.escape_debug()),
                format!("name the instance with `--{option}` too"),
            ));
        }
        // GitLab separates pages of a project with `/-/`, GitHub has them behind the name.
        let path = path.split("/-/").next().unwrap_or(path);
        let segments: Vec<_> =
            path.split(['?', '#']).next().unwrap_or(path).split('/').filter(|part| !part.is_empty()).collect();
        let count = if self.platform.name() == "github" { 2.min(segments.len()) } else { segments.len() };
        let path = segments.get(..count).unwrap_or_default().join("/");
        Ok(path.strip_suffix(".git").unwrap_or(&path).to_owned())
    }

    fn short_ref(&self, own: &str, other: &str, other_part: &str) -> Result<String, Fault> {
        if self.value.starts_with(other) {
            return Err(self.fault("is the full name of a ref of the other kind", format!("use `--{other_part}`")));
        }
        Ok(self.value.strip_prefix(own).unwrap_or(self.value).to_owned())
    }

    /// The organization out of the address of Azure DevOps.
    fn organization(&self) -> Result<String, Fault> {
        let Some(rest) = self.value.split_once("://").map(|(_, rest)| rest) else { return Ok(self.value.to_owned()) };
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        let first = path.split('/').next().filter(|first| !first.is_empty());
        match (host.strip_suffix(".visualstudio.com"), first) {
            (Some(organization), _) => Ok(organization.to_owned()),
            (None, Some(first)) if host.rsplit('@').next() == Some("dev.azure.com") => Ok(first.to_owned()),
            _ => {
                Err(self
                    .fault("is an address, and the organization's name is expected", "give the name alone".to_owned()))
            }
        }
    }

    fn check(&self) -> Result<(), Fault> {
        let Self { value, name, flexible, .. } = *self;
        if let Some(mask) = mask_in(value) {
            return Err(self.fault(&format!("holds `{mask}`, the mask of a log"), UNMASKED.to_owned()));
        }
        if !flexible && value.contains('*') {
            return Err(self.fault("Entra compares literally: a `*` is no wildcard in a subject", FLEXIBLE.to_owned()));
        }
        let of = |rows: &'static [(&str, &str, &'static str)]| {
            let row = rows.iter().find(|(platform, part, _)| *platform == self.platform.name() && *part == name);
            row.map(|(_, _, place)| (*place).to_owned())
        };
        if let Some(place) = of(UUIDS).filter(|_| !is_uuid(value)) {
            let fault = self.fault("is not a UUID, and tokens have the UUID", place);
            return Err(
                fault.hint("or create the credential from a token of a job: `azure-oidc credential --from-token`")
            );
        }
        if let Some(place) =
            of(NUMBERS).filter(|_| value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(self.fault("is not a number, and tokens have the number", place));
        }
        let slashes = value.matches('/').count();
        let is_repository = match (self.platform.name(), name) {
            ("github", "repo") => slashes == 1,
            ("gitlab", "project-path") => slashes >= 1 || (flexible && value.contains('*')),
            _ => return Ok(()),
        };
        let is_clean = !value.contains([':', '@', ' ']) && !value.starts_with('/') && !value.ends_with('/');
        match is_repository && is_clean {
            true => Ok(()),
            false => Err(self.fault("is not a repository's owner and name", "write them as `OWNER/NAME`".to_owned())),
        }
    }

    fn fault(&self, what: &str, hint: String) -> Fault {
        let message = format!("The part `{}` is `{}`, which {what}", self.name, self.value.escape_debug());
        Fault::new(Category::Usage, "subject-part-impossible", message.replace("which has", "which contains"))
            .hint(hint)
    }
}

fn is_host(name: &str) -> bool {
    matches!(name, "host" | "server")
}

/// Host and path of an address: with a scheme, of a git remote, or beginning with `public`.
fn address<'a>(text: &'a str, public: &str) -> Option<(&'a str, &'a str)> {
    if let Some((_, rest)) = text.split_once("://") {
        let (authority, path) = rest.split_once('/')?;
        let host = authority.rsplit('@').next()?;
        return Some((host.split(':').next()?, path));
    }
    // git@HOST:PATH
    if let Some((user, rest)) = text.split_once('@')
        && !user.contains('/')
        && let Some((host, path)) = rest.split_once(':')
    {
        return Some((host, path));
    }
    let rest = text.strip_prefix("www.").unwrap_or(text).strip_prefix(public)?.strip_prefix('/')?;
    Some((&text[..text.len() - rest.len() - 1], rest))
}

fn without_scheme(value: &str) -> &str {
    value.split_once("://").map_or(value, |(_, rest)| rest).trim_end_matches('/')
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
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
        for value in [
            "https://git.example/a/b",
            "git@git.example:a/b.git",
            "a",
            "a/b/c",
            "a/b:c",
            "https://github.com/a",
            "/a",
            "",
        ] {
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
        }
        assert_eq!(one("github", "repository-id", "octo-repo"), Err("subject-part-impossible"));
        assert_eq!(one("github", "owner-id", "123456"), Ok(("123456".to_owned(), 0)));
        assert_eq!(one("gitlab", "project-id", "g/p"), Err("subject-part-impossible"));
        assert_eq!(one("semaphore", "project", "web"), Err("subject-part-impossible"));
    }

    #[test]
    fn addresses_of_azure_devops_give_the_organization() {
        for value in [
            "https://dev.azure.com/contoso",
            "https://dev.azure.com/contoso/Payments",
            "https://contoso.visualstudio.com/",
        ] {
            assert_eq!(one("azure-pipelines", "organization", value), Ok(("contoso".to_owned(), 1)), "{value}");
        }
        assert_eq!(one("azure-pipelines", "organization", "https://example.com/x"), Err("subject-part-impossible"));
    }

    #[test]
    fn a_subject_that_no_token_has_is_refused() {
        for subject in
            ["repo:https://github.com/a/b:pull_request", "repo:a/b:ref:refs/heads/refs/heads/main", "repo:a/b:*"]
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
}
