//! Extracts values from Entra's messages: claims, times, and the ids for Microsoft's support.

use super::scan::Mention;
use crate::catalogue::{Entry, entry};

/// Every value that the text of a code contains, in a fixed order.
pub(super) fn all(mention: &Mention) -> Vec<(&'static str, String)> {
    let mut facts: Vec<(&'static str, String)> = Vec::new();
    let mut add = |name: &'static str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty())
            && !facts.iter().any(|(known, _)| *known == name)
        {
            facts.push((name, value));
        }
    };
    let quoted = mention.quoted.as_deref().unwrap_or_default();
    for (name, markers) in CLAIMS {
        add(name, markers.iter().find_map(|marker| between_quotes(quoted, marker)));
    }
    for (name, value) in entry(mention.code).map(|entry| by_template(entry, quoted)).unwrap_or_default() {
        add(name, Some(value));
    }
    for (name, label, member) in TRACES {
        add(name, labelled(&mention.region, label).or_else(|| member_of(&mention.region, member)));
    }
    add("policy_id", mention.region.split_once("\"capolids\"").and_then(|(_, rest)| labelled(rest, "\"values\":[\"")));
    add("suberror", member_of(&mention.region, "suberror"));
    facts
}

/// The claims, and the text before each in the messages of different years.
const CLAIMS: &[(&str, &[&str])] = &[
    ("issuer", &["assertion issuer '", "Assertion Issuer: '", "Assertion Issuer '", "issued by issuer '"]),
    ("subject", &["assertion subject '", "Assertion Subject: '", "Assertion Subject '"]),
    ("audience", &["assertion audience '", "Assertion Audience: '", "Assertion Audience '"]),
];

/// The name of the fact, its label in the trace block, its member in a JSON answer.
const TRACES: &[(&str, &str, &str)] = &[
    ("trace_id", "Trace ID: ", "trace_id"),
    ("correlation_id", "Correlation ID: ", "correlation_id"),
    ("timestamp", "Timestamp: ", "timestamp"),
];

/// The value after the marker. It ends at a quote that is followed by white space or punctuation,
/// because a value can contain quotes.
fn between_quotes(text: &str, marker: &str) -> Option<String> {
    let (_, rest) = text.split_once(marker)?;
    let closes =
        |at: &usize| rest[at + 1..].chars().next().is_none_or(|next| matches!(next, ' ' | '.' | ',' | '\r' | '\n'));
    let end = rest.match_indices('\'').map(|(at, _)| at).find(closes)?;
    Some(rest[..end].to_owned())
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

/// At most the last 16 bytes of a text.
fn tail(text: &str) -> &str {
    &text[text.floor_char_boundary(text.len().saturating_sub(16))..]
}

/// At most the first 4 bytes of a text: a quote and the text after it.
fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(4)]
}

/// The value after a label of the trace block.
fn labelled(text: &str, label: &str) -> Option<String> {
    text.split_once(label).map(|(_, rest)| plain(rest))
}

/// The value of a JSON member.
fn member_of(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once(&format!("\"{name}\""))?;
    let rest = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    Some(plain(rest))
}

/// The id, the name or the time (`2026-08-21 10:00:00Z`) at the beginning of a text.
fn plain(text: &str) -> String {
    const LONGEST: usize = 40;
    let moment =
        text.get(..20).filter(|moment| moment.ends_with('Z') && moment.starts_with(|c: char| c.is_ascii_digit()));
    let word = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    match moment {
        Some(moment) if moment.chars().all(|c| word(&c) || c == ' ') => moment.to_owned(),
        _ => text.chars().take_while(word).take(LONGEST).collect(),
    }
}
