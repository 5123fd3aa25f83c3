//! CircleCI: the ID token for the organization's audience is in a variable, and the job's CLI
//! issues it for other audiences; publishes in the `BASH_ENV` file.

use serde_json::json;

use super::grammar::part;
use super::parts::Parts;
use super::{
    Detection, File, PartName, Platform, Publication, Source, Subject, Value, candidates, grammar, id_token_missing,
    text,
};
use crate::fault::Fault;
use crate::guid::is_guid;
use crate::ports::Env;

/// CircleCI's cloud.
pub(super) struct CircleCi;

const MARKER: &str = "CIRCLECI";
/// Version 2 comes first, because its subject contains the repository and the ref.
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

    /// The token of the other version, when its subject is another one.
    fn alternative(&self, env: &dyn Env) -> Option<String> {
        let [first, second] = TOKENS.map(|name| env.present(name).map(|text| candidates::subject(&text)));
        match (first, second) {
            (Some(first), Some(second)) if first != second => Some(TOKENS[1].to_owned()),
            _ => None,
        }
    }

    /// Tokens in variables have the organization's UUID as their audience. For any other audience
    /// the CLI in the job issues one.
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
                "pass it to the container that runs azure-oidc, or read the token from stdout with `--output json`",
            )),
        }
    }

    fn is_read_by_shell(&self) -> bool {
        false
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

    /// Subjects of version 2 when its parts are given, otherwise of version 1; one for each user.
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
        "the organization's UUID, which is also the audience",
        "5034460f-c7c4-4c43-9457-de07e2029e7b",
    ),
    PartName::required("project", "the project's UUID", "9b2f3c1e-0a4d-4f56-8b7e-1d2c3b4a5f60"),
    PartName::required("user", "the UUID of a person who starts runs", "1c7a9e52-3b64-4d8f-9a01-7e6f5d4c3b2a").many(),
    PartName::optional("vcs-origin", "the repository, for tokens of version 2", "github.com/acme/web"),
    PartName::optional("vcs-ref", "the ref, for tokens of version 2", "refs/heads/main"),
];

const ORGANIZATION: grammar::Label = grammar::fixed("org", "the organization's UUID");
const PROJECT: grammar::Label = grammar::fixed("project", "the project's UUID");
const USER: grammar::Label =
    grammar::varying("user", "the UUID of the person who started the run; each person needs a credential");
const ORIGIN: grammar::Label = grammar::fixed("vcs-origin", "the repository of the run");
const REF: grammar::Label = grammar::fixed("vcs-ref", "the branch or tag of the run");

fn token(env: &dyn Env) -> Result<&'static str, Fault> {
    TOKENS.into_iter().find(|name| env.present(name).is_some()).ok_or_else(|| {
        id_token_missing(format!("This is a CircleCI job, and neither `{}` nor `{}` is set", TOKENS[0], TOKENS[1]))
            .hint("pass both to the container that runs azure-oidc: every job in CircleCI's cloud has them")
            .hint("for pull requests from forks, allow passing secrets to builds from forked pull requests in the project's settings")
    })
}
