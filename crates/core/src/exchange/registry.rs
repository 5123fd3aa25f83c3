//! Trades an access token for the refresh token of an Azure container registry.
//!
//! The registry is treated as Entra is: no redirect is followed, because the request holds a token,
//! and 429 and 5xx are asked again.

use std::time::Duration;

use form_urlencoded::Serializer;
use serde_json::Value;

use super::answer::{object, retry_after};
use super::{request, retry};
use crate::authority::{Authority, Tenant};
use crate::cloud::{CLOUDS, Cloud};
use crate::fault::{Category, Fault};
use crate::harmless::shown;
use crate::ports::{Method, Ports, Request, Response, TransportError, TransportKind};
use crate::secret::Secret;
use crate::settings::listed;
use crate::shorten::{LONGEST_SENTENCE, LONGEST_VALUE};

/// The variable with further hosts that are registries of Azure, separated by commas: `host` or
/// `host:port`. For clouds whose registries are not known here, and for emulators.
pub const REGISTRIES: &str = "AZURE_OIDC_REGISTRIES";

/// The variable with the user name that is handed out beside a registry's token.
pub const USERNAME: &str = "AZURE_OIDC_REGISTRY_USERNAME";

/// The longest host name (RFC 1035 §2.3.4), with a port.
const LONGEST: usize = 253 + 6;

/// A container registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// `host` in lower case, with the port that [`REGISTRIES`] gives it.
    pub host: String,
    /// Its cloud, if its name says so.
    pub cloud: Option<&'static Cloud>,
}

impl Registry {
    /// The registry at an address, as container tools write it: a host, with or without `https://`
    /// before it and a path after it. None when nobody says that the host is a registry of Azure.
    /// `others` is the value of [`REGISTRIES`].
    ///
    /// The whole name is compared: `x.azurecr.io.evil.example` must never get a token.
    pub fn at(address: &str, others: Option<&str>) -> Option<Self> {
        let rest = address.strip_prefix("https://").unwrap_or(address);
        let host = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
        if host.is_empty() || host.len() > LONGEST {
            return None;
        }
        let bare = host.strip_suffix(":443").unwrap_or(&host);
        let is_label =
            |name: &str| !name.is_empty() && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        let of =
            |cloud: &&Cloud| !cloud.registries.is_empty() && bare.strip_suffix(cloud.registries).is_some_and(is_label);
        if let Some(cloud) = CLOUDS.iter().find(of) {
            return Some(Self { host: bare.to_owned(), cloud: Some(cloud) });
        }
        let is_named = listed(others.unwrap_or_default()).any(|other| other.eq_ignore_ascii_case(&host));
        is_named.then_some(Self { host, cloud: None })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the entry of [`REGISTRIES`] that names it is no address.
    pub fn address(&self) -> Result<Authority, Fault> {
        Authority::parse(&format!("https://{}", self.host), REGISTRIES).map_err(|_| {
            let entry = shown(&self.host, LONGEST_VALUE);
            let message = format!("The entry `{entry}` of `{REGISTRIES}` is not the address of a registry");
            Fault::new(Category::Usage, "registry-invalid", message)
                .hint("write it as `HOST` or `HOST:PORT`, with a port from 1 to 65535")
        })
    }

    /// The URL that an access token is sent to.
    pub fn url(&self) -> String {
        format!("https://{}/oauth2/exchange", self.host)
    }

    /// Trades the access token, until the time is over.
    pub fn exchange(
        &self,
        tenant: &Tenant,
        token: &Secret,
        timeout: Duration,
        retries: u32,
        ports: Ports<'_>,
    ) -> Result<Secret, Fault> {
        let request = self.request(tenant, token);
        let started = ports.clock.monotonic();
        let mut tries = 1;
        loop {
            let left = || timeout.saturating_sub(ports.clock.monotonic().saturating_sub(started));
            let limit = retry::attempt_timeout(timeout, left(), retries);
            let (fault, after) = match ports.http.send(std::slice::from_ref(&request), limit).pop() {
                Some(Ok(response)) => match response.status {
                    200 => return self.token(&response),
                    408 | 429 | 500..=599 => {
                        let after = retry_after(response.header("retry-after"), ports.clock.now());
                        (self.refused(&response, tenant), after)
                    }
                    _ => return Err(self.refused(&response, tenant)),
                },
                Some(Err(error)) if error.kind.is_transient() => (self.unreachable(&error), None),
                Some(Err(error)) => return Err(self.unreachable(&error)),
                None => return Err(self.fault("registry-unreachable", "gave no answer".to_owned())),
            };
            match retry::pause(tries, retries, after, left(), ports.random) {
                Some(pause) => ports.clock.sleep(pause),
                None => return Err(retry::gave_up(fault, tries, after, left())),
            }
            tries += 1;
        }
    }

    fn request(&self, tenant: &Tenant, token: &Secret) -> Request {
        let body = Serializer::new(String::new())
            .append_pair("grant_type", "access_token")
            .append_pair("service", &self.host)
            .append_pair("tenant", tenant.as_str())
            .append_pair("access_token", token.reveal())
            .finish();
        Request {
            method: Method::Post,
            url: self.url(),
            headers: vec![
                ("content-type", "application/x-www-form-urlencoded".to_owned()),
                ("accept", "application/json".to_owned()),
                ("user-agent", request::USER_AGENT.to_owned()),
            ],
            body: body.into_bytes(),
            max_response: request::MAX_ANSWER,
        }
    }

    fn token(&self, response: &Response) -> Result<Secret, Fault> {
        let Some(object) = object(response) else {
            let kind = response.header("content-type").unwrap_or("no content type");
            let what = format!("answered 200 with {} instead of JSON", shown(kind, LONGEST_VALUE));
            return Err(self.fault("registry-answer-unusable", what).hint(NOT_THE_REGISTRY));
        };
        let token = object.get("refresh_token").and_then(Value::as_str).unwrap_or_default();
        match !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic()) {
            true => Ok(Secret::new(token)),
            false => {
                let what = "answered 200 without a usable `refresh_token`".to_owned();
                Err(self.fault("registry-answer-unusable", what).hint(NOT_THE_REGISTRY))
            }
        }
    }

