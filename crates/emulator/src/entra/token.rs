//! The token endpoint: checks a request in Entra's order, and stops at the first refusal.

use axum::extract::Path;
use axum::response::Response;
use azure_oidc_core::check::decision::{self, Case, Keys, Refusal};
use azure_oidc_core::token::Token;

use super::answers::Trace;
use super::issue::{self, Grant};
use super::{form, scope};
use crate::config::Style;
use crate::directory::{Application, Tenant};
use crate::injections::{Kind, Target};
use crate::issuers::Document;
use crate::log::MatchedCredential;
use crate::mint;
use crate::state::{Call, EmulatorState};

/// `POST /{tenant}/oauth2/v2.0/token`
pub(crate) async fn answer(call: Call, Path(tenant): Path<String>) -> Response {
    let trace = Trace::new(&call, &tenant);
    let mut matched = None;
    let mut response = match decide(&call, &tenant, &mut matched) {
        Ok((access_token, expires_in)) => trace.token(&access_token, expires_in),
        Err(refusal) => trace.refusal(&refusal),
    };
    if let Some(name) = matched {
        response.extensions_mut().insert(MatchedCredential(name));
    }
    response
}

/// Returns the access token and its lifetime. `matched` gets the name of the credential, even if
/// a later check refuses.
fn decide(call: &Call, tenant_name: &str, matched: &mut Option<String>) -> Result<(String, i64), Refusal> {
    let state = &call.state;
    let form = form::posted(&call.request)?;
    form::tenant_syntax(tenant_name)?;
    let directory = state.directory();
    let tenant = directory.tenant(tenant_name).ok_or_else(|| Refusal::new(90002).with("tenant", tenant_name))?;
    let fields = form::fields(form)?;
    let application = client(tenant, fields.client_id)?;
    let stale = call.request.stale_credentials;
    *matched = Some(credential(state, tenant, application, fields.client_assertion, stale)?);
    let resource = scope::resource(fields.scope)?;
    let unknown = || Refusal::new(500011).with("resource", resource).with("tenant", &tenant.id);
    let version = tenant.token_version(resource).ok_or_else(unknown)?;
    let grant = Grant { tenant, application, resource, version, base: &state.addresses.base };
    let access_token = issue::access_token(&grant, &state.keys).ok_or_else(|| Refusal::new(90033))?;
    Ok((access_token, tenant.access_token_seconds))
}

/// Finds the application and refuses one that may not sign in.
fn client<'a>(tenant: &'a Tenant, client_id: &str) -> Result<&'a Application, Refusal> {
    let refuse = |code| Refusal::new(code).with("application", client_id).with("tenant", &tenant.id);
    let application = tenant.application(client_id).ok_or_else(|| refuse(700016))?;
    match application {
        Application { enabled: false, name, .. } => Err(refuse(7000112).with("application_name", name)),
        Application { service_principal: false, .. } => Err(refuse(7000229)),
        _ => Ok(application),
    }
}

/// Returns the name of the credential that matches the assertion.
fn credential(
    state: &EmulatorState,
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
        skew: state.skew,
    };
    let enterprises: Vec<_> = tenant.github_enterprises.iter().map(String::as_str).collect();
    // Entra fetches keys only if a credential has this issuer.
    let fetched = decision::shape(&token).and_then(|()| decision::issuer(&case)).map(|()| keys(state, &token));
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

/// The keys of the token's issuer. Injections on the paths of its documents apply here too.
fn keys<'a>(state: &'a EmulatorState, token: &Token) -> Keys<'a> {
    let reachable = |document| {
        let issuer = state.issuers.by_url(token.claims().iss.as_deref()?)?;
        let path = issuer.path(document);
        let injection = state.injections().take(&Target { path: &path, ..Target::default() });
        injection.is_none_or(|injection| injection.kind == Kind::Delay).then_some(issuer)
    };
    match reachable(Document::Discovery).and_then(|_| reachable(Document::Keys)) {
        Some(issuer) => Keys::Set(&issuer.keys),
        None => Keys::Unreachable,
    }
}
