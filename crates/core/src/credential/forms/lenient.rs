//! Parses JSON with comments and trailing commas, and JSON after other text, such as a warning of
//! the Azure CLI or the command that printed it.

use serde_json::Value;

use crate::credential::CredentialProblem;
use crate::token::json;

/// The document in a text that is not JSON as a whole, and a note about the text before it.
pub(super) fn parse(text: &str) -> Option<(Value, Option<CredentialProblem>)> {
    if let Some(document) = with_comments(text) {
        return Some((document, None));
    }
    let start = start_of_json(text)?;
    let document = json::lenient(&text.as_bytes()[start..]).ok().or_else(|| with_comments(&text[start..]))?;
    let message = "the document has text before its JSON, which was ignored";
    Some((document, Some(CredentialProblem::advice("credentials-after-text", message))))
}

fn with_comments(text: &str) -> Option<Value> {
    json::lenient(without_comments(text).as_bytes()).ok()
}

/// The position of the first line after other lines that begins with an object or a list.
fn start_of_json(text: &str) -> Option<usize> {
    if text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let indent = line.len() - line.trim_start().len();
        if at > 0 && line.trim_start().starts_with(['{', '[']) {
            return Some(at + indent);
        }
        at += line.len();
    }
    None
}

/// The text without comments, and without commas before a closing bracket. Texts in quotes stay.
fn without_comments(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['"', '/', '}', ']']) {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        let length = if rest.starts_with('"') {
            quoted_length(rest)
        } else if rest.starts_with("//") {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
            continue;
        } else if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, after)| after);
            continue;
        } else {
            if !rest.starts_with('/') && kept.trim_end().ends_with(',') {
                let end = kept.trim_end().len();
                kept.replace_range(end - 1..end, " ");
            }
            1
        };
        kept.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    kept + rest
}

/// The length of a text in quotes, with the quotes.
fn quoted_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(text: &str) -> Option<(Value, Option<&'static str>)> {
        parse(text).map(|(value, note)| (value, note.map(|note| note.code)))
    }

    #[test]
    fn comments_and_trailing_commas_are_no_obstacle() {
        let text = "// list\n[ {\"a\": \"https://x//y,]\", /* b */ \"c\": [1, 2, ], } , ] // end";
        assert_eq!(code(text), Some((json!([{"a": "https://x//y,]", "c": [1, 2]}]), None)));
        assert_eq!(code("{\"a\": \"\\\"//\", }"), Some((json!({"a": "\"//"}), None)));
    }

    #[test]
    fn text_before_the_json_is_ignored_with_a_note() {
        for text in ["WARNING: preview\n[1]", "$ az ad app list\n\n  [1]\n", "a\n[1, // one\n]"] {
            assert_eq!(code(text), Some((json!([1]), Some("credentials-after-text"))), "{text}");
        }
    }

    #[test]
    fn other_texts_are_not_json() {
        for text in ["", "[1]x", "[1", "Name  Issuer\n----  ----", "/*", "\"", "a [1]", "eyJ\n{", "{}\n{}"] {
            assert_eq!(code(text), None, "{text}");
        }
    }
}
