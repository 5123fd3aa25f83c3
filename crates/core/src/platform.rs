//! The CI platforms: how to detect each, where its ID token is, what its subjects mean, how it
//! publishes results.
//!
//! Each platform has one file and one row in [`ALL`]. Nothing here does input or output: a platform
//! describes where the token is ([`Source`]) and what to write where ([`Publication`]). The
//! component fetches the token, and the host writes.

use std::fmt;

use crate::fault::{Category, Fault};
use crate::ports::{Env, Request, Response};
use crate::secret::Secret;

mod answer;
mod azure_devops;
mod azure_pipelines;
mod bitbucket;
mod buildkite;
mod candidates;
mod circleci;
mod codefresh;
mod generic;
mod github;
mod gitlab;
mod google_cloud;
mod grammar;
mod harness;
mod kubernetes;
mod parts;
mod pulumi;
mod request_pair;
mod select;
mod semaphore;
mod spacelift;
mod spiffe;
mod terraform_cloud;
#[cfg(test)]
mod tests;
pub mod text;

pub use gitlab::{MAX_DOTENV, dotenv};
pub use parts::{PartName, listed};
pub use request_pair::{BEARER as REQUEST_TOKEN, URL as REQUEST_URL};
pub(crate) use request_pair::{is_set as is_request_pair_set, of_this_machine as request_on_this_machine};
pub use select::{Selected, by_subject, identify, select, select_for_output, verdicts};

/// Every platform, in the order of detection: first those that a user configures, then CI markers,
/// then variables that a machine sets by itself.
pub const ALL: &[&dyn Platform] = &[
    &harness::Harness,
    &circleci::CircleCi,
    &pulumi::Pulumi,
    &azure_pipelines::AzurePipelines,
    &gitlab::GitLab,
    &github::GitHub,
    &buildkite::Buildkite,
    &bitbucket::Bitbucket,
    &terraform_cloud::TerraformCloud,
    &spacelift::Spacelift,
    &semaphore::Semaphore,
    &codefresh::Codefresh,
    &kubernetes::Kubernetes,
    &spiffe::Spiffe,
    &google_cloud::GoogleCloud,
    &generic::Generic,
];

/// The platform of this name, as in `--platform`.
pub fn by_name(name: &str) -> Option<&'static dyn Platform> {
    ALL.iter().copied().find(|platform| platform.name() == name)
}

/// The first platform that issues tokens under this `iss`. Two can share one issuer; [`identify`]
/// compares the subject as well.
pub fn by_issuer(issuer: &str) -> Option<&'static dyn Platform> {
    ALL.iter().copied().find(|platform| platform.issues(issuer))
}

/// The Unix sockets to which requests can be sent.
///
/// A request to a socket has an `http` URL with one of these hosts. Names under `.localhost` are
/// loopback (RFC 6761 §6.3), so the request never leaves the machine. A host that supports sockets
/// connects to the socket that the *variable* names; it never reads the path from the component. On
/// any other host the connection fails.
pub const SOCKETS: &[Socket] = &[
    Socket { host: "harness-wi.localhost", variable: "HARNESS_WI_MINT_URL" },
    Socket { host: "buildkite-job-api.localhost", variable: "BUILDKITE_AGENT_JOB_API_SOCKET" },
];

/// The hosts, besides loopback, to which requests for a token are sent over plain HTTP: the build
/// machine as seen from its containers, and Google's metadata server. Both are beside the job, and
/// neither has a certificate.
pub const PLAIN_HOSTS: &[&str] = &["host.docker.internal", "metadata.google.internal", "169.254.169.254"];

/// A Unix socket and its host name in URLs.
#[derive(Debug, PartialEq, Eq)]
pub struct Socket {
    /// The host in URLs.
    pub host: &'static str,
    /// The variable that names the socket's path, with or without `unix://` before it.
    pub variable: &'static str,
}

impl Socket {
    /// The socket's path, if the variable names one.
    pub fn path(&self, env: &dyn Env) -> Option<String> {
        let value = env.present(self.variable)?;
        match value.split_once("://") {
            Some(("unix", path)) => Some(path.to_owned()),
            Some(_) => None,
            None => Some(value),
        }
    }
}

/// One CI platform.
pub trait Platform: Sync {
    /// The name in commands and JSON, such as `azure-pipelines`.
    fn name(&self) -> &'static str;

