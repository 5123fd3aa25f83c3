//! Bitbucket Pipelines: the ID token is in a variable. No credential can match its subject, which
//! changes with every run.

use super::grammar::{Label, fixed, part, varying};
use super::parts::Parts;
use super::{Detection, PartName, Platform, Source, Subject, id_token_missing};
use crate::fault::{Category, Fault};
use crate::guid::is_guid;
use crate::ports::Env;

/// Bitbucket Cloud.
pub(super) struct Bitbucket;

const TOKEN: &str = "BITBUCKET_STEP_OIDC_TOKEN";
const MARKER: &str = "BITBUCKET_BUILD_NUMBER";
const API: &str = "https://api.bitbucket.org/2.0/workspaces/";
const OIDC: &str = "/pipelines-config/identity/oidc";

impl Platform for Bitbucket {
    fn name(&self) -> &'static str {
        "bitbucket"
    }

    fn title(&self) -> &'static str {
        "Bitbucket"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[TOKEN, MARKER]
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        match (env.present(TOKEN), env.present(MARKER)) {
            (Some(_), _) => Detection::Yes(format!("`{TOKEN}` is set")),
            (None, Some(_)) => Detection::Half(no_token()),
            (None, None) => Detection::No(format!("`{TOKEN}` is not set")),
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
        let workspace = issuer.strip_prefix(API).and_then(|rest| rest.strip_suffix(OIDC));
        workspace.is_some_and(|workspace| !workspace.is_empty() && !workspace.contains('/'))
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let ids: Vec<_> = subject.split(':').map(without_braces).collect::<Option<_>>()?;
        let (form, labels): (_, &[&Label]) = match ids.len() {
            2 => ("repository and step", &[&REPOSITORY, &STEP]),
            3 => ("repository, environment and step", &[&REPOSITORY, &ENVIRONMENT, &STEP]),
            _ => return None,
        };
        Some(Subject { form, parts: labels.iter().zip(ids).map(|(label, id)| part(label, id)).collect() })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    fn build_subjects(&self, _parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        Err(Fault::new(
            Category::Usage,
            "subject-varies",
            "No federated identity credential can match a Bitbucket token: its subject contains the step's UUID, which changes \
             with every run",
        )
        .hint("run the step on a self-hosted runner with workload identity in Kubernetes, and use `--platform kubernetes`"))
    }

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        Ok(format!("{API}{}{OIDC}", Parts::read(self, parts)?.require("workspace")?))
    }

    fn stable_subject_remedy(&self) -> String {
        "Bitbucket puts the step's UUID in every subject, so no credential matches twice. Use a runner with workload identity"
            .to_owned()
    }

    fn default_audience(&self, parts: &[(String, String)]) -> Result<Option<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        Ok(parts.get("workspace-uuid").map(|uuid| format!("ari:cloud:bitbucket::workspace/{uuid}")))
    }
}

const PARTS: &[PartName] = &[
    PartName::optional("workspace", "the workspace's name in URLs, for the issuer", "acme"),
    PartName::optional(
        "workspace-uuid",
        "the workspace's UUID, for the audience",
        "7c0b1d2e-3f4a-4b5c-8d6e-7f8091a2b3c4",
    ),
];

const REPOSITORY: Label = fixed("repository", "the repository's UUID");
const ENVIRONMENT: Label = fixed("environment", "the UUID of the environment that the step deploys to");
const STEP: Label = varying("step", "the step's UUID");

/// A UUID without the braces that Bitbucket writes around it.
fn without_braces(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).unwrap_or(text);
    is_guid(inner).then_some(inner)
}

fn no_token() -> Fault {
    id_token_missing(format!("This Bitbucket step has no ID token: `{TOKEN}` is not set"))
        .hint("add `oidc: true` to the step")
        .hint("pass the variable to the container that runs azure-oidc")
}
