//! Names and values in the formats that shells and line-based files take, so that a value stays one value.

use serde::Serialize;

use super::Value;
use crate::fault::{Category, Fault};
use crate::secret::Secret;

/// Whether a shell takes this as the name of a variable: `[A-Za-z_][A-Za-z0-9_]*`.
pub fn is_variable_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// One word for a POSIX shell, in single quotes, in which nothing is special but the quote itself.
pub fn shell_quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// `NAME='value'` lines, for `env` files and `eval`.
pub fn assignment_lines(values: &[Value]) -> Result<Secret, Fault> {
    shell_lines("", values)
}

/// `export NAME='value'` lines, for a shell to source or `eval`.
pub fn export_lines(values: &[Value]) -> Result<Secret, Fault> {
    shell_lines("export ", values)
}

/// A text from outside, made harmless for logs that are read for commands: Azure Pipelines obeys `##vso[` anywhere in a line and
/// GitHub Actions `::` at the start of one and `##[` anywhere, on stdout and stderr.
///
/// Spaces are put between the signs. Both compare by the rules of a language, in which some characters count for nothing, so what is
/// not ASCII does not separate them.
pub fn defuse(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    let mut at_start = true;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        harmless.push(character);
        let next = characters.peek();
        if character == '#' && next.is_some_and(|next| *next == '#' || !next.is_ascii())
            || character == ':' && at_start && next.is_some_and(|next| *next == ':' || !next.is_ascii())
        {
            harmless.push(' ');
        }
        at_start = matches!(character, '\r' | '\n') || at_start && !character.is_ascii_graphic();
    }
    harmless
}

/// JSON in one line in which no CI system finds a command of its own: `##` is written so that no `##vso[` appears.
pub fn json_text(value: &impl Serialize) -> String {
    // Not by way of `Display`, which takes twice as long. There is nothing in what is written that JSON cannot say.
    let text = serde_json::to_string(value).unwrap_or_default();
    match text.match_indices('#').any(|(at, sign)| text[at + sign.len()..].starts_with(sign)) {
        true => text.replace("##", "#\\u0023"),
        false => text,
    }
}

fn shell_lines(prefix: &str, values: &[Value]) -> Result<Secret, Fault> {
    check(values)?;
    let lines: String =
        values.iter().map(|value| format!("{prefix}{}={}\n", value.name, shell_quote(value.value.reveal()))).collect();
    Ok(Secret::new(lines))
}

/// Refuses names that are no variables, and values with a NUL, which no platform can carry.
pub(super) fn check(values: &[Value]) -> Result<(), Fault> {
    for value in values {
        if !is_variable_name(&value.name) {
            return Err(Fault::new(
                Category::Publish,
                "output-name-invalid",
                format!("`{}` cannot be the name of a variable", value.name.escape_debug()),
            )
            .hint("use letters, digits and `_`, and begin with no digit, as in `AZURE_ACCESS_TOKEN`"));
        }
        if value.value.reveal().contains('\0') {
            return Err(unfit(value, "value-has-nul", "contains a NUL character, which no variable can hold"));
        }
    }
    Ok(())
}

/// The fault of a value that a platform cannot take. It says why, never what the value is.
pub(super) fn unfit(value: &Value, code: &'static str, why: &str) -> Fault {
    Fault::new(Category::Publish, code, format!("The value of `{}` {why}", value.name.escape_debug()))
}

/// The fault of a file whose variable is not set.
pub(super) fn output_unset(title: &str, variable: &str) -> Fault {
    Fault::new(
        Category::Publish,
        "output-file-unset",
        format!("{title} takes results in a file, and `{variable}`, which names it, is not set"),
    )
    .fact("variable", variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_a_shell_takes_as_one() {
        for good in ["A", "_", "AZURE_ACCESS_TOKEN", "a1"] {
            assert!(is_variable_name(good), "{good}");
        }
        for bad in ["", "1A", "A-B", "A B", "A=B", "A\n", "Ä", "A;B", "A]"] {
            assert!(!is_variable_name(bad), "{bad}");
        }
    }

    #[test]
    fn a_quote_is_closed_escaped_and_opened_again() {
        assert_eq!(shell_quote("it's $(x) \"y\""), r#"'it'\''s $(x) "y"'"#);
    }

    #[test]
    fn a_harmless_text_stays_as_it_was() {
        for text in ["", "AADSTS700213: a # b", "https://x/#y", "one::two", "a\n b: c"] {
            assert_eq!(defuse(text), text);
        }
        assert_eq!(defuse("x ##vso[a]\n ::b::c"), "x # #vso[a]\n : :b::c");
    }
}
