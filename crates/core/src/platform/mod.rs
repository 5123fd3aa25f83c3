//! The CI platforms: how each is recognised, where its ID token is, what its subjects mean, how it takes a result.
//!
//! One file a platform, one row in [`ALL`]. Nothing here acts: a platform says where the token is ([`Source`]) and what should
//! be written where ([`Publication`]); the component fetches, and the host writes.

use std::fmt;

use crate::fault::{Category, Fault};
use crate::ports::{Env, Request, Response};
use crate::secret::Secret;

mod answer;
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
pub use select::{Selected, identify, select, select_for_output, verdicts};

/// Every platform, in the order of detection: explicit ones first, then CI markers, then what a machine offers by itself.
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

/// The platform of that name, as `--platform` takes it.
pub fn by_name(name: &str) -> Option<&'static dyn Platform> {
    ALL.iter().copied().find(|platform| platform.name() == name)
}

/// The platform that issues tokens under this `iss`. Two may share one; [`identify`] looks at the subject as well.
pub fn by_issuer(issuer: &str) -> Option<&'static dyn Platform> {
    ALL.iter().copied().find(|platform| platform.issues(issuer))
}

/// Codes of the faults of [`Source::Request`]'s `read` after which the same request may succeed a moment later.
pub const ASK_AGAIN: &[&str] = &["id-token-null", "id-token-service-busy"];

/// The Unix sockets that requests may go to.
///
/// A request for a socket has an ordinary `http` URL whose host is one of these; `.localhost` names are loopback (RFC 6761 §6.3),
/// so it can never leave the machine. A host that can, connects to the socket that the *variable* names: it never takes
/// the path from the component. Any other host finds nobody there.
pub const SOCKETS: &[Socket] = &[
    Socket { host: "harness-wi.localhost", variable: "HARNESS_WI_MINT_URL" },
    Socket { host: "buildkite-job-api.localhost", variable: "BUILDKITE_AGENT_JOB_API_SOCKET" },
];

/// The hosts, besides loopback, to which a token service's request goes over plain HTTP: the build machine as its containers see it,
/// and Google's metadata server. Both are next to the job, and neither has a certificate.
pub const PLAIN_HOSTS: &[&str] = &["host.docker.internal", "metadata.google.internal", "169.254.169.254"];

/// A Unix socket with the host name that stands for it.
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

    /// The name that its users know, such as `Azure Pipelines`.
    fn title(&self) -> &'static str;

    /// Every variable that the methods below look at; the first is the one it is recognised by. A host shows these and, where the
    /// user chose the name, those of [`shows`](Platform::shows), and no others.
    fn variables(&self) -> &'static [&'static str];

    /// Whether a host should show this variable to the platform.
    fn shows(&self, name: &str, _value: &str) -> bool {
        self.variables().contains(&name)
    }

    /// Whether this job runs there, and how one can tell.
    fn detect(&self, env: &dyn Env) -> Detection;

    /// Where the ID token is. `audience` is what Entra's cloud wants, where the platform lets one choose at all.
    fn id_token(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault>;

    /// As [`id_token`](Platform::id_token), when the user asked for exactly this audience (`--audience`). Differs where the
    /// platform has a token at hand and could make another one.
    fn id_token_for(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault> {
        self.id_token(env, audience)
    }

    /// The files that [`publish`](Platform::publish) will append to. A host checks that it can write them before anything is sent;
    /// a fault here is one of the category [`Category::Publish`].
    fn outputs(&self, _env: &dyn Env) -> Result<Vec<File>, Fault> {
        Ok(Vec::new())
    }

    /// How the platform takes values for later steps; in the order in which they must happen.
    fn publish(&self, values: &[Value], env: &dyn Env) -> Result<Vec<Publication>, Fault>;

    /// Whether this platform issues tokens under that `iss`.
    fn issues(&self, _issuer: &str) -> bool {
        false
    }

    /// Cuts a subject into its named parts, if it has a form that this platform makes.
    fn subject(&self, _subject: &str) -> Option<Subject> {
        None
    }

    /// What [`build_subjects`](Platform::build_subjects), [`issuer_from_parts`](Platform::issuer_from_parts) and
    /// [`default_audience`](Platform::default_audience) take.
    fn parts(&self) -> &'static [PartName] {
        &[]
    }

    /// Every subject that a pipeline of these parts needs, each for a credential of its own. A part that takes several values is
    /// given several times.
    fn build_subjects(&self, _parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        Err(parts::unsupported(self.title(), "subjects"))
    }

    /// As [`build_subjects`](Platform::build_subjects), for expressions: `*` and `?` in a part stand for any characters or any one,
    /// and so does what is left out where that narrows nothing but the job.
    fn build_patterns(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        self.build_subjects(parts)
    }

    /// The `iss` of the tokens of a pipeline of these parts.
    fn issuer_from_parts(&self, _parts: &[(String, String)]) -> Result<String, Fault> {
        Err(parts::unsupported(self.title(), "issuer"))
    }

    /// The `aud` that tokens of these parts have when the platform leaves no choice; none where one asks for the audience that
    /// Entra's cloud wants.
    fn default_audience(&self, _parts: &[(String, String)]) -> Result<Option<String>, Fault> {
        Ok(None)
    }
}

