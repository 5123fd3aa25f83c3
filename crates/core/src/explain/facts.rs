//! Extracts values from Entra's messages: claims, times, and the ids for Microsoft's support.

use super::language;
use super::scan::Mention;
use crate::catalogue::{Entry, entry};
use crate::guid::is_guid;
use crate::mask::is_masked;

/// Every value that the text of a code contains, in a fixed order. Values with a mask are left out.
pub(super) fn all(mention: &Mention) -> Vec<(&'static str, String)> {
    let mut facts = read(mention);
    facts.retain(|(_, value)| !is_masked(value));
    facts
}

/// The claims of which the log hides a part.
pub(super) fn masked(mention: &Mention) -> Vec<(&'static str, String)> {
    let mut facts = read(mention);
    facts.retain(|(name, value)| is_masked(value) && CLAIMS.iter().any(|claim| claim.name == *name));
    facts
}

/// The claims for which the message has the name of a place, `{subject}`, and no value.
pub(super) fn unfilled(mention: &Mention) -> Vec<&'static str> {
    let quoted = mention.quoted.as_deref().unwrap_or_default();
    let is_unfilled = |claim: &&Claim| claim.value_in(quoted).is_some_and(|value| is_placeholder(&value));
    CLAIMS.iter().filter(is_unfilled).map(|claim| claim.name).collect()
}

/// The different subjects in the messages of a code, in their order.
pub(super) fn subjects(mention: &Mention) -> Vec<String> {
    let [_, subject, _] = &CLAIMS;
    let mut subjects: Vec<String> = Vec::new();
    for value in mention.messages.iter().filter_map(|message| subject.value_in(message)) {
        let is_value = !value.is_empty() && !has_layout(&value) && !is_placeholder(&value) && !is_masked(&value);
        if is_value && !subjects.contains(&value) {
            subjects.push(value);
        }
    }
    subjects
}

fn read(mention: &Mention) -> Vec<(&'static str, String)> {
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    let mut add = |name: &'static str, value: Option<String>| {
        let is_claim = CLAIMS.iter().any(|claim| claim.name == name);
        let is_value =
            |value: &String| !value.is_empty() && !is_placeholder(value) && (!is_claim || !has_layout(value));
        if let Some(value) = value.filter(is_value)
            && !facts.iter().any(|(known, _)| *known == name)
        {
            facts.push((name, value));
        }
    };
    let quoted = mention.quoted.as_deref().unwrap_or_default();
    for claim in &CLAIMS {
        add(claim.name, claim.value_in(quoted));
    }
    let templated = entry(mention.code).map(|entry| by_template(entry, quoted)).unwrap_or_default();
    let found = !templated.is_empty();
    for (name, value) in templated {
        let value = if name == "enterprise" { value.replace('\'', "") } else { value };
        add(name, Some(value));
    }
    if !found && language::is_foreign(quoted) {
        by_quotes(mention.code, quoted).into_iter().for_each(|(name, value)| add(name, Some(value)));
    }
    // The text after the last time differs, and the template has one.
    for (name, label) in TIMES {
        add(name, after(quoted, label).and_then(time));
    }
    add("application", mention.application.clone());
    for claim in &CLAIMS {
        add(claim.name, claim.lines.iter().find_map(|label| line_of(&mention.region, label)));
    }
    for trace in &TRACES {
        let labelled = || trace.labels.iter().find_map(|label| after(&mention.region, label));
        let member = || trace.members.iter().find_map(|name| member_of(&mention.region, name));
        add(trace.name, labelled().and_then(trace.read).or_else(|| member().and_then(trace.read)));
    }
    add(
        "policy_id",
        mention.region.split_once("\"capolids\"").and_then(|(_, rest)| guid(after(rest, "\"values\":[\"")?)),
    );
    add("suberror", member_of(&mention.region, "suberror").map(word));
    facts
}

/// Whether the text is the name of a place in a message and no value: `{subject}`. Sign-in records
/// can have a message without its values. A UUID in braces is a value.
fn is_placeholder(text: &str) -> bool {
    let name = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphabetic()))
}

