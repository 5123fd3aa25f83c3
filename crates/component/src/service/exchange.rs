//! `/v1/exchange`: trades the caller's ID token, for the tenant, the clients and the scopes that the host's variables name.

use std::time::Duration;

use azure_oidc_core::authority::{Authority, ClientId, Scope, Tenant};
use azure_oidc_core::check::{self, Severity};
use azure_oidc_core::cloud::{Cloud, PUBLIC};
use azure_oidc_core::exchange::{self, Terms};
use azure_oidc_core::platform::{self, Platform};
use azure_oidc_core::ports::{Env, Ports};
use azure_oidc_core::settings::{self, SERVICE_SCOPES as SCOPES, Setting};
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault};

use azure_oidc_jobs::exchange::Body;

use super::{Head, Problem};
use crate::commands::{SKEW, authority};
use crate::report::{self, Exchanged};

/// The code of a request without a token.
pub(super) const MISSING: &str = "id-token-missing";
/// For one call of Entra's, retries included.
const TIMEOUT: Duration = Duration::from_secs(20);
const RETRIES: u32 = 2;

pub(super) fn exchange(head: &Head, body: &Body, ports: Ports<'_>) -> Result<String, Problem> {
    let assertion = head.bearer.clone().ok_or_else(|| {
        Fault::new(Category::IdToken, MISSING, "The request has no `Authorization: Bearer` with the caller's ID token")
    })?;
    let served = Served::read(ports.env)?;
    let client_id = served.client(body.client_id.as_deref())?.clone();
    let scopes = served.scopes(body.scopes.as_deref().unwrap_or_default())?;
    let token = Token::parse(assertion.reveal())
        .map_err(|malformed| Fault::new(Category::IdToken, malformed.code, malformed.message))?;
    let findings = check::preflight(&token, served.cloud, ports.clock.now(), SKEW);
    if let Some(finding) = findings.into_iter().find(|finding| finding.severity == Severity::Error) {
        return Err(Fault::new(Category::IdToken, finding.code, finding.message.as_str()).into());
    }
    let tenant_id = served.tenant.as_str().to_owned();
    let terms = Terms {
        authority: served.authority,
        tenant: served.tenant,
        client_id: client_id.clone(),
        scopes,
        assertion,
        timeout: TIMEOUT,
        retries: RETRIES,
        replication_wait: Duration::ZERO,
    };
    let tokens = exchange::run(terms, ports, &mut || None)?;
    let claims = token.claims();
    let platform = claims.iss.as_deref().and_then(|issuer| platform::identify(issuer, claims.sub.as_deref()));
    Ok(report::exchange(&Exchanged {
        platform: platform.map_or("generic", Platform::name),
        claims,
        tenant_id: &tenant_id,
        client_id: client_id.as_str(),
        tokens: &tokens,
    }))
}

/// Whom this service trades for.
struct Served {
    authority: Authority,
    cloud: Option<&'static Cloud>,
    tenant: Tenant,
    clients: Vec<ClientId>,
    /// The first is traded for when a caller names none.
    scopes: Vec<Scope>,
}

impl Served {
    fn read(env: &dyn Env) -> Result<Self, Problem> {
        let found = |setting: &Setting| setting.find(None, env);
        let (Some(tenant), Some(clients)) = (found(&settings::TENANT_ID), found(&settings::CLIENT_ID)) else {
            let fault =
                Fault::new(Category::Refused, "exchange-not-configured", "This service is not set up to trade tokens");
            return Err(fault.hint("its host must show it `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`").into());
        };
        let read = || {
            let (authority, cloud) = authority(None, found(&settings::AUTHORITY_HOST))?;
            // An emulator or a private authority belongs to no cloud; the default then means the public one's.
            let (scopes, of_cloud) = match env.present(SCOPES) {
                Some(named) => (named, cloud),
                None => ("arm".to_owned(), cloud.or(Some(PUBLIC))),
            };
            Ok(Self {
                authority,
                cloud,
                tenant: Tenant::parse(&tenant.value, tenant.named)?,
                clients: listed(&clients.value)
                    .map(|one| ClientId::parse(one, clients.named))
                    .collect::<Result<_, _>>()?,
                scopes: listed(&scopes).map(|one| Scope::parse(one, of_cloud, SCOPES)).collect::<Result<_, _>>()?,
            })
        };
        read().map_err(Problem::of_configuration)
    }

    /// The caller's choice; the only one when there is no choice.
    fn client(&self, chosen: Option<&str>) -> Result<&ClientId, Fault> {
        match (chosen, self.clients.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => Err(Fault::new(
                Category::Usage,
                "client-id-missing",
                "This service knows several clients; name one as `client_id`",
            )),
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
        let mut wanted = Vec::new();
        for text in chosen {
            let scope = Scope::parse(text, self.cloud, "`scopes`")?;
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

fn listed(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|one| !one.is_empty())
}
