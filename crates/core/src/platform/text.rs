//! Writes names and values for shells and line-based files, and escapes text for CI logs.

use serde::Serialize;

use super::Value;
use crate::fault::{Category, Fault};
use crate::secret::Secret;
use crate::shell::Shell;

pub use crate::harmless::{defuse, is_unprintable, separated, with_escaped_characters, with_escaped_signs};
pub use crate::shell::shell_quote;

/// Whether this is a valid name of a shell variable: `[A-Za-z_][A-Za-z0-9_]*`.
pub fn is_variable_name(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// `NAME='value'` lines, for `env` files and `eval`.
pub fn assignment_lines(values: &[Value]) -> Result<Secret, Fault> {
    shell_lines("", values)
}

/// `export NAME='value'` lines, for a shell to source or `eval`.
pub fn export_lines(values: &[Value]) -> Result<Secret, Fault> {
    shell_lines("export ", values)
}

/// `$env:NAME = 'value'` lines, for `Invoke-Expression`. A logging command of a CI system in a value
/// is written as a sum of two strings.
pub fn powershell_lines(values: &[Value]) -> Result<Secret, Fault> {
    let sum = |value: &str| separated(&Shell::Powershell.word(value), "'+'");
    lines(values, |name, value| format!("$env:{name} = {}\n", sum(value)))
}

/// JSON in one line, without any logging command of a CI system or unprintable character.
pub fn json_text(value: &impl Serialize) -> String {
    // `Display` takes twice as long. Serialization cannot fail for our types.
    with_escaped_characters(with_escaped_signs(serde_json::to_string(value).unwrap_or_default(), JSON_SIGN))
}

/// `#` in a string of JSON or Terraform.
pub const JSON_SIGN: &str = "\\u0023";

fn shell_lines(prefix: &str, values: &[Value]) -> Result<Secret, Fault> {
    lines(values, |name, value| format!("{prefix}{name}={}\n", shell_quote(value)))
}

fn lines(values: &[Value], line: impl Fn(&str, &str) -> String) -> Result<Secret, Fault> {
    check(values)?;
    Ok(Secret::new(values.iter().map(|value| line(&value.name, value.value.reveal())).collect::<String>()))
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
    fn assignments_are_in_the_words_of_each_shell() {
        let value = |name: &str| Value { name: name.to_owned(), value: Secret::new("it's $x"), secret: true };
        let lines = |lines: Result<Secret, Fault>| lines.unwrap().reveal().to_owned();
        assert_eq!(lines(assignment_lines(&[value("A")])), "A='it'\\''s $x'\n");
        assert_eq!(lines(export_lines(&[value("A")])), "export A='it'\\''s $x'\n");
        assert_eq!(lines(powershell_lines(&[value("A"), value("B")])), "$env:A = 'it''s $x'\n$env:B = 'it''s $x'\n");
        assert_eq!(powershell_lines(&[value("A B")]).unwrap_err().code, "output-name-invalid");
        let logging = Value { name: "A".to_owned(), value: Secret::new("it's ##x\n::y::"), secret: true };
        assert_eq!(lines(powershell_lines(&[logging])), "$env:A = 'it''s #'+'#x\n:'+':y::'\n");
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
    fn json_shows_unprintable_characters_as_escapes() {
        let text = "a\u{202e}b\u{7f}\u{200b}\u{e0041}é\n";
        let json = json_text(&text);
        assert_eq!(json, "\"a\\u202eb\\u007f\\u200b\\udb40\\udc41é\\n\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn only_logging_commands_are_changed() {
        for text in ["", "AADSTS700213: a # b", "https://x/#y", "one::two", "a\n b: c"] {
            assert_eq!(defuse(text), text);
        }
        assert_eq!(defuse("x ##vso[a]\n ::b::c"), "x # #vso[a]\n : :b::c");
    }
}
