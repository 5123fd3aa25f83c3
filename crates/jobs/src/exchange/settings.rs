//! The settings of an exchange: where to sign in, as whom, and what for. Everything is checked here
//! that can be checked without the network.

use azure_oidc_core::authority::{ClientId, Scope, Tenant};
use azure_oidc_core::cloud;
use azure_oidc_core::plan::{Endpoint, TokenSource};
use azure_oidc_core::platform::text::is_variable_name;
use azure_oidc_core::platform::{self, Detection};
use azure_oidc_core::ports::Env;
use azure_oidc_core::settings::{self, Found};
use azure_oidc_core::{Category, Fault};

use super::request::{Request, SignIn};
use crate::Context;

/// Where to sign in and as whom, and one scope for each access token.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The sign-in service and its cloud.
    pub endpoint: Endpoint,
    /// The tenant.
    pub tenant: Tenant,
    /// The application or managed identity.
    pub client_id: ClientId,
    /// One access token for each.
    pub scopes: Vec<Scope>,
}

impl Settings {
    /// The settings that a program gives, with nothing looked up. Without scopes, the default is
    /// meant.
    pub fn of_fields(
        tenant_id: &str,
        client_id: &str,
        scopes: &[String],
        cloud: Option<&str>,
        authority_host: Option<String>,
    ) -> Result<Self, Fault> {
        let host = authority_host.map(|value| Found { value, named: "`authority-host`" });
        let endpoint = Endpoint::resolve(cloud, "`cloud`", host)?;
        let tenant = Tenant::parse(tenant_id, "`tenant-id`")?;
        let client_id = ClientId::parse(client_id, "`client-id`")?;
        let scopes = match scopes {
            [] => vec![default_scope(&endpoint)?],
            given => {
                given.iter().map(|text| Scope::parse(text, endpoint.cloud, "`scopes`")).collect::<Result<_, _>>()?
            }
        };
        Ok(Self { endpoint, tenant, client_id, scopes })
    }
}

/// The scope that is meant when none is given: Azure Resource Manager. A private authority or an
/// emulator belongs to no cloud; then it is the one of the public cloud.
pub(super) fn default_scope(endpoint: &Endpoint) -> Result<Scope, Fault> {
    Scope::parse("arm", Some(endpoint.cloud.unwrap_or(cloud::PUBLIC)), "the default")
}

/// The settings of a command.
pub(crate) struct OfCommand {
    pub(crate) settings: Settings,
    /// A variable name for each scope.
    pub(super) names: Vec<String>,
    /// Whether to tell what was decided.
    pub(super) is_debug: bool,
}

/// Looks up what the command line does not say, and checks everything.
pub(crate) fn of_command(request: &Request<'_>, context: Context<'_>) -> Result<OfCommand, Fault> {
    let SignIn { tenant_id, client_id, cloud, authority_host } = request.sign_in;
    let env = context.ports.env;
    let require = |setting: &settings::Setting, flag| {
        setting.require(flag, env).map_err(|fault| {
            let fault = explain_missing(setting, fault, request.plan.token.platform, env);
            context.host.explain(missing(fault, request, context))
        })
    };
    let tenant = require(&settings::TENANT_ID, tenant_id)?;
    let client = require(&settings::CLIENT_ID, client_id)?;
    let endpoint = Endpoint::find(cloud, authority_host, env)?;
    let tenant = Tenant::parse(&tenant.value, tenant.named)?;
    let client_id = ClientId::parse(&client.value, client.named)?;
    let scopes = scopes(request.scopes, &endpoint, context)?;
    let names = output_names(request.output_names, &scopes)?;
    let level = settings::LOG_LEVEL.find(request.log_level, env);
    let is_debug =
        level.is_some_and(|level| ["debug", "trace"].iter().any(|one| level.value.eq_ignore_ascii_case(one)));
    Ok(OfCommand { settings: Settings { endpoint, tenant, client_id, scopes }, names, is_debug })
}

