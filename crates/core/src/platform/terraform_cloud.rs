//! HCP Terraform and Terraform Enterprise: the workload identity token is in a variable, whose name
//! may end with a tag.

use super::grammar::{Label, fixed, labelled, varying};
use super::parts::Parts;
use super::{Detection, PartName, Platform, Source, Subject, candidates, id_token_missing};
use crate::fault::Fault;
use crate::ports::Env;

/// HCP Terraform.
pub(super) struct TerraformCloud;

const TOKEN: &str = "TFC_WORKLOAD_IDENTITY_TOKEN";
const MARKER: &str = "TFC_RUN_ID";
const ISSUER: &str = "https://app.terraform.io";
const ISSUER_EU: &str = "https://app.eu.terraform.io";

impl Platform for TerraformCloud {
    fn name(&self) -> &'static str {
        "terraform-cloud"
    }

    fn title(&self) -> &'static str {
        "HCP Terraform"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[TOKEN, MARKER]
    }

    fn shows(&self, name: &str, _value: &str) -> bool {
        is_token(name) || name == MARKER
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        match (tokens(env).first(), env.present(MARKER)) {
            (Some(name), _) => Detection::Yes(format!("`{name}` is set")),
            (None, Some(_)) => Detection::Half(no_token()),
            (None, None) => Detection::No(format!("`{TOKEN}` is not set")),
        }
    }

    /// The only token, or of several the one with this audience.
    fn id_token(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault> {
        if let [name] = tokens(env).as_slice() {
            return Ok(Source::Variable(name.clone()));
        }
        let tagged = candidates::find(env).into_iter().filter(|candidate| is_token(&candidate.name)).collect();
        candidates::choose(tagged, audience)?.ok_or_else(no_token)
    }

    /// Each job has a file system of its own.
    fn job_folder(&self, _env: &dyn Env) -> Option<String> {
        Some("/tmp".to_owned())
    }

    fn issues(&self, issuer: &str) -> bool {
        issuer == ISSUER || issuer == ISSUER_EU
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let parts = labelled(subject, LABELS).filter(|parts| parts[0].name == "organization" && parts.len() > 1)?;
        let stack = parts.iter().any(|part| part.name == "stack");
        Some(Subject { form: if stack { "stack" } else { "workspace" }, parts })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    /// One subject for each phase of a run.
    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        let phases = parts.some_of("run-phase", &["plan", "apply"])?;
        subjects(&parts, &phases)
    }

    /// One pattern for both phases.
    fn build_patterns(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        subjects(&parts, &parts.all_or("run-phase", &["*"]))
    }

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        Ok(match Parts::read(self, parts)?.get("host") {
            Some(host) => format!("https://{host}"),
            None => ISSUER.to_owned(),
        })
    }
}

fn subjects(parts: &Parts<'_>, phases: &[&str]) -> Result<Vec<String>, Fault> {
    let (organization, project) = (parts.require("organization")?, parts.require("project")?);
    let workspace = parts.require("workspace")?;
    let subject =
        |phase| format!("organization:{organization}:project:{project}:workspace:{workspace}:run_phase:{phase}");
    Ok(phases.iter().map(subject).collect())
}

const PARTS: &[PartName] = &[
    PartName::required("organization", "the organization", "acme"),
    PartName::required("project", "the project; a new organization has `Default Project`", "Default Project"),
    PartName::required("workspace", "the workspace", "web"),
    PartName::optional("run-phase", "`plan` or `apply`; both if left out", "apply").many(),
    PartName::optional("host", "the host; `app.terraform.io` if left out", "app.eu.terraform.io"),
];

const LABELS: &[Label] = &[
    fixed("organization", "the organization"),
    fixed("project", "the project"),
    fixed("workspace", "the workspace"),
    fixed("stack", "the stack"),
    fixed("deployment", "the stack's deployment"),
    varying("operation", "the operation of the deployment; each needs a credential"),
    varying("run_phase", "`plan` or `apply`; each needs a credential"),
];

/// The variable without a tag, or with a tag. `TYPE` is not a tag.
fn is_token(name: &str) -> bool {
    match name.strip_prefix(TOKEN) {
        Some("") => true,
        Some(tag) => tag.starts_with('_') && tag.len() > 1 && tag != "_TYPE",
        None => false,
    }
}

fn tokens(env: &dyn Env) -> Vec<String> {
    let mut names: Vec<_> = env
        .all()
        .into_iter()
        .filter(|(name, value)| is_token(name) && !value.is_empty())
        .map(|(name, _)| name)
        .collect();
    names.sort();
    names
}

fn no_token() -> Fault {
    id_token_missing(format!("This run has no workload identity token: `{TOKEN}` is not set"))
        .hint("set `TFC_WORKLOAD_IDENTITY_AUDIENCE` to `api://AzureADTokenExchange` on the workspace, as an environment variable")
        .hint("or set it with a tag, as in `TFC_WORKLOAD_IDENTITY_AUDIENCE_AZURE`: the token is then in `TFC_WORKLOAD_IDENTITY_TOKEN_AZURE`")
}
