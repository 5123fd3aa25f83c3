//! Buildkite: requests the ID token from the agent API; redacts values with the Job API and
//! publishes them as lines for the job's shell.

use serde_json::json;

use super::grammar::{Label, fixed, labelled, names_are, part, varying};
use super::parts::Parts;
use super::{
    Detection, PartName, Platform, Publication, SOCKETS, Source, Subject, Value, answer, id_token_missing, text,
};
use crate::fault::Fault;
use crate::guid::is_guid;
use crate::ports::{Env, Method};

/// Buildkite.
pub(super) struct Buildkite;

const MARKER: &str = "BUILDKITE";
const ENDPOINT: &str = "BUILDKITE_AGENT_ENDPOINT";
const DEFAULT_ENDPOINT: &str = "https://agent-edge.buildkite.com/v3";
const ACCESS_TOKEN: &str = "BUILDKITE_AGENT_ACCESS_TOKEN";
const JOB: &str = "BUILDKITE_JOB_ID";
const JOB_API: &str = "BUILDKITE_AGENT_JOB_API_SOCKET";
const JOB_API_TOKEN: &str = "BUILDKITE_AGENT_JOB_API_TOKEN";
/// The claim that becomes the subject. The service's default subject contains the commit, so no
/// credential matches twice.
const SUBJECT_CLAIM: &str = "AZURE_OIDC_BUILDKITE_SUBJECT_CLAIM";
const DEFAULT_SUBJECT_CLAIM: &str = "pipeline_id";

impl Platform for Buildkite {
    fn name(&self) -> &'static str {
        "buildkite"
    }

    fn title(&self) -> &'static str {
        "Buildkite"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[MARKER, ENDPOINT, ACCESS_TOKEN, JOB, JOB_API, JOB_API_TOKEN, SUBJECT_CLAIM]
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        match (env.present(MARKER).as_deref(), agent(env)) {
            (Some("true"), Ok(_)) => Detection::Yes(format!("`{MARKER}` is `true`")),
            (Some("true"), Err(fault)) => Detection::Half(fault),
            _ => Detection::No(format!("`{MARKER}` is not `true`")),
        }
    }

    fn id_token(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault> {
        let (access_token, job) = agent(env)?;
        let endpoint = env.present(ENDPOINT).unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
        let endpoint = answer::service_url(ENDPOINT, endpoint.trim_end_matches('/'), answer::is_loopback)?;
        let url = answer::service_url(JOB, &format!("{endpoint}/jobs/{job}/oidc/tokens"), answer::is_loopback)?;
        let access_token = answer::header_value(ACCESS_TOKEN, access_token)?;
        let claim = env.present(SUBJECT_CLAIM).unwrap_or_else(|| DEFAULT_SUBJECT_CLAIM.to_owned());
        let body = json!({ "audience": audience, "subject_claim": claim }).to_string();
        let headers = vec![
            ("authorization", format!("Token {access_token}")),
            ("content-type", "application/json".to_owned()),
            ("accept", "application/json".to_owned()),
        ];
        Ok(Source::Request {
            request: answer::request(Method::Post, url, headers, body.into_bytes()),
            socket: None,
            read: |response| answer::token(response, "Buildkite's agent API", "token"),
            attempts: 5,
        })
    }

    /// Redaction needs the Job API. Without it the agent shows the token if the job prints it.
    fn publish(&self, values: &[Value], env: &dyn Env) -> Result<Vec<Publication>, Fault> {
        let lines = text::export_lines(values)?;
        let mut publications = Vec::new();
        if let (Some(_), Some(bearer)) = (env.present(JOB_API), env.present(JOB_API_TOKEN)) {
            let bearer = answer::header_value(JOB_API_TOKEN, bearer)?;
            let secrets = values.iter().filter(|value| value.secret && !value.value.is_empty());
            publications.extend(secrets.map(|value| redaction(&bearer, value)));
        }
        publications.push(Publication::Source(lines));
        Ok(publications)
    }

    fn issues(&self, issuer: &str) -> bool {
        issuer == ISSUER
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        if is_guid(subject) {
            return Some(Subject { form: "one id", parts: vec![part(&ID, subject)] });
        }
        let parts = labelled(subject, LABELS)?;
        names_are(&parts, &["organization", "pipeline", "ref", "commit", "step"])
            .then_some(Subject { form: "default, which changes with every commit", parts })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    /// The subject is the id itself, when the token is requested with that claim as its subject.
    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        let subjects: Vec<_> = PARTS.iter().flat_map(|part| parts.all(part.name)).map(str::to_owned).collect();
        if subjects.is_empty() { Err(parts.missing("`pipeline-id`, or one of the other ids")) } else { Ok(subjects) }
    }

    fn stable_subject_remedy(&self) -> String {
        "buildkite-agent oidc request-token --audience api://AzureADTokenExchange --subject-claim pipeline_id"
            .to_owned()
    }

    fn issuer_from_parts(&self, _parts: &[(String, String)]) -> Result<String, Fault> {
        Ok(ISSUER.to_owned())
    }
}

