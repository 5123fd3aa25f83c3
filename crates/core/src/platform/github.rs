//! GitHub Actions: requests the ID token from the URL that the permission `id-token: write`
//! provides; publishes in the runner's files.

use super::parts::Parts;
use super::{
    Detection, File, Part, PartName, Platform, Publication, Source, Subject, Value, answer, grammar, id_token_missing,
    request_pair, text,
};
use crate::fault::Fault;
use crate::ports::{Env, Method};

mod publish;
use publish::append;

/// GitHub Actions, on GitHub.com or GitHub Enterprise.
pub(super) struct GitHub;

const MARKER: &str = "GITHUB_ACTIONS";
const URL: &str = "ACTIONS_ID_TOKEN_REQUEST_URL";
const BEARER: &str = "ACTIONS_ID_TOKEN_REQUEST_TOKEN";
const OUTPUT: &str = "GITHUB_OUTPUT";
const ENVIRONMENT: &str = "GITHUB_ENV";
/// A step's output is read only by steps that name it. The environment reaches every later step, so
/// it is an option.
const ENVIRONMENT_TOO: &str = "AZURE_OIDC_GITHUB_ENV";
/// Who started the run.
const ACTOR: &str = "GITHUB_ACTOR";
const DEPENDABOT: &str = "dependabot[bot]";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

impl Platform for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn title(&self) -> &'static str {
        "GitHub Actions"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[MARKER, URL, BEARER, OUTPUT, ENVIRONMENT, ENVIRONMENT_TOO, ACTOR, request_pair::URL, request_pair::BEARER]
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        match (env.present(MARKER).as_deref(), request_variables(env)) {
            (Some("true"), Ok(_)) => Detection::Yes(format!("`{MARKER}` is `true`")),
            (Some("true"), Err(fault)) => Detection::Half(fault),
            _ => Detection::No(format!("`{MARKER}` is not `true`")),
        }
    }

    fn id_token(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault> {
        let [url, bearer] = request_variables(env)?;
        let url = answer::service_url(url.0, &url.1, answer::is_loopback)?;
        let bearer = answer::header_value(bearer.0, bearer.1)?;
        let headers = vec![("authorization", format!("Bearer {bearer}")), ("accept", "application/json".to_owned())];
        Ok(Source::Request {
            request: answer::request(
                Method::Get,
                answer::with_query(url, &[("audience", audience)]),
                headers,
                Vec::new(),
            ),
            socket: None,
            read: |response| answer::token(response, "GitHub's token service", "value"),
            attempts: 3,
        })
    }

    fn outputs(&self, env: &dyn Env) -> Result<Vec<File>, Fault> {
        let output = env.present(OUTPUT).is_some();
        let wanted = env.present(ENVIRONMENT_TOO).as_deref() == Some("true");
        let environment = env.present(ENVIRONMENT).is_some();
        if wanted && !environment {
            return Err(unset(ENVIRONMENT));
        }
        match (output, environment) {
            (true, _) if wanted => Ok(vec![File::Variable(OUTPUT), File::Variable(ENVIRONMENT)]),
            (true, _) => Ok(vec![File::Variable(OUTPUT)]),
            (false, true) => Ok(vec![File::Variable(ENVIRONMENT)]),
            (false, false) => Err(unset(OUTPUT)),
        }
    }

    /// Tools read their settings from the environment; only steps that name an output read that.
    fn outputs_with_settings(&self, env: &dyn Env) -> Result<Vec<File>, Fault> {
        if env.present(ENVIRONMENT).is_none() {
            return Err(unset(ENVIRONMENT));
        }
        let mut files = self.outputs(env)?;
        if !files.contains(&File::Variable(ENVIRONMENT)) {
            files.push(File::Variable(ENVIRONMENT));
        }
        Ok(files)
    }

    fn is_read_by_shell(&self) -> bool {
        false
    }

    fn publish(&self, values: &[Value], env: &dyn Env) -> Result<Vec<Publication>, Fault> {
        let files = self.outputs(env)?;
        append(files.into_iter().map(|file| (file, values.to_vec())).collect())
    }

    fn publish_with_settings(
        &self,
        results: &[Value],
        settings: &[Value],
        env: &dyn Env,
    ) -> Result<Vec<Publication>, Fault> {
        let for_results = self.outputs(env)?;
        let all = [results, settings].concat();
        let files = self.outputs_with_settings(env)?.into_iter();
        let values = |file: &File| if for_results.contains(file) { all.clone() } else { settings.to_vec() };
        append(files.map(|file| (file.clone(), values(&file))).collect())
    }

    fn missing_setting(&self, names: &[&str], env: &dyn Env) -> Option<String> {
        let empty = names.iter().find(|name| env.var(name).is_some_and(|value| value.is_empty()));
        if env.present(ACTOR).as_deref() == Some(DEPENDABOT) {
            let name = empty.or(names.get(1)).or(names.first())?;
            return Some(format!(
                "Dependabot started this run, and GitHub gives such a run the repository's Dependabot secrets and none of its \
                 Actions secrets: store the value as a Dependabot secret (`gh secret set {name} --app dependabot`) or, because an \
                 id is no secret, as a variable (`gh variable set {name}`, in the workflow `${{{{ vars.{name} }}}}`)"
            ));
        }
        empty.map(|name| {
            format!(
                "`{name}` is set and empty: the workflow fills it from a secret or variable that does not exist here or that this \
                 run may not read; runs for pull requests from forks read no secrets"
            )
        })
    }

    fn issues(&self, issuer: &str) -> bool {
        let Some(rest) = issuer.strip_prefix("https://") else { return false };
        let slug = issuer.strip_prefix(ISSUER).and_then(|rest| rest.strip_prefix('/'));
        let resident = rest.strip_prefix("token.actions.").and_then(|rest| rest.strip_suffix(".ghe.com"));
        let server = rest.strip_suffix("/_services/token");
        issuer == ISSUER
            || [slug, resident, server].into_iter().flatten().any(|name| !name.is_empty() && !name.contains('/'))
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let mut words = subject.split(':');
        let mut parts = Vec::new();
        while let Some(word) = words.next() {
            match word {
                "repo" => parts.extend(repository(words.next()?)?),
                "pull_request" => parts.push(claim("event", word)),
                _ => parts.push(claim(word, words.next()?)),
            }
        }
        let names: Vec<_> = parts.iter().map(|part| part.name).collect();
        let form = match names.as_slice() {
            ["owner", "repository", context] if CONTEXTS.contains(context) => "repository and context",
            ["owner", "owner_id", "repository", "repository_id", context] if CONTEXTS.contains(context) => {
                "repository and context, with ids"
            }
            [] | [OTHER, ..] => return None,
            _ => "custom claims",
        };
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
        "remove the claim from `include_claim_keys` of the repository's or organization's OIDC subject".to_owned()
    }

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        let parts = Parts::read(self, parts)?;
        Ok(match (parts.get("host"), parts.get("enterprise")) {
            (Some(host), _) => match host.strip_suffix(".ghe.com") {
                Some(_) => format!("https://token.actions.{host}"),
                None => format!("https://{host}/_services/token"),
            },
            (None, Some(slug)) if slug.contains('/') => {
                return Err(parts.invalid("enterprise", slug, "a slug without `/`"));
            }
            (None, Some(slug)) => format!("{ISSUER}/{slug}"),
            (None, None) => ISSUER.to_owned(),
        })
    }
}

