//! Faults on demand: which requests go wrong, and how.

use std::fmt;

use azure_oidc_core::Fault;
use azure_oidc_core::explain::catalogue;
use azure_oidc_core::fault::Category;
use serde::{Deserialize, Deserializer, Serialize};

/// A rule that makes requests go wrong. Unset members of the first group match every request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What goes wrong.
    pub kind: Kind,

    /// The path of the request, where `*` stands for any characters. Unset: the token endpoint of any tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The tenant, as the request names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The client id in the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The scope in the request, whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<String>,

    /// The first matching request that it strikes, counted from 1. Unset: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
    /// How many requests it strikes from there on; 0 means all. Unset: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,

    /// `Retry-After`, sent as it stands: seconds or an HTTP date. For `throttle`, `server-error` and `answer`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text_or_number")]
    pub retry_after: Option<String>,
    /// HTTP status. For `server-error` (503), `html` (200), `redirect` (307) and `answer` (200).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Milliseconds that `delay` waits before the true answer (1000).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub milliseconds: Option<u64>,
    /// Size of an `oversized` body (64 MiB), or how much of the true answer `cut-body` lets through (16).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Where `redirect` leads. Unset: a path of the emulator that answers 404 and logs what it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The AADSTS number that `entra-error` answers with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// The body of `answer` and `html`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// The content type of `answer` (`application/json`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
}

/// What can go wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 429 with `Retry-After` (RFC 9110 §10.2.3; 1 second unless set), as Entra throttles.
    #[default]
    Throttle,
    /// 503 or another 5xx, with Entra's JSON.
    ServerError,
    /// The request is taken and never answered: the client's time-out must end it.
    Hang,
    /// The true answer, later.
    Delay,
    /// The connection ends before the first byte of an answer.
    Cut,
    /// The connection ends inside the body of the true answer.
    CutBody,
    /// A sign-in page in place of JSON, as proxies send it.
    Html,
    /// A body of 64 MiB that would be valid JSON if it were read to its end.
    Oversized,
    /// 307 or another redirect, which a client with an assertion in hand must not follow.
    Redirect,
    /// 200 and JSON, but no `access_token`.
    NoToken,
    /// 200 and JSON with an empty `access_token`.
    EmptyToken,
    /// The request is decided as if the credentials that were set last weren't there yet.
    ReplicationDelay,
    /// The refusal with this AADSTS number, whatever the request.
    EntraError,
    /// The given status and body.
    Answer,
}

impl Kind {
    /// The settings that mean something to this kind.
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
            Self::Hang | Self::Cut | Self::NoToken | Self::EmptyToken | Self::ReplicationDelay => &[],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

impl Rule {
    /// A rule that strikes the next request to a token endpoint, once.
    pub fn new(kind: Kind) -> Self {
        Self { kind, ..Self::default() }
    }

    /// Refuses settings that mean nothing to the kind, or that no answer could have.
    pub(crate) fn check(&self) -> Result<(), Fault> {
        let set = [
            ("retry_after", self.retry_after.is_some()),
            ("status", self.status.is_some()),
            ("milliseconds", self.milliseconds.is_some()),
            ("bytes", self.bytes.is_some()),
            ("location", self.location.is_some()),
            ("code", self.code.is_some()),
            ("body", self.body.is_some()),
            ("content_type", self.content_type.is_some()),
        ];
        let refuse = |why: String| {
            Err(Fault::new(Category::Usage, "fault-invalid", format!("a fault of kind `{}` {why}", self.kind)))
        };
        let allowed = self.kind.settings();
        if let Some((name, _)) = set.iter().find(|(name, present)| *present && !allowed.contains(name)) {
            return refuse(format!("has no setting `{name}`"));
        }
        if self.status.is_some_and(|status| !(200..=599).contains(&status)) {
            return refuse("has a `status` that is none: use 200 to 599".into());
        }
        if self.kind == Kind::Redirect && self.status.is_some_and(|status| !(300..=399).contains(&status)) {
            return refuse("has a `status` that redirects nothing: use 300 to 399".into());
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
                refuse(format!("has the code {code}, which is not known"))
            }
            _ if self.nth == Some(0) => refuse("has `nth` 0: requests are counted from 1".into()),
            _ => Ok(()),
        }
    }

    fn matches(&self, seen: &Seen<'_>) -> bool {
        let given = |wanted: &Option<String>, actual: Option<&str>| {
            wanted.as_deref().is_none_or(|wanted| actual == Some(wanted))
        };
        glob(self.path.as_deref().unwrap_or("/*/oauth2/v2.0/token"), seen.path)
            && given(&self.tenant, seen.tenant)
            && given(&self.client_id, seen.client_id)
            && given(&self.scope, seen.scope)
    }
}

/// What a rule can look at.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Seen<'a> {
    pub(crate) path: &'a str,
    pub(crate) tenant: Option<&'a str>,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) scope: Option<&'a str>,
}

