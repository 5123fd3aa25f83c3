//! GitLab CI/CD: the ID token is in a variable whose name the user chose; publishes as lines for
//! the job's shell.

use super::grammar::{Label, fixed, labelled, names_are, varying};
use super::parts::Parts;
use super::{Detection, PartName, Platform, Source, Subject, Value, candidates, id_token_missing, text};
use crate::fault::{Category, Fault};
use crate::ports::Env;
use crate::secret::Secret;

/// GitLab, on gitlab.com or self-managed.
pub(super) struct GitLab;

const MARKER: &str = "GITLAB_CI";
const SERVER: &str = "CI_SERVER_URL";
const JOB_FOLDER: &str = "RUNNER_TEMP_PROJECT_DIR";
/// Set by GitLab before 17.0. Their audience cannot be chosen, so they are not used.
const OLD_TOKENS: [&str; 3] = ["CI_JOB_JWT", "CI_JOB_JWT_V1", "CI_JOB_JWT_V2"];

/// The largest `dotenv` report that gitlab.com accepts, in bytes.
pub const MAX_DOTENV: usize = 5 * 1024;

impl Platform for GitLab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn title(&self) -> &'static str {
        "GitLab"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[MARKER, SERVER, JOB_FOLDER, OLD_TOKENS[0], OLD_TOKENS[1], OLD_TOKENS[2]]
    }

    fn shows(&self, name: &str, value: &str) -> bool {
        self.variables().contains(&name) || candidates::looks_like_token(value)
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        if env.present(MARKER).as_deref() != Some("true") {
            return Detection::No(format!("`{MARKER}` is not `true`"));
        }
        match fitting(env) {
            Ok(_) => Detection::Yes(format!("`{MARKER}` is `true`")),
            Err(fault) => Detection::Half(fault),
        }
    }

    fn id_token(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault> {
        candidates::choose(fitting(env)?, audience)?.ok_or_else(|| no_token(env, &[]))
    }

    /// The runner's folder beside the project's. Other jobs of the project use it later.
    fn job_folder(&self, env: &dyn Env) -> Option<String> {
        env.present(JOB_FOLDER)
    }

    fn issues(&self, issuer: &str) -> bool {
        issuer == "https://gitlab.com" || issuer.starts_with("https://gitlab.")
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let parts = labelled(subject, LABELS).filter(|parts| FIRST.contains(&parts[0].name))?;
        let default = names_are(&parts, &["project_path", "ref_type", "ref"]);
        let form = if default { "project path and ref" } else { "custom components" };
        Some(Subject { form, parts })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        subjects(&Parts::read(self, parts)?, false)
    }

    fn build_patterns(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        subjects(&Parts::read(self, parts)?, true)
    }

    fn stable_subject_remedy(&self) -> String {
        "remove the component from `ci_id_token_sub_claim_components` of the project".to_owned()
    }

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        Ok(Parts::read(self, parts)?.get("server").unwrap_or("https://gitlab.com").to_owned())
    }
}

/// One subject for each branch and tag: in the default form or, with a project id, in the form that
/// begins with the id.
///
/// Beside a pattern of the default form the expression compares the id. Without branch and tag a
/// pattern matches all jobs of the project.
fn subjects(parts: &Parts<'_>, patterns: bool) -> Result<Vec<String>, Fault> {
    let project = match (parts.get("project-path"), parts.get("project-id")) {
        (Some(path), id) if patterns || id.is_none() => format!("project_path:{path}"),
        (_, Some(id)) => format!("project_id:{id}"),
        _ => return Err(parts.missing("`project-path`, or `project-id`")),
    };
    let branches = parts.all("branch").into_iter().map(|name| ("branch", name));
    let tags = parts.all("tag").into_iter().map(|name| ("tag", name));
    let subjects: Vec<_> =
        branches.chain(tags).map(|(kind, name)| format!("{project}:ref_type:{kind}:ref:{name}")).collect();
    match subjects.is_empty() {
        true if patterns => Ok(vec![format!("{project}:*")]),
        true => Err(parts.missing("`branch` or `tag`")),
        false => Ok(subjects),
    }
}

const PARTS: &[PartName] = &[
    PartName::optional("project-path", "the group and project", "my-group/my-project"),
    PartName::optional("project-id", "the project's id, for subjects that begin with it and for expressions", "72"),
    PartName::optional("branch", "a branch that may sign in", "main").many(),
    PartName::optional("tag", "a tag that may sign in", "v1.0.0").many(),
    PartName::optional("server", "the instance's URL; `https://gitlab.com` if left out", "https://gitlab.example.com"),
];

