//! Codefresh: the step `obtain-oidc-id-token` writes the ID token to a variable.

use super::grammar::{Label, fixed, labelled, varying};
use super::parts::Parts;
use super::{Detection, PartName, Platform, Source, Subject, id_token_missing};
use crate::fault::Fault;
use crate::ports::Env;

/// Codefresh's cloud.
pub(super) struct Codefresh;

const MARKER: &str = "CF_BUILD_ID";
const TOKEN: &str = "ID_TOKEN";
const ISSUER: &str = "https://oidc.codefresh.io";

impl Platform for Codefresh {
    fn name(&self) -> &'static str {
        "codefresh"
    }

    fn title(&self) -> &'static str {
        "Codefresh"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[MARKER, TOKEN]
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        match (env.present(MARKER), env.present(TOKEN)) {
            (Some(_), Some(_)) => Detection::Yes(format!("`{MARKER}` and `{TOKEN}` are set")),
            (Some(_), None) => Detection::Half(no_token()),
            (None, _) => Detection::No(format!("`{MARKER}` is not set")),
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
        issuer == ISSUER
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let parts = labelled(subject, LABELS)?;
        let names: Vec<_> = parts.iter().map(|part| part.name).collect();
        let form = match names.as_slice() {
            ["account", "pipeline"] => "pipeline",
            ["account", "pipeline", "initiator", ..] => "pipeline, started by a person",
            ["account", "pipeline", "scm_repo_url", ..] => "pipeline, started by a repository",
            _ => return None,
        };
        Some(Subject { form, parts })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    /// One subject for each person who starts builds manually, and one for builds that a repository
    /// starts.
    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        let base = format!("account:{}:pipeline:{}", parts.require("account")?, parts.require("pipeline")?);
        let people = parts.all("initiator");
        let mut subjects: Vec<_> = people.into_iter().map(|name| format!("{base}:initiator:{name}")).collect();
        if let Some(url) = parts.get("scm-repo-url") {
            let (user, reference) = (parts.require("scm-user-name")?, parts.require("scm-ref")?);
            let mut subject = format!("{base}:scm_repo_url:{url}:scm_user_name:{user}:scm_ref:{reference}");
            if let Some(target) = parts.get("scm-target") {
                subject.push_str(":scm_pull_request_target_branch:");
                subject.push_str(target);
            }
            subjects.push(subject);
        }
        if subjects.is_empty() {
            subjects.push(base);
        }
        Ok(subjects)
    }

    fn issuer_from_parts(&self, _parts: &[(String, String)]) -> Result<String, Fault> {
        Ok(ISSUER.to_owned())
    }

    fn default_audience(&self, _parts: &[(String, String)]) -> Result<Option<String>, Fault> {
        Ok(Some("https://g.codefresh.io".to_owned()))
    }
}

const PARTS: &[PartName] = &[
    PartName::required("account", "the account's id", "628a80b693a15c0f9c13ab75"),
    PartName::required("pipeline", "the pipeline's id", "64f30ddd16ac3c9e1d4e0b0e"),
    PartName::optional("initiator", "a person who starts builds manually", "jane").many(),
    PartName::optional("scm-repo-url", "the repository that starts builds", "https://github.com/acme/web"),
    PartName::optional("scm-user-name", "the person whose push or pull request starts the build", "jane"),
    PartName::optional("scm-ref", "the branch or tag of the push or pull request", "main"),
    PartName::optional("scm-target", "the target branch of the pull request", "main"),
];

const LABELS: &[Label] = &[
    fixed("account", "the account's id"),
    fixed("pipeline", "the pipeline's id"),
    varying("initiator", "the person who started the build manually; each person needs a credential"),
    fixed("scm_repo_url", "the repository that started the build"),
    varying("scm_user_name", "the person whose push or pull request started the build; each person needs a credential"),
    fixed("scm_ref", "the branch or tag"),
    fixed("scm_pull_request_target_branch", "the target branch of the pull request"),
];

fn no_token() -> Fault {
    id_token_missing(format!("This Codefresh build has no ID token: `{TOKEN}` is not set"))
        .hint("add the step `obtain-oidc-id-token` before this one: it writes the token to that variable")
}
