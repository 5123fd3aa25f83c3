//! The exchange of the HTTP service: the host's variables say for which tenant, clients and scopes
//! it trades.

use azure_oidc_core::authority::{ClientId, Scope, Tenant};
use azure_oidc_core::plan::{Endpoint, Limits};
use azure_oidc_core::ports::{Env, Ports};
use azure_oidc_core::settings::{self, Found, SERVICE_SCOPES as SCOPES, listed};
use azure_oidc_core::{Category, Fault, Secret};

use super::answer::{Answer, Body};
use super::settings::{Settings, default_scope};
use super::trade;
use super::trust::Trust;
use crate::id_token::Obtained;

/// Why the service does not trade.
#[derive(Debug)]
pub enum Refusal {
    /// The caller sent no ID token.
    NoToken(Fault),
    /// The service's own configuration is wrong.
    Configuration(Fault),
    /// Anything else.
    Fault(Fault),
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// Trades the ID token that the caller sent as its bearer token.
pub fn serve(body: &Body, bearer: Option<&Secret>, ports: Ports<'_>) -> Result<Answer, Refusal> {
    let token = bearer.cloned().ok_or_else(|| {
        let message = "The request has no `Authorization: Bearer` with the caller's ID token";
        Refusal::NoToken(Fault::new(Category::IdToken, "id-token-missing", message))
    })?;
    ports.secrets.learn(token.reveal());
    let served = Served::read(ports.env)?;
    let settings = Settings {
        client_id: served.client(body.client_id.as_deref())?.clone(),
        scopes: served.scopes(body.scopes.as_deref().unwrap_or_default())?,
        endpoint: served.endpoint,
        tenant: served.tenant,
    };
    // After everything that needs no network.
    Trust::read(ports.env).map_err(Refusal::Configuration)?.check(&token, ports)?;
    let id_token = Obtained { token, place: "the `Authorization` header".to_owned() };
    Ok(trade(&settings, &id_token, Limits::SERVICE, body.shell.unwrap_or_default(), ports)?)
}

/// Whom this service trades for.
struct Served {
    endpoint: Endpoint,
    tenant: Tenant,
    clients: Vec<ClientId>,
    /// The first is traded for when a caller names none.
    scopes: Vec<Scope>,
}

impl Served {
    fn read(env: &dyn Env) -> Result<Self, Refusal> {
        let found = |setting: &settings::Setting| setting.find(None, env);
        let (Some(tenant), Some(clients)) = (found(&settings::TENANT_ID), found(&settings::CLIENT_ID)) else {
            let message = "This service is not set up to trade tokens";
            return Err(Fault::new(Category::Refused, "exchange-not-configured", message)
                .hint("its host must show it `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`")
                .into());
        };
        Self::parse(&tenant, &clients, env).map_err(Refusal::Configuration)
    }

    fn parse(tenant: &Found, clients: &Found, env: &dyn Env) -> Result<Self, Fault> {
        let endpoint = Endpoint::find(None, None, env)?;
        let scopes = match env.present(SCOPES) {
            Some(named) => {
                listed(&named).map(|one| Scope::parse(one, endpoint.cloud, SCOPES)).collect::<Result<_, _>>()?
            }
            None => vec![default_scope(&endpoint)?],
        };
        Ok(Self {
            endpoint,
            tenant: Tenant::parse(&tenant.value, tenant.named)?,
            clients: listed(&clients.value).map(|one| ClientId::parse(one, clients.named)).collect::<Result<_, _>>()?,
            scopes,
        })
    }

    /// The caller's choice; the only one when there is no choice.
    fn client(&self, chosen: Option<&str>) -> Result<&ClientId, Fault> {
        match (chosen, self.clients.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => {
                let message = "This service knows several clients; name one as `client_id`";
                Err(Fault::new(Category::Usage, "client-id-missing", message))
            }
            (Some(chosen), all) => all.iter().find(|one| one.as_str().eq_ignore_ascii_case(chosen)).ok_or_else(|| {
                let message = "This service does not trade for this `client_id`";
                Fault::new(Category::Refused, "client-not-allowed", message)
            }),
        }
    }

    fn scopes(&self, chosen: &[String]) -> Result<Vec<Scope>, Fault> {
        if chosen.is_empty() {
            return Ok(self.scopes.first().cloned().into_iter().collect());
        }
        let mut wanted: Vec<Scope> = Vec::new();
        for text in chosen {
            let scope = Scope::parse(text, self.endpoint.cloud, "`scopes`")?;
            let is_same = |one: &Scope| one.value == scope.value;
            if !self.scopes.iter().any(is_same) {
                let message = format!("This service does not trade for the scope `{}`", scope.value.escape_debug());
                return Err(Fault::new(Category::Refused, "scope-not-allowed", message));
            }
            if !wanted.iter().any(is_same) {
                wanted.push(scope);
            }
        }
        Ok(wanted)
    }
}
