//! Reads the table of cases (`tests/typed/cases.json`) and writes each case as a command line.

use std::fs;

use azure_oidc_emulator::Order;
use azure_oidc_tests::{Job, Stage, tokens};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// The current time in cases without a token.
const NOW: i64 = 1_787_306_400;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "about")]
    _about: String,
    /// Credentials that a case can name.
    gitlab: Value,
    cases: Vec<Written>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: String,
    call: String,
    #[serde(default)]
    token: Option<Token>,
    #[serde(default)]
    args: Map<String, Value>,
    #[serde(default)]
    answer: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Token {
    Text {
        text: String,
    },
    Minted {
        issuer: String,
        #[serde(default)]
        claims: Map<String, Value>,
        #[serde(default)]
        header: Map<String, Value>,
        #[serde(default)]
        sign_with: Option<String>,
    },
}

/// One case.
pub(crate) struct Case {
    /// The function and the subject of the case.
    pub(crate) name: String,
    /// The function.
    pub(crate) call: String,
    /// The record or the arguments, with the names of the WIT package in snake_case. Absent members
    /// are none.
    pub(crate) args: Map<String, Value>,
    /// The expected outcome, reason or fault code.
    pub(crate) answer: Option<String>,
}

/// All cases, with tokens of this emulator.
pub(crate) fn all(stage: &Stage) -> Vec<Case> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/typed/cases.json");
    let table: Table =
        serde_json::from_str(&fs::read_to_string(path).expect("the table is there")).expect("the table is sound");
    let keys = stage.get(&format!("{}/.well-known/jwks", stage.issuer("local")));
    table.cases.into_iter().map(|written| written.filled(stage, &table.gitlab, &keys)).collect()
}

impl Written {
    fn filled(self, stage: &Stage, gitlab: &Value, keys: &str) -> Case {
        let mut args = self.args;
        let token = self.token.map(|token| token.text(stage));
        if self.call == "check" {
            let issued = token.as_ref().filter(|token| token.split('.').count() == 3);
            let now = issued
                .map_or(NOW, |token| tokens::claims(token)["iat"].as_i64().expect("the emulator dates its tokens"));
            args.entry("now").or_insert(now.into());
        }
        if let Some(token) = token {
            args.insert(if self.call == "verify" { "jws" } else { "token" }.to_owned(), token.into());
        }
        for (name, shared, named) in [("credentials", gitlab.to_string(), "gitlab"), ("jwks", keys.to_owned(), "local")]
        {
            match args.get_mut(name) {
                Some(value) if *value == named => *value = shared.into(),
                _ => {}
            }
        }
        // The component takes documents as text.
        for name in ["credentials", "jwks", "claims_json"] {
            if let Some(value) = args.get_mut(name).filter(|value| !value.is_string()) {
                *value = value.to_string().into();
            }
        }
        if let Some(Value::Array(parts)) = args.get_mut("parts") {
            parts.iter_mut().for_each(|part| *part = json!({"name": part[0], "value": part[1]}));
        }
        Case { name: format!("{}: {}", self.call, self.name), call: self.call, args, answer: self.answer }
    }
}

impl Token {
    fn text(self, stage: &Stage) -> String {
        match self {
            Self::Text { text } => text,
            Self::Minted { issuer, claims, header, sign_with } => {
                let order = Order { sign_with, ..Order::of(&issuer) };
                let order = claims.into_iter().fold(order, |order, (name, value)| order.claim(&name, value));
                stage.mint(&header.into_iter().fold(order, |order, (name, value)| order.header(&name, value)))
            }
        }
    }
}

impl Case {
    /// The text of a member.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.args.get(name).and_then(Value::as_str)
    }

    /// The same job on the command line, with JSON output if the command supports it.
    pub(crate) fn command_line(&self, stage: &Stage) -> Job {
        let mut words = vec![self.call.clone()];
        let mut input = String::new();
        for (name, value) in &self.args {
            let option = match (self.call.as_str(), name.as_str()) {
                (_, "token" | "jws") => {
                    words.extend(["--id-token-env".to_owned(), "T".to_owned()]);
                    continue;
                }
                ("explain", "text") => {
                    words.push("-".to_owned());
                    string(value).clone_into(&mut input);
                    continue;
                }
                (_, "parts") => {
                    for part in value.as_array().expect("parts are a list") {
                        let (name, value) = (string(&part["name"]), string(&part["value"]));
                        words.extend([format!("--{name}"), value.to_owned()]);
                    }
                    continue;
                }
                (_, "claims_json") => {
                    let claims: Map<String, Value> = serde_json::from_str(string(value)).expect("claims are an object");
                    for (name, value) in claims {
                        words.extend(["--token-claim".to_owned(), format!("{name}={}", string(&value))]);
                    }
                    continue;
                }
                (_, "flexible") => {
                    words.push("--flexible".to_owned());
                    continue;
                }
                (_, "credentials") => "credential".to_owned(),
                ("check", "issuer" | "subject" | "audience") => format!("token-{name}"),
                (_, name) => name.replace('_', "-"),
            };
            words.push(format!("--{option}"));
            words.push(match (name.as_str(), value) {
                ("credentials" | "jwks", Value::String(document)) => stage.write(&format!("{name}.json"), document),
                ("skew", seconds) => format!("{seconds}s"),
                (_, Value::String(text)) => text.clone(),
                (_, other) => other.to_string(),
            });
        }
        if self.call != "credential" {
            words.extend(["--output".to_owned(), "json".to_owned()]);
        }
        let job = Job::host(&words.iter().map(String::as_str).collect::<Vec<_>>()).input(input);
        match self.text("token").or(self.text("jws")) {
            Some(token) => job.env("T", token),
            None => job,
        }
    }
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} should be a text"))
}
