//! A running emulator, and a client that sends requests as an SDK does.

use std::path::Path;

use azure_oidc_emulator::client::Client;
use azure_oidc_emulator::log::Entry;
use azure_oidc_emulator::{Config, Emulator, Order, Running, config};
use http::{Method, Request, Response};
use serde_json::Value;

pub(crate) const TENANT: &str = "11111111-1111-4111-8111-111111111111";
pub(crate) const DEPLOYER: &str = "22222222-2222-4222-8222-222222222222";
pub(crate) const BUILDER: &str = "55555555-5555-4555-8555-555555555555";
pub(crate) const BARE: &str = "77777777-7777-4777-8777-777777777777";
pub(crate) const RETIRED: &str = "88888888-8888-4888-8888-888888888888";
pub(crate) const ARM: &str = "https://management.azure.com/.default";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A running emulator and its client.
pub(crate) struct Fixture {
    pub(crate) emulator: Running,
    pub(crate) client: Client,
}

/// Starts an emulator with the default configuration.
pub(crate) fn start() -> Fixture {
    start_with(config::DEFAULT)
}

pub(crate) fn start_with(toml: &str) -> Fixture {
    let emulator = Emulator::start(Config::parse(toml, Path::new("")).unwrap()).unwrap();
    let client = Client::trusting(emulator.ca_file()).unwrap();
    Fixture { emulator, client }
}

/// A token request. As it is created, the default configuration grants it.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) tenant: String,
    pub(crate) fields: Vec<(&'static str, String)>,
}

impl Ask {
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.fields.retain(|(key, _)| *key != name);
        self.fields.push((name, value.into()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(key, _)| *key != name);
        self
    }

    pub(crate) fn tenant(mut self, tenant: &str) -> Self {
        self.tenant = tenant.to_owned();
        self
    }

    pub(crate) fn body(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.fields).finish()
    }
}

/// An answer, with its JSON.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) json: Value,
    pub(crate) response: Response<bytes::Bytes>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.json[name].as_str().unwrap_or_default()
    }

    /// Returns the AADSTS number and checks that the members agree on it.
    pub(crate) fn aadsts(&self) -> u64 {
        let code = self.json["error_codes"][0].as_u64().unwrap_or_default();
        assert!(self.text("error_description").starts_with(&format!("AADSTS{code}: ")), "{}", self.json);
        code
    }
}

impl Fixture {
    pub(crate) fn mint(&self, order: &Order) -> String {
        self.emulator.mint(order).unwrap()
    }

    pub(crate) fn ask(&self, order: &Order) -> Ask {
        Ask {
            tenant: TENANT.to_owned(),
            fields: vec![
                ("client_assertion", self.mint(order)),
                ("client_assertion_type", ASSERTION_TYPE.to_owned()),
                ("client_id", DEPLOYER.to_owned()),
                ("grant_type", "client_credentials".to_owned()),
                ("scope", ARM.to_owned()),
            ],
        }
    }

    pub(crate) fn github(&self) -> Ask {
        self.ask(&Order::of("github"))
    }

    pub(crate) fn post(&self, ask: &Ask) -> Answer {
        self.try_post(ask).unwrap()
    }

    pub(crate) fn try_post(&self, ask: &Ask) -> std::io::Result<Answer> {
        let request =
            Request::post(self.token_url(&ask.tenant)).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(ask.body()).unwrap())
    }

    pub(crate) fn token_url(&self, tenant: &str) -> String {
        format!("{}/{tenant}/oauth2/v2.0/token", self.emulator.url())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, "")
    }

    pub(crate) fn call(&self, method: Method, path: &str, body: &str) -> Answer {
        let url = if path.starts_with("https://") { path.to_owned() } else { format!("{}{path}", self.emulator.url()) };
        self.send(Request::builder().method(method).uri(url).body(body.to_owned()).unwrap()).unwrap()
    }

    pub(crate) fn send(&self, request: Request<String>) -> std::io::Result<Answer> {
        let response = self.client.send(request)?;
        let json = serde_json::from_slice(response.body()).unwrap_or_default();
        Ok(Answer { status: response.status().as_u16(), json, response })
    }

    pub(crate) fn last_request(&self) -> Entry {
        self.emulator.requests().pop().unwrap()
    }
}
