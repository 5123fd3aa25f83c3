//! The plan of an exchange: where the ID token is, and how the result leaves.
//!
//! A run makes its plan once, from the options and the environment. The native host reads from it what to grant, before the component
//! starts; the component follows its own. Nothing here reads a file or uses the network.

mod endpoint;
mod output;
mod token;

use std::time::Duration;

pub use endpoint::Endpoint;
pub use output::{Form, IdTokenPlace, JOB_FOLDERS, OutputPlan, Publish};
pub use token::{STANDARD_INPUT, TokenInputs, TokenPlan, TokenSource, command_line};

use crate::cloud::Cloud;
use crate::fault::Fault;
use crate::platform;
use crate::ports::Env;

/// What kind of host runs the component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKind {
    /// It reads files for the component and writes the files that a CI system reads.
    Native,
    /// It has streams only; a shell redirects them.
    Stock,
}

/// How long to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Overall deadline, including retries.
    pub timeout: Duration,
    /// How often one request may be sent again after a failure that may pass.
    pub retries: u32,
    /// How long to ask again while Entra finds no matching credential, because one was created a moment ago.
    pub replication_wait: Duration,
}

impl Limits {
    /// For the command line and the typed interface.
    pub const DEFAULT: Self = Self { timeout: Duration::from_secs(30), retries: 3, replication_wait: Duration::ZERO };
    /// For the HTTP service: its hosts end a request after 30 seconds.
    pub const SERVICE: Self = Self { timeout: Duration::from_secs(20), retries: 2, ..Self::DEFAULT };
}

/// What decides a plan, besides the environment and the cloud.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// Where the ID token is.
    pub token: TokenInputs<'a>,
    /// `--output`.
    pub output: &'a str,
    /// What to publish.
    pub publish: Publish,
    /// `--id-token-output`.
    pub id_token_output: Option<&'a str>,
    /// What the host can do.
    pub host: HostKind,
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
    /// Makes the plan. A result that cannot leave, and an ID token that cannot be had, are found out here. The cloud decides which
    /// audience the platform is asked for.
    pub fn resolve(inputs: &Inputs<'_>, cloud: Option<&'static Cloud>, env: &dyn Env) -> Result<Self, Fault> {
        let selected = platform::select_for_output(inputs.token.platform, env)?;
        let form = Form::resolve(inputs.output, selected.platform)?;
        let files = form.files(env).map_err(|fault| stock_hint(fault, inputs.host))?;
        let token = TokenPlan::on(selected, &inputs.token, cloud, env)?;
        let id_token = output::id_token_place(inputs, form, token.file(), env)?;
        Ok(Self { token, output: OutputPlan { form, files, publish: inputs.publish, id_token } })
    }
}

/// Adds how a stock host is told to show a variable.
pub fn stock_hint(fault: Fault, host: HostKind) -> Fault {
    match host {
        HostKind::Native => fault,
        HostKind::Stock => fault.hint(
            "this host shows the component only the variables that it is told to: pass each as `--env NAME` to `wasmtime run`",
        ),
    }
}
