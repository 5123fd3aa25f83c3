//! The shell that commands are written for: how it is detected, quotes a word and names a variable.

use std::borrow::Cow;

use serde::Deserialize;

use crate::harmless::separated;
use crate::ports::Env;

/// A shell, into which a person pastes commands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Shell {
    /// Bash, and other shells that follow POSIX.
    #[default]
    Bash,
    /// Windows PowerShell 5.1 and PowerShell 7.
    Powershell,
}

impl TryFrom<String> for Shell {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, &'static str> {
        let found = Self::VALUES.iter().find(|(known, _)| *known == name);
        found.map(|(_, shell)| *shell).ok_or("expected `bash` or `powershell`")
    }
}

impl Shell {
    /// The shells by their names.
    pub const VALUES: &'static [(&'static str, Self)] = &[("bash", Self::Bash), ("powershell", Self::Powershell)];

    /// The variables that [`detect`](Self::detect) reads.
    pub const VARIABLES: [&'static str; 4] = [MODULES, LOGIN_SHELL, LEVEL, STARTED];

    /// The shell that runs this program; Bash when it cannot be told.
    ///
    /// PowerShell sets `PSModulePath`, and so does Windows for all programs. It is not enough:
    /// runners of GitHub set it on Linux for every step. Shells that follow POSIX set `SHLVL` and
    /// the others that are asked for; PowerShell leaves them as it finds them. `_` is the program
    /// that such a shell started.
    pub fn detect(env: &dyn Env) -> Self {
        let started = env.present(STARTED).unwrap_or_default();
        let program = started.rsplit(['/', '\\']).next().unwrap_or_default();
        let is_within = ["pwsh", "powershell"].iter().any(|name| program.starts_with(name));
        let is_alone = || [LOGIN_SHELL, LEVEL].iter().all(|name| env.present(name).is_none());
        match env.present(MODULES) {
            Some(_) if is_within || is_alone() => Self::Powershell,
            _ => Self::Bash,
        }
    }

    /// One word that is exactly this text.
    pub fn word(self, text: &str) -> String {
        match self {
            Self::Bash => posix_word(text),
            Self::Powershell => powershell_word(text),
        }
    }

    /// Whether the shell hands this text to a program unchanged.
    ///
    /// PowerShell before 7.3 does not escape double quotes and drops an empty text. On Windows the
    /// Azure CLI is a batch file, so that `cmd` reads the line too: it replaces `%`. PowerShell puts
    /// a text with a space into double quotes; outside of them more characters are special.
    pub fn passes(self, text: &str) -> bool {
        let is_special = |c: char| c.is_control() || matches!(c, '"' | '%');
        let ends_block = |c: char| matches!(c, '&' | '|' | '<' | '>' | '^' | '(' | ')');
        match self {
            Self::Bash => !text.contains('\0'),
            Self::Powershell => {
                !text.is_empty()
                    && !text.ends_with('\\')
                    && !text.contains(is_special)
                    && (text.contains(' ') || !text.contains(ends_block))
            }
        }
    }

    /// The extension of files with commands.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Bash => "sh",
            Self::Powershell => "ps1",
        }
    }

    /// A command that runs only when the one before it succeeds.
    pub fn then(self, first: &str, second: &str) -> String {
        match self {
            Self::Bash => format!("{first} && {second}"),
            // Windows PowerShell has no `&&`.
            Self::Powershell => format!("{first}; if ($?) {{ {second} }}"),
        }
    }

    /// The text with its variables, `${NAME:?}`, as this shell writes them.
    pub fn with_variables(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::Powershell if text.contains("${") => text.replace("${", "${env:").replace(":?}", "}").into(),
            _ => text.into(),
        }
    }
}

const MODULES: &str = "PSModulePath";
const LOGIN_SHELL: &str = "SHELL";
const LEVEL: &str = "SHLVL";
const STARTED: &str = "_";

