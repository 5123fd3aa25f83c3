//! One part of a pipeline, as tokens have it: the name out of an address of a repository, the short
//! name of a branch.

use super::impossible::{is_short_ref, uuid_place};
use super::issuer::{issued_form, normalise_issuer};
use crate::guid::is_guid;
use crate::platform::Platform;
use crate::{Category, Fault};

pub(super) struct Part<'a> {
    pub(super) platform: &'a dyn Platform,
    pub(super) name: &'a str,
    pub(super) value: &'a str,
    pub(super) flexible: bool,
    /// All parts, as they were given.
    pub(super) parts: &'a [(String, String)],
}

impl<'a> Part<'a> {
    pub(super) fn with(&self, value: &'a str) -> Self {
        Self { value, ..*self }
    }

    pub(super) fn normalised(&self) -> Result<String, Fault> {
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

    pub(super) fn fault(&self, what: &str, hint: String) -> Fault {
        let message = format!("The part `{}` is `{}`, which {what}", self.name, self.value.escape_debug());
        Fault::new(Category::Usage, "subject-part-impossible", message.replace("which has", "which contains"))
            .hint(hint)
    }
}

/// How the subject of a service account begins.
const SERVICE_ACCOUNT: &str = "system:serviceaccount:";

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