/// The names with which a subject can begin.
const FIRST: &[&str] = &["project_path", "project_id", "job_project_id", "source_project_id"];

const LABELS: &[Label] = &[
    fixed("project_path", "the group and project; for a merge request from a fork, those of the fork"),
    fixed("project_id", "the project's id, which does not change when the project is renamed"),
    fixed("job_project_id", "the id of the project in which the job runs"),
    fixed("source_project_id", "the id of the project from which the code comes"),
    fixed("ref_type", "`branch` or `tag`"),
    fixed("ref", "the branch or tag"),
    fixed("ref_protected", "whether the branch or tag is protected"),
    fixed("environment", "the environment to which the job deploys"),
    fixed("environment_protected", "whether the environment is protected"),
    fixed("deployment_tier", "the tier of the environment"),
    varying("user_login", "the person who started the pipeline"),
    varying("user_id", "the id of the person who started the pipeline"),
    varying("pipeline_id", "the id of the pipeline's run"),
    varying("job_id", "the id of the job's run"),
];

/// Writes values as a `dotenv` report (`artifacts:reports:dotenv`), which passes them to later
/// jobs.
///
/// Used only on request: everybody who sees the pipeline can download the file, and later jobs do
/// not mask its values.
///
/// # Errors
///
/// When a value has a character that the format cannot express, or when the report is longer than
/// [`MAX_DOTENV`].
pub fn dotenv(values: &[Value]) -> Result<Secret, Fault> {
    text::check(values)?;
    let mut lines = String::new();
    for value in values {
        let text = value.value.reveal();
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !br##"#$\'"`"##.contains(&byte)) {
            return Err(text::unfit(
                value,
                "value-not-plain",
                "has spaces, quotes or other characters that a dotenv report cannot contain",
            ));
        }
        lines.push_str(&value.name);
        lines.push('=');
        lines.push_str(text);
        lines.push('\n');
    }
    if lines.len() > MAX_DOTENV {
        return Err(Fault::new(
            Category::Publish,
            "value-too-long",
            "The values are longer than the 5 KiB that a dotenv report can have",
        )
        .hint(
            "use the token in the job that requested it, without `--output dotenv`: `lines=$(azure-oidc exchange) && eval \
             \"$lines\"`, in PowerShell `azure-oidc exchange --output powershell | Out-String | Invoke-Expression`",
        )
        .fact("bytes", lines.len().to_string()));
    }
    Ok(Secret::new(lines))
}

/// The variables whose token this instance issued; at least one.
fn fitting(env: &dyn Env) -> Result<Vec<candidates::Candidate>, Fault> {
    let mut found = candidates::find(env);
    let server = env.present(SERVER);
    found.retain(|candidate| !OLD_TOKENS.contains(&candidate.name.as_str()));
    let others: Vec<_> = found
        .iter()
        .filter(|candidate| server.as_ref() != Some(&candidate.issuer))
        .map(|candidate| (candidate.name.clone(), candidate.issuer.clone()))
        .collect();
    found.retain(|candidate| server.as_ref() == Some(&candidate.issuer));
    if found.is_empty() { Err(no_token(env, &others)) } else { Ok(found) }
}

fn no_token(env: &dyn Env, others: &[(String, String)]) -> Fault {
    let mut fault = id_token_missing("No variable of this GitLab job holds an ID token that the instance issued")
        .hint("declare one in the job: `id_tokens: { AZURE_ID_TOKEN: { aud: \"api://AzureADTokenExchange\" } }`");
    if let Some((name, _)) = others.first() {
        fault = fault.hint(format!(
            "if the instance issues tokens under another address, name the variable: `--id-token-env {name}`"
        ));
    }
    if let Some(old) = OLD_TOKENS.iter().find(|name| env.present(name).is_some()) {
        fault = fault
            .hint(format!("replace `{old}` by `id_tokens`: its audience cannot be chosen, and GitLab 17.0 removed it"));
    }
    let fault = match env.present(SERVER) {
        Some(server) => fault.fact("instance", server.escape_debug().to_string()),
        None => fault.hint(format!(
            "pass `{SERVER}` to the container that runs azure-oidc: it names the issuer of the instance's tokens"
        )),
    };
    others.iter().fold(fault, |fault, (name, issuer)| {
        fault.fact("other issuer", format!("{} in `{name}`", issuer.escape_debug()))
    })
}
