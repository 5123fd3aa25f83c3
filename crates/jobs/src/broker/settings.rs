//! What a session offers, and where.

use azure_oidc_core::cloud::PUBLIC;
use azure_oidc_core::plan::{Again, Plan};
use azure_oidc_core::settings::SCOPE;
use azure_oidc_core::{Fault, Secret};

use super::id_token::Supply;
use crate::Context;
use crate::exchange::{Request, Settings, of_command};

/// The longest that a caller waits. Older releases of Terraform's providers give a request ten
/// seconds in all.
const CALLER_WAITS: u64 = 9_000;

/// The name of the platform that stands for none.
const GENERIC: &str = "generic";

/// What the command line asks for, besides the exchange.
#[derive(Debug, Clone, Copy, Default)]
pub struct Offer {
    /// `--federated-token-file`.
    pub token_file: bool,
    /// `--imds`.
    pub imds: bool,
    /// `--keep-id-token`.
    pub keep_id_token: bool,
}

/// What the host has prepared.
#[derive(Debug, Clone)]
pub struct Listening {
    /// The port of 127.0.0.1.
    pub port: u16,
    /// `IDENTITY_HEADER`.
    pub identity_header: Secret,
    /// `ARM_OIDC_REQUEST_TOKEN`.
    pub request_token: Secret,
    /// A segment of the path in `ARM_MSI_ENDPOINT`.
    pub path: Secret,
    /// The file for `--federated-token-file`.
    pub token_file: String,
    /// Names of the variables that are set and not empty.
    pub variables: Vec<String>,
    /// The name of the program, without its folder.
    pub program: Option<String>,
}

/// Everything that does not change.
#[derive(Debug)]
pub(super) struct Fixed {
    pub(super) settings: Settings,
    /// Scopes to exchange before the program starts.
    pub(super) first: Vec<String>,
    pub(super) supply: Supply,
    pub(super) offer: Offer,
    pub(super) listening: Listening,
    /// `NO_PROXY` and `no_proxy` as they are.
    pub(super) no_proxy: [String; 2],
    /// The deadline of the tasks at the start, in milliseconds.
    pub(super) timeout: u64,
    /// Who gives the ID token, for messages.
    pub(super) platform: &'static str,
}

impl Fixed {
    /// Reads the options and the environment, with the plan of an exchange.
    pub(super) fn read(
        request: &Request<'_>,
        offer: Offer,
        listening: Listening,
        context: Context<'_>,
    ) -> Result<Self, Fault> {
        let env = context.ports.env;
        let settings = of_command(request, context)?.settings;
        let plan = Plan::resolve(&request.plan, settings.endpoint.cloud, env)?;
        let is_named = !request.scopes.is_empty() || SCOPE.find(None, env).is_some();
        let supply = match plan.token.again() {
            Again::Requested | Again::Replaced => Supply::Endless,
            Again::Unsure => Supply::PerhapsAgain,
            Again::Never => Supply::Once,
        };
        let first = match (is_named, supply) {
            (false, Supply::Endless) => Vec::new(),
            _ => settings.scopes.iter().map(|scope| scope.value.clone()).collect(),
        };
        let no_proxy = azure_oidc_core::settings::NO_PROXY.map(|name| env.var(name).unwrap_or_default());
        let timeout = u64::try_from(request.limits.timeout.as_millis()).unwrap_or(u64::MAX);
        let platform = match plan.token.named == plan.token.platform.name() && plan.token.named != GENERIC {
            true => plan.token.platform.title(),
            false => "its source",
        };
        Ok(Self { settings, first, supply, offer, listening, no_proxy, timeout, platform })
    }

    /// Whether the host has this variable.
    pub(super) fn is_set(&self, name: &str) -> bool {
        self.listening.variables.iter().any(|set| set == name)
    }

    /// How long a caller waits, in milliseconds.
    pub(super) fn caller_waits(&self) -> u64 {
        self.timeout.min(CALLER_WAITS)
    }

    pub(super) fn client_id(&self) -> &str {
        self.settings.client_id.as_str()
    }

    /// The scope under which a token is kept. Resource Manager takes any of its names; where no
    /// second ID token can be had, one exchange serves all of them, because `az` asks for another
    /// one than the SDKs.
    pub(super) fn kept_as<'a>(&self, scope: &'a str) -> &'a str {
        let cloud = self.settings.endpoint.cloud.unwrap_or(PUBLIC);
        match cloud.management(scope) {
            Some(usual) if self.supply != Supply::Endless => usual,
            _ => scope,
        }
    }
}
