//! Exports `azure-oidc:federation/exchange`: the typed exchange.

use std::time::Duration;

use azure_oidc_core::Fault as CoreFault;
use azure_oidc_core::Secret;
use azure_oidc_core::plan::Limits;
use azure_oidc_core::shell::Shell;
use azure_oidc_jobs::exchange::{self, Answer, Settings, trade};
use azure_oidc_jobs::id_token::Obtained;

use super::hiding;
use crate::bindings::Component;
use crate::bindings::exports::azure_oidc::federation::exchange::{AccessToken, ExchangeRequest, Guest};
use crate::bindings::exports::azure_oidc::federation::types::Fault;
use crate::wasi::Wasi;

impl Guest for Component {
    fn exchange(request: ExchangeRequest) -> Result<Vec<AccessToken>, Fault> {
        let wasi = Wasi::new();
        let ExchangeRequest { tenant_id, client_id, cloud, authority_host, .. } = &request;
        let fields = [Some(tenant_id), Some(client_id), cloud.as_ref(), authority_host.as_ref()];
        let fields = fields.into_iter().chain(request.scopes.iter().map(Some));
        hiding::learn(wasi.secrets(), Some(&request.id_token), fields);
        let answer: Result<Answer, Fault> = hiding::answer(run(request, &wasi), wasi.secrets());
        Ok(answer?.tokens.into_iter().map(AccessToken::from).collect())
    }
}

fn run(request: ExchangeRequest, wasi: &Wasi) -> Result<Answer, CoreFault> {
    let timeout = request.timeout_ms.map_or(Limits::DEFAULT.timeout, |time| Duration::from_millis(time.into()));
    let settings = Settings::of_fields(
        &request.tenant_id,
        &request.client_id,
        &request.scopes,
        request.cloud.as_deref(),
        request.authority_host,
    )?;
    let id_token = Obtained { token: Secret::new(request.id_token), place: "`id-token`".to_owned() };
    let limits = Limits { timeout, ..Limits::DEFAULT };
    let shell = request.shell.map(Shell::from).unwrap_or_default();
    trade(&settings, &id_token, limits, shell, wasi.ports())
}

impl From<exchange::AccessToken> for AccessToken {
    fn from(token: exchange::AccessToken) -> Self {
        Self {
            scope: token.scope,
            token: token.access_token.reveal().to_owned(),
            token_type: token.token_type,
            expires_on: token.expires_on,
        }
    }
}
