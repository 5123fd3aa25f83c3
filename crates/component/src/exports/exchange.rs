//! `azure-oidc:federation/exchange`: the trade, typed.

use std::time::Duration;

use azure_oidc_core::authority::{ClientId, Scope, Tenant};
use azure_oidc_core::check::{self, Severity};
use azure_oidc_core::cloud::Cloud;
use azure_oidc_core::exchange::{self, Terms};
use azure_oidc_core::ports::Clock;
use azure_oidc_core::settings::Found;
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault as CoreFault, Secret};

use crate::bindings::Component;
use crate::bindings::exports::azure_oidc::federation::exchange::{AccessToken, ExchangeRequest, Guest};
use crate::bindings::exports::azure_oidc::federation::types::Fault;
use crate::commands::{SKEW, authority};
use crate::wasi::Wasi;

const DEFAULT_TIMEOUT_MS: u32 = 30_000;
const RETRIES: u32 = 3;

impl Guest for Component {
    fn exchange(request: ExchangeRequest) -> Result<Vec<AccessToken>, Fault> {
        let wasi = Wasi::new();
        let (terms, cloud) = terms(request)?;
        let token = Token::parse(terms.assertion.reveal()).map_err(CoreFault::from)?;
        let findings = check::preflight(&token, cloud, wasi.now(), SKEW);
        if let Some(finding) = findings.into_iter().find(|finding| finding.severity == Severity::Error) {
            let fault = CoreFault::new(Category::IdToken, finding.code, finding.message.as_str());
            let fault = finding.remedy.iter().fold(fault, CoreFault::hint);
            return Err(Fault { aadsts: finding.aadsts, ..fault.into() });
        }
        let tokens = exchange::run(terms, wasi.ports(), &mut || None)?;
        Ok(tokens
            .into_iter()
            .map(|token| AccessToken {
                scope: token.scope.value,
                token: token.token.reveal().to_owned(),
                token_type: token.token_type,
                expires_on: token.expires_on,
            })
            .collect())
    }
}

/// What to trade, with everything but the token checked; and the cloud that is asked.
fn terms(request: ExchangeRequest) -> Result<(Terms, Option<&'static Cloud>), CoreFault> {
    let host = request.authority_host.map(|value| Found { value, named: "`authority-host`" });
    let (authority, cloud) = authority(request.cloud.as_deref(), host)?;
    let tenant = Tenant::parse(&request.tenant_id, "`tenant-id`")?;
    let client_id = ClientId::parse(&request.client_id, "`client-id`")?;
    let scopes = match request.scopes.as_slice() {
        [] => vec!["arm".to_owned()],
        given => given.to_vec(),
    };
    let scopes = scopes.iter().map(|text| Scope::parse(text, cloud, "`scopes`")).collect::<Result<_, _>>()?;
    let terms = Terms {
        authority,
        tenant,
        client_id,
        scopes,
        assertion: Secret::new(request.id_token),
        timeout: Duration::from_millis(request.timeout_ms.unwrap_or(DEFAULT_TIMEOUT_MS).into()),
        retries: RETRIES,
        replication_wait: Duration::ZERO,
    };
    Ok((terms, cloud))
}
