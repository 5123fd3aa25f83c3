//! Normalises the parts of a pipeline as people copy them: addresses of repositories, full refs. A
//! value that no token can have is refused.

mod issuer;
#[cfg(test)]
mod tests;

use super::short_lived::{OF_STACK, YAML};
use crate::guid::is_guid;
use crate::mask::mask_in;
use crate::platform::Platform;
use crate::{Category, Fault};

pub(crate) use issuer::OLD_AKS;
pub use issuer::{issued_form, normalise_issuer};

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
    (
        "google-cloud",
        "service-account-id",
        "`gcloud iam service-accounts describe EMAIL --format 'value(uniqueId)'` prints it",
    ),
];

/// The parts as the platform writes them into subjects.
///
/// # Errors
/// When a value is certainly wrong, and what was meant is not certain.
pub fn normalise(platform: &dyn Platform, parts: &[(String, String)], flexible: bool) -> Result<Normalised, Fault> {
    let (mut normal, mut notes) = (Vec::with_capacity(parts.len()), Vec::new());
    for (name, value) in parts {
        let part = Part { platform, name, value, flexible, parts };
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

/// Where people find the UUID that tokens of this platform have as this part. None when the part is
/// no UUID.
pub fn uuid_place(platform: &str, part: &str) -> Option<&'static str> {
    let row = UUIDS.iter().find(|(of, name, _)| *of == platform && *name == part);
    row.map(|(_, _, place)| *place)
}

/// The parts of this platform that are UUIDs, each with the place where people find it.
pub fn uuid_places(platform: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    UUIDS.iter().filter(move |(of, ..)| *of == platform).map(|(_, part, place)| (*part, *place))
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
    if is_placeholder(subject.strip_suffix(YAML).unwrap_or(subject)) {
        return wrong("holds a placeholder that was never replaced", PLACEHOLDER);
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

const PLACEHOLDER: &str = "write the value itself: an expression such as `${{ ... }}` or `<name>` is not replaced here";

/// Parts whose values are names of branches or tags.
const REFERENCES: [&str; 5] = ["branch", "ref", "scm-ref", "tag", "vcs-ref"];

/// Parts whose values are addresses.
const ADDRESSES: [&str; 3] = ["issuer", "scm-repo-url", "server"];

/// Parts whose values may have spaces between words, such as `Default Project` of HCP Terraform.
const WITH_SPACES: [&str; 7] =
    ["connection", "environment", "initiator", "pipeline", "project", "scm-user-name", "workspace"];

struct Part<'a> {
    platform: &'a dyn Platform,
    name: &'a str,
    value: &'a str,
    flexible: bool,
    /// All parts, as they were given.
    parts: &'a [(String, String)],
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
            ("gitlab", "server") => {
                let scheme = if value.is_empty() || value.contains("://") { "" } else { "https://" };
                format!("{scheme}{}", value.trim_end_matches('/'))
            }
            ("kubernetes", "service-account") => self.service_account(),
            ("azure-pipelines", "organization") => self.organization()?,
            ("circleci", "vcs-origin") => match address(value, "github.com") {
                Some((host, path)) => format!("{host}/{}", without_git(path)),
                None => without_git(value).to_owned(),
            },
            ("spiffe", "trust-domain") => {
                value.strip_prefix("spiffe://").unwrap_or(value).trim_end_matches('/').to_owned()
            }
            ("semaphore", "ref") => self.full_ref(),
            ("semaphore", "org") => first_label(value, ".semaphoreci.com").to_owned(),
            ("spacelift", "account") => first_label(value, ".app.spacelift.io").to_owned(),
            (_, "issuer") => {
                let issuer = normalise_issuer(value)?.0;
                issued_form(&issuer).map_or(issuer, |(right, _)| right)
            }
            // Tokens have UUIDs in lower case, and Entra compares each letter.
            (platform, name) if is_guid(value) && uuid_place(platform, name).is_some() => value.to_ascii_lowercase(),
            _ => value.to_owned(),
        })
    }

    /// Owner and name out of the address of a repository or of a git remote.
    fn repository(&self) -> Result<String, Fault> {
        let public = if self.platform.name() == "github" { "github.com" } else { "gitlab.com" };
        let Some((host, path)) = address(self.value, public) else {
            return Ok(without_git(self.value).to_owned());
        };
        let host = host.strip_prefix("www.").unwrap_or(host);
        if host != public && !self.parts.iter().any(|(name, _)| is_host(name)) {
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
        Ok(without_git(&path).to_owned())
    }

    fn short_ref(&self, own: &str, other: &str, other_part: &str) -> Result<String, Fault> {
        if self.value.starts_with(other) {
            return Err(self.fault("is the full name of a ref of the other kind", format!("use `--{other_part}`")));
        }
        let name = self.value.strip_prefix(own).unwrap_or(self.value);
        if !name.starts_with("refs/") {
            return Ok(name.to_owned());
        }
        let hint = match self.platform.name() {
            "github" => "for the jobs of pull requests, use `--event pull_request`",
            _ => "for the jobs of merge requests, use `--branch` with the name of the source branch",
        };
        Err(self.fault("is the full name of a ref that is neither a branch nor a tag", hint.to_owned()))
    }

    /// The full name of a branch or tag. A subject of Semaphore has that, beside the type.
    fn full_ref(&self) -> String {
        let kind = self.parts.iter().find(|(name, _)| name == "ref-type").map_or("branch", |(_, kind)| kind.as_str());
        match kind {
            "branch" if is_short_ref(self.value) => format!("refs/heads/{}", self.value),
            "tag" if is_short_ref(self.value) => format!("refs/tags/{}", self.value),
            _ => self.value.to_owned(),
        }
    }

    /// The name out of a subject with the same namespace.
    fn service_account(&self) -> String {
        let namespace = self.parts.iter().find(|(name, _)| name == "namespace").map(|(_, namespace)| namespace);
        let name = namespace.and_then(|namespace| {
            self.value.strip_prefix(SERVICE_ACCOUNT)?.strip_prefix(namespace.as_str())?.strip_prefix(':')
        });
        name.unwrap_or(self.value).to_owned()
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
        if (self.platform.name(), name) == ("pulumi", "environment") && YAML.ends_with(value) {
            return Err(self.fault("is what Pulumi writes in place of a name", OF_STACK.to_owned()));
        }
        if is_placeholder(value) {
            return Err(self.fault("is a placeholder that was never replaced", PLACEHOLDER.to_owned()));
        }
        // A control character is refused later, with its own message.
        let is_space = |c: char| c.is_whitespace() && !c.is_control();
        if value.trim_matches(is_space) != value || value.contains(is_space) && !WITH_SPACES.contains(&name) {
            return Err(self.fault("has white space, and tokens have none there", "take it out".to_owned()));
        }
        // No name of a branch or tag has a `?`.
        let is_wildcard = |c: char| c == '*' || (c == '?' && REFERENCES.contains(&self.name));
        if !flexible && value.contains(is_wildcard) {
            return Err(
                self.fault("Entra compares literally: `*` and `?` are no wildcards in a subject", FLEXIBLE.to_owned())
            );
        }
        let of = |rows: &'static [(&str, &str, &'static str)]| {
            let row = rows.iter().find(|(platform, part, _)| *platform == self.platform.name() && *part == name);
            row.map(|(_, _, place)| (*place).to_owned())
        };
        if let Some(place) = uuid_place(self.platform.name(), name).filter(|_| !is_guid(value)) {
            let fault = self.fault("is not a UUID, and tokens have the UUID", place.to_owned());
            return Err(
                fault.hint("or create the credential from a token of a job: `azure-oidc credential --from-token`")
            );
        }
        if let Some(place) =
            of(NUMBERS).filter(|_| value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return Err(self.fault("is not a number, and tokens have the number", place));
        }
        if value.contains("://") && !ADDRESSES.contains(&name) {
            return Err(self.fault("is an address, and tokens have a name there", "give the name alone".to_owned()));
        }
        let slashes = value.matches('/').count();
        match (self.platform.name(), name) {
            ("pulumi", "stack") if slashes > 0 => {
                let hint = "give organization, project and stack apart: `--org ORG --project PROJECT --stack STACK`";
                return Err(self.fault("is the full name of a stack", hint.to_owned()));
            }
            ("pulumi", "org" | "project")
            | ("azure-pipelines", "organization" | "project")
            | ("spiffe", "trust-domain")
            | ("semaphore", "org")
            | ("spacelift" | "harness", "account")
            | ("github" | "harness" | "terraform-cloud", "host")
                if slashes > 0 =>
            {
                return Err(self.fault("has a `/`, and no such name has one", "give the name alone".to_owned()));
            }
            ("kubernetes", "namespace" | "service-account") if value.contains([':', '/']) => {
                let hint = "give the two names apart: `--namespace NAMESPACE --service-account NAME`";
                return Err(self.fault("has a `:` or `/`, and no such name has one", hint.to_owned()));
            }
            ("circleci", "vcs-ref") if is_short_ref(value) => {
                let hint = format!("write `refs/heads/{value}` for a branch, or `refs/tags/{value}` for a tag");
                return Err(self.fault("is not the full name of a ref, and tokens have that", hint));
            }
            ("semaphore", "org") | ("spacelift", "account") if value.contains('.') => {
                let hint = "give the first label of the host alone, or the issuer of a token with `--issuer`";
                return Err(self.fault("is a host, and tokens have the name in it", hint.to_owned()));
            }
            _ => {}
        }
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

/// How the subject of a service account begins.
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

/// Whether a name of a branch or tag has nothing before it.
fn is_short_ref(value: &str) -> bool {
    !value.is_empty() && !value.starts_with("refs/") && !value.starts_with('/')
}

/// The path of a repository without the ending of its git remote.
fn without_git(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.strip_suffix(".git").unwrap_or(path)
}

/// The label before the platform's domain, in an address or a host. Any other text stays.
fn first_label<'a>(value: &'a str, domain: &str) -> &'a str {
    let rest = value.split_once("://").map_or(value, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or(rest);
    host.strip_suffix(domain).filter(|label| !label.contains('.')).unwrap_or(value)
}

/// Whether a text holds an expression of a CI system or a word in angle brackets.
fn is_placeholder(text: &str) -> bool {
    text.contains("${") || text.contains("$(") || text.contains(['<', '>'])
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
