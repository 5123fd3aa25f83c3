//! The claims set of a JWT (RFC 7519 §4).

use serde_json::{Map, Number, Value};

use super::{Malformed, json};

/// A claims set. A claim that is absent is `None`; one of the wrong JSON type, `null` included, is refused.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims {
    /// `iss`, who made the token.
    pub iss: Option<String>,
    /// `sub`, whom it speaks of.
    pub sub: Option<String>,
    /// `aud`, for whom it is made; empty when the claim is absent or an empty list.
    pub aud: Vec<String>,
    /// Whether `aud` is written as a list, which Entra may not take.
    pub aud_is_array: bool,
    /// `exp`, in Unix seconds: from then on the token isn't valid.
    pub exp: Option<i64>,
    /// `nbf`, in Unix seconds: before then the token isn't valid.
    pub nbf: Option<i64>,
    /// `iat`, in Unix seconds: when it was made.
    pub iat: Option<i64>,
    /// Every claim, these included.
    pub raw: Map<String, Value>,
}

impl Claims {
    /// Reads the registered claims.
    ///
    /// A time (`NumericDate`, RFC 7519 §2) may have a fraction: it is rounded down to the whole second, so that `exp`
    /// never grows. Its range is that of `i64`; arithmetic on it must saturate.
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
                Malformed::new(CLAIM_TYPE, format!("the claim `aud` has an item that is no string, not {EXPECTED}"))
            }),
        Some(other) => Err(wrong_type("aud", other, EXPECTED)),
    }
}

fn numeric_date(raw: &Map<String, Value>, name: &str) -> Result<Option<i64>, Malformed> {
    match raw.get(name) {
        None => Ok(None),
        Some(Value::Number(number)) => whole_seconds(number).map(Some).ok_or_else(|| {
            Malformed::new("token-claim-range", format!("the claim `{name}` is a number outside the range of times"))
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

const CLAIM_TYPE: &str = "token-claim-type";

fn wrong_type(name: &str, value: &Value, expected: &str) -> Malformed {
    Malformed::new(CLAIM_TYPE, format!("the claim `{name}` is {}, not {expected}", json::kind(value)))
}
