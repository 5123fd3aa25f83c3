//! CircleCI: a token in a variable for the organization's audience, or another one from the job's own CLI; results in `$BASH_ENV`.

use serde_json::json;

use super::grammar::{is_guid, part};
use super::parts::Parts;
use super::{
    Detection, File, PartName, Platform, Publication, Source, Subject, Value, candidates, grammar, missing_half, text,
};
use crate::fault::Fault;
use crate::ports::Env;

/// CircleCI's cloud.
pub(super) struct CircleCi;

const MARKER: &str = "CIRCLECI";
/// The second subject says which repository and ref the run is for, so it is the better one.
const TOKENS: [&str; 2] = ["CIRCLE_OIDC_TOKEN_V2", "CIRCLE_OIDC_TOKEN"];
const OUTPUT: &str = "BASH_ENV";
const ROOT: &str = "https://oidc.circleci.com";

impl Platform for CircleCi {
    fn name(&self) -> &'static str {
        "circleci"
    }

    fn title(&self) -> &'static str {
        "CircleCI"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[MARKER, TOKENS[0], TOKENS[1], OUTPUT]
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        match (env.present(MARKER).as_deref(), token(env)) {
            (Some("true"), Ok(_)) => Detection::Yes(format!("`{MARKER}` is `true`")),
            (Some("true"), Err(fault)) => Detection::Half(fault),
            _ => Detection::No(format!("`{MARKER}` is not `true`")),
        }
    }

    fn id_token(&self, env: &dyn Env, _audience: &str) -> Result<Source, Fault> {
        Ok(Source::Variable(token(env)?.to_owned()))
    }

    /// Tokens in variables are for the organization's UUID. For any other audience the CLI in the job makes one.
    fn id_token_for(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault> {
        let fits = |name: &&str| {
            candidates::audiences(&env.present(name).unwrap_or_default()).iter().any(|own| own == audience)
        };
        if let Some(name) = TOKENS.iter().copied().find(fits) {
            return Ok(Source::Variable(name.to_owned()));
        }
        let claims = json!({ "aud": audience }).to_string();
        Ok(Source::Program(["circleci", "run", "oidc", "get", "--claims", &claims].map(str::to_owned).to_vec()))
    }

    fn outputs(&self, env: &dyn Env) -> Result<Vec<File>, Fault> {
        match env.present(OUTPUT) {
            Some(_) => Ok(vec![File::Variable(OUTPUT)]),
            None => Err(text::output_unset("CircleCI", OUTPUT).hint(
                "pass it on to the container that runs this, or take the token from stdout with `--output json`",
            )),
        }
    }

    fn publish(&self, values: &[Value], env: &dyn Env) -> Result<Vec<Publication>, Fault> {
        self.outputs(env)?;
        Ok(vec![Publication::Append { file: File::Variable(OUTPUT), lines: text::export_lines(values)? }])
    }

    fn issues(&self, issuer: &str) -> bool {
        let organization = issuer.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix("/org/"));
        issuer == ROOT || organization.is_some_and(is_guid)
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let rest = subject.strip_prefix("org/")?;
        let (organization, rest) = rest.split_once("/project/")?;
        let (project, rest) = rest.split_once("/user/")?;
        let (user, vcs) = match rest.split_once("/vcs-origin/") {
            Some((user, rest)) => (user, Some(rest.split_once("/vcs-ref/")?)),
            None => (rest, None),
        };
        let mut parts = vec![part(&ORGANIZATION, organization), part(&PROJECT, project), part(&USER, user)];
        if let Some((origin, reference)) = vcs {
            parts.extend([part(&ORIGIN, origin), part(&REF, reference)]);
        }
        let form = if vcs.is_some() { "version 2" } else { "version 1" };
        (!user.contains('/')).then_some(Subject { form, parts })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    /// The second subject when both of its parts are given, else the first: one for each user.
    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        let (organization, project) = (parts.require("org")?, parts.require("project")?);
        parts.require("user")?;
        let vcs = match (parts.get("vcs-origin"), parts.get("vcs-ref")) {
            (Some(origin), Some(reference)) => format!("/vcs-origin/{origin}/vcs-ref/{reference}"),
            (None, None) => String::new(),
            (Some(_), None) => return Err(parts.missing("`vcs-ref` beside `vcs-origin`")),
            (None, Some(_)) => return Err(parts.missing("`vcs-origin` beside `vcs-ref`")),
        };
        let subject = |user| format!("org/{organization}/project/{project}/user/{user}{vcs}");
        Ok(parts.all("user").into_iter().map(subject).collect())
    }

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        Ok(format!("{ROOT}/org/{}", Parts::read(self, parts)?.require("org")?))
    }

    fn default_audience(&self, parts: &[(String, String)]) -> Result<Option<String>, Fault> {
        Ok(Some(Parts::read(self, parts)?.require("org")?.to_owned()))
    }
}

const PARTS: &[PartName] = &[
    PartName::required(
        "org",
        "the organization's UUID, which is the audience too",
        "5034460f-c7c4-4c43-9457-de07e2029e7b",
    ),
    PartName::required("project", "the project's UUID", "9b2f3c1e-0a4d-4f56-8b7e-1d2c3b4a5f60"),
    PartName::required("user", "the UUID of a person who may start the run", "1c7a9e52-3b64-4d8f-9a01-7e6f5d4c3b2a")
        .many(),
    PartName::optional("vcs-origin", "the repository, for tokens of version 2", "github.com/acme/web"),
    PartName::optional("vcs-ref", "the ref, for tokens of version 2", "refs/heads/main"),
];

const ORGANIZATION: grammar::Label = grammar::fixed("org", "the organization's UUID");
const PROJECT: grammar::Label = grammar::fixed("project", "the project's UUID");
const USER: grammar::Label =
    grammar::varying("user", "the UUID of the person who started the run, so one credential for each");
const ORIGIN: grammar::Label = grammar::fixed("vcs-origin", "the repository the run is for");
const REF: grammar::Label = grammar::fixed("vcs-ref", "the branch or tag the run is for");

fn token(env: &dyn Env) -> Result<&'static str, Fault> {
    TOKENS.into_iter().find(|name| env.present(name).is_some()).ok_or_else(|| {
        missing_half(format!("This is a CircleCI job, and neither `{}` nor `{}` is set", TOKENS[0], TOKENS[1]))
            .hint("pass both on to the container that runs this; every job on CircleCI's cloud has them")
            .hint("a pull request from a fork has them only if the project passes secrets to builds from forks")
    })
}
