//! Semaphore: the ID token is in a variable, for the organization's audience.

use super::grammar::{Label, fixed, labelled, names_are};
use super::parts::Parts;
use super::{Detection, PartName, Platform, Source, Subject, id_token_missing};
use crate::fault::Fault;
use crate::ports::Env;

/// Semaphore's cloud.
pub(super) struct Semaphore;

const MARKER: &str = "SEMAPHORE";
const TOKEN: &str = "SEMAPHORE_OIDC_TOKEN";
const DOMAIN: &str = ".semaphoreci.com";

impl Platform for Semaphore {
    fn name(&self) -> &'static str {
        "semaphore"
    }

    fn title(&self) -> &'static str {
        "Semaphore"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[TOKEN, MARKER]
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        match (env.present(TOKEN), env.present(MARKER).as_deref()) {
            (Some(_), _) => Detection::Yes(format!("`{TOKEN}` is set")),
            (None, Some("true")) => Detection::Half(no_token()),
            (None, _) => Detection::No(format!("`{TOKEN}` is not set")),
        }
    }

    fn id_token(&self, env: &dyn Env, _audience: &str) -> Result<Source, Fault> {
        env.present(TOKEN).map(|_| Source::Variable(TOKEN.to_owned())).ok_or_else(no_token)
    }

    /// Each job has a file system of its own.
    fn job_folder(&self, _env: &dyn Env) -> Option<String> {
        Some("/tmp".to_owned())
    }

    fn issues(&self, issuer: &str) -> bool {
        let organization = issuer.strip_prefix("https://").and_then(|rest| rest.strip_suffix(DOMAIN));
        organization.is_some_and(|organization| !organization.is_empty() && !organization.contains(['/', '.']))
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let parts = labelled(subject, LABELS)?;
        names_are(&parts, &["org", "project", "repo", "ref_type", "ref"])
            .then_some(Subject { form: "project, repository and ref", parts })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        let (org, project, repo) = (parts.require("org")?, parts.require("project")?, parts.require("repo")?);
        parts.require("ref")?;
        let kind = parts.get("ref-type").unwrap_or("branch");
        if !["branch", "pr", "tag"].contains(&kind) {
            return Err(parts.invalid("ref-type", kind, "one of `branch`, `pr`, `tag`"));
        }
        let subject = |name| format!("org:{org}:project:{project}:repo:{repo}:ref_type:{kind}:ref:{name}");
        Ok(parts.all("ref").into_iter().map(subject).collect())
    }

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        Ok(format!("https://{}{DOMAIN}", Parts::read(self, parts)?.require("org")?))
    }

    fn default_audience(&self, parts: &[(String, String)]) -> Result<Option<String>, Fault> {
        self.issuer_from_parts(parts).map(Some)
    }
}

const PARTS: &[PartName] = &[
    PartName::required("org", "the organization's name in URLs", "acme"),
    PartName::required("project", "the project's UUID", "936a5312-a3b8-4921-8b3f-2cec8baac574"),
    PartName::required("repo", "the repository's name", "web"),
    PartName::required("ref", "the ref, as in the job's environment", "refs/heads/main").many(),
    PartName::optional("ref-type", "`branch`, `pr` or `tag`; `branch` if left out", "branch"),
];

const LABELS: &[Label] = &[
    fixed("org", "the organization"),
    fixed("project", "the project's UUID"),
    fixed("repo", "the repository"),
    fixed("ref_type", "`branch`, `pr` or `tag`"),
    fixed("ref", "the branch, pull request or tag"),
];

fn no_token() -> Fault {
    id_token_missing(format!("This Semaphore job has no ID token: `{TOKEN}` is not set"))
        .hint("pass the variable to the container that runs azure-oidc")
        .hint("or name the variable of a token from the block `oidc_tokens`: `--id-token-env NAME`")
}
