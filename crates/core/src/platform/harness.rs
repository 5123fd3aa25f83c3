//! Harness CI: the ID token of a plugin step is in a variable, and a pipeline's workload identity
//! mint issues one; publishes in the output files.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::json;

use super::parts::Parts;
use super::{
    Detection, File, Part, PartName, Platform, Publication, SOCKETS, Source, Subject, Value, answer, id_token_missing,
    text,
};
use crate::fault::{Category, Fault};
use crate::ports::{Env, Method, Response};
use crate::secret::Secret;

/// Harness CI, including Drone-style plugins.
pub(super) struct Harness;

const TOKEN: &str = "PLUGIN_OIDC_TOKEN_ID";
const HANDLE: &str = "HARNESS_WI_HANDLE";
const MINT_URL: &str = "HARNESS_WI_MINT_URL";
const IDENTITY: [&str; 2] = ["PLUGIN_WORKLOAD_IDENTITY", "AZURE_OIDC_HARNESS_IDENTITY"];
const SECRET_FILE: &str = "HARNESS_OUTPUT_SECRET_FILE";
const PLAIN_FILE: &str = "DRONE_OUTPUT";

/// What gives a plugin step its ID token.
pub(super) const ADD_TOKEN: &str = "add a stage variable named `PLUGIN_OIDC_TOKEN_ID`, or declare a workload identity in the pipeline: \
                                    Harness issues a token by itself only for plugin images that it knows";
/// Variables of a plugin step, which Harness sets although the step has no ID token.
pub(super) const OF_PLUGINS: [&str; 3] = ["PLUGIN_TENANT_ID", "PLUGIN_CLIENT_ID", PLAIN_FILE];

/// The longest line that lite-engine's parser reads, in bytes and with the line end.
const MAX_LINE: usize = 64 * 1024;
/// The prefix of a value that the parser decodes from base64.
const ENCODED: &str = "__B64__";

impl Platform for Harness {
    fn name(&self) -> &'static str {
        "harness"
    }

    fn title(&self) -> &'static str {
        "Harness"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[TOKEN, HANDLE, MINT_URL, IDENTITY[0], IDENTITY[1], SECRET_FILE, PLAIN_FILE]
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        if env.present(TOKEN).is_some() {
            return Detection::Yes(format!("`{TOKEN}` is set"));
        }
        match (env.present(HANDLE), env.present(MINT_URL)) {
            (Some(_), Some(_)) => Detection::Yes(format!("`{HANDLE}` and `{MINT_URL}` are set")),
            (None, None) if env.present(SECRET_FILE).is_none() => Detection::No(format!("`{TOKEN}` is not set")),
            _ => Detection::Half(no_token(env)),
        }
    }

    fn id_token(&self, env: &dyn Env, _audience: &str) -> Result<Source, Fault> {
        self.source(env, None)
    }

    fn id_token_for(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault> {
        self.source(env, Some(audience))
    }

    fn outputs(&self, env: &dyn Env) -> Result<Vec<File>, Fault> {
        env.present(SECRET_FILE).ok_or_else(secret_file_unset)?;
        let plain = env.present(PLAIN_FILE).map(|_| File::Variable(PLAIN_FILE));
        Ok([File::Variable(SECRET_FILE)].into_iter().chain(plain).collect())
    }

    fn is_read_by_shell(&self) -> bool {
        false
    }

    fn publish(&self, values: &[Value], env: &dyn Env) -> Result<Vec<Publication>, Fault> {
        text::check(values)?;
        let outputs = self.outputs(env)?;
        let mut publications = Vec::new();
        for (file, secret) in [(SECRET_FILE, true), (PLAIN_FILE, false)] {
            let lines: Vec<_> =
                values.iter().filter(|value| value.secret == secret).map(line).collect::<Result<_, _>>()?;
            let file = File::Variable(file);
            if !lines.is_empty() && outputs.contains(&file) {
                publications.push(Publication::Append { file, lines: Secret::new(lines.concat()) });
            }
        }
        Ok(publications)
    }

    fn issues(&self, issuer: &str) -> bool {
        account_of(issuer).is_some()
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        if is_account(subject) {
            return Some(Subject { form: "account", parts: vec![account(subject)] });
        }
        enhanced(subject)
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        let account = parts.require("account")?;
        let (org, project, pipeline) = (parts.given("org"), parts.given("project"), parts.get("pipeline"));
        if org.is_none() && project.is_none() && pipeline.is_none() {
            return Ok(vec![account.to_owned()]);
        }
        let mut subject =
            format!("account/{account}:org/{}:project/{}", org.unwrap_or_default(), project.unwrap_or_default());
        if let Some(pipeline) = pipeline {
            subject.push_str(":pipeline/");
            subject.push_str(pipeline);
        }
        Ok(vec![subject])
    }

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        let parts = Parts::read(self, parts)?;
        let host = parts.get("host").unwrap_or("app.harness.io");
        Ok(format!("https://{host}{ISSUER_PATH}{}", parts.require("account")?))
    }
}

const PARTS: &[PartName] = &[
    PartName::required("account", "the account id", "Hue1lBsaSx2APlXjzVEPIg"),
    PartName::optional(
        "org",
        "the organization id; with it or a project the subject has the enhanced form, in which empty ids are kept",
        "default",
    ),
    PartName::optional("project", "the project id", "OIDC_Test"),
    PartName::optional("pipeline", "the pipeline id, where the account has pipeline-scoped subjects", "deploy"),
    PartName::optional(
        "host",
        "the cluster's host, not a vanity address; `app.harness.io` if left out",
        "app3.harness.io",
    ),
];

const ISSUER_PATH: &str = "/ng/api/oidc/account/";

