//! Injections: failures on demand. Each says which requests fail, and how.

use std::fmt;

use azure_oidc_core::Fault;
use azure_oidc_core::catalogue;
use azure_oidc_core::fault::Category;
use serde::{Deserialize, Deserializer, Serialize};

/// A failure and the requests that it applies to. Unset conditions match every request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Injection {
    /// The kind of failure.
    pub kind: Kind,

    /// The path of the request; `*` matches any characters. Unset: any token endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The tenant, as it is written in the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The client id in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The whole scope in the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,

    /// The first matching request that fails, counted from 1. Unset: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
    /// How many matching requests fail from there on; 0 means all. Unset: 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,

    /// `Retry-After`: seconds or an HTTP date. For `throttle`, `server-error` and `answer`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text_or_number")]
    pub retry_after: Option<String>,
    /// HTTP status. For `server-error` (503), `html` (200), `redirect` (307), `answer` (200) and
    /// `echo` (400).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Milliseconds that `delay` waits before the real answer (1000).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
    /// Size of an `oversized` body (64 MiB), or how much of the real answer `cut-body` sends (16).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The target of `redirect`. Unset: a path of the emulator that answers 404.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The AADSTS number in the answer of `entra-error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// The body of `answer` and `html`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The content type of `answer` (`application/json`). With one, the body of `echo` is the
    /// secret alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// How `echo` writes the secret (`plain`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub encoding: Option<Encoding>,
}

/// Kinds of failures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 429 with `Retry-After` (RFC 9110 §10.2.3; 1 second unless set), as Entra throttles.
    #[default]
    Throttle,
    /// 503 or another 5xx, with Entra's JSON.
    ServerError,
    /// The emulator reads the request and never answers; the client's timeout must end it.
    Hang,
    /// The real answer, late.
    Delay,
    /// The connection closes before the first byte of an answer.
    Cut,
    /// The connection closes inside the body of the real answer.
    CutBody,
    /// A sign-in page instead of JSON, as proxies send it.
    Html,
    /// A body of 64 MiB of valid JSON.
    Oversized,
    /// 307 or another redirect, which a client must not follow with an assertion.
    Redirect,
    /// 200 and JSON, but no `access_token`.
    NoToken,
    /// 200 and JSON with an empty `access_token`.
    EmptyToken,
    /// Entra does not see the credentials that were set last yet.
    ReplicationDelay,
    /// The refusal with this AADSTS number, whatever the request contains.
    EntraError,
    /// The given status and body.
    Answer,
    /// An error that repeats the assertion, or the bearer token, in every member and header.
    Echo,
}

/// Forms in which `echo` repeats a secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// As it is.
    #[default]
    Plain,
    /// Each character percent-encoded.
    Url,
    /// Each character as an escape of JSON.
    Json,
    /// Base64 of a form with the secret.
    Base64,
    /// Base64url of the secret.
    Base64url,
    /// In lines of 32 characters.
    Wrapped,
    /// Base64 in lines of 32 characters.
    WrappedBase64,
}