/// One subject for each environment, branch, tag and for pull requests; with ids when both are
/// given.
///
/// A pattern needs at most one id, which the expression compares beside the subject. Without any
/// context a pattern matches all jobs of the repository.
fn subjects(parts: &Parts<'_>, patterns: bool) -> Result<Vec<String>, Fault> {
    let repo = parts.require("repo")?;
    let (owner, name) = repo.split_once('/').ok_or_else(|| parts.invalid("repo", repo, "`OWNER/REPOSITORY`"))?;
    let repository = match (parts.get("owner-id"), parts.get("repository-id")) {
        (Some(owner_id), Some(id)) => format!("repo:{owner}@{owner_id}/{name}@{id}"),
        (Some(_), None) if !patterns => return Err(parts.missing("`repository-id` beside `owner-id`")),
        (None, Some(_)) if !patterns => return Err(parts.missing("`owner-id` beside `repository-id`")),
        _ => format!("repo:{repo}"),
    };
    let mut contexts: Vec<_> =
        parts.all("environment").into_iter().map(|name| format!("environment:{}", escape(name))).collect();
    contexts.extend(parts.all("branch").into_iter().map(|name| format!("ref:refs/heads/{}", escape(name))));
    contexts.extend(parts.all("tag").into_iter().map(|name| format!("ref:refs/tags/{}", escape(name))));
    match parts.get("event") {
        None => {}
        Some("pull_request") => contexts.push("pull_request".to_owned()),
        Some(other) => return Err(parts.invalid("event", other, "`pull_request`")),
    }
    match contexts.is_empty() {
        true if patterns => contexts.push("*".to_owned()),
        true => return Err(parts.missing("`environment`, `branch`, `tag` or `event`")),
        false => {}
    }
    Ok(contexts.into_iter().map(|context| format!("{repository}:{context}")).collect())
}

const PARTS: &[PartName] = &[
    PartName::required("repo", "the repository with its owner", "octo-org/octo-repo"),
    PartName::optional(
        "owner-id",
        "the owner's id; required in subjects of repositories created, renamed or moved since 2026-07-15, optional in expressions",
        "123456",
    ),
    PartName::optional("repository-id", "the repository's id: `gh api repos/OWNER/REPOSITORY --jq .id`", "456789"),
    PartName::optional(
        "environment",
        "an environment; the subject of a job with an environment always names it",
        "production",
    )
    .many(),
    PartName::optional("branch", "a branch, for jobs without an environment", "main").many(),
    PartName::optional("tag", "a tag, for jobs without an environment", "v1.0.0").many(),
    PartName::optional("event", "`pull_request`, for jobs of pull requests without an environment", "pull_request"),
    PartName::optional("enterprise", "the enterprise's slug, if it is part of the issuer", "octo-enterprise"),
    PartName::optional("host", "the host of GitHub Enterprise Server, or `NAME.ghe.com`", "github.example.com"),
];

