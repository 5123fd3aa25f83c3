//! Reads the cases of `conformance/service.json`, to which all hosts must give the same answers.
//! `conformance/service.md` describes the format.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use azure_oidc_emulator::Order;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Stage;
use crate::http::{self, Message};

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suite {
    /// The variables of each named service.
    pub services: BTreeMap<String, BTreeMap<String, String>>,
    /// ID tokens by name.
    pub tokens: BTreeMap<String, String>,
    /// The cases.
    pub cases: Vec<Case>,
}

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// What the case proves.
    pub name: String,
    /// The name of the service.
    pub service: String,
    /// The method.
    pub method: String,
    /// The path with the query.
    pub path: String,
    /// The headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    json: Option<Value>,
    text: Option<String>,
    filler: Option<usize>,
    bearer: Option<Bearer>,
    /// The expected answer.
    pub expect: Expect,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Bearer {
    Text(String),
    Minted {
        mint: String,
        #[serde(default)]
        claims: Map<String, Value>,
    },
}

/// The expected answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The status.
    pub status: u16,
    /// Exact values of headers; null for a header that must be absent.
    #[serde(default)]
    pub headers: BTreeMap<String, Option<String>>,
    /// Values in the body, by JSON Pointer.
    #[serde(default)]
    pub members: BTreeMap<String, Value>,
    /// The number of token requests to the emulator.
    pub token_requests: Option<usize>,
}

impl Suite {
    /// Reads the file.
    pub fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/service.json");
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The variables of a service whose authority is at this URL.
    pub fn variables<'a>(&'a self, service: &str, authority: &'a str) -> Vec<(&'a str, &'a str)> {
        let variables = self.services.get(service).unwrap_or_else(|| panic!("there is no service {service}"));
        let value = |value: &'a str| if value == "{authority}" { authority } else { value };
        variables.iter().map(|(name, text)| (name.as_str(), value(text))).collect()
    }

    /// The cases of a service.
    pub fn of<'a>(&'a self, service: &'a str) -> impl Iterator<Item = &'a Case> {
        self.cases.iter().filter(move |case| case.service == service)
    }

    /// Sends the request of a case and asserts the answer.
    #[track_caller]
    pub fn prove(&self, case: &Case, address: &str, stage: &Stage) -> Message {
        stage.emulator.clear_requests();
        let answer = self.send(case, address, stage);
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status(), case.expect.status, "{}: {body}", case.name);
        for (name, value) in &case.expect.headers {
            assert_eq!(answer.header(name), value.as_deref(), "{}: {name}: {answer:?}", case.name);
        }
        for (pointer, value) in &case.expect.members {
            assert_eq!(answer.json().pointer(pointer), Some(value), "{}: {pointer}: {body}", case.name);
        }
        if let Some(count) = case.expect.token_requests {
            let requests = stage.requests().into_iter().filter(|entry| entry.path.contains("/oauth2/")).count();
            assert_eq!(requests, count, "{}", case.name);
        }
        answer
    }

    fn send(&self, case: &Case, address: &str, stage: &Stage) -> Message {
        let filler = case.filler.map(|length| "x".repeat(length));
        let json = case.json.as_ref().map(|body| self.with_tokens(&body.to_string()));
        let body = json.or_else(|| case.text.clone()).or(filler).unwrap_or_default();
        let bearer = case.bearer.as_ref().map(|bearer| match bearer {
            Bearer::Text(text) => self.with_tokens(text),
            Bearer::Minted { mint, claims } => {
                let order = Order::of(mint);
                stage.mint(&claims.iter().fold(order, |order, (name, value)| order.claim(name, value.clone())))
            }
        });
        let authorization = bearer.map(|token| format!("Bearer {token}"));
        let mut headers: Vec<_> = case.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        headers.extend(authorization.as_deref().map(|value| ("authorization", value)));
        http::send(address, &case.method, &case.path, &headers, &body)
    }

    fn with_tokens(&self, text: &str) -> String {
        let replaced =
            |text: String, (name, token): (&String, &String)| text.replace(&format!("{{token:{name}}}"), token);
        self.tokens.iter().fold(text.to_owned(), replaced)
    }
}
