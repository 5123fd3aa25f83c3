//! Escapes foreign text, so that no CI system finds a logging command in it.

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