impl Kind {
    /// The settings that this kind uses.
    const fn settings(self) -> &'static [&'static str] {
        match self {
            Self::Throttle => &["retry_after"],
            Self::ServerError => &["retry_after", "status"],
            Self::Delay => &["milliseconds"],
            Self::CutBody | Self::Oversized => &["bytes"],
            Self::Html => &["status", "body"],
            Self::Redirect => &["status", "location"],
            Self::EntraError => &["code"],
            Self::Answer => &["retry_after", "status", "body", "content_type"],
            Self::Echo => &["status", "content_type", "encoding"],
            Self::Hang | Self::Cut | Self::NoToken | Self::EmptyToken | Self::ReplicationDelay => &[],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Injection {
    /// An injection into the next request to a token endpoint, once.
    pub fn new(kind: Kind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// Refuses settings that the kind does not use and values that no answer can have.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        const FOR_ALL: [&str; 7] = ["kind", "path", "tenant", "client_id", "scope", "nth", "times"];
        // Unset members are not serialized.
        let members = serde_json::to_value(self).unwrap_or_default();
        let mut set = members.as_object().into_iter().flat_map(serde_json::Map::keys).map(String::as_str);
        let refuse = |why: String| {
            Err(Fault::new(Category::Usage, "injection-invalid", format!("an injection of kind `{}` {why}", self.kind)))
        };
        let allowed = self.kind.settings();
        if let Some(name) = set.find(|name| !FOR_ALL.contains(name) && !allowed.contains(name)) {
            return refuse(format!("has no setting `{name}`"));
        }
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return refuse("has a `status` outside of 200 to 599".into());
        }
        if self.kind == Kind::Redirect && self.status.is_some_and(|status| !(300..=399).contains(&status)) {
            return refuse("has a `status` that is no redirect: use 300 to 399".into());
        }
        for (name, text) in
            [("retry_after", &self.retry_after), ("location", &self.location), ("content_type", &self.content_type)]
        {
            if text.as_ref().is_some_and(|text| http::HeaderValue::from_str(text).is_err()) {
                return refuse(format!("has a `{name}` that can't be a header"));
            }
        }
        match self.code {
            None if self.kind == Kind::EntraError => refuse("needs a `code`, such as 53003".into()),
            Some(code) if catalogue::entry(code).is_none() => {
                refuse(format!("has the code {code}, which the catalogue of Entra's errors does not contain"))
            }
            _ if self.nth == Some(0) => refuse("has `nth` 0: requests are counted from 1".into()),
            _ => Ok(()),
        }
    }

    fn matches(&self, target: &Target<'_>) -> bool {
        let given = |wanted: &Option<String>, actual: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| actual == Some(wanted))
        };
        glob(self.path.as_deref().unwrap_or("/*/oauth2/v2.0/token"), target.path)
            && given(&self.tenant, target.tenant)
            && given(&self.client_id, target.client_id)
            && given(&self.scope, target.scope)
    }
}

/// The properties of a request that an injection can name.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Target<'a> {
    pub(crate) path: &'a str,
    pub(crate) tenant: Option<&'a str>,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) scope: Option<&'a str>,
}

/// An injection, and the number of requests that it has matched.
#[derive(Debug, Serialize)]
pub(crate) struct Active {
    injection: Injection,
    matched: u32,
}

/// The active injections.
#[derive(Debug, Default)]
pub(crate) struct Injections(Vec<Active>);

impl Injections {
    /// Checks an injection and adds it after the others.
    pub(crate) fn add(&mut self, injection: Injection) -> Result<(), Fault> {
        injection.check()?;
        self.0.push(Active { injection, matched: 0 });
        Ok(())
    }

    /// Removes all.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// All of them, in the order in which they apply.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Active> {
        self.0.iter()
    }

    /// Returns the first injection that applies to this request. All that match it up to then
    /// count it.
    pub(crate) fn take(&mut self, target: &Target<'_>) -> Option<Injection> {
        self.0.iter_mut().find_map(|Active { injection, matched }| {
            if !injection.matches(target) {
                return None;
            }
            *matched = matched.saturating_add(1);
            let first = injection.nth.unwrap_or(1);
            let last = match injection.times.unwrap_or(1) {
                0 => u32::MAX,
                times => first.saturating_add(times - 1),
            };
            (first..=last).contains(matched).then(|| injection.clone())
        })
    }
}

/// Reads a text, or a number as text: people write `retry_after = 2`.
fn text_or_number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Text(String),
        Number(u64),
    }
    Ok(Some(match Written::deserialize(from)? {
        Written::Text(text) => text,
        Written::Number(number) => number.to_string(),
    }))
}

