//! The claims set of a JWT (RFC 7519 §4).

use serde_json::{Map, Number, Value};

use super::{Malformed, MalformedReason, json};

/// A claims set. An absent claim is `None`; a registered claim of the wrong JSON type, also `null`,
/// is an error.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// `iss`, the issuer.
    pub iss: Option<String>,
    /// `sub`, the subject.
    pub sub: Option<String>,
    /// `aud`, the audiences; empty when the claim is absent or an empty list.
    pub aud: Vec<String>,
    /// Whether `aud` is a JSON list, which Entra may not accept.
    pub aud_is_array: bool,
    /// `exp`, in Unix seconds: the token is not valid from then on.
    pub exp: Option<i64>,
    /// `nbf`, in Unix seconds: the token is not valid before.
    pub nbf: Option<i64>,
    /// `iat`, in Unix seconds: when the token was issued.
    pub iat: Option<i64>,
    /// Every claim, these included.
    pub raw: Map<String, Value>,
}

impl Claims {
    /// Reads the registered claims.
    ///
    /// A time (`NumericDate`, RFC 7519 §2) may have a fraction. It is rounded down to the whole
    /// second, so that `exp` never gets later. It may be any `i64`; arithmetic on it must saturate.
    ///
    /// # Errors
    ///
    /// When a registered claim has the wrong JSON type or a time is out of range.
    pub fn new(raw: Map<String, Value>) -> Result<Self, Malformed> {
        let (aud, aud_is_array) = audience(&raw)?;
        Ok(Self {
            iss: string(&raw, "iss")?,
            sub: string(&raw, "sub")?,
            aud,
            aud_is_array,
            exp: numeric_date(&raw, "exp")?,
            nbf: numeric_date(&raw, "nbf")?,
            iat: numeric_date(&raw, "iat")?,
            raw,
        })
    }

    /// A claim of string type, by name.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.raw.get(name)?.as_str()
    }
}

fn string(raw: &Map<String, Value>, name: &str) -> Result<Option<String>, Malformed> {
    match raw.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(other) => Err(wrong_type(name, other, "a string")),
    }
}

fn audience(raw: &Map<String, Value>) -> Result<(Vec<String>, bool), Malformed> {
    const EXPECTED: &str = "a string or a list of strings";
    match raw.get("aud") {
        None => Ok((Vec::new(), false)),
        Some(Value::String(text)) => Ok((vec![text.clone()], false)),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .map(|audiences| (audiences, true))
            .ok_or_else(|| {
                let message = format!("the claim `aud` has an item that is no string, not {EXPECTED}");
                Malformed::with_message(MalformedReason::ClaimType, message)
            }),
        Some(other) => Err(wrong_type("aud", other, EXPECTED)),
    }
}

fn numeric_date(raw: &Map<String, Value>, name: &str) -> Result<Option<i64>, Malformed> {
    match raw.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => whole_seconds(number).map(Some).ok_or_else(|| {
            let message = format!("the claim `{name}` is a number outside the range of times");
            Malformed::with_message(MalformedReason::ClaimRange, message)
        }),
        Some(other) => Err(wrong_type(name, other, "a number of seconds")),
    }
}

fn whole_seconds(number: &Number) -> Option<i64> {
    /// 2^63, the first value that doesn't fit; -2^63 does.
    const END: f64 = 9_223_372_036_854_775_808.0;
    if number.is_i64() || number.is_u64() {
        return number.as_i64();
    }
    let seconds = number.as_f64()?.floor();
    (-END..END).contains(&seconds).then_some(seconds as i64)
}

fn wrong_type(name: &str, value: &Value, expected: &str) -> Malformed {
    let message = format!("the claim `{name}` is {}, not {expected}", json::kind(value));
    Malformed::with_message(MalformedReason::ClaimType, message)
}
