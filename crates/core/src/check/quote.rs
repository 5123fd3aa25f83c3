//! Writes a value of a token or a credential into a sentence.

use crate::harmless::is_unprintable;

/// A value for a sentence: in backticks, at most 200 characters, with control characters and
/// invisible characters escaped.
pub(crate) fn quoted(value: &str) -> String {
    const LONGEST: usize = 200;
    let mut text = String::from("`");
    for c in value.chars().take(LONGEST) {
        match c {
            c if is_unprintable(c) => text.extend(c.escape_default()),
            c => text.push(c),
        }
    }
    text.push_str(if value.chars().nth(LONGEST).is_some() { "…`" } else { "`" });
    text
}

/// The part of a value that contains `position`, from the last `:` or `/` before it.
pub(super) fn excerpt(value: &str, position: usize) -> String {
    const LONGEST: usize = 48;
    let end = value.char_indices().nth(position).map_or(value.len(), |(at, _)| at);
    let start = value[..end].rfind([':', '/']).map_or(0, |at| at + 1);
    let rest: String = value[start..].chars().take(LONGEST + 1).collect();
    match rest.chars().count() {
        0 => "nothing".to_owned(),
        count if count > LONGEST => quoted(&(rest.chars().take(LONGEST).collect::<String>() + "…")),
        _ => quoted(&rest),
    }
}
