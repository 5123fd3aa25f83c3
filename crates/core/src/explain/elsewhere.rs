//! Finds errors whose cause is not Entra's decision about the token: the CI system gave no token,
//! another service refused, or a role is missing.

mod ci;
mod managed_identity;
mod order;
mod resource;
mod role;
mod tools;
mod vault;
mod words;

use super::{Explanation, capitalised};
use crate::catalogue::{Meaning, Retry};
use crate::shell::Shell;
use words::Words;

pub(super) use order::Order;

/// An error that has no AADSTS number.
pub(super) struct Signal {
    pub(super) explanation: Explanation,
    /// Whether the error says that there was no ID token.
    pub(super) no_token: bool,
    /// Where the error is in the text, in bytes.
    pub(super) at: usize,
}

/// The error of the CI system that comes first. The text is plain.
pub(super) fn before_the_exchange(text: &str, shell: Shell) -> Vec<Signal> {
    Words::of(text).first(ci::BEFORE, shell).into_iter().collect()
}

/// Refusals of resources, which only a sign-in that worked can have. The text is plain.
pub(super) fn after_a_sign_in(text: &str, shell: Shell) -> Vec<Signal> {
    let mut signals = role::refused(text, shell);
    signals.extend(vault::refused(text, shell).into_iter().chain(resource::wrong_tenant(text)));
    if signals.is_empty() {
        signals.extend(Words::of(text).first(resource::SIGNED_IN, shell));
    }
    signals
}

/// Errors of other services and of tools, in a text without a code of Entra. The text is plain;
/// `is_told` says that a refusal of a resource is told already.
pub(super) fn without_a_code(text: &str, is_told: bool, shell: Shell) -> Vec<Signal> {
    if let Some(b2c) = b2c(text) {
        return vec![b2c];
    }
    if is_told {
        return Vec::new();
    }
    let words = Words::of(text);
    let after_success = |signal: &Signal| order::last_success(text).is_none_or(|success| success < signal.at);
    let tools = [tools::WITHOUT_A_SIGN_IN, managed_identity::WITHOUT_A_TOKEN];
    let of_tools = || tools.into_iter().find_map(|table| words.first(table, shell)).filter(after_success);
    words.first(resource::AFTER, shell).or_else(of_tools).into_iter().collect()
}

fn named(code: String, meaning: Meaning, hints: Vec<String>, facts: Vec<(&'static str, String)>, at: usize) -> Signal {
    let message = format!("{}. {}", capitalised(meaning.name), meaning.cause);
    let explanation =
        Explanation { code: 0, other: Some(code), meaning: Some(meaning), message, quoted: None, facts, hints };
    Signal { explanation, no_token: false, at }
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
    Some(named(format!("{PREFIX}{digits}"), meaning, vec![meaning.remedy.to_owned()], Vec::new(), at))
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
    Some(named(code, meaning, vec![meaning.remedy.to_owned()], Vec::new(), 0).explanation)
}