/// Puts before the hints of a missing setting why the job may lack it although it is stored.
pub(crate) fn explain_missing(
    setting: &settings::Setting,
    mut fault: Fault,
    platform: Option<&str>,
    env: &dyn Env,
) -> Fault {
    let selected = platform::select_for_output(platform, env);
    if let Some(hint) = selected.ok().and_then(|selected| selected.platform.missing_setting(setting.variables, env)) {
        fault.hints.insert(0, hint);
    }
    fault
}

/// Says so when nothing at all is there: outside a CI job the first setting that is missing
/// explains little.
fn missing(mut fault: Fault, request: &Request<'_>, context: Context<'_>) -> Fault {
    let env = context.ports.env;
    let is_set = |setting: &settings::Setting, flag| setting.find(flag, env).is_some();
    let configured = is_set(&settings::TENANT_ID, request.sign_in.tenant_id)
        || is_set(&settings::CLIENT_ID, request.sign_in.client_id)
        || request.plan.token.source != TokenSource::Platform;
    let recognised = || {
        request.plan.token.platform.is_some()
            || platform::verdicts(env).iter().any(|(_, detection)| !matches!(detection, Detection::No(_)))
    };
    if !configured && !recognised() {
        fault.message =
            "No CI platform was recognised and nothing is configured; `azure-oidc doctor` shows what is missing".into();
    }
    fault
}

/// The scopes of the command line, else of the environment, else the default.
pub(crate) fn scopes(flags: &[String], endpoint: &Endpoint, context: Context<'_>) -> Result<Vec<Scope>, Fault> {
    let (texts, named) = match (flags, settings::SCOPE.find(None, context.ports.env)) {
        ([], Some(Found { value, named })) => (value.split(',').map(|part| part.trim().to_owned()).collect(), named),
        ([], None) => return Ok(vec![default_scope(endpoint)?]),
        (flags, _) => (flags.to_vec(), settings::SCOPE.flag),
    };
    let mut scopes: Vec<Scope> = Vec::new();
    for text in texts.iter().filter(|text| !text.is_empty()) {
        let scope = Scope::parse(text, endpoint.cloud, named)?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    match scopes.is_empty() {
        true => Err(Fault::new(Category::Usage, "scope-missing", format!("{named} names no scope"))
            .hint("leave it out for Azure Resource Manager, or name one such as `graph`")),
        false => Ok(scopes),
    }
}

/// A variable name for each scope: as many as were given, or the one given with a suffix for every
/// scope but the first.
fn output_names(given: &[String], scopes: &[Scope]) -> Result<Vec<String>, Fault> {
    if let Some(name) = given.iter().find(|name| !is_variable_name(name)) {
        let message = format!("`{}` from `--output-name` cannot be the name of a variable", name.escape_debug());
        return Err(Fault::new(Category::Usage, "output-name-invalid", message)
            .hint("use letters, digits and `_`, and begin with no digit, as in `AZURE_ACCESS_TOKEN`"));
    }
    if let Some(name) = given.iter().enumerate().find_map(|(at, name)| given[..at].contains(name).then_some(name)) {
        let message = format!("`--output-name` gives the name `{name}` twice, so one token would replace the other");
        return Err(Fault::new(Category::Usage, "output-names-do-not-fit", message)
            .hint("give each scope a name of its own, or one name for all"));
    }
    if given.len() == scopes.len() {
        return Ok(given.to_vec());
    }
    let [name] = given else {
        let message = format!("`--output-name` gives {} names for {} scopes", given.len(), scopes.len());
        return Err(Fault::new(Category::Usage, "output-names-do-not-fit", message)
            .hint("give one name for each scope, or one for all"));
    };
    let suffixed = scopes.iter().enumerate().map(|(index, scope)| match (index, scope.short) {
        (0, _) => name.clone(),
        (_, Some(short)) => format!("{name}_{}", short.to_ascii_uppercase()),
        (index, None) => format!("{name}_{}", index + 1),
    });
    Ok(suffixed.collect())
}