const ISSUER: &str = "https://agent.buildkite.com";

const PARTS: &[PartName] = &[
    PartName::optional(
        "pipeline-id",
        "the pipeline's UUID, which azure-oidc requests as the subject",
        "0184990a-477b-4fa8-9968-496074483cee",
    )
    .many(),
    PartName::optional(
        "cluster-id",
        "the cluster's UUID, with `AZURE_OIDC_BUILDKITE_SUBJECT_CLAIM=cluster_id`",
        "0184990a-4782-42b5-afc1-16715b10b8ff",
    )
    .many(),
    PartName::optional(
        "queue-id",
        "the queue's UUID, with `AZURE_OIDC_BUILDKITE_SUBJECT_CLAIM=queue_id`",
        "0184990a-4783-4d0a-9a3b-0c5d8e7f6a1b",
    )
    .many(),
    PartName::optional(
        "organization-id",
        "the organization's UUID, with `AZURE_OIDC_BUILDKITE_SUBJECT_CLAIM=organization_id`",
        "0184990a-477a-4fa1-8b5c-2d3e4f5a6b7c",
    )
    .many(),
];

const ID: Label =
    fixed("id", "the id of the pipeline, cluster, queue or organization that was requested as the subject");

const LABELS: &[Label] = &[
    fixed("organization", "the organization"),
    fixed("pipeline", "the pipeline"),
    fixed("ref", "the branch or tag"),
    varying("commit", "the commit; request another subject, such as the pipeline's id"),
    fixed("step", "the step's key, or empty"),
];

fn agent(env: &dyn Env) -> Result<(String, String), Fault> {
    let missing = match (env.present(ACCESS_TOKEN), env.present(JOB)) {
        (Some(access_token), Some(job)) => return Ok((access_token, job)),
        (None, Some(_)) => format!("`{ACCESS_TOKEN}` is not set"),
        (Some(_), None) => format!("`{JOB}` is not set"),
        (None, None) => format!("`{ACCESS_TOKEN}` and `{JOB}` are not set"),
    };
    Err(id_token_missing(format!("This is a Buildkite job, and {missing}"))
        .hint("give the docker plugin `propagate-environment: true` and `mount-buildkite-agent: true`")
        .hint("or pass a token: `buildkite-agent oidc request-token --audience api://AzureADTokenExchange --subject-claim pipeline_id | azure-oidc exchange --id-token -`"))
}

fn redaction(bearer: &str, value: &Value) -> Publication {
    let host = SOCKETS.iter().find(|socket| socket.variable == JOB_API).map_or("localhost", |socket| socket.host);
    let headers = vec![("authorization", format!("Bearer {bearer}")), ("content-type", "application/json".to_owned())];
    let body = json!({ "redact": value.value.reveal() }).to_string();
    let url = format!("http://{host}/api/current-job/v0/redactions");
    Publication::Send(answer::request(Method::Post, url, headers, body.into_bytes()))
}