/// Whether white space in the value shows that a part of the log's layout is in it: `repo:o/w | :ref`.
/// One space between words is possible: projects of Azure DevOps and environments have such names.
fn has_layout(value: &str) -> bool {
    let is_sign = |word: &str| word.chars().all(|c| !c.is_alphanumeric() && !matches!(c, '-' | '&' | '+' | '_'));
    value.trim().split(' ').skip(1).any(is_sign) || value.contains(['\n', '\t'])
}

/// A claim, the text before it in the messages of different years, and the labels of lines that
/// sign-in tools print.
struct Claim {
    name: &'static str,
    markers: &'static [&'static str],
    lines: &'static [&'static str],
}

impl Claim {
    /// The value in a message.
    fn value_in(&self, message: &str) -> Option<String> {
        self.markers.iter().find_map(|marker| between_quotes(message, marker))
    }
}

const CLAIMS: [Claim; 3] = [
    Claim {
        name: "issuer",
        markers: &[
            "assertion issuer",
            "Assertion Issuer:",
            "Assertion Issuer",
            "issued by issuer",
            ", issuer:",
            "issuer:",
        ],
        lines: &["issuer - ", "issuer claim - "],
    },
    Claim {
        name: "subject",
        markers: &["assertion subject", "Assertion Subject:", "Assertion Subject", "with subject:", "subject:"],
        lines: &["subject claim - ", "subject - "],
    },
    Claim {
        name: "audience",
        markers: &["assertion audience", "Assertion Audience:", "Assertion Audience", "and audience:", "audience:"],
        lines: &["audience - ", "audience claim - "],
    },
];

/// The times in messages about a token outside its time, and their labels.
const TIMES: [(&str, &str); 3] =
    [("now", "Current time:"), ("not_before", "assertion valid from"), ("expires", "expiry time of assertion")];

/// An id or a time, its labels in the trace block, its members in a JSON document.
struct Trace {
    name: &'static str,
    labels: &'static [&'static str],
    members: &'static [&'static str],
    read: fn(&str) -> Option<String>,
}

const TRACES: [Trace; 3] = [
    Trace {
        name: "trace_id",
        labels: &["Trace ID:", "Trace-ID:", "ID de suivi :"],
        members: &["trace_id", "traceId"],
        read: guid,
    },
    Trace {
        name: "correlation_id",
        labels: &["Correlation ID:", "Korrelations-ID:", "ID de corrélation :"],
        members: &["correlation_id", "correlationId", "CorrelationId"],
        read: guid,
    },
    Trace {
        name: "timestamp",
        labels: &["Timestamp:", "Zeitstempel:", "Horodatage :"],
        members: &["timestamp", "createdDateTime", "TimeGenerated"],
        read: time,
    },
];

/// The value in quotes after the marker. It ends at a quote that is followed by white space or
/// punctuation, because a value can contain quotes.
fn between_quotes(text: &str, marker: &str) -> Option<String> {
    let rest = after(text, marker)?;
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let rest = &rest[1..];
    let closes = |at: &usize| {
        rest[at + 1..].chars().next().is_none_or(|next| matches!(next, ' ' | '.' | ',' | ';' | '\n' | '"'))
    };
    let end = rest.match_indices(quote).map(|(at, _)| at).find(closes)?;
    Some(rest[..end].to_owned())
}

/// The value of a line such as `subject claim - repo:o/r:ref:refs/heads/main`.
fn line_of(text: &str, label: &str) -> Option<String> {
    const LONGEST_MARGIN: usize = 40;
    let begins_line = |at: &usize| {
        let before = &text[text.ceil_char_boundary(at.saturating_sub(LONGEST_MARGIN))..*at];
        before.trim_end_matches([' ', '\t']).chars().next_back().is_none_or(|c| c == '\n')
    };
    let at = text.match_indices(label).map(|(at, _)| at).find(begins_line)?;
    let line = text[at + label.len()..].lines().next()?;
    let value = line.trim().trim_matches(['\'', '"', '`']);
    (!value.is_empty() && !value.contains(' ')).then(|| value.to_owned())
}

