//! Finds AADSTS codes in any text: JSON, escaped JSON, logs, exceptions.

use crate::secret::without_tokens;

/// A code, and the part of the text about it.
pub(super) struct Mention {
    pub(super) code: u32,
    /// The text from this code to the next different code, with escapes resolved.
    pub(super) region: String,
    /// The message after `AADSTS<code>: `, up to the trace block.
    pub(super) quoted: Option<String>,
}

const PREFIX: &str = "AADSTS";

/// The text before a code in an answer without a description.
const OTHER_PREFIXES: [&str; 2] = ["\"error_codes\":", "error?code="];

/// The maximum number of different codes that are read.
const MAX_CODES: usize = 50;

/// Codes have 4 to 8 digits.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=8;

/// Every code in the text, each once, in order.
pub(super) fn mentions(text: &str) -> Vec<Mention> {
    if let Some(code) = bare(text) {
        return vec![Mention { code, region: String::new(), quoted: None }];
    }
    let text = without_tokens(&unescaped(text));
    let occurrences = occurrences(&text);
    let mut mentions: Vec<Mention> = Vec::new();
    for (index, occurrence) in occurrences.iter().enumerate() {
        if mentions.len() == MAX_CODES {
            break;
        }
        if mentions.iter().any(|known| known.code == occurrence.code) {
            continue;
        }
        // The text before the first code belongs to it too, because members of JSON have no order.
        let start = if mentions.is_empty() { 0 } else { occurrence.start };
        let next = occurrences[index..].iter().find(|other| other.code != occurrence.code);
        let end = next.map_or(text.len(), |other| other.start);
        let quoted = occurrences[index..]
            .iter()
            .filter(|other| other.code == occurrence.code)
            .find_map(|other| description(&text, other));
        mentions.push(Mention { code: occurrence.code, region: text[start..end].to_owned(), quoted });
    }
    mentions
}

/// The code of a text that contains nothing else: `700213`, `AADSTS700213`.
fn bare(text: &str) -> Option<u32> {
    let text = text.trim().trim_matches(['"', '\'', '`']);
    let digits = match text.get(..PREFIX.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => text[PREFIX.len()..].trim_start_matches([' ', ':', '-']),
        _ => text,
    };
    let digits = digits.trim_end_matches(':');
    (DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// One occurrence of a code in a text.
struct Occurrence {
    code: u32,
    start: usize,
    end: usize,
    described: bool,
}

fn occurrences(text: &str) -> Vec<Occurrence> {
    let mut occurrences: Vec<Occurrence> = Vec::new();
    for (at, _) in text.char_indices() {
        let rest = &text.as_bytes()[at..];
        if rest.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX.as_bytes())) {
            occurrences.extend(occurrence(text, at, at + PREFIX.len(), true));
        } else if let Some(prefix) = OTHER_PREFIXES.iter().find(|prefix| rest.starts_with(prefix.as_bytes())) {
            let skipped = text[at + prefix.len()..].find(|c: char| !c.is_whitespace() && c != '[').unwrap_or_default();
            occurrences.extend(occurrence(text, at, at + prefix.len() + skipped, false));
        }
    }
    occurrences
}

fn occurrence(text: &str, start: usize, digits: usize, described: bool) -> Option<Occurrence> {
    let rest = text.get(digits..)?;
    let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let code = rest[..length].parse().ok().filter(|_| DIGITS.contains(&length))?;
    Some(Occurrence { code, start, end: digits + length, described })
}

/// The message after `AADSTS<code>: `, up to the trace block, the end of the JSON string or the end
/// of the line.
fn description(text: &str, occurrence: &Occurrence) -> Option<String> {
    const LONGEST: usize = 2_000;
    let rest = text[occurrence.end..].strip_prefix(':').filter(|_| occurrence.described)?.trim_start_matches(' ');
    let ends = ["Trace ID:", "\n", "\r", "\",\"", "\", \"", "\"}", "AADSTS"];
    let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
    let cut = &rest[..rest.floor_char_boundary(end.min(LONGEST))];
    let quoted: String = cut.trim_end_matches(['"', ' ', ',']).chars().filter(|c| !c.is_control()).collect();
    (!quoted.is_empty()).then_some(quoted)
}

/// Resolves the escapes of JSON strings twice, because JSON often contains JSON: `\\r\\n` becomes a
/// line break.
fn unescaped(text: &str) -> String {
    let once = unescaped_once(text);
    if once.contains('\\') { unescaped_once(&once) } else { once }
}

fn unescaped_once(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let (resolved, length) = match escape.bytes().next() {
            Some(b'n') => ('\n', 1),
            Some(b'r') => ('\r', 1),
            Some(b't') => ('\t', 1),
            Some(b'"') => ('"', 1),
            Some(b'/') => ('/', 1),
            Some(b'\\') => ('\\', 1),
            Some(b'u') => {
                match escape.get(1..5).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32) {
                    Some(c) => (c, 5),
                    None => ('\\', 0),
                }
            }
            _ => ('\\', 0),
        };
        plain.push(resolved);
        rest = &escape[length..];
    }
    plain.push_str(rest);
    plain
}
