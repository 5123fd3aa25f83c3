//! Escapes text from outside, so that a CI system does not take it for a logging command and
//! invisible characters become visible.

use crate::secret::without_secrets;
use crate::shorten::shorten;

/// Whether a character shows nothing, or changes how others are shown: control characters,
/// invisible ones, and those that change the direction of writing.
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// White space of any script, and the zero-width characters that pasting can add.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// The text without white space and zero-width characters at its ends.
pub(crate) fn trimmed(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// A foreign text for a message: without what looks like a secret, with unprintable characters
/// escaped, and of a longer text the beginning with a note. Line ends stay.
pub(crate) fn shown(text: &str, longest: usize) -> String {
    let mut out = String::new();
    for c in shorten(&without_secrets(text), longest).chars() {
        match c {
            '\r' | '\n' | '\t' => out.push(c),
            c if is_unprintable(c) => out.extend(c.escape_default()),
            c => out.push(c),
        }
    }
    out
}

/// JSON with unprintable characters escaped. Line ends are its layout.
pub fn with_escaped_characters(json: String) -> String {
    let is_escaped = |c: char| is_unprintable(c) && c != '\n';
    if !json.contains(is_escaped) {
        return json;
    }
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match is_escaped(c) {
            true => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| safe += &format!("\\u{unit:04x}")),
            false => safe.push(c),
        }
    }
    safe
}

/// Escapes a foreign text for CI logs, so that it contains no logging command. Azure Pipelines
/// executes `##vso[` anywhere in a line; GitHub Actions executes `::` at the start of a line and
/// `##[` anywhere. Both read stdout and stderr.
///
/// Inserts spaces between the characters. A character outside ASCII does not count as a separator,
/// because both compare by the rules of a language, which ignore some characters.
pub fn defuse(text: &str) -> String {
    separated(text, " ")
}

/// As [`defuse`], with a separator that the language of the text ignores.
pub fn separated(text: &str, separator: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    let mut at_start = true;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        harmless.push(character);
        let next = characters.peek();
        if character == '#' && next.is_some_and(|next| *next == '#' || !next.is_ascii())
            || character == ':' && at_start && next.is_some_and(|next| *next == ':' || !next.is_ascii())
        {
            harmless.push_str(separator);
        }
        at_start = matches!(character, '\r' | '\n') || at_start && !character.is_ascii_graphic();
    }
    harmless
}

/// As [`defuse`], for JSON and other languages whose strings have escape sequences and no line
/// breaks. `escaped` is the sequence for `#`.
pub fn with_escaped_signs(text: String, escaped: &str) -> String {
    let is_begun = |at: usize| matches!(text.as_bytes()[at..], [b'#', b'#' | 0x80.., ..]);
    let mut safe = String::new();
    let mut done = 0;
    for at in (0..text.len()).filter(|at| is_begun(*at)) {
        safe.push_str(&text[done..at]);
        safe.push_str(escaped);
        done = at + 1;
    }
    match done {
        0 => text,
        _ => safe + &text[done..],
    }
}
