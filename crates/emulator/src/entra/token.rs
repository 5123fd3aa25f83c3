//! The token endpoint: takes a request through Entra's questions in Entra's order.

use azure_oidc_core::check::decision::{self, Case, Keys, Refusal};
use azure_oidc_core::token::Token;

use super::answers::Trace;
use super::issue::{self, Grant};
use super::{request, scope};
use crate::body::Answer;
use crate::config::{Style, is_guid};
use crate::directory::{Application, Tenant};
use crate::faults::{Kind, Seen};
use crate::issuers::Document;
use crate::log::Entry;
use crate::mint;
use crate::server::Incoming;
use crate::world::World;

/// A token, or Entra's no; what was found out on the way goes into the log entry. `stale`: as if the credentials that were set
/// last weren't there yet.
pub(crate) fn answer(world: &World, incoming: &Incoming, tenant: &str, stale: bool, entry: &mut Entry) -> Answer {
    let trace = trace(world, incoming, tenant);
    match decide(world, incoming, tenant, stale, entry) {
        Ok((access_token, expires_in)) => trace.token(&access_token, expires_in),
        Err(refusal) => {
            entry.aadsts = Some(refusal.aadsts);
            trace.refusal(&refusal)
        }
    }
}

/// What ties the answer to this request.
pub(crate) fn trace(world: &World, incoming: &Incoming, tenant: &str) -> Trace {
    let requested =
        incoming.header("client-request-id").or_else(|| incoming.field("client-request-id")).filter(|id| is_guid(id));
    Trace {
        trace_id: world.keys.guid(),
        correlation_id: requested.map_or_else(|| world.keys.guid(), str::to_owned),
        echo: incoming.header("return-client-request-id").is_some_and(|value| value.eq_ignore_ascii_case("true")),
        style: world.directory().tenant(tenant).map_or(Style::default(), |tenant| tenant.style),
        base: world.base.clone(),
    }
}

fn decide(
    world: &World,
    incoming: &Incoming,
    tenant_name: &str,
    stale: bool,
    entry: &mut Entry,
) -> Result<(String, i64), Refusal> {
    request::envelope(incoming)?;
    request::tenant_syntax(tenant_name)?;
    let directory = world.directory();
    let tenant = directory.tenant(tenant_name).ok_or_else(|| Refusal::new(90002).with("tenant", tenant_name))?;
    let fields = request::fields(incoming.form.as_deref().unwrap_or_default())?;
    let application = client(tenant, fields.client_id)?;
    entry.credential = Some(credential(world, tenant, application, fields.client_assertion, stale)?);
    let resource = scope::resource(fields.scope)?;
    let unknown = || Refusal::new(500011).with("resource", resource).with("tenant", &tenant.id);
    let version = tenant.token_version(resource).ok_or_else(unknown)?;
    let grant = Grant { tenant, application, resource, version, base: &world.base };
    let access_token = issue::access_token(&grant, &world.keys).ok_or_else(|| Refusal::new(90033))?;
    Ok((access_token, tenant.access_token_seconds))
}

/// The application, if it may sign in.
fn client<'a>(tenant: &'a Tenant, client_id: &str) -> Result<&'a Application, Refusal> {
    let refuse = |code| Refusal::new(code).with("application", client_id).with("tenant", &tenant.id);
    let application = tenant.application(client_id).ok_or_else(|| refuse(700016))?;
    match application {
        Application { enabled: false, name, .. } => Err(refuse(7000112).with("application_name", name)),
        Application { service_principal: false, .. } => Err(refuse(7000229)),
        _ => Ok(application),
    }
}

/// The name of the credential that takes the assertion.
fn credential(
    world: &World,
    tenant: &Tenant,
    application: &Application,
    assertion: &str,
    stale: bool,
) -> Result<String, Refusal> {
    let token = Token::parse(assertion).map_err(|malformed| Refusal::from(&malformed))?;
    let case = Case {
        token: &token,
        credentials: application.credentials(stale),
        application: decision::Application { id: &application.client_id, name: &application.name },
        cloud: tenant.cloud,
        keys: Keys::Unknown,
        now: mint::now(),
        skew: world.skew,
    };
    let enterprises: Vec<_> = tenant.github_enterprises.iter().map(String::as_str).collect();
    // Keys are fetched only for an issuer that some credential has.
    let fetched = decision::shape(&token).and_then(|()| decision::issuer(&case)).map(|()| keys(world, &token));
    let matched = fetched.and_then(|keys| {
        let credential = decision::decide(&Case { keys, ..case })?;
        decision::enterprise(token.claims(), &enterprises)?;
        Ok(credential.name.clone())
    });
    matched.map_err(|refusal| match tenant.style {
        Style::Of2024 => refusal,
        Style::Legacy => refusal.legacy(&token),
    })
}

/// The keys of the token's issuer. A fault on the paths of its documents strikes Entra like any other client.
fn keys<'a>(world: &'a World, token: &Token) -> Keys<'a> {
    let reachable = |document| {
        let issuer = world.issuers.by_url(token.claims().iss.as_deref()?)?;
        let path = issuer.path(document);
        let strikes = world.faults().strike(&Seen { path: &path, ..Seen::default() });
        strikes.is_none_or(|rule| rule.kind == Kind::Delay).then_some(issuer)
    };
    match reachable(Document::Discovery).and_then(|_| reachable(Document::Keys)) {
        Some(issuer) => Keys::Set(&issuer.keys),
        None => Keys::Unreachable,
    }
}
