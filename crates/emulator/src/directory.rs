//! The directory: tenants, applications, and credentials whose changes can be delayed.

use std::cell::Cell;
use std::time::{Duration, Instant};

use azure_oidc_core::Fault;
use azure_oidc_core::cloud::{self, Cloud};
use azure_oidc_core::credential::{Credential, forms, limits};
use azure_oidc_core::fault::Category;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::{self, Kind, Style};
use crate::guid;
use crate::issuers::Issuers;

/// All tenants.
pub(crate) struct Directory(Vec<Tenant>);

/// A tenant.
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) domains: Vec<String>,
    pub(crate) style: Style,
    pub(crate) cloud: &'static Cloud,
    pub(crate) access_token_seconds: i64,
    pub(crate) github_enterprises: Vec<String>,
    resources: Vec<config::Resource>,
    pub(crate) applications: Vec<Application>,
}

/// An application or a managed identity.
pub(crate) struct Application {
    pub(crate) client_id: String,
    pub(crate) object_id: String,
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) enabled: bool,
    pub(crate) service_principal: bool,
    credentials: Vec<Credential>,
    /// The credentials before the last change.
    previous: Vec<Credential>,
    /// Every request counts one of `Requests` down.
    delay: Cell<Delay>,
}

/// How long requests still see the previous credentials.
#[derive(Debug, Clone, Copy)]
enum Delay {
    Until(Instant),
    Requests(u32),
}

/// A change of an application's credentials.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The tenant, by its id or one of its domains. Optional if there is only one tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The application.
    pub client_id: String,
    /// All its new credentials, in any form that Azure's tools print.
    pub credentials: Value,
    /// For how many seconds the old credentials still apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_delay_seconds: Option<u64>,
    /// For how many requests the old credentials still apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication_delay_requests: Option<u32>,
}

impl Directory {
    /// The directory of a configuration.
    pub(crate) fn new(configured: &[config::Tenant], issuers: &Issuers) -> Result<Self, Fault> {
        configured.iter().map(|tenant| Tenant::new(tenant, issuers)).collect::<Result<_, _>>().map(Self)
    }

    /// The tenant with this id or domain, in upper or lower case.
    pub(crate) fn tenant(&self, name: &str) -> Option<&Tenant> {
        self.0.iter().find(|tenant| tenant.is(name))
    }

    /// All tenants.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Tenant> {
        self.0.iter()
    }

    /// Replaces the credentials of an application.
    ///
    /// # Errors
    ///
    /// When there is no such application, or Entra would refuse to store one of the credentials.
    pub(crate) fn change(&mut self, change: &Change, issuers: &Issuers) -> Result<(), Fault> {
        let wrong = |message: String| Fault::new(Category::Usage, "application-unknown", message);
        let tenant = match (&change.tenant, self.0.as_mut_slice()) {
            (None, [only]) => only,
            (None, _) => return Err(wrong("there are several tenants: name one with `tenant`".into())),
            (Some(name), tenants) => tenants
                .iter_mut()
                .find(|tenant| tenant.is(name))
                .ok_or_else(|| wrong(format!("there is no tenant `{name}`")))?,
        };
        let tenant_id = tenant.id.clone();
        let same = |application: &&mut Application| application.is(&change.client_id);
        let application = tenant.applications.iter_mut().find(same).ok_or_else(|| {
            wrong(format!("there is no application with the client id `{}` in tenant {tenant_id}", change.client_id))
        })?;
        let credentials = parse(&change.credentials.to_string(), issuers)?;
        refuse_unstorable(&credentials)?;
        application.previous = std::mem::replace(&mut application.credentials, credentials);
        application.delay.set(match (change.replication_delay_seconds, change.replication_delay_requests) {
            (Some(seconds), _) => Delay::Until(Instant::now() + Duration::from_secs(seconds)),
            (None, requests) => Delay::Requests(requests.unwrap_or(0)),
        });
        Ok(())
    }
}

impl Tenant {
    fn new(configured: &config::Tenant, issuers: &Issuers) -> Result<Self, Fault> {
        let applications = configured.applications.iter().map(|application| Application::new(application, issuers));
        Ok(Self {
            id: configured.id.clone(),
            domains: configured.domains.clone(),
            style: configured.style,
            cloud: Cloud::by_name(&configured.cloud).unwrap_or(cloud::PUBLIC),
            access_token_seconds: configured.access_token_seconds,
            github_enterprises: configured.github_enterprises.clone(),
            resources: configured.resources.clone(),
            applications: applications.collect::<Result<_, _>>()?,
        })
    }