impl fmt::Debug for dyn Platform + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A detector's verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detection {
    /// This is the platform; the text says how one can tell.
    Yes(String),
    /// It is not; the text says what is missing.
    No(String),
    /// It is, but half of what it must give is absent: never a silent fall-through.
    Half(Fault),
}

/// Where an ID token is.
#[derive(Debug, Clone)]
pub enum Source {
    /// In this variable.
    Variable(String),
    /// In this file, which the host reads and hands over.
    File(String),
    /// At the end of this request.
    Request {
        /// What to send. Over `https`, to loopback, or to where the platform's own variable points.
        request: Request,
        /// The path of the Unix socket it goes to, when it does; see [`SOCKETS`].
        socket: Option<String>,
        /// Finds the token in the answer.
        read: fn(&Response) -> Result<Secret, Fault>,
        /// How often to ask before giving up; only a fault of [`ASK_AGAIN`] or a lost connection is worth it.
        attempts: u32,
    },
    /// On stdout of this program, which only the native host can run, and only when a flag allows it.
    Program(Vec<String>),
}

/// A value for later steps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The name of the variable it becomes.
    pub name: String,
    /// What it is.
    pub value: Secret,
    /// Whether it must be masked and kept out of plain outputs.
    pub secret: bool,
}

/// Something to carry out when all went well, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Publication {
    /// Write this to stdout.
    Print(Secret),
    /// Append these whole lines to a file, in one write.
    Append {
        /// Which file.
        file: File,
        /// The lines, each with its end.
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
            Self::Print(text) | Self::Append { lines: text, .. } | Self::Write { contents: text, .. } => text.reveal(),
            Self::Send(_) => "",
        }
    }
}

/// How a file is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// By this variable.
    Variable(&'static str),
    /// By its path.
    Path(String),
}

/// A subject, cut into parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Which of the platform's forms it has, in a few words.
    pub form: &'static str,
    /// Its parts, in order.
    pub parts: Vec<Part>,
}

/// A part of a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// What the platform calls it.
    pub name: &'static str,
    /// Its value here.
    pub value: String,
    /// What it means, in plain words.
    pub meaning: &'static str,
    /// Whether it changes from run to run of one pipeline on one branch, so that an exact credential cannot rely on it.
    pub varies: bool,
}

/// The fault of a job that is on the platform and was given no ID token, or only half of the way to one.
fn missing_half(message: impl Into<String>) -> Fault {
    Fault::new(Category::IdToken, "id-token-missing", message)
}
