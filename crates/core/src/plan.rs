//! Plans an exchange: the source of the ID token and the destination of the access token.
//!
//! A run makes its plan once, from the options and the environment. The native host reads from it
//! what to grant, before the component starts; the component follows its own. Nothing here reads a
//! file or uses the network.

mod endpoint;
mod hand_over;
mod host;
mod output;
mod path;
mod token;

use std::time::Duration;

pub use endpoint::Endpoint;
pub use hand_over::{GOOGLE_AUDIENCE, HandOver};
pub use host::HostKind;
pub use output::{
    Form, IdTokenPlace, JOB_FOLDERS, OutputInputs, OutputPlan, Publish, TEMPORARY_FOLDER, default_output,
};
pub use path::CURRENT_FOLDER;
pub use token::{Again, STANDARD_INPUT, TokenInputs, TokenPlan, TokenSource, command_line};

use crate::cloud::Cloud;
use crate::fault::Fault;
use crate::ports::Env;

/// How long to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Overall deadline, including retries.
    pub timeout: Duration,
    /// How often one request may be sent again after a failure that may pass.
    pub retries: u32,
    /// How long to ask again while Entra finds no matching credential or cannot reach the issuer,
    /// which can pass by itself after a change.
    pub replication_wait: Duration,
}

impl Limits {
    /// For the command line and the typed interface.
    pub const DEFAULT: Self =
        Self { timeout: Duration::from_secs(30), retries: 3, replication_wait: Duration::from_secs(4) };
    /// For the HTTP service: its hosts end a request after 30 seconds, and a caller that is refused
    /// must not occupy it.
    pub const SERVICE: Self = Self { timeout: Duration::from_secs(20), retries: 2, replication_wait: Duration::ZERO };
}

/// What decides a plan, besides the environment and the cloud.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Where the ID token is.
    pub token: TokenInputs<'a>,
    /// How the result is to leave.
    pub output: OutputInputs<'a>,
}

/// The plan of one exchange.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Where the ID token is.
    pub token: TokenPlan,
    /// How the result leaves.
    pub output: OutputPlan,
}

impl Plan {
    /// Makes the plan, and finds out whether the ID token can be had and the result can leave. The
    /// cloud decides which audience the platform is asked for.
    pub fn resolve(inputs: &Inputs<'_>, cloud: Option<&'static Cloud>, env: &dyn Env) -> Result<Self, Fault> {
        let token = TokenPlan::resolve(&inputs.token, cloud, env)?;
        let output = OutputPlan::resolve(&inputs.output, &token, env)?;
        Ok(Self { token, output })
    }
}

#[cfg(test)]
mod tests;