    fn is(&self, name: &str) -> bool {
        self.id.eq_ignore_ascii_case(name) || self.domains.iter().any(|domain| domain.eq_ignore_ascii_case(name))
    }

    /// The application with this client id.
    pub(crate) fn application(&self, client_id: &str) -> Option<&Application> {
        self.applications.iter().find(|application| application.is(client_id))
    }

    /// The token version of a known resource. A trailing slash does not matter.
    pub(crate) fn token_version(&self, resource: &str) -> Option<u8> {
        let same = |id: &str| id.trim_end_matches('/') == resource.trim_end_matches('/');
        let own = self.resources.iter().find(|own| same(&own.id)).map(|own| own.token_version);
        let is_known = || {
            let is_management = self.cloud.management(&format!("{resource}/.default")).is_some();
            is_management || self.cloud.resources.iter().any(|(_, id)| same(id))
        };
        own.or_else(|| is_known().then_some(1))
    }
}

impl Application {
    fn new(configured: &config::Application, issuers: &Issuers) -> Result<Self, Fault> {
        let inline = serde_json::to_string(&configured.credentials).unwrap_or_default();
        let documents = [Some(inline), configured.credentials_json.clone()];
        let mut credentials = Vec::new();
        for document in documents.into_iter().flatten() {
            credentials.extend(parse(&document, issuers).map_err(|fault| in_application(configured, fault))?);
        }
        refuse_unstorable(&credentials).map_err(|fault| in_application(configured, fault))?;
        Ok(Self {
            client_id: configured.client_id.clone(),
            object_id: configured.object_id.clone().unwrap_or_else(|| guid::of(&configured.client_id)),
            name: configured.name.clone(),
            kind: configured.kind,
            enabled: configured.enabled,
            service_principal: configured.service_principal,
            credentials,
            previous: Vec::new(),
            delay: Cell::new(Delay::Requests(0)),
        })
    }

    /// The credentials that a request sees. `stale`: those from before the last change.
    pub(crate) fn credentials(&self, stale: bool) -> &[Credential] {
        let waiting = match self.delay.get() {
            Delay::Until(moment) => Instant::now() < moment,
            Delay::Requests(0) => false,
            Delay::Requests(left) => {
                self.delay.set(Delay::Requests(left - 1));
                true
            }
        };
        if waiting || stale { &self.previous } else { &self.credentials }
    }

    fn is(&self, client_id: &str) -> bool {
        self.client_id.eq_ignore_ascii_case(client_id)
    }
}

fn in_application(application: &config::Application, mut fault: Fault) -> Fault {
    fault.message = format!("application {}: {}", application.client_id, fault.message);
    fault
}

fn parse(document: &str, issuers: &Issuers) -> Result<Vec<Credential>, Fault> {
    let mut credentials = forms::parse(document)?;
    for credential in &mut credentials {
        credential.issuer = issuers.expand(&credential.issuer)?;
    }
    Ok(credentials)
}

