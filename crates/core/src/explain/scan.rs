//! Finds error codes in a text, whatever is around them: JSON, escaped JSON, logs, exceptions.

use crate::secret::without_tokens;

/// A code, and the part of the text that belongs to it.
pub(super) struct Mention {
    pub(super) code: u32,
    /// Everything from this code to the next other one, with escapes resolved.
    pub(super) region: String,
    /// What stands behind `AADSTS<code>: `, up to the trace block.
    pub(super) quoted: Option<String>,
}

const PREFIX: &str = "AADSTS";

/// What can stand before a code in an answer that has no description.
const OTHER_PREFIXES: [&str; 2] = ["\"error_codes\":", "error?code="];

/// A text with more different codes than this is no log; the rest is not looked at.
const MAX_CODES: usize = 50;

/// Codes have 4 to 8 digits.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=8;

/// Every code in the text, in order, each once.
pub(super) fn mentions(text: &str) -> Vec<Mention> {
    if let Some(code) = bare(text) {
        return vec![Mention { code, region: String::new(), quoted: None }];
    }
    let text = without_tokens(&unescaped(text));
    let places = places(&text);
    let mut mentions: Vec<Mention> = Vec::new();
    for (index, place) in places.iter().enumerate() {
        if mentions.len() == MAX_CODES {
            break;
        }
        if mentions.iter().any(|known| known.code == place.code) {
            continue;
        }
        // what comes before the first code belongs to it as well: members of JSON come in any order
        let start = if mentions.is_empty() { 0 } else { place.start };
        let next = places[index..].iter().find(|other| other.code != place.code);
        let end = next.map_or(text.len(), |other| other.start);
        let quoted =
            places[index..].iter().filter(|other| other.code == place.code).find_map(|other| description(&text, other));
        mentions.push(Mention { code: place.code, region: text[start..end].to_owned(), quoted });
    }
    mentions
}

/// A code on its own: `700213`, `AADSTS700213`.
fn bare(text: &str) -> Option<u32> {
    let text = text.trim().trim_matches(['"', '\'', '`']);
    let digits = match text.get(..PREFIX.len()) {
        Some(prefix) if prefix.eq_ignore_ascii_case(PREFIX) => text[PREFIX.len()..].trim_start_matches([' ', ':', '-']),
        _ => text,
    };
    let digits = digits.trim_end_matches(':');
    (DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// Where a code stands.
struct Place {
    code: u32,
    start: usize,
    end: usize,
    described: bool,
}

fn places(text: &str) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for (at, _) in text.char_indices() {
        let rest = &text.as_bytes()[at..];
        if rest.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX.as_bytes())) {
            places.extend(place(text, at, at + PREFIX.len(), true));
        } else if let Some(prefix) = OTHER_PREFIXES.iter().find(|prefix| rest.starts_with(prefix.as_bytes())) {
            let skipped = text[at + prefix.len()..].find(|c: char| !c.is_whitespace() && c != '[').unwrap_or_default();
            places.extend(place(text, at, at + prefix.len() + skipped, false));
        }
    }
    places
}

fn place(text: &str, start: usize, digits: usize, described: bool) -> Option<Place> {
    let rest = text.get(digits..)?;
    let length = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let code = rest[..length].parse().ok().filter(|_| DIGITS.contains(&length))?;
    Some(Place { code, start, end: digits + length, described })
}

/// What stands behind `AADSTS<code>: `, up to the trace block, the end of the string it stands in, or the end of the line.
fn description(text: &str, place: &Place) -> Option<String> {
    const LONGEST: usize = 2_000;
    let rest = text[place.end..].strip_prefix(':').filter(|_| place.described)?.trim_start_matches(' ');
    let ends = ["Trace ID:", "\n", "\r", "\",\"", "\", \"", "\"}", "AADSTS"];
    let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
    let cut = &rest[..rest.floor_char_boundary(end.min(LONGEST))];
    let quoted: String = cut.trim_end_matches(['"', ' ', ',']).chars().filter(|c| !c.is_control()).collect();
    (!quoted.is_empty()).then_some(quoted)
}

/// Resolves the escapes of JSON strings, twice, for JSON is often quoted in JSON: `\\r\\n` becomes a line break.
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
