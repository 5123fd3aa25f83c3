//! What a case gives to a job: an ID token and standard input, and values for its placeholders.

use azure_oidc_emulator::Order;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Call;
use crate::Stage;

/// An ID token that the emulator mints.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Minted {
    /// The issuer.
    mint: String,
    #[serde(default)]
    claims: Map<String, Value>,
}

/// The values of the placeholders `{token}`, `{stdin}` and those of the caller.
#[derive(Debug)]
pub struct Given {
    /// The ID token, if the case has one.
    pub token: Option<String>,
    /// Standard input, with its own placeholders replaced.
    pub stdin: String,
    places: Vec<(String, String)>,
}

impl Given {
    /// Mints the token, and writes standard input: a text as it is, a document as JSON.
    pub fn new(stage: &Stage, token: Option<&Minted>, stdin: &Value, places: &[(&str, &str)]) -> Self {
        let token = token.map(|token| {
            let order = Order::of(token.mint.as_str());
            stage.mint(&token.claims.iter().fold(order, |order, (name, value)| order.claim(name, value.clone())))
        });
        let mut places: Vec<_> =
            places.iter().map(|(place, value)| ((*place).to_owned(), (*value).to_owned())).collect();
        places.push(("{token}".to_owned(), token.clone().unwrap_or_default()));
        let stdin = match stdin {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            document => document.to_string(),
        };
        let mut given = Self { token, stdin: String::new(), places };
        given.stdin = given.text(&stdin);
        given.places.push(("{stdin}".to_owned(), given.stdin.clone()));
        given
    }

    /// A text with its placeholders replaced.
    pub fn text(&self, text: &str) -> String {
        self.places.iter().fold(text.to_owned(), |text, (place, value)| text.replace(place, value))
    }

    /// A document with the placeholders in its texts replaced. Names of members stay.
    pub fn value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(items) => items.into_iter().map(|item| self.value(item)).collect(),
            Value::Object(members) => members.into_iter().map(|(name, value)| (name, self.value(value))).collect(),
            other => other,
        }
    }

    /// A typed call with its placeholders replaced.
    pub fn call(&self, call: &Call) -> Call {
        Call { function: call.function.clone(), arguments: self.value(call.arguments.clone()) }
    }
}
