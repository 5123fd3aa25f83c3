//! Values of parts, and whole subjects, that no token can have.

use super::part::Part;
use crate::credential::short_lived::{OF_STACK, YAML};
use crate::guid::is_guid;
use crate::mask::mask_in;
use crate::{Category, Fault};

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

/// Parts whose values are names of branches or tags.
const REFERENCES: [&str; 5] = ["branch", "ref", "scm-ref", "tag", "vcs-ref"];

/// Parts whose values are addresses.
const ADDRESSES: [&str; 3] = ["issuer", "scm-repo-url", "server"];

/// Parts whose values may have spaces between words, such as `Default Project` of HCP Terraform.
const WITH_SPACES: [&str; 7] =
    ["connection", "environment", "initiator", "pipeline", "project", "scm-user-name", "workspace"];

const FLEXIBLE: &str = "add `--flexible` for an expression, in which `*` is a wildcard (GitHub, GitLab and HCP Terraform); for other \
                        platforms, create one credential for each value";

const UNMASKED: &str =
    "write the name in place of the mask, or take it from a token: `azure-oidc inspect` shows it whole";

pub(super) const PLACEHOLDER: &str =
    "write the value itself: an expression such as `${{ ... }}` or `<name>` is not replaced here";

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

impl Part<'_> {
    /// Refuses the value when no token has it.
    pub(super) fn check(&self) -> Result<(), Fault> {
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
}

/// Whether a name of a branch or tag has nothing before it.
pub(super) fn is_short_ref(value: &str) -> bool {
    !value.is_empty() && !value.starts_with("refs/") && !value.starts_with('/')
}

/// Whether a text holds an expression of a CI system or a word in angle brackets.
pub(super) fn is_placeholder(text: &str) -> bool {
    text.contains("${") || text.contains("$(") || text.contains(['<', '>'])
}