const CONTEXTS: &[&str] = &["environment", "ref", "event"];
const OTHER: &str = "other claim";

/// The claims that a subject can contain. The repository or organization chooses them and their
/// order with `include_claim_keys`.
const LABELS: &[grammar::Label] = &[
    grammar::fixed("owner", "the user or organization that owns the repository"),
    grammar::fixed("owner_id", "the owner's id, which does not change when the owner is renamed"),
    grammar::fixed("repository", "the repository"),
    grammar::fixed("repository_id", "the repository's id, which does not change when the repository is renamed"),
    grammar::fixed("environment", "the job's environment"),
    grammar::fixed("ref", "the branch or tag of the job"),
    grammar::fixed("event", "the job runs for a pull request and uses no environment"),
    grammar::fixed("repository_owner", "the user or organization that owns the repository"),
    grammar::fixed("repository_owner_id", "the owner's id, which does not change when the owner is renamed"),
    grammar::fixed("repository_visibility", "`public`, `private` or `internal`"),
    grammar::fixed("job_workflow_ref", "the workflow file that contains the job, with its ref"),
    grammar::fixed("workflow_ref", "the workflow file that was started, with its ref"),
    grammar::fixed("workflow", "the workflow's name"),
    grammar::fixed("event_name", "the event that started the workflow"),
    grammar::fixed("runner_environment", "`github-hosted` or `self-hosted`"),
    grammar::fixed("enterprise", "the enterprise"),
    grammar::fixed("enterprise_id", "the enterprise's id"),
    grammar::fixed("base_ref", "the target branch of a pull request"),
    grammar::varying("head_ref", "the source branch of a pull request"),
    grammar::varying("actor", "the person who started the run"),
    grammar::varying("actor_id", "the id of the person who started the run"),
    grammar::varying("sha", "the commit"),
    grammar::varying("workflow_sha", "the commit of the workflow file that was started"),
    grammar::varying("job_workflow_sha", "the commit of the workflow file that contains the job"),
    grammar::varying("run_id", "the run"),
    grammar::varying("run_number", "the run's number"),
    grammar::varying("run_attempt", "the number of the run's attempt"),
    grammar::varying("check_run_id", "the job's run"),
    grammar::fixed("ref_type", "`branch` or `tag`"),
    grammar::fixed("ref_protected", "whether the branch or tag is protected"),
];

/// The address and the bearer token, each with its variable: GitHub's own, or the same under the
/// names of Terraform's providers.
fn request_variables(env: &dyn Env) -> Result<[(&'static str, String); 2], Fault> {
    let fault = match (env.present(URL), env.present(BEARER)) {
        (Some(url), Some(bearer)) => return Ok([(URL, url), (BEARER, bearer)]),
        (Some(_), None) => return Err(incomplete(URL, BEARER)),
        (None, Some(_)) => return Err(incomplete(BEARER, URL)),
        (None, None) => {
            if let (Some(url), Some(bearer)) = (env.present(request_pair::URL), env.present(request_pair::BEARER)) {
                return Ok([(request_pair::URL, url), (request_pair::BEARER, bearer)]);
            }
            id_token_missing(format!(
                "This job has no permission to request an ID token: `{URL}` and `{BEARER}` are not set"
            ))
        }
    };
    Err(fault
        .hint("grant the permission in the workflow or the job: `permissions: { id-token: write, contents: read }`")
        .hint("do not request a token for pull requests from forks: GitHub gives them none, whatever the permissions"))
}

fn incomplete(set: &str, unset: &str) -> Fault {
    id_token_missing(format!("`{set}` is set and `{unset}` is not; GitHub sets both or neither"))
        .hint("pass both variables to the container or shell that runs azure-oidc")
}

fn unset(variable: &'static str) -> Fault {
    text::output_unset("GitHub Actions", variable)
        .hint("pass it to the container that runs azure-oidc and mount the file, or read the token from stdout with `--output json`")
}

/// Encodes colons as GitHub does, because colons separate the parts of a subject.
fn escape(value: &str) -> String {
    value.replace(':', "%3A")
}

fn repository(text: &str) -> Option<Vec<Part>> {
    let (owner, name) = text.split_once('/')?;
    Some(match (owner.split_once('@'), name.split_once('@')) {
        (Some((owner, owner_id)), Some((name, id))) => {
            vec![
                claim("owner", owner),
                claim("owner_id", owner_id),
                claim("repository", name),
                claim("repository_id", id),
            ]
        }
        _ => vec![claim("owner", owner), claim("repository", name)],
    })
}

fn claim(name: &str, value: &str) -> Part {
    match LABELS.iter().find(|label| label.name == name) {
        Some(label) => grammar::part(label, value),
        None => Part {
            name: OTHER,
            value: format!("{name}:{value}"),
            meaning: "a claim that the repository or organization added to its subjects",
            varies: false,
        },
    }
}
