//! The variables that the program gets, and those that would lead its tools to other credentials.

use azure_oidc_core::broker::{ADDRESS, SECRET};
use serde::Serialize;

use super::action::Environment;
use super::id_token::Held;
use super::message::time;
use super::protocol::{APP_SERVICE, ID_TOKEN, IMDS};
use super::settings::Fixed;

/// Variables that select another credential in some SDK or provider. They are removed, and never
/// set empty: some SDKs take an empty variable for set.
const OTHERS: [&str; 28] = [
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_CLIENT_CERTIFICATE_PASSWORD",
    "AZURE_USERNAME",
    "AZURE_PASSWORD",
    "AZURE_TOKEN_CREDENTIALS",
    TOKEN_FILE,
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "IDENTITY_SERVER_THUMBPRINT",
    "IMDS_ENDPOINT",
    "MSI_ENDPOINT",
    "MSI_SECRET",
    "DEFAULT_IDENTITY_CLIENT_ID",
    "ACC_CLOUD",
    "ARM_CLIENT_SECRET",
    "ARM_CLIENT_SECRET_FILE_PATH",
    "ARM_CLIENT_CERTIFICATE",
    "ARM_CLIENT_CERTIFICATE_PATH",
    "ARM_CLIENT_CERTIFICATE_PASSWORD",
    "ARM_CLIENT_ID_FILE_PATH",
    "ARM_OIDC_TOKEN",
    "ARM_OIDC_TOKEN_FILE_PATH",
    "ARM_USE_AKS_WORKLOAD_IDENTITY",
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
    "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
    "ARM_USE_MSI",
    MSI_ENDPOINT,
];
const TOKEN_FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
const MSI_ENDPOINT: &str = "ARM_MSI_ENDPOINT";
const PROXIES: [&str; 6] = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
const NO_PROXY: [&str; 2] = azure_oidc_core::settings::NO_PROXY;
/// Pulumi's azure-native provider reads only these. Other tools take them for a sign of GitHub.
const GITHUB: [&str; 2] = ["ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"];

/// The environment, for this ID token.
pub(super) fn of(fixed: &Fixed, id_token: Option<&Held>) -> Environment {
    let audience = id_token.map_or("", |held| held.audience.as_str());
    let listening = &fixed.listening;
    let base = endpoint(listening.port);
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("audience", audience).finish();
    let request_url = format!("{base}{ID_TOKEN}?{query}");
    let (client, tenant) = (fixed.client_id().to_owned(), fixed.settings.tenant.as_str().to_owned());
    let mut set = vec![
        ("IDENTITY_ENDPOINT", format!("{base}{APP_SERVICE}")),
        (SECRET, listening.identity_header.reveal().to_owned()),
        (ADDRESS, base.clone()),
        ("ARM_OIDC_REQUEST_URL", request_url.clone()),
        ("ARM_OIDC_REQUEST_TOKEN", listening.request_token.reveal().to_owned()),
        ("ARM_USE_OIDC", "true".to_owned()),
        ("ARM_CLIENT_ID", client.clone()),
        ("ARM_TENANT_ID", tenant.clone()),
        ("AZURE_CLIENT_ID", client),
        ("AZURE_TENANT_ID", tenant),
    ];
    if fixed.offer.imds {
        set.push((MSI_ENDPOINT, format!("{base}/{}{IMDS}", listening.path.reveal())));
    }
    if fixed.offer.token_file {
        set.push((TOKEN_FILE, listening.token_file.clone()));
        // Where the SDKs trade it; without this they ask the public cloud.
        set.push(("AZURE_AUTHORITY_HOST", format!("{}/", fixed.settings.endpoint.authority.base())));
    }
    if needs_github(fixed) {
        set.push((GITHUB[0], request_url));
        set.push((GITHUB[1], listening.request_token.reveal().to_owned()));
    }
    if PROXIES.iter().any(|name| fixed.is_set(name)) {
        set.extend(NO_PROXY.into_iter().zip(without_proxy(&fixed.no_proxy)));
    }
    let is_kept = |name: &&str| !set.iter().any(|(given, _)| given == name);
    let unset = OTHERS.into_iter().filter(is_kept).collect();
    let id_token = id_token.filter(|_| !fixed.offer.keep_id_token);
    let unset_values = id_token.map(|held| held.token.clone()).into_iter().collect();
    Environment { set, unset, unset_values }
}

pub(super) fn endpoint(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

/// Whether Pulumi is used, and the job has no such variables of its own.
fn needs_github(fixed: &Fixed) -> bool {
    let program = fixed.listening.program.as_deref().unwrap_or_default();
    let is_pulumi = program.split('.').next() == Some("pulumi")
        || fixed.listening.variables.iter().any(|name| name.starts_with("PULUMI_"));
    is_pulumi && !GITHUB.iter().any(|name| fixed.is_set(name))
}

/// Both spellings with this machine added. A tool reads one of the two, so both get the entries of
/// both.
fn without_proxy(old: &[String; 2]) -> [String; 2] {
    old.each_ref().map(|own| {
        let other = old.iter().find(|one| !one.is_empty()).cloned().unwrap_or_default();
        let own = if own.is_empty() { other } else { own.clone() };
        let mut entries: Vec<&str> = own.split(',').map(str::trim).filter(|entry| !entry.is_empty()).collect();
        for here in ["127.0.0.1", "localhost"] {
            if !entries.contains(&here) && !entries.contains(&"*") {
                entries.push(here);
            }
        }
        entries.join(",")
    })
}

/// The ready file.
#[derive(Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReadyFile {
    /// The version of this form.
    #[cfg_attr(feature = "schema", schemars(extend("const" = 1)))]
    version: u8,
    /// The process that offers the credentials.
    pid: u32,
    /// Where it listens.
    endpoint: String,
    /// Variables to set.
    env: std::collections::BTreeMap<&'static str, String>,
    /// Variables to remove.
    unset: Vec<String>,
    /// Scopes that were exchanged already.
    scopes: Vec<String>,
    /// Until when a further scope can be asked for, in RFC 3339; null when at any time.
    new_scopes_until: Option<String>,
}

impl ReadyFile {
    pub(super) fn new(
        pid: u32,
        fixed: &Fixed,
        environment: &Environment,
        removed: &[String],
        new_scopes_until: Option<u64>,
    ) -> Self {
        let names = environment.unset.iter().map(|name| (*name).to_owned());
        let mut unset: Vec<String> = names.collect();
        unset.extend(removed.iter().filter(|name| !environment.unset.contains(&name.as_str())).cloned());
        Self {
            version: 1,
            pid,
            endpoint: endpoint(fixed.listening.port),
            env: environment.set.iter().cloned().collect(),
            unset,
            scopes: fixed.first.clone(),
            new_scopes_until: new_scopes_until.map(time),
        }
    }
}
