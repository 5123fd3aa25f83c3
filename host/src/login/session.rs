//! Signs in once in the component, before anything is changed: what Entra refuses is explained, and
//! the ID token that it accepted is handed over in memory.

use std::sync::Arc;

use azure_oidc_cli::{self as cli, Cli, LoginArgs, Unread, grants};
use azure_oidc_core::cloud::Cloud;
use azure_oidc_core::plan::{Endpoint, TokenPlan};
use azure_oidc_core::platform::Platform;
use azure_oidc_core::settings::{CLIENT_ID, TENANT_ID};
use azure_oidc_core::{Category, Fault};
use zeroize::Zeroizing;

use crate::deadline::Watchdog;
use crate::inputs::ProcessEnv;
use crate::print;
use crate::run::in_sandbox;
use crate::timings::Timings;
use crate::unfinished::Unfinished;

/// The name under which the component hands over the ID token. No such file is written.
const ID_TOKEN: &str = "/azure-oidc/id-token";

/// The names of clouds, here and in az and the Az modules.
const CLOUDS: [(&str, &str); 3] =
    [("public", "AzureCloud"), ("usgov", "AzureUSGovernment"), ("china", "AzureChinaCloud")];

/// What az and the Az modules call a cloud, where that is known.
pub(super) fn name_of_cloud(cloud: &Cloud) -> Option<&'static str> {
    CLOUDS.iter().find(|(name, _)| *name == cloud.name).map(|(_, name)| *name)
}

/// Who signs in where.
pub(super) struct Session {
    pub(super) tenant: String,
    pub(super) client_id: String,
    /// The sign-in service, as a URL without a slash at its end.
    pub(super) authority: String,
    /// The cloud of the sign-in service; none for a private one.
    pub(super) cloud: Option<&'static Cloud>,
    pub(super) platform: &'static dyn Platform,
    pub(super) id_token: Zeroizing<String>,
}

impl Session {
    /// Trades the job's ID token once. None, with the exit code, where that failed and was told.
    pub(super) fn open(
        args: &LoginArgs,
        cli: &Cli,
        timings: &Arc<Timings>,
        unfinished: &Arc<Unfinished>,
        watchdog: &Watchdog,
    ) -> Result<Result<Self, u8>, Fault> {
        let arguments = args.exchange(ID_TOKEN);
        let mut exchange = cli::parse(&arguments).map_err(|unread| match unread {
            Unread::Usage(fault) => fault,
            Unread::Help(text) => Fault::new(Category::Usage, "login-unread", text),
        })?;
        exchange.host = cli.host.clone();
        let mut needed = grants::needed(&exchange, &ProcessEnv);
        needed.id_token_output = None;
        let outcome = in_sandbox(&exchange, &arguments, needed, timings, unfinished, watchdog)?;
        print::note(&outcome.stderr);
        if outcome.exit_code != 0 {
            return Ok(Err(outcome.exit_code));
        }
        let no_token = || Fault::new(Category::IdToken, "id-token-missing", "The component handed over no ID token");
        let publication = outcome.publish.into_iter().find(|one| one.path == ID_TOKEN).ok_or_else(no_token)?;
        let id_token = Zeroizing::new(String::from_utf8(publication.lines).map_err(|_| no_token())?);

        let sign_in = &args.sign_in;
        let endpoint = Endpoint::find(sign_in.cloud.as_deref(), sign_in.authority_host.as_deref(), &ProcessEnv)?;
        let cloud = endpoint.authority.cloud();
        Ok(Ok(Self {
            tenant: TENANT_ID.require(sign_in.tenant_id.as_deref(), &ProcessEnv)?.value,
            client_id: CLIENT_ID.require(sign_in.client_id.as_deref(), &ProcessEnv)?.value,
            authority: endpoint.authority.base(),
            cloud,
            platform: TokenPlan::resolve(&args.token_inputs(), endpoint.cloud, &ProcessEnv)?.platform,
            id_token,
        }))
    }
}