/// The rules in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    rules: Vec<(Rule, u32)>,
}

impl Faults {
    /// Adds a rule after those that are there.
    pub(crate) fn add(&mut self, rule: Rule) {
        self.rules.push((rule, 0));
    }

    /// Removes all rules.
    pub(crate) fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules, each with the number of requests that it has matched.
    pub(crate) fn list(&self) -> impl Iterator<Item = &(Rule, u32)> {
        self.rules.iter()
    }

    /// The rule that strikes this request, if one does. Every rule before it that matches has counted the request.
    pub(crate) fn strike(&mut self, seen: &Seen<'_>) -> Option<Rule> {
        self.rules.iter_mut().find_map(|(rule, count)| {
            if !rule.matches(seen) {
                return None;
            }
            *count = count.saturating_add(1);
            let first = rule.nth.unwrap_or(1);
            let last = match rule.times.unwrap_or(1) {
                0 => u32::MAX,
                times => first.saturating_add(times - 1),
            };
            (first..=last).contains(count).then(|| rule.clone())
        })
    }
}

/// Reads a text, or a number as its text: people write `retry_after = 2`.
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

/// Whether the whole text fits a pattern in which `*` stands for any characters.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == text };
    let Some(rest) = text.strip_prefix(head) else { return false };
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| glob(tail, &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: Seen<'_> =
        Seen { path: "/t/oauth2/v2.0/token", tenant: Some("t"), client_id: Some("c"), scope: Some("s/.default") };

    fn strikes(rule: Rule, requests: usize) -> Vec<bool> {
        let mut faults = Faults::default();
        faults.add(rule);
        (0..requests).map(|_| faults.strike(&TOKEN).is_some()).collect()
    }

    #[test]
    fn a_rule_strikes_once_unless_told_otherwise() {
        assert_eq!(strikes(Rule::new(Kind::Cut), 3), [true, false, false]);
        assert_eq!(
            strikes(Rule { nth: Some(2), times: Some(2), ..Rule::new(Kind::Cut) }, 4),
            [false, true, true, false]
        );
        assert_eq!(strikes(Rule { times: Some(0), ..Rule::new(Kind::Cut) }, 3), [true, true, true]);
    }

    #[test]
    fn a_rule_matches_what_it_names_and_nothing_else() {
        let with = |change: fn(&mut Rule)| {
            let mut rule = Rule::new(Kind::Hang);
            change(&mut rule);
            rule.matches(&TOKEN)
        };
        assert!(with(|_| ()));
        assert!(with(|rule| rule.path = Some("/t/*".into())));
        assert!(with(|rule| rule.scope = Some("s/.default".into())));
        assert!(!with(|rule| rule.path = Some("/issuers/*".into())));
        assert!(!with(|rule| rule.tenant = Some("T".into())));
        assert!(!with(|rule| rule.client_id = Some("other".into())));
    }

    #[test]
    fn rules_that_are_used_up_give_way_to_later_ones() {
        let mut faults = Faults::default();
        faults.add(Rule::new(Kind::Throttle));
        faults.add(Rule::new(Kind::Hang));
        let kinds: Vec<_> = (0..3).map(|_| faults.strike(&TOKEN).map(|rule| rule.kind)).collect();
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
    fn a_rule_names_its_kind_and_may_write_seconds_as_a_number() {
        let read = |json: &str| serde_json::from_str::<Rule>(json);
        assert_eq!(read(r#"{ "kind": "throttle", "retry_after": 2 }"#).unwrap().retry_after.as_deref(), Some("2"));
        assert!(read(r#"{ "times": 2 }"#).unwrap_err().to_string().contains("missing field `kind`"));
    }

    #[test]
    fn a_setting_that_means_nothing_to_the_kind_is_refused() {
        let refusal = |rule: Rule| rule.check().unwrap_err().message.clone();
        assert_eq!(
            refusal(Rule { retry_after: Some("1".into()), ..Rule::new(Kind::Cut) }),
            "a fault of kind `cut` has no setting `retry_after`"
        );
        assert_eq!(refusal(Rule::new(Kind::EntraError)), "a fault of kind `entra-error` needs a `code`, such as 53003");
        assert_eq!(
            refusal(Rule { code: Some(1), ..Rule::new(Kind::EntraError) }),
            "a fault of kind `entra-error` has the code 1, which is not known"
        );
        assert!(refusal(Rule { status: Some(200), ..Rule::new(Kind::Redirect) }).contains("redirects nothing"));
        assert!(refusal(Rule { nth: Some(0), ..Rule::new(Kind::Cut) }).contains("counted from 1"));
        assert!(
            refusal(Rule { location: Some("a\nb".into()), ..Rule::new(Kind::Redirect) }).contains("can't be a header")
        );
    }
}