/// Refuses what Entra refuses to store. Entra stores some credentials that never match.
fn refuse_unstorable(credentials: &[Credential]) -> Result<(), Fault> {
    const REFUSED: [&str; 7] = [
        "credentials-too-many",
        "credential-name-taken",
        "credential-duplicate",
        "credential-name-invalid",
        "audience-count",
        "member-empty",
        "member-too-long",
    ];
    let problems = limits::problems(credentials);
    let Some(problem) = problems.into_iter().find(|problem| REFUSED.contains(&problem.code)) else { return Ok(()) };
    let which = problem.index.map_or(String::new(), |index| format!("credential {}: ", index + 1));
    let fault = Fault::new(Category::Usage, problem.code, format!("{which}{}", problem.message));
    Err(problem.remedy.into_iter().fold(fault, Fault::hint))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use crate::keys::Keys;
    use serde_json::json;
    use std::path::Path;

    const CLIENT: &str = "22222222-2222-4222-8222-222222222222";

    fn sample() -> (Directory, Issuers) {
        let config = Config::parse(config::DEFAULT, Path::new("")).unwrap();
        let issuers = Issuers::new(&config.issuers, "https://localhost:1", &Keys::load().unwrap()).unwrap();
        (Directory::new(&config.tenants, &issuers).unwrap(), issuers)
    }

    fn names(directory: &Directory, stale: bool) -> Vec<String> {
        let application = directory.tenant("contoso.example").unwrap().application(CLIENT).unwrap();
        application.credentials(stale).iter().map(|credential| credential.name.clone()).collect()
    }

    fn change(json: Value) -> Change {
        serde_json::from_value(json).unwrap()
    }

    fn credential(name: &str) -> Value {
        json!({ "name": name, "issuer": "${issuer.local}", "subject": name, "audiences": ["api://AzureADTokenExchange"] })
    }

    #[test]
    fn a_tenant_is_found_by_its_id_and_by_its_domains() {
        let (directory, _) = sample();
        assert!(directory.tenant("11111111-1111-4111-8111-111111111111").is_some());
        assert!(directory.tenant("Contoso.Example").is_some());
        assert!(directory.tenant("contoso").is_none());
    }

    #[test]
    fn a_resource_is_known_with_and_without_a_slash_at_its_end() {
        let (directory, _) = sample();
        let tenant = directory.tenant("contoso.example").unwrap();
        assert_eq!(tenant.token_version("https://management.azure.com"), Some(1));
        assert_eq!(tenant.token_version("https://management.azure.com/"), Some(1));
        assert_eq!(tenant.token_version("https://management.core.windows.net/"), Some(1), "what az asks for");
        assert_eq!(tenant.token_version("api://my-api"), Some(2));
        assert_eq!(tenant.token_version("https://management.azure.com.evil"), None);
    }

    #[test]
    fn changed_credentials_are_seen_after_their_delay() {
        let (mut directory, issuers) = sample();
        let mut wanted = change(json!({ "client_id": CLIENT, "credentials": [credential("first")] }));
        directory.change(&wanted, &issuers).unwrap();
        assert_eq!(names(&directory, false), ["first"]);

        wanted.credentials = json!({ "value": [credential("second")] });
        wanted.replication_delay_requests = Some(2);
        directory.change(&wanted, &issuers).unwrap();
        let seen: Vec<_> = (0..3).map(|_| names(&directory, false)).collect();
        assert_eq!(seen, [["first"], ["first"], ["second"]]);
        assert_eq!(names(&directory, true), ["first"], "on request");

        wanted.replication_delay_seconds = Some(3600);
        wanted.credentials = json!([credential("third")]);
        directory.change(&wanted, &issuers).unwrap();
        assert_eq!(names(&directory, false), ["second"]);
    }

    #[test]
    fn credentials_that_entra_does_not_store_are_refused() {
        let (mut directory, issuers) = sample();
        let mut refused = |credentials: Value| {
            let wanted = change(json!({ "client_id": CLIENT, "credentials": credentials }));
            directory.change(&wanted, &issuers).unwrap_err().code
        };
        let many: Vec<_> = (0..21).map(|at| credential(&format!("fic-{at}"))).collect();
        assert_eq!(refused(many.into()), "credentials-too-many");
        assert_eq!(refused(json!([credential("same"), credential("same")])), "credential-name-taken");
        assert_eq!(
            refused(json!([{ "name": "two", "issuer": "i", "subject": "s", "audiences": ["a", "b"] }])),
            "audience-count"
        );
    }

    #[test]
    fn credentials_that_never_match_are_stored() {
        let (mut directory, issuers) = sample();
        let github = "https://token.actions.githubusercontent.com/";
        let odd = json!([{ "name": "slash", "issuer": github, "subject": "repo:o/r:*", "audiences": [" x"] }]);
        directory.change(&change(json!({ "client_id": CLIENT, "credentials": odd })), &issuers).unwrap();
        assert_eq!(names(&directory, false), ["slash"]);
    }

    #[test]
    fn an_unknown_application_is_named() {
        let (mut directory, issuers) = sample();
        let mut message = |json: Value| directory.change(&change(json), &issuers).unwrap_err().message.clone();
        assert_eq!(
            message(json!({ "tenant": "nowhere", "client_id": "x", "credentials": [] })),
            "there is no tenant `nowhere`"
        );
        assert!(
            message(json!({ "client_id": "x", "credentials": [] }))
                .starts_with("there is no application with the client id `x` in tenant 1111")
        );
    }
}
