//! GitLab CI/CD: a token in a variable whose name the user chose; results as lines for the job's shell.

use super::grammar::{Label, fixed, labelled, names_are, varying};
use super::parts::Parts;
use super::{Detection, PartName, Platform, Publication, Source, Subject, Value, candidates, missing_half, text};
use crate::fault::{Category, Fault};
use crate::ports::Env;
use crate::secret::Secret;

/// GitLab, on gitlab.com or an instance of one's own.
pub(super) struct GitLab;

const MARKER: &str = "GITLAB_CI";
const SERVER: &str = "CI_SERVER_URL";
/// Set by GitLab before 17.0; no token of `id_tokens`, and for an audience that nobody chose.
const OLD_TOKENS: [&str; 3] = ["CI_JOB_JWT", "CI_JOB_JWT_V1", "CI_JOB_JWT_V2"];

/// The largest report of the type `dotenv` that gitlab.com takes, in bytes.
pub const MAX_DOTENV: usize = 5 * 1024;

impl Platform for GitLab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn title(&self) -> &'static str {
        "GitLab"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[MARKER, SERVER, OLD_TOKENS[0], OLD_TOKENS[1], OLD_TOKENS[2]]
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

    fn publish(&self, values: &[Value], _env: &dyn Env) -> Result<Vec<Publication>, Fault> {
        Ok(vec![Publication::Print(text::export_lines(values)?)])
    }

    fn issues(&self, issuer: &str) -> bool {
        issuer == "https://gitlab.com" || issuer.starts_with("https://gitlab.")
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let parts = labelled(subject, LABELS).filter(|parts| FIRST.contains(&parts[0].name))?;
        let default = names_are(&parts, &["project_path", "ref_type", "ref"]);
        let form = if default { "project path and ref" } else { "components of the project's own" };
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

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        Ok(Parts::read(self, parts)?.get("server").unwrap_or("https://gitlab.com").to_owned())
    }
}

/// One subject for each branch and tag, in the default form or, with a project id, in the one that begins with it. Beside a pattern
/// of the default form the expression holds the id, and without branch and tag it is for all jobs of the project.
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
    PartName::optional(
        "project-id",
        "the project's number, where its subjects begin with it, and for expressions",
        "72",
    ),
    PartName::optional("branch", "a branch that may sign in", "main").many(),
    PartName::optional("tag", "a tag that may sign in", "v1.0.0").many(),
    PartName::optional("server", "the instance's URL; `https://gitlab.com` if left out", "https://gitlab.example.com"),
];

/// What a subject can begin with.
const FIRST: &[&str] = &["project_path", "project_id", "job_project_id", "source_project_id"];

const LABELS: &[Label] = &[
    fixed("project_path", "the group and project; for a merge request from a fork it is the fork's"),
    fixed("project_id", "the project's number, which stays when it is renamed"),
    fixed("job_project_id", "the number of the project that the job runs in"),
    fixed("source_project_id", "the number of the project that the code comes from"),
    fixed("ref_type", "`branch` or `tag`"),
    fixed("ref", "the branch or tag"),
    fixed("ref_protected", "whether the branch or tag is protected"),
    fixed("environment", "the environment that the job deploys to"),
    fixed("environment_protected", "whether that environment is protected"),
    fixed("deployment_tier", "the tier of that environment"),
    varying("user_login", "the person who started the pipeline"),
    varying("user_id", "the number of the person who started the pipeline"),
    varying("pipeline_id", "the pipeline's run"),
    varying("job_id", "the job's run"),
];

/// Values as a report of the type `dotenv` (`artifacts:reports:dotenv`), which hands them to later jobs.
///
/// Only when asked for: the file can be downloaded by whoever sees the pipeline, and later jobs do not mask its values.
///
/// # Errors
///
/// When a value has a character that the format has no way to write, or when all of them are longer than [`MAX_DOTENV`].
pub fn dotenv(values: &[Value]) -> Result<Secret, Fault> {
    text::check(values)?;
    let mut lines = String::new();
    for value in values {
        let text = value.value.reveal();
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !br##"#$\'"`"##.contains(&byte)) {
            return Err(text::unfit(
                value,
                "value-not-plain",
                "has spaces, quotes or other characters that a dotenv report cannot hold",
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
            "The values are more than the 5 KiB that a dotenv report may have",
        )
        .hint(
            "ask for one scope a job, or use the token in the job that asked for it: `eval \"$(azure-oidc exchange)\"`",
        )
        .fact("bytes", lines.len().to_string()));
    }
    Ok(Secret::new(lines))
}

/// The variables whose token this instance made; at least one.
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
    let mut fault = missing_half("No variable of this GitLab job holds an ID token of the instance")
        .hint("declare one in the job: `id_tokens: { AZURE_ID_TOKEN: { aud: \"api://AzureADTokenExchange\" } }`");
    if let Some((name, _)) = others.first() {
        fault = fault.hint(format!(
            "if the instance issues tokens under another name, say which variable: `--id-token-env {name}`"
        ));
    }
    if let Some(old) = OLD_TOKENS.iter().find(|name| env.present(name).is_some()) {
        fault = fault.hint(format!(
            "`{old}` is not used: its audience cannot be chosen, and GitLab 17.0 removed it in favour of `id_tokens`"
        ));
    }
    let fault = match env.present(SERVER) {
        Some(server) => fault.fact("instance", server.escape_debug().to_string()),
        None => fault.hint(format!("`{SERVER}` is not set, so it cannot be told whose tokens are the instance's")),
    };
    others.iter().fold(fault, |fault, (name, issuer)| {
        fault.fact("other issuer", format!("{} in `{name}`", issuer.escape_debug()))
    })
}
