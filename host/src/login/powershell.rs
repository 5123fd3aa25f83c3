//! A context of PowerShell's Az modules, made by `Connect-AzAccount` as its documentation says.
//!
//! The script is fixed, and what it is told comes over a pipe, so that the ID token is in no command
//! line. Its context has a name of its own; the one that was the default before is so again
//! afterwards.

use std::process::Command;

use azure_oidc_core::{Category, Fault};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::journal::Undone;
use super::session::{Session, name_of_cloud};
use super::tool;
use crate::deadline::{Deadline, Phase, Watchdog};
use crate::unfinished::Unfinished;

const PROGRAM: &str = if cfg!(windows) { "powershell" } else { "pwsh" };
/// PowerShell 7, which Windows has beside its own.
const NEWER: &str = "pwsh";

/// Prints the name of the context that is the default.
const CURRENT: &str = "$ErrorActionPreference = 'Stop'; (Get-AzContext).Name";

const CONNECT: &str = "$ErrorActionPreference = 'Stop'
$o = [Console]::In.ReadToEnd() | ConvertFrom-Json
$p = @{ ServicePrincipal = $true; Tenant = $o.tenant; ApplicationId = $o.client; FederatedToken = $o.token; Environment = $o.environment; ContextName = $o.context; Force = $true }
if ($o.subscription) { $p.Subscription = $o.subscription }
Connect-AzAccount @p | Out-Null";

const DISCONNECT: &str = "$ErrorActionPreference = 'Stop'
$o = [Console]::In.ReadToEnd() | ConvertFrom-Json
$names = (Get-AzContext -ListAvailable).Name
if ($names -contains $o.context) { Disconnect-AzAccount -ContextName $o.context | Out-Null }
if ($o.earlier -and $names -contains $o.earlier) { Select-AzContext -Name $o.earlier | Out-Null }";

/// A context that `login` makes.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Change {
    context: String,
    environment: String,
    /// The context that was the default before.
    earlier: Option<String>,
}

impl Change {
    /// Finds out which context is the default, and chooses a name for the new one.
    pub(super) fn plan(session: &Session, watchdog: &Watchdog, unfinished: &Unfinished) -> Result<Self, Fault> {
        let environment = session.cloud.and_then(name_of_cloud).ok_or_else(|| {
            let message = "PowerShell's Az modules know no environment for this authority";
            Fault::new(Category::Usage, "powershell-cloud-unknown", message)
                .hint("sign in by `Connect-AzAccount -FederatedToken` with an environment of your own")
        })?;
        watchdog.enter(Phase::Program(PROGRAM.to_owned()));
        let printed = run(CURRENT, "", watchdog.deadline(), unfinished)?;
        let earlier = printed.trim();
        let earlier = (!earlier.is_empty()).then(|| earlier.to_owned());
        Ok(Self { context: format!("azure-oidc-{}", std::process::id()), environment: environment.to_owned(), earlier })
    }

    /// Signs in.
    pub(super) fn make(
        &self,
        session: &Session,
        subscription: Option<&str>,
        watchdog: &Watchdog,
        unfinished: &Unfinished,
    ) -> Result<(), Fault> {
        watchdog.enter(Phase::Program(PROGRAM.to_owned()));
        let order = json!({
            "tenant": session.tenant, "client": session.client_id, "token": session.id_token.as_str(),
            "environment": self.environment, "subscription": subscription, "context": self.context,
        });
        run(CONNECT, &order.to_string(), watchdog.deadline(), unfinished).map(drop)
    }

    /// Removes the context.
    pub(super) fn undo(&self, deadline: Deadline, unfinished: &Unfinished) -> Undone {
        let order = json!({"context": self.context, "earlier": self.earlier});
        match run(DISCONNECT, &order.to_string(), deadline, unfinished) {
            Ok(_) => Undone::All(Some(format!("the context {} of PowerShell is removed", self.context))),
            Err(fault) => {
                Undone::Failed(format!("the context {} of PowerShell is left: {}", self.context, fault.message))
            }
        }
    }
}

fn run(script: &str, input: &str, deadline: Deadline, unfinished: &Unfinished) -> Result<String, Fault> {
    let command = |program: &str| {
        let mut command = Command::new(program);
        command.args(["-NoLogo", "-NoProfile", "-NonInteractive", "-Command", script]);
        command
    };
    let tried = tool::run(command(NEWER), input.as_bytes(), deadline, unfinished);
    let tried = match tried {
        Err(_) if PROGRAM != NEWER => tool::run(command(PROGRAM), input.as_bytes(), deadline, unfinished),
        tried => tried,
    };
    let failed = |why: &str| {
        Fault::new(Category::Usage, "powershell-failed", format!("`{NEWER}` failed: {why}"))
            .hint("install PowerShell with the module Az.Accounts, or leave `powershell` out of `--for`")
    };
    let printed = tried.map_err(|why| failed(&why))?;
    if printed.is_success { Ok(printed.stdout) } else { Err(failed(printed.stderr.trim())) }
}