/// One word for a POSIX shell, in single quotes, in which only the quote itself is special. Contains
/// no logging command of a CI system.
pub fn shell_quote(text: &str) -> String {
    format!("'{}'", separated(&text.replace('\'', r"'\''"), "''"))
}

/// With the quotes that leave the text most readable.
fn posix_word(text: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '/' | '.' | '-' | '_' | ',' | '@' | '+');
    if !text.is_empty() && text.chars().all(bare) {
        text.to_owned()
    } else if text.contains('\'') && !text.contains(['"', '$', '`', '\\', '!']) {
        format!("\"{}\"", separated(text, "\"\""))
    } else {
        shell_quote(text)
    }
}

/// In single quotes, in which only the quote is special: it is doubled. PowerShell takes
/// typographic single quotes for quotes too.
fn powershell_word(text: &str) -> String {
    let mut word = String::from("'");
    for c in text.chars() {
        word.push(c);
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            word.push(c);
        }
    }
    word.push('\'');
    word
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::fixed::Variables;

    const PATH: (&str, &str) = ("PSModulePath", "/opt/microsoft/powershell/7/Modules");

    #[test]
    fn powershell_is_detected_where_no_other_shell_runs_the_program() {
        for (what, variables, expected) in [
            ("nothing is known", vec![], Shell::Bash),
            ("Windows", vec![PATH], Shell::Powershell),
            ("an empty variable counts as absent", vec![("PSModulePath", "")], Shell::Bash),
            ("a Bash step on GitHub", vec![PATH, ("SHLVL", "1"), ("_", "/usr/bin/azure-oidc")], Shell::Bash),
            ("Git Bash", vec![PATH, ("SHELL", "/usr/bin/bash")], Shell::Bash),
            ("PowerShell in a container", vec![PATH, ("HOME", "/root")], Shell::Powershell),
            ("pwsh from Bash", vec![PATH, ("SHLVL", "1"), ("_", "/usr/bin/pwsh")], Shell::Powershell),
            ("PowerShell from Git Bash", vec![PATH, ("SHLVL", "1"), ("_", "C:\\W\\powershell.exe")], Shell::Powershell),
            ("a terminal on Linux", vec![("SHELL", "/bin/zsh"), ("_", "/usr/bin/pwsh-not")], Shell::Bash),
        ] {
            let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(Shell::detect(&Variables(variables.collect())), expected, "{what}");
        }
    }

    #[test]
    fn each_shell_has_its_words() {
        for (text, bash, powershell) in [
            ("repo:o/r", "repo:o/r", "'repo:o/r'"),
            ("", "''", "''"),
            ("a b", "'a b'", "'a b'"),
            ("it's", "\"it's\"", "'it''s'"),
            ("it's $x", "'it'\\''s $x'", "'it''s $x'"),
            ("$(id) `id` %PATH%", "'$(id) `id` %PATH%'", "'$(id) `id` %PATH%'"),
            ("a\u{2019}b", "'a\u{2019}b'", "'a\u{2019}\u{2019}b'"),
        ] {
            assert_eq!(
                (Shell::Bash.word(text), Shell::Powershell.word(text)),
                (bash.to_owned(), powershell.to_owned())
            );
        }
    }

    #[test]
    fn each_shell_has_its_variables() {
        let text = "az x --id \"${A:?}\" --scope \"/s/${B:?}\"";
        assert_eq!(Shell::Bash.with_variables(text), text);
        assert_eq!(Shell::Powershell.with_variables(text), "az x --id \"${env:A}\" --scope \"/s/${env:B}\"");
    }

    #[test]
    fn names_are_read() {
        for (name, shell) in Shell::VALUES {
            assert_eq!(Shell::try_from((*name).to_owned()), Ok(*shell));
        }
        assert_eq!(Shell::try_from("cmd".to_owned()), Err("expected `bash` or `powershell`"));
    }
}