    /// The fault of any other status than 200.
    fn refused(&self, response: &Response, tenant: &Tenant) -> Fault {
        let status = response.status;
        let said =
            object(response).and_then(|object| said(&object)).map(|said| format!(": {said}")).unwrap_or_default();
        let answered = format!("answered {status}{said}");
        match status {
            300..=399 => {
                let target =
                    response.header("location").and_then(|url| url.split(['?', '#']).next()).unwrap_or("nowhere");
                let what = format!("answered {status} and redirects to {}", shown(target, LONGEST_VALUE));
                self.fault("registry-redirects", format!("{what}; the token was not sent there")).hint(NOT_THE_REGISTRY)
            }
            401 => self.refusal("registry-refused", answered).hint(format!(
                "it must belong to the tenant {}, and the identity needs a role there, such as AcrPull",
                tenant.as_str()
            )),
            403 => self
                .refusal("registry-refused", answered)
                .hint("its network rules may not admit this machine: `az acr show --name NAME` shows them"),
            408 | 429 | 500..=599 => {
                let code = if status == 429 { "registry-throttles" } else { "registry-unavailable" };
                self.fault(code, answered).transient()
            }
            _ => self.refusal("registry-refused", answered).hint(NOT_THE_REGISTRY),
        }
    }

    fn unreachable(&self, error: &TransportError) -> Fault {
        let fault = self.fault("registry-unreachable", format!("gave no answer: {}", error.kind.words()));
        let fault = match error.kind {
            TransportKind::Tls(failure) => fault.hint(failure.remedy()),
            TransportKind::Dns => fault.hint("check the spelling of the registry's name"),
            _ => fault,
        };
        if error.detail.is_empty() { fault } else { fault.fact("reason", error.detail.clone()) }
    }

    fn fault(&self, code: &'static str, what: String) -> Fault {
        Fault::new(Category::Network, code, format!("The registry {} {what}", self.host))
    }

    fn refusal(&self, code: &'static str, what: String) -> Fault {
        Fault::new(Category::Refused, code, format!("The registry {} {what}", self.host))
    }
}

const NOT_THE_REGISTRY: &str = "check proxies: something other than an Azure container registry may have answered";

/// The first error of a registry's answer: `{"errors":[{"code","message","detail"}]}`.
fn said(object: &serde_json::Map<String, Value>) -> Option<String> {
    let error = object.get("errors")?.as_array()?.first()?;
    let text = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    Some(shown(&format!("{} {}", text("code"), text("message")), LONGEST_SENTENCE))
}

#[cfg(test)]
mod tests;