/// Whether the whole text matches a pattern, in which `*` matches any characters. Not the glob of
/// core's expressions: that one is private, and its `?` would match any character of a path.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| glob(tail, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Target<'_> =
        Target { path: "/t/oauth2/v2.0/token", tenant: Some("t"), client_id: Some("c"), scope: Some("s/.default") };

    fn applies(injection: Injection, requests: usize) -> Vec<bool> {
        let mut injections = Injections::default();
        injections.add(injection).unwrap();
        (0..requests).map(|_| injections.take(&TOKEN).is_some()).collect()
    }

    #[test]
    fn an_injection_applies_once_unless_it_says_otherwise() {
        assert_eq!(applies(Injection::new(Kind::Cut), 3), [true, false, false]);
        assert_eq!(
            applies(Injection { nth: Some(2), times: Some(2), ..Injection::new(Kind::Cut) }, 4),
            [false, true, true, false]
        );
        assert_eq!(applies(Injection { times: Some(0), ..Injection::new(Kind::Cut) }, 3), [true, true, true]);
    }

    #[test]
    fn an_injection_matches_what_it_names_and_nothing_else() {
        let with = |change: fn(&mut Injection)| {
            let mut injection = Injection::new(Kind::Hang);
            change(&mut injection);
            injection.matches(&TOKEN)
        };
        assert!(with(|_| ()));
        assert!(with(|it| it.path = Some("/t/*".into())));
        assert!(with(|it| it.scope = Some("s/.default".into())));
        assert!(!with(|it| it.path = Some("/issuers/*".into())));
        assert!(!with(|it| it.tenant = Some("T".into())));
        assert!(!with(|it| it.client_id = Some("other".into())));
    }

    #[test]
    fn injections_that_are_used_up_give_way_to_later_ones() {
        let mut injections = Injections::default();
        for kind in [Kind::Throttle, Kind::Hang] {
            injections.add(Injection::new(kind)).unwrap();
        }
        let kinds: Vec<_> = (0..3).map(|_| injections.take(&TOKEN).map(|it| it.kind)).collect();
        assert_eq!(kinds, [Some(Kind::Throttle), Some(Kind::Hang), None]);
    }

    #[test]
    fn a_star_stands_for_any_characters_and_the_rest_for_itself() {
        for (pattern, text, fits) in [
            ("/a", "/a", true),
            ("/a", "/a/b", false),
            ("/*", "/a/b", true),
            ("*/b", "/a/b", true),
            ("/*/b", "/a/c", false),
            ("*", "", true),
            ("/a*b*c", "/axxbyybzc", true),
        ] {
            assert_eq!(glob(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn an_injection_needs_a_kind_and_accepts_seconds_as_a_number() {
        let read = |json: &str| serde_json::from_str::<Injection>(json);
        assert_eq!(read(r#"{ "kind": "throttle", "retry_after": 2 }"#).unwrap().retry_after.as_deref(), Some("2"));
        assert!(read(r#"{ "times": 2 }"#).unwrap_err().to_string().contains("missing field `kind`"));
    }

    #[test]
    fn a_setting_that_the_kind_does_not_use_is_refused() {
        let refusal = |injection: Injection| injection.check().unwrap_err().message.clone();
        assert_eq!(
            refusal(Injection { retry_after: Some("1".into()), ..Injection::new(Kind::Cut) }),
            "an injection of kind `cut` has no setting `retry_after`"
        );
        assert_eq!(
            refusal(Injection::new(Kind::EntraError)),
            "an injection of kind `entra-error` needs a `code`, such as 53003"
        );
        assert_eq!(
            refusal(Injection { code: Some(1), ..Injection::new(Kind::EntraError) }),
            "an injection of kind `entra-error` has the code 1, which the catalogue of Entra's errors does not contain"
        );
        assert!(refusal(Injection { status: Some(200), ..Injection::new(Kind::Redirect) }).contains("is no redirect"));
        assert!(refusal(Injection { nth: Some(0), ..Injection::new(Kind::Cut) }).contains("counted from 1"));
        assert!(
            refusal(Injection { location: Some("a\nb".into()), ..Injection::new(Kind::Redirect) })
                .contains("can't be a header")
        );
    }
}