impl Harness {
    fn source(&self, env: &dyn Env, audience: Option<&str>) -> Result<Source, Fault> {
        if env.present(TOKEN).is_some() {
            return Ok(Source::Variable(TOKEN.to_owned()));
        }
        let (Some(handle), Some(url)) = (env.present(HANDLE), env.present(MINT_URL)) else {
            return Err(no_token(env));
        };
        let name = IDENTITY.iter().find_map(|name| env.present(name)).ok_or_else(identity_unnamed)?;
        let mut body = json!({ "handle": handle, "name": name });
        if let Some(audience) = audience {
            body["audience_override"] = audience.into();
        }
        let socket = SOCKETS.iter().find(|socket| socket.variable == MINT_URL).filter(|_| url.starts_with("unix://"));
        let url = match socket {
            Some(socket) => format!("http://{}/mint_workload_token", socket.host),
            None => answer::service_url(MINT_URL, &url, is_mint_host)?,
        };
        let headers = vec![("content-type", "application/json".to_owned()), ("accept", "application/json".to_owned())];
        Ok(Source::Request {
            request: answer::request(Method::Post, url, headers, body.to_string().into_bytes()),
            socket: socket.and_then(|socket| socket.path(env)),
            read: minted,
            attempts: 3,
        })
    }
}

/// On Windows the mint runs on the build machine, outside the container.
fn is_mint_host(host: &str) -> bool {
    host == "host.docker.internal" || answer::is_loopback(host)
}

fn minted(response: &Response) -> Result<Secret, Fault> {
    if response.status == 404 {
        let message = "The pipeline has no workload identity of this name";
        return Err(Fault::new(Category::IdToken, "harness-identity-unknown", message)
            .hint(format!("set `{}` to the name of an identity that the pipeline declares", IDENTITY[0])));
    }
    answer::token(response, "Harness's workload identity mint", "oidc_token")
}

fn no_token(env: &dyn Env) -> Fault {
    let incomplete = match (env.present(HANDLE), env.present(MINT_URL)) {
        (Some(_), None) => Some((HANDLE, MINT_URL)),
        (None, Some(_)) => Some((MINT_URL, HANDLE)),
        _ => None,
    };
    match incomplete {
        Some((set, unset)) => {
            id_token_missing(format!("`{set}` is set and `{unset}` is not; Harness sets both or neither"))
                .hint("pass both variables to the container that runs azure-oidc")
        }
        None => id_token_missing(format!("This Harness step has no ID token: `{TOKEN}` is not set"))
            .hint(ADD_TOKEN)
            .hint("in a Shell Script step, name the variable of the identity: `--id-token-env NAME`"),
    }
}

fn identity_unnamed() -> Fault {
    id_token_missing("This Harness step has workload identities, and none was chosen")
        .hint(format!("set `{}` to the name of an identity that the pipeline declares", IDENTITY[0]))
}

fn secret_file_unset() -> Fault {
    text::output_unset("Harness", SECRET_FILE)
        .hint(
            "enable the account's feature flags `CI_ENABLE_OUTPUT_SECRETS` and `CI_SKIP_NON_EXPRESSION_EVALUATION`, and on \
             Docker-runner infrastructure also `CI_ENABLE_PLUGIN_OUTPUT_SECRETS`",
        )
        .hint("or read the token from stdout with `--output json`")
}

fn line(value: &Value) -> Result<String, Fault> {
    let text = value.value.reveal();
    let line = match survives_the_parser(text) {
        true => format!("{}={text}\n", value.name),
        false => format!("{}={ENCODED}{}\n", value.name, BASE64_STANDARD.encode(text.as_bytes())),
    };
    if line.len() > MAX_LINE {
        return Err(text::unfit(
            value,
            "value-too-long",
            "makes a line longer than 64 KiB, which Harness does not read",
        )
        .fact("bytes", line.len().to_string()));
    }
    Ok(line)
}

/// Whether the line parser leaves a value unchanged: it trims, removes comments and quotes and
/// expands variables.
fn survives_the_parser(text: &str) -> bool {
    let plain = |byte: u8| (b' '..=b'~').contains(&byte) && !br##"#$\'"`"##.contains(&byte);
    text.bytes().all(plain) && text.trim() == text && !text.starts_with(ENCODED)
}

fn account_of(issuer: &str) -> Option<&str> {
    let (host, account) = issuer.strip_prefix("https://")?.split_once(ISSUER_PATH)?;
    (!host.is_empty() && !host.contains('/') && is_account(account)).then_some(account)
}

/// Account ids are 16 bytes in base64url.
fn is_account(text: &str) -> bool {
    text.len() == 22 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn enhanced(subject: &str) -> Option<Subject> {
    let rest = subject.strip_prefix("account/")?;
    let (id, rest) = rest.split_once(":org/")?;
    let (org, rest) = rest.split_once(":project/")?;
    let (project, pipeline) = match rest.split_once(":pipeline/") {
        Some((project, pipeline)) => (project, Some(pipeline)),
        None => (rest, None),
    };
    let mut parts = vec![
        account(id),
        Part {
            name: "org",
            value: org.into(),
            meaning: "the organization's id; empty at the account level",
            varies: false,
        },
        Part {
            name: "project",
            value: project.into(),
            meaning: "the project's id; empty above the project level",
            varies: false,
        },
    ];
    let form = match pipeline {
        Some(id) => {
            parts.push(Part { name: "pipeline", value: id.into(), meaning: "the pipeline's id", varies: false });
            "enhanced, with pipeline"
        }
        None => "enhanced",
    };
    Some(Subject { form, parts })
}

fn account(id: &str) -> Part {
    Part { name: "account", value: id.into(), meaning: "the Harness account's id", varies: false }
}