    /// The platform's own name, such as `Azure Pipelines`.
    fn title(&self) -> &'static str;

    /// Every variable that the methods below read. The first one identifies the platform. A host
    /// shows only these and, where the user chooses the name, those of [`shows`](Platform::shows).
    fn variables(&self) -> &'static [&'static str];

    /// Whether a host should show this variable to the platform.
    fn shows(&self, name: &str, _value: &str) -> bool {
        self.variables().contains(&name)
    }

    /// Whether this job runs on the platform, and the reason.
    fn detect(&self, env: &dyn Env) -> Detection;

    /// Whether [`detect`](Platform::detect) can choose this platform. Otherwise only `--platform`
    /// can.
    fn is_detected(&self) -> bool {
        true
    }

    /// Where the ID token is. `audience` is the one that the cloud requires; a platform without a
    /// choice of audience ignores it.
    fn id_token(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault>;

    /// As [`id_token`](Platform::id_token), when the user requested this audience (`--audience`).
    /// Differs on a platform that has a token in a variable and can issue another one.
    fn id_token_for(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault> {
        self.id_token(env, audience)
    }

    /// Another variable with an ID token of the same job, beside the one that
    /// [`id_token`](Platform::id_token) names. It has the same issuer and audience and another
    /// subject.
    fn alternative(&self, _env: &dyn Env) -> Option<String> {
        None
    }

    /// Whether the platform replaces the file of [`id_token`](Platform::id_token) before the token in
    /// it ends.
    fn replaces_file(&self) -> bool {
        false
    }

    /// The file in which the platform keeps the ID token, also when a variable holds it. The file
    /// may be missing.
    fn id_token_file(&self, _env: &dyn Env) -> Option<String> {
        None
    }

    /// What to do when the file in which the platform puts the ID token does not exist.
    fn missing_token_file(&self) -> &'static str {
        "name the file that an earlier step of this job wrote"
    }

    /// Why a setting can be missing in this job although the user has stored it: a hint.
    fn missing_setting(&self, _names: &[&str], _env: &dyn Env) -> Option<String> {
        None
    }

    /// The words for the service that answers requests for a token.
    fn token_service(&self) -> String {
        format!("the token service of {}", self.title())
    }

    /// The files to which [`publish`](Platform::publish) appends. A host checks before the exchange
    /// that it can write them. Faults have the category [`Category::Publish`].
    fn outputs(&self, _env: &dyn Env) -> Result<Vec<File>, Fault> {
        Ok(Vec::new())
    }

    /// Whether [`publish`](Platform::publish) gives lines for the shell of the same job
    /// ([`Publication::Source`]), because the platform reads no results itself.
    fn is_read_by_shell(&self) -> bool {
        true
    }

    /// A folder for files that only this job needs, when the variables that every platform may set
    /// name none.
    fn job_folder(&self, _env: &dyn Env) -> Option<String> {
        None
    }

    /// How to publish values for later steps, in the order in which it must happen.
    fn publish(&self, values: &[Value], _env: &dyn Env) -> Result<Vec<Publication>, Fault> {
        Ok(vec![Publication::Source(text::export_lines(values)?)])
    }

    /// As [`outputs`](Platform::outputs), when settings for Azure's tools are published too.
    fn outputs_with_settings(&self, env: &dyn Env) -> Result<Vec<File>, Fault> {
        self.outputs(env)
    }

    /// As [`publish`](Platform::publish), with settings for Azure's tools, which every later step of
    /// the job must have in its environment.
    fn publish_with_settings(
        &self,
        results: &[Value],
        settings: &[Value],
        env: &dyn Env,
    ) -> Result<Vec<Publication>, Fault> {
        self.publish(&[results, settings].concat(), env)
    }

    /// Whether this platform issues tokens under that `iss`.
    fn issues(&self, _issuer: &str) -> bool {
        false
    }

    /// Splits a subject into its named parts. None when the platform writes no subject of this
    /// form.
    fn subject(&self, _subject: &str) -> Option<Subject> {
        None
    }

    /// The parts that [`build_subjects`](Platform::build_subjects),
    /// [`issuer_from_parts`](Platform::issuer_from_parts) and
    /// [`default_audience`](Platform::default_audience) accept.
    fn parts(&self) -> &'static [PartName] {
        &[]
    }

    /// Every subject that a pipeline with these parts has, each for its own credential. A part with
    /// several values is given several times.
    fn build_subjects(&self, _parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        Err(parts::unsupported(self.title(), "subjects"))
    }

    /// As [`build_subjects`](Platform::build_subjects), for expressions: in a part `*` matches any
    /// characters and `?` exactly one. A part that only narrows the job can be left out and then
    /// matches everything.
    fn build_patterns(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        self.build_subjects(parts)
    }

    /// The `iss` of the tokens of a pipeline with these parts.
    fn issuer_from_parts(&self, _parts: &[(String, String)]) -> Result<String, Fault> {
        Err(parts::unsupported(self.title(), "issuer"))
    }

    /// What to do when the subject changes with every run: a command, or a sentence without a full
    /// stop.
    fn stable_subject_remedy(&self) -> String {
        format!("configure {} to write a subject without this part", self.title())
    }

    /// The `aud` of tokens when the platform leaves no choice. None when the job can request the
    /// audience that the cloud requires.
    fn default_audience(&self, _parts: &[(String, String)]) -> Result<Option<String>, Fault> {
        Ok(None)
    }
}

