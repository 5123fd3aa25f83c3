//! Writes names and values for shells and line-based files, and escapes text for CI logs.

use serde::Serialize;

use super::Value;
use crate::fault::{Category, Fault};
use crate::secret::Secret;

/// Whether this is a valid name of a shell variable: `[A-Za-z_][A-Za-z0-9_]*`.
pub fn is_variable_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// One word for a POSIX shell, in single quotes, in which only the quote itself is special. Contains
/// no logging command of a CI system.
pub fn shell_quote(text: &str) -> String {
    format!("'{}'", separated(&text.replace('\'', r"'\''"), "''"))
}

/// `NAME='value'` lines, for `env` files and `eval`.
pub fn assignment_lines(values: &[Value]) -> Result<Secret, Fault> {
    shell_lines("", values)
}

/// `export NAME='value'` lines, for a shell to source or `eval`.
pub fn export_lines(values: &[Value]) -> Result<Secret, Fault> {
    shell_lines("export ", values)
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

/// JSON in one line, without any logging command of a CI system.
pub fn json_text(value: &impl Serialize) -> String {
    // `Display` takes twice as long. Serialization cannot fail for our types.
    with_escaped_signs(serde_json::to_string(value).unwrap_or_default(), JSON_SIGN)
}

/// `#` in a string of JSON or Terraform.
pub const JSON_SIGN: &str = "\\u0023";

fn shell_lines(prefix: &str, values: &[Value]) -> Result<Secret, Fault> {
    check(values)?;
    let lines: String =
        values.iter().map(|value| format!("{prefix}{}={}\n", value.name, shell_quote(value.value.reveal()))).collect();
    Ok(Secret::new(lines))
}

/// Refuses invalid names of variables, and values with a NUL, which no platform can pass on.
pub(super) fn check(values: &[Value]) -> Result<(), Fault> {
    for value in values {
        if !is_variable_name(&value.name) {
            return Err(Fault::new(
                Category::Publish,
                "output-name-invalid",
                format!("`{}` is not a valid name of a variable", value.name.escape_debug()),
            )
            .hint("use letters, digits and `_`, and do not begin with a digit, as in `AZURE_ACCESS_TOKEN`"));
        }
        if value.value.reveal().contains('\0') {
            return Err(unfit(value, "value-has-nul", "contains a NUL character, which a variable cannot contain"));
        }
    }
    Ok(())
}

/// The fault for a value that a platform cannot publish. The message never contains the value.
pub(super) fn unfit(value: &Value, code: &'static str, why: &str) -> Fault {
    Fault::new(Category::Publish, code, format!("The value of `{}` {why}", value.name.escape_debug()))
}

/// The fault for an output file whose variable is not set.
pub(super) fn output_unset(title: &str, variable: &str) -> Fault {
    Fault::new(
        Category::Publish,
        "output-file-unset",
        format!("{title} reads results from a file, and `{variable}`, which names it, is not set"),
    )
    .fact("variable", variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variables_are_validated() {
        for good in ["A", "_", "AZURE_ACCESS_TOKEN", "a1"] {
            assert!(is_variable_name(good), "{good}");
        }
        for bad in ["", "1A", "A-B", "A B", "A=B", "A\n", "Ä", "A;B", "A]"] {
            assert!(!is_variable_name(bad), "{bad}");
        }
    }

    #[test]
    fn quotes_are_escaped_for_a_shell() {
        assert_eq!(shell_quote("it's $(x) \"y\""), r#"'it'\''s $(x) "y"'"#);
    }

    #[test]
    fn words_and_strings_hold_no_logging_command_and_mean_the_same() {
        assert_eq!(shell_quote("##vso[x]\n ::y::"), "'#''#vso[x]\n :'':y::'");
        assert_eq!(shell_quote("#\u{ad}#"), "'#''\u{ad}#'");
        for text in ["##vso[x]", "###", "#\u{ad}#vso[x]", "#", "a#b", "é#é"] {
            let json = json_text(&text);
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
            assert_eq!(defuse(&json), json, "{text}");
        }
        assert_eq!(json_text(&"a # b #1"), "\"a # b #1\"");
    }

    #[test]
    fn only_logging_commands_are_changed() {
        for text in ["", "AADSTS700213: a # b", "https://x/#y", "one::two", "a\n b: c"] {
            assert_eq!(defuse(text), text);
        }
        assert_eq!(defuse("x ##vso[a]\n ::b::c"), "x # #vso[a]\n : :b::c");
    }
}