/// The values at the positions of `{names}` in the catalogue's template.
fn by_template(entry: &'static Entry, quoted: &str) -> Vec<(&'static str, String)> {
    let mut values = Vec::new();
    let mut rest = quoted;
    let mut template = entry.template;
    while let Some((before, after)) = template.split_once('{') {
        let Some((name, next)) = after.split_once('}') else { break };
        // Only the last words before the value are compared: messages change, the text around a
        // value rarely does.
        let lead = tail(before);
        let Some(start) = rest.find(lead).map(|at| at + lead.len()) else { break };
        let stop = next.split('{').next().map(head).unwrap_or_default();
        let value = match stop {
            "" => rest[start..].trim_end_matches('.'),
            stop => match rest[start..].find(stop) {
                Some(length) => &rest[start..start + length],
                None => break,
            },
        };
        values.push((name, value.to_owned()));
        rest = &rest[start + value.len()..];
        template = next;
    }
    values
}

/// The first character of the scripts of East Asia.
const EAST_ASIA: char = '\u{2e80}';

/// The values in quotes of a message in another language, in the order of the catalogue's template.
/// None when their number is another one.
fn by_quotes(code: u32, quoted: &str) -> Vec<(&'static str, String)> {
    let Some(entry) = entry(code) else { return Vec::new() };
    let parts = entry.template.split('{').skip(1);
    let names: Vec<_> = parts.filter_map(|part| part.split_once('}').map(|(name, _)| name)).collect();
    let mut values = language::in_quotes(quoted);
    if names == ["application", "tenant"]
        && let [first, second] = values[..]
    {
        // The languages of East Asia name the tenant first.
        match (is_guid(first), is_guid(second)) {
            (false, true) => values.swap(0, 1),
            (true, true) if quoted.contains(|c: char| c >= EAST_ASIA) => values.swap(0, 1),
            _ => {}
        }
    }
    let is_issuer = |value: &str| value.contains("://");
    let fits = |(name, value): (&&str, &&str)| (*name == "issuer") == (is_issuer(value) && *name != "audience");
    if names.len() != values.len() || !names.iter().zip(&values).all(fits) {
        return Vec::new();
    }
    names.into_iter().zip(values).map(|(name, value)| (name, value.to_owned())).collect()
}

/// At most the last 16 bytes of a text.
fn tail(text: &str) -> &str {
    &text[text.floor_char_boundary(text.len().saturating_sub(16))..]
}

/// At most the first 4 bytes of a text: a quote and the text after it.
fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(4)]
}

/// The text after a label.
fn after<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    text.split_once(label).map(|(_, rest)| rest.trim_start())
}

/// The text at the value of a JSON member.
fn member_of<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("\"{name}\""))?;
    rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')
}

/// The GUID at the start of a text. An id is whole or absent.
pub(super) fn guid(text: &str) -> Option<String> {
    let id = text.get(..36).filter(|id| is_guid(id))?;
    let goes_on = text[36..].starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-');
    (!goes_on).then(|| id.to_owned())
}

/// The time at the start of a text: `2026-08-21 10:00:00Z`.
fn time(text: &str) -> Option<String> {
    let end = text.find('Z').filter(|end| (19..=28).contains(end))?;
    let digit = |at: usize| !matches!(at, 4 | 7 | 10 | 13 | 16 | 19);
    let is_time = text[..end].bytes().enumerate().all(|(at, byte)| match (digit(at), at) {
        (true, _) => byte.is_ascii_digit(),
        (_, 4 | 7) => byte == b'-',
        (_, 10) => matches!(byte, b' ' | b'T'),
        (_, 13 | 16) => byte == b':',
        _ => byte == b'.',
    });
    is_time.then(|| text[..=end].to_owned())
}

/// The name at the start of a text.
fn word(text: &str) -> String {
    const LONGEST: usize = 40;
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':')).take(LONGEST).collect()
}
