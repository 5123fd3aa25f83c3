//! The catalogue of Entra's AADSTS codes that an exchange of an ID token can cause: text, cause,
//! remedy, and evidence.
//!
//! Microsoft can change codes and texts at any time and asks programs not to depend on them. So the
//! catalogue only explains and predicts: no logic depends on its texts.

mod access;
mod assertion;
mod client;
mod expression;
mod matching;
mod meanings;
mod neighbours;
mod policy;
mod scope;
mod tenant;

pub use meanings::{Meaning, Sense, sense};

/// The entry of one AADSTS code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The number after `AADSTS`.
    pub code: u32,
    /// The error, in a few words.
    pub name: &'static str,
    /// Microsoft's name of the error, where one is published.
    pub symbol: Option<&'static str>,
    /// The part of the request with the error.
    pub area: Area,
    /// The HTTP status of the answer, where one was observed.
    pub status: Option<u16>,
    /// `error` of the answer (RFC 6749 §5.2), where one was observed.
    pub error: Option<&'static str>,
    /// Entra's text without the trace block, with `{names}` for values.
    pub template: &'static str,
    /// Whether the text is Entra's or ours.
    pub wording: Wording,
    /// The cause, without a full stop.
    pub cause: &'static str,
    /// What to do: a hint that begins with a verb, without a full stop.
    pub remedy: &'static str,
    /// Whether the same request may succeed later.
    pub retry: Retry,
    /// The source of this knowledge.
    pub evidence: Evidence,
}

/// The part of a request that an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Federated identity credentials and the policies about them.
    Federation,
    /// The ID token: form, key, time.
    Assertion,
    /// The client and its authentication.
    Client,
    /// The tenant, the cloud and the form of the request.
    Request,
    /// Scope and resource.
    Scope,
    /// Conditional Access, throttling and failures of the service.
    Access,
}

/// The author of a template's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// Entra: the text was observed in an answer or is in Microsoft's documentation.
    Entra,
    /// This project: the number's meaning is known, but not its text.
    Assumed,
}

/// Whether a retry can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Not before something is changed.
    Never,
    /// Only for a few minutes after a change of a credential or of the issuer's keys, while Entra
    /// has old data.
    AfterChange,
    /// Once, with a new ID token.
    NewToken,
    /// Yes, with growing pauses, and not before the time in `Retry-After`.
    Later,
}

impl Retry {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::AfterChange => "after-change",
            Self::NewToken => "new-token",
            Self::Later => "later",
        }
    }

    /// The meaning, as a hint.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Never => "do not try again without a change",
            Self::AfterChange => "try again in a few minutes if a credential or the issuer's keys have just changed",
            Self::NewToken => "try again once, with a new ID token",
            Self::Later => "try again later, with growing pauses",
        }
    }
}

/// The source of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// The kind of source.
    pub source: Source,
    /// The year, where it is known.
    pub year: Option<u16>,
}

/// Kinds of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A real answer, quoted in public.
    Observed,
    /// Documentation by Microsoft.
    Documented,
    /// A statement by a third party.
    ThirdParty,
}

impl Source {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Documented => "documented",
            Self::ThirdParty => "third-party",
        }
    }
}

const DOCUMENTED: Evidence = Evidence { source: Source::Documented, year: None };
const THIRD_PARTY: Evidence = Evidence { source: Source::ThirdParty, year: None };
const OBSERVED: Evidence = Evidence { source: Source::Observed, year: None };

const fn observed(year: u16) -> Evidence {
    Evidence { source: Source::Observed, year: Some(year) }
}

const fn third_party(year: u16) -> Evidence {
    Evidence { source: Source::ThirdParty, year: Some(year) }
}

/// The base of every entry, without texts.
const fn unwritten(area: Area, code: u32, name: &'static str, evidence: Evidence) -> Entry {
    Entry {
        code,
        name,
        symbol: None,
        area,
        status: None,
        error: None,
        template: "",
        wording: Wording::Assumed,
        cause: "",
        remedy: "",
        retry: Retry::Never,
        evidence,
    }
}

/// The tables, each sorted by code.
const TABLES: [&[Entry]; 9] = [
    matching::ENTRIES,
    expression::ENTRIES,
    policy::ENTRIES,
    assertion::ENTRIES,
    client::ENTRIES,
    tenant::ENTRIES,
    scope::ENTRIES,
    access::ENTRIES,
    neighbours::ENTRIES,
];

/// The entry of a code.
pub fn entry(code: u32) -> Option<&'static Entry> {
    TABLES.iter().find_map(|table| table.binary_search_by_key(&code, |entry| entry.code).ok().map(|at| &table[at]))
}

/// All entries, grouped by table.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    TABLES.iter().flat_map(|table| table.iter())
}

impl Entry {
    /// Entra's text with these values in place of the `{names}`. A name without a value is not
    /// replaced.
    pub fn render(&self, values: &[(&str, String)]) -> String {
        let mut text = String::new();
        let mut rest = self.template;
        while let Some((before, after)) = rest.split_once('{') {
            text.push_str(before);
            let Some((name, tail)) = after.split_once('}') else {
                text.push('{');
                rest = after;
                continue;
            };
            match values.iter().find(|(key, _)| *key == name) {
                Some((_, value)) => text.push_str(value),
                None => text.extend(["{", name, "}"]),
            }
            rest = tail;
        }
        text.push_str(rest);
        text
    }

