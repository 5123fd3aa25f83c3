//! What is known of Entra's error codes that an exchange of an ID token can meet: text, cause, remedy, and how sure that is.
//!
//! Microsoft may change codes and texts at any time and asks that programs do not depend on them. So this table explains and
//! predicts; nothing in it decides whether to go on.

mod access;
mod assertion;
mod client;
mod expression;
mod matching;
mod policy;
mod scope;
mod tenant;

/// What is known of one AADSTS code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The number behind `AADSTS`.
    pub code: u32,
    /// What it says, in a few plain words.
    pub name: &'static str,
    /// Microsoft's own name for it, where one is published.
    pub symbol: Option<&'static str>,
    /// Which part of the request it is about.
    pub area: Area,
    /// HTTP status of the answer, where one was seen.
    pub status: Option<u16>,
    /// `error` of the answer (RFC 6749 §5.2), where one was seen.
    pub error: Option<&'static str>,
    /// Entra's text with `{names}` for what varies, without the trace block that follows it.
    pub template: &'static str,
    /// Whether the text is Entra's own.
    pub wording: Wording,
    /// Why it happens, without a full stop.
    pub cause: &'static str,
    /// What to do about it: a hint that begins with a verb, without a full stop.
    pub remedy: &'static str,
    /// Whether the same request may succeed later.
    pub retry: Retry,
    /// Where the knowledge comes from.
    pub evidence: Evidence,
}

/// Which part of the request an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// Federated identity credentials and the policies about them.
    Federation,
    /// The ID token itself: shape, key, time.
    Assertion,
    /// The client, and how it proves who it is.
    Client,
    /// The tenant, the cloud and the form of the request.
    Request,
    /// Scope and resource.
    Scope,
    /// Conditional Access, throttling and faults of the service.
    Access,
}

/// Whose words the template holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// Entra's, as seen in an answer or printed in Microsoft's documentation.
    Entra,
    /// Ours: the number's meaning is known, its text is not.
    Assumed,
}

/// Whether trying again makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Something must be changed first.
    Never,
    /// Only for a few minutes after a credential, or the issuer's keys, changed: Entra has old data for that long.
    AfterChange,
    /// Once, with an ID token that is issued anew.
    NewToken,
    /// Yes, with growing pauses, and not before `Retry-After` if the answer has it.
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

    /// What it means, as a hint.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Never => "trying again does not help",
            Self::AfterChange => "try again only if a credential, or the issuer's keys, changed in the last minutes",
            Self::NewToken => "try again once, with a new ID token",
            Self::Later => "try again later, with growing pauses",
        }
    }
}

/// Where the knowledge of an entry comes from, the strongest source first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// What kind of source.
    pub source: Source,
    /// When it was seen, where that is known.
    pub year: Option<u16>,
}

/// Kinds of source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A real answer, quoted in public.
    Observed,
    /// Documentation by Microsoft.
    Documented,
    /// Somebody else's statement.
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

/// What every entry starts from; its own lines fill in the texts.
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
const TABLES: [&[Entry]; 8] = [
    matching::ENTRIES,
    expression::ENTRIES,
    policy::ENTRIES,
    assertion::ENTRIES,
    client::ENTRIES,
    tenant::ENTRIES,
    scope::ENTRIES,
    access::ENTRIES,
];

/// What is known of a code.
pub fn entry(code: u32) -> Option<&'static Entry> {
    TABLES.iter().find_map(|table| table.binary_search_by_key(&code, |entry| entry.code).ok().map(|at| &table[at]))
}

/// Everything that is known, by subject.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    TABLES.iter().flat_map(|table| table.iter())
}

impl Entry {
    /// Entra's text with these values in place of the `{names}`; a name without a value stays as it is.
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

    /// `error` of an answer with this code: the one seen, else the one that its kind usually has.
    pub const fn emulated_error(&self) -> &'static str {
        match (self.error, self.retry, self.area) {
            (Some(error), ..) => error,
            (None, Retry::Later, _) => "temporarily_unavailable",
            (None, _, Area::Federation | Area::Assertion | Area::Client) => "invalid_client",
            (None, _, Area::Request | Area::Scope | Area::Access) => "invalid_request",
        }
    }

    /// HTTP status of an answer with this code: the one seen, else the one that goes with [`Entry::emulated_error`].
    pub const fn emulated_status(&self) -> u16 {
        match (self.status, self.emulated_error().as_bytes()) {
            (Some(status), _) => status,
            (None, b"invalid_client") => 401,
            (None, b"temporarily_unavailable") => 503,
            (None, _) => 400,
        }
    }

    /// Whether status or `error` of an emulated answer is a guess.
    pub const fn is_assumed(&self) -> bool {
        self.status.is_none() || self.error.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_table_is_sorted_and_no_code_stands_twice() {
        let mut seen = BTreeSet::new();
        for table in TABLES {
            assert!(
                table.is_sorted_by_key(|entry| entry.code),
                "{:?}",
                table.iter().map(|e| e.code).collect::<Vec<_>>()
            );
            for entry in table {
                assert!(seen.insert(entry.code), "{} stands twice", entry.code);
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
    fn every_remedy_begins_with_something_to_do() {
        const VERBS: &[&str] = &[
            "add", "allow", "ask", "check", "compare", "correct", "create", "delete", "enable", "give", "have", "keep",
            "look", "lower", "make", "name", "put", "remove", "replace", "request", "send", "show", "sign", "take",
            "try", "use", "wait", "write",
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
    fn a_status_agrees_with_its_error() {
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
    fn what_was_never_seen_is_assumed_by_kind() {
        let assumed = |code| entry(code).map(|e| (e.emulated_status(), e.emulated_error(), e.is_assumed())).unwrap();
        assert_eq!(assumed(7002131), (401, "invalid_client", true));
        assert_eq!(assumed(700213), (401, "invalid_client", false));
        assert_eq!(assumed(70021), (400, "invalid_request", false));
        assert_eq!(assumed(700016), (400, "unauthorized_client", false));
        assert_eq!(assumed(90019), (400, "invalid_request", true));
        assert_eq!(assumed(90033), (503, "temporarily_unavailable", true));
    }

    #[test]
    fn a_text_is_filled_with_its_values() {
        let values = [("subject", "repo:o/r:pull_request".to_string())];
        let text = entry(700213).unwrap().render(&values);
        assert!(text.starts_with(
            "No matching federated identity record found for presented assertion subject 'repo:o/r:pull_request'. Check your"
        ));
        assert!(entry(700213).unwrap().render(&[]).contains("'{subject}'"));
    }

    #[test]
    fn a_value_that_looks_like_a_name_is_not_filled_again() {
        let values = [("issuer", "{subject}".to_string()), ("subject", "no".to_string())];
        assert!(entry(700211).unwrap().render(&values).contains("issuer '{subject}'"));
    }
}
