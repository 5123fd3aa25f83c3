//! Removes what differs from run to run from answers: tokens, times and request ids.

use serde_json::{Map, Value};

use crate::{APPLICATION, TENANT};

/// Replaces JWTs, times and ids with `<jwt>`, `<time>` and `<id>`.
pub(super) fn text(text: &str) -> String {
    let in_word = |c: char| c.is_ascii_alphanumeric() || "-_.:+".contains(c);
    let mut same = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(in_word) {
        let (before, from) = rest.split_at(start);
        let (found, after) = from.split_at(from.find(|c| !in_word(c)).unwrap_or(from.len()));
        same.push_str(before);
        // Punctuation after the last word is not part of the word.
        let bare = found.trim_end_matches(['.', ':']);
        same.push_str(word(bare));
        same.push_str(&found[bare.len()..]);
        rest = after;
    }
    same + rest
}

fn word(word: &str) -> &str {
    if word.starts_with("eyJ") && word.matches('.').count() == 2 {
        "<jwt>"
    } else if ["0000-00-00T00:00:00Z", "0000-00-00", "00:00:00Z"].iter().any(|form| is_like(word, form)) {
        "<time>"
    } else if is_like(word, "ffffffff-ffff-ffff-ffff-ffffffffffff") && word != TENANT && word != APPLICATION {
        "<id>"
    } else {
        word
    }
}

/// Whether a word has the given form: `0` stands for a digit, `f` for a hexadecimal digit.
fn is_like(word: &str, form: &str) -> bool {
    let fits = |(c, form): (char, char)| match form {
        '0' => c.is_ascii_digit(),
        'f' => c.is_ascii_hexdigit(),
        _ => c == form,
    };
    word.len() == form.len() && word.chars().zip(form.chars()).all(fits)
}

/// Brings typed answers into one form: names with `_`, no absent members, enum cases as in the WIT.
/// In `expires_on` and in texts, removes what differs from run to run.
pub(super) fn answer(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| member(&snake(&name), value)).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(answer).collect(),
        Value::String(said) => text(&said).into(),
        other => other,
    }
}

fn member(name: &str, value: Value) -> (String, Value) {
    let value = match (name, value) {
        ("expires_on", Value::Number(_)) => "<time>".into(),
        // Rust writes the case of an enum as `NoMatch`.
        ("outcome" | "severity", Value::String(case)) => snake(&case).trim_start_matches('_').replace('_', "-").into(),
        (_, value) => answer(value),
    };
    (name.to_owned(), value)
}

/// `predictedAadsts` and `predicted-aadsts` as `predicted_aadsts`.
fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(if c == '-' { '_' } else { c.to_ascii_lowercase() });
    }
    snake
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_tokens_times_and_ids_are_replaced() {
        let said = format!(
            "{TENANT} eyJhbGciOiJ9.eyJhIjp9.c2ln\" 2026-11-20T17:00:00Z id=9a8B7c6d-0000-4000-8000-000000000001."
        );
        assert_eq!(text(&said), format!("{TENANT} <jwt>\" <time> id=<id>."));
        assert_eq!(text("(9a8b7c6d-0000-4000-8000-000000000001) 2026-11-20 20:22:07Z"), "(<id>) <time> <time>");
        assert_eq!(text("eyJ.no 2026-11-2 ä-ö"), "eyJ.no 2026-11-2 ä-ö");
    }

    #[test]
    fn answers_of_all_languages_have_one_form() {
        let javascript = json!({ "predictedAadsts": 1, "outcome": "no-match", "expiresOn": 17 });
        let rust = json!({ "predicted_aadsts": 1, "outcome": "NoMatch", "expires_on": 18, "matched": null });
        assert_eq!(answer(javascript), answer(rust.clone()));
        assert_ne!(answer(json!({ "predictedAadsts": 2, "outcome": "no-match", "expiresOn": 17 })), answer(rust));
    }
}