impl fmt::Debug for dyn Platform + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The result of a platform's detection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detection {
    /// The job runs on the platform; the text is the reason.
    Yes(String),
    /// The job does not run on the platform; the text says what is missing.
    No(String),
    /// The job runs on the platform but has no ID token. The fault says what is missing; no later
    /// platform is tried silently.
    Half(Fault),
}

/// Where an ID token is.
#[derive(Debug, Clone)]
pub enum Source {
    /// In the variable of this name.
    Variable(String),
    /// In the file at this path, which the host reads for the component.
    File(String),
    /// In the answer to this request.
    Request {
        /// The request: over `https`, to loopback, or to the address in the platform's variable.
        request: Request,
        /// The path of the Unix socket that receives the request, if any; see [`SOCKETS`].
        socket: Option<String>,
        /// Finds the token in the answer.
        read: fn(&Response) -> Result<Secret, Fault>,
        /// How often to send the request at most. Only a transient fault or a lost connection is
        /// retried.
        attempts: u32,
    },
    /// On stdout of this program. Only the native host can run it, and only when an option allows
    /// it.
    Program(Vec<String>),
}

/// A value for later steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The name of the variable.
    pub name: String,
    /// The value of the variable.
    pub value: Secret,
    /// Whether the value must be masked and must not be written to plain outputs.
    pub secret: bool,
}

/// One step of publishing, carried out in order after the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publication {
    /// Write these commands, which tell the CI system what to hide, to stdout before anything else
    /// is published. If that fails, nothing else is published.
    Mask(Secret),
    /// Write this text to stdout.
    Print(Secret),
    /// Have a shell of this job read these lines. A token among them must not be printed.
    Source(Secret),
    /// Append these whole lines to a file, in one write.
    Append {
        /// The file.
        file: File,
        /// The lines, each with its line end.
        lines: Secret,
    },
    /// Write a new file for its owner only, or replace it.
    Write {
        /// Its path.
        path: String,
        /// Everything that it holds.
        contents: Secret,
    },
    /// Send this request to the platform's agent.
    Send(Request),
}

impl Publication {
    /// What is printed or written; nothing where a request is sent.
    pub fn text(&self) -> &str {
        match self {
            Self::Mask(text)
            | Self::Print(text)
            | Self::Source(text)
            | Self::Append { lines: text, .. }
            | Self::Write { contents: text, .. } => text.reveal(),
            Self::Send(_) => "",
        }
    }
}

/// How a file is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// By the variable of this name.
    Variable(&'static str),
    /// By its path.
    Path(String),
}

/// A subject, split into parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The name of its form, among those of the platform.
    pub form: &'static str,
    /// The parts, in order.
    pub parts: Vec<Part>,
}

/// A part of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The platform's name for the part.
    pub name: &'static str,
    /// The value.
    pub value: String,
    /// The meaning of the value.
    pub meaning: &'static str,
    /// Whether the value can change between runs of one pipeline on one branch, so that one exact
    /// credential is not enough.
    pub varies: bool,
}

/// The fault for a job that runs on the platform but has no ID token.
fn id_token_missing(message: impl Into<String>) -> Fault {
    Fault::new(Category::IdToken, "id-token-missing", message)
}
