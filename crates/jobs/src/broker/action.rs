//! What the host is told to do, and what it reports.

use azure_oidc_core::{Category, Fault, Secret};

/// What the host has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Answer a request.
    Reply(Reply),
    /// Carry out a task, and report its outcome under this id.
    Start(u64, Task),
    /// Call the session at this time. It replaces an earlier time.
    WakeAt(u64),
    /// Print whole lines to standard error.
    Say(String),
    /// Run the program, or write the ready file.
    Ready(Environment),
    /// End: nothing can be offered.
    Refuse(Refusal),
    /// Replace the file with the ID token.
    WriteTokenFile(Secret),
}

/// An answer in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The id of the request.
    pub id: u64,
    /// HTTP status.
    pub status: u16,
    /// `Retry-After` in seconds. A success has none: msal's cache would keep it for that long.
    pub retry_after: Option<u32>,
    /// The body.
    pub body: Secret,
}

/// What needs the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Task {
    /// Ask the platform for an ID token, within so many milliseconds.
    Mint(u32),
    /// Trade an ID token.
    Exchange {
        /// The scope, in full.
        scope: String,
        /// The ID token.
        id_token: Secret,
        /// The time limit in milliseconds, retries included.
        timeout: u32,
    },
}

/// The end of a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An ID token.
    Minted(Secret),
    /// An access token.
    Exchanged(Exchanged),
    /// Neither.
    Failed(Failure),
}

/// An access token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// The token.
    pub access_token: Secret,
    /// Normally `Bearer`.
    pub token_type: String,
    /// When it ends, in seconds since 1970.
    pub expires_on: i64,
    /// The ID token that Entra accepted, if it is another one than the task's.
    pub id_token: Option<Secret>,
}

/// Why a task failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A stable name.
    pub code: String,
    /// The exit code of the command line.
    pub exit_code: u8,
    /// Entra's `error`.
    pub error: Option<String>,
    /// For the caller: Entra's text or one sentence, and what to do.
    pub message: String,
    /// Whether the same may succeed a moment later.
    pub is_passing: bool,
    /// How many seconds the server asks to wait.
    pub retry_after: Option<u32>,
    /// What the command line prints for it.
    pub text: String,
}

impl Failure {
    /// What a caller is told about a fault. `text` is what the command line prints.
    pub fn new(fault: &Fault, text: String) -> Self {
        let said = fault.entra.as_ref().map_or("", |entra| entra.description.as_str());
        let said = if said.is_empty() { &fault.message } else { said };
        let message = match fault.hints.first() {
            Some(advice) => format!("{said}\nazure-oidc: {advice}"),
            None => said.to_owned(),
        };
        Self {
            code: fault.code.to_owned(),
            exit_code: fault.category.exit_code(),
            error: fault.entra.as_ref().map(|entra| entra.error.clone()),
            message,
            is_passing: fault.is_transient || fault.category == Category::Network,
            retry_after: fault.retry_after,
            text,
        }
    }
}

/// The environment of the program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// Names and values to set.
    pub set: Vec<(&'static str, String)>,
    /// Names to remove. A variable that is empty counts as set for some SDKs.
    pub unset: Vec<&'static str>,
    /// Every variable with one of these values is removed too.
    pub unset_values: Vec<Secret>,
}

/// Why nothing can be offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The exit code.
    pub exit_code: u8,
    /// For standard error.
    pub text: String,
}