    /// `error` of an emulated answer: the observed one, otherwise the usual one of its area.
    pub const fn emulated_error(&self) -> &'static str {
        match (self.error, self.retry, self.area) {
            (Some(error), ..) => error,
            (None, Retry::Later, _) => "temporarily_unavailable",
            (None, _, Area::Federation | Area::Assertion | Area::Client) => "invalid_client",
            (None, _, Area::Request | Area::Scope | Area::Access) => "invalid_request",
        }
    }

    /// The HTTP status of an emulated answer: the observed one, otherwise the usual one for
    /// [`Entry::emulated_error`].
    pub const fn emulated_status(&self) -> u16 {
        match (self.status, self.emulated_error().as_bytes()) {
            (Some(status), _) => status,
            (None, b"invalid_client") => 401,
            (None, b"temporarily_unavailable") => 503,
            (None, _) => 400,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn tables_are_sorted_and_codes_are_unique() {
        let mut seen = BTreeSet::new();
        for table in TABLES {
            assert!(
                table.is_sorted_by_key(|entry| entry.code),
                "{:?}",
                table.iter().map(|e| e.code).collect::<Vec<_>>()
            );
            for entry in table {
                assert!(seen.insert(entry.code), "{} is duplicated", entry.code);
            }
        }
        assert!(seen.len() > 95, "only {} codes", seen.len());
    }

    #[test]
    fn every_entry_is_found_by_its_code() {
        for known in entries() {
            assert_eq!(entry(known.code), Some(known));
        }
        assert_eq!(entry(1), None);
    }

    #[test]
    fn every_remedy_begins_with_a_verb() {
        const VERBS: &[&str] = &[
            "add", "allow", "ask", "assign", "check", "compare", "correct", "create", "delete", "enable", "give",
            "have", "keep", "look", "lower", "make", "move", "name", "put", "remove", "replace", "request", "send",
            "show", "sign", "take", "try", "use", "wait", "write",
        ];
        for entry in entries() {
            let verb = entry.remedy.split(' ').next().unwrap();
            assert!(VERBS.contains(&verb), "{}: {}", entry.code, entry.remedy);
        }
    }

    #[test]
    fn causes_and_remedies_are_whole_sentences_without_a_full_stop() {
        for entry in entries() {
            for (text, capital) in [(entry.cause, true), (entry.remedy, false)] {
                assert!(
                    text.len() > 15 && text.starts_with(|c: char| c.is_uppercase() == capital || c == '`'),
                    "{}: {text}",
                    entry.code
                );
                assert!(!text.ends_with('.') && !text.contains("  ") && text.trim() == text, "{}: {text}", entry.code);
            }
            assert!(
                !entry.name.is_empty() && !entry.name.starts_with(char::is_uppercase),
                "{}: {}",
                entry.code,
                entry.name
            );
            assert!(!entry.template.is_empty() && entry.template.trim() == entry.template, "{}", entry.code);
            assert_eq!(entry.template.matches('{').count(), entry.template.matches('}').count(), "{}", entry.code);
        }
    }

    #[test]
    fn every_status_fits_its_error() {
        for entry in entries() {
            let status = entry.emulated_status();
            match entry.emulated_error() {
                "temporarily_unavailable" => assert!(status >= 429, "{}", entry.code),
                "invalid_client" => assert!(matches!(status, 400 | 401), "{}", entry.code),
                _ => assert_eq!(status, 400, "{}", entry.code),
            }
        }
    }

    #[test]
    fn unobserved_answers_are_assumed_by_area() {
        let assumed = |code| entry(code).map(|e| (e.emulated_status(), e.emulated_error())).unwrap();
        assert_eq!(assumed(7002131), (401, "invalid_client"));
        assert_eq!(assumed(700213), (401, "invalid_client"));
        assert_eq!(assumed(70021), (400, "invalid_request"));
        assert_eq!(assumed(700016), (400, "unauthorized_client"));
        assert_eq!(assumed(90019), (400, "invalid_request"));
        assert_eq!(assumed(90033), (503, "temporarily_unavailable"));
    }

    #[test]
    fn a_template_is_filled_with_values() {
        let values = [("subject", "repo:o/r:pull_request".to_string())];
        let text = entry(700213).unwrap().render(&values);
        assert!(text.starts_with(
            "No matching federated identity record found for presented assertion subject 'repo:o/r:pull_request'. Check your"
        ));
        assert!(entry(700213).unwrap().render(&[]).contains("'{subject}'"));
    }

    #[test]
    fn a_value_that_looks_like_a_name_is_not_replaced() {
        let values = [("issuer", "{subject}".to_string()), ("subject", "no".to_string())];
        assert!(entry(700211).unwrap().render(&values).contains("issuer '{subject}'"));
    }
}
