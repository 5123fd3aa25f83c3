//! Finds errors whose cause is not Entra's decision about the token: the CI system gave no token,
//! another service refused, or a role is missing.

mod ci;
mod managed_identity;
mod resource;
mod role;
mod vault;

use super::{Explanation, capitalised};
use crate::catalogue::{Meaning, Retry};
use crate::shell::Shell;

/// An error that has no AADSTS number.
pub(super) struct Signal {
    pub(super) explanation: Explanation,
    /// Whether the error says that there was no ID token.
    pub(super) no_token: bool,
}

/// An error that is known by its words.
struct Known {
    /// The name in the answer.
    code: &'static str,
    /// Each group has one word or phrase in the text. They are in lower case.
    words: &'static [&'static [&'static str]],
    meaning: Meaning,
    no_token: bool,
}

const fn known(
    code: &'static str,
    words: &'static [&'static [&'static str]],
    name: &'static str,
    cause: &'static str,
    remedy: &'static str,
) -> Known {
    Known { code, words, meaning: Meaning { name, cause, remedy, retry: Retry::Never }, no_token: false }
}

/// The error of the CI system that comes first. The text is plain.
pub(super) fn before_the_exchange(text: &str, shell: Shell) -> Vec<Signal> {
    first_of(ci::BEFORE, text, shell)
}

/// Errors of other services, of resources after a sign-in that worked, and of tools that did not ask
/// Entra. The text is plain.
pub(super) fn after_the_exchange(text: &str, shell: Shell) -> Vec<Signal> {
    let named = [role::refused(text, shell), vault::refused(text, shell), resource::wrong_tenant(text), b2c(text)];
    let named: Vec<Signal> = named.into_iter().flatten().collect();
    if !named.is_empty() {
        return named;
    }
    let after = first_of(resource::AFTER, text, shell);
    if after.is_empty() { first_of(managed_identity::WITHOUT_A_TOKEN, text, shell) } else { after }
}

fn first_of(table: &[Known], text: &str, shell: Shell) -> Vec<Signal> {
    let lower = text.to_lowercase();
    let in_text = |known: &&Known| known.words.iter().all(|group| group.iter().any(|word| lower.contains(word)));
    table.iter().find(in_text).map(|known| signal(known, shell)).into_iter().collect()
}

fn signal(known: &Known, shell: Shell) -> Signal {
    let hint = shell.with_variables(known.meaning.remedy).into_owned();
    named(known.code.to_owned(), known.meaning, vec![hint], Vec::new(), known.no_token)
}

fn named(
    code: String,
    meaning: Meaning,
    hints: Vec<String>,
    facts: Vec<(&'static str, String)>,
    no_token: bool,
) -> Signal {
    let message = format!("{}. {}", capitalised(meaning.name), meaning.cause);
    let explanation =
        Explanation { code: 0, other: Some(code), meaning: Some(meaning), message, quoted: None, facts, hints };
    Signal { explanation, no_token }
}

/// The first code of Azure AD B2C.
fn b2c(text: &str) -> Option<Signal> {
    const PREFIX: &str = "AADB2C";
    let at = text.find(PREFIX)?;
    let rest = text[at + PREFIX.len()..].trim_start_matches([' ', ':', '-']);
    let digits = &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())];
    if !(4..=8).contains(&digits.len()) {
        return None;
    }
    let meaning = Meaning {
        name: "an error of Azure AD B2C",
        cause: "Codes that begin with AADB2C come from Azure AD B2C, the sign-in service for customers. It is another service than Entra's \
                workload identity federation, and this tool does not explain its codes",
        remedy: "look up the code in Microsoft's list of Azure AD B2C error codes; for a CI job use the authority \
                 `https://login.microsoftonline.com`, not one on `b2clogin.com`",
        retry: Retry::Never,
    };
    Some(named(format!("{PREFIX}{digits}"), meaning, vec![meaning.remedy.to_owned()], Vec::new(), false))
}

/// A code whose last digits are missing, such as `AADSTS7002…`.
pub(super) fn cut_code(text: &str) -> Option<Explanation> {
    let (_, rest) = text.split_once("AADSTS")?;
    let digits = &rest[..rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len())];
    let is_cut = digits.len() < 4 || rest[digits.len()..].starts_with(['…', '.']);
    if digits.is_empty() || digits.len() > 8 || !is_cut {
        return None;
    }
    let meaning = Meaning {
        name: "the code is cut off",
        cause: "The last digits of the code are missing in the text, and other codes begin with the same digits",
        remedy: "copy the whole line from the original log",
        retry: Retry::Never,
    };
    let code = format!("AADSTS{digits}…");
    Some(named(code, meaning, vec![meaning.remedy.to_owned()], Vec::new(), false).explanation)
}
