//! Exports `azure-oidc:federation/exchange`: the typed exchange.

use std::time::Duration;

use azure_oidc_core::Secret;
use azure_oidc_core::plan::Limits;
use azure_oidc_core::shell::Shell;
use azure_oidc_jobs::exchange::{self, Settings, trade};
use azure_oidc_jobs::id_token::Obtained;

use crate::bindings::Component;
use crate::bindings::exports::azure_oidc::federation::exchange::{AccessToken, ExchangeRequest, Guest};
use crate::bindings::exports::azure_oidc::federation::types::Fault;
use crate::wasi::Wasi;

impl Guest for Component {
    fn exchange(request: ExchangeRequest) -> Result<Vec<AccessToken>, Fault> {
        let wasi = Wasi::new();
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
        let answer = trade(&settings, &id_token, limits, shell, wasi.ports())?;
        Ok(answer.tokens.into_iter().map(AccessToken::from).collect())
    }
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
