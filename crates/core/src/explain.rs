//! Explains answers of Entra, and errors that stand beside them in a log: gives the cause and the
//! remedy of each.

mod advice;
mod elsewhere;
mod facts;
mod family;
mod fit;
mod normalise;
mod scan;

use crate::catalogue::{Meaning, Retry, Sense, sense};
use crate::shell::Shell;

pub use advice::{Refused, advise};

/// The explanation of one error in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The number after `AADSTS`; 0 for an error without such a number.
    pub code: u32,
    /// The name of an error that has no AADSTS number: `AADB2C90289`, `AuthorizationFailed`.
    pub other: Option<String>,
    /// What the error means, if that is known.
    pub meaning: Option<Meaning>,
    /// The meaning, in one or two sentences without the last full stop.
    pub message: String,
    /// Entra's message in the text, without the trace block. Tokens in it are replaced.
    pub quoted: Option<String>,
    /// Values in the text: issuer, subject, audience, ids for Microsoft's support, and others.
    pub facts: Vec<(&'static str, String)>,
    /// What to do, the most useful first.
    pub hints: Vec<String>,
}

impl Explanation {
    /// The fact with this name.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// The longest text that is read, in bytes. A longer one is cut.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Explains every error in a text: a number alone, `AADSTS700213`, an answer in JSON, a job's log,
/// an exception's message, a sign-in record. Each is explained once. An error of the CI system,
/// which is the cause of the others, comes first; an error of the resource comes last. Commands in
/// hints are for this shell.
pub fn explain(text: &str, shell: Shell) -> Vec<Explanation> {
    let text = &text[..text.floor_char_boundary(MAX_BYTES)];
    if scan::bare(text).is_some() {
        return scan::mentions(text).iter().map(|mention| explanation(mention, false, shell)).collect();
    }
    let text = scan::plain(text);
    let mentions = scan::mentions_in(&text);
    let before = elsewhere::before_the_exchange(&text, shell);
    let no_token = before.iter().any(|signal| signal.no_token);
    // A refused sign-in has no errors after it.
    let after = if mentions.is_empty() { elsewhere::after_the_exchange(&text, shell) } else { Vec::new() };
    let cut = elsewhere::cut_code(&text).filter(|_| mentions.is_empty());
    let codes = mentions.iter().map(|mention| explanation(mention, no_token, shell));
    let signals = |signals: Vec<elsewhere::Signal>| signals.into_iter().map(|signal| signal.explanation);
    signals(before).chain(codes).chain(signals(after)).chain(cut).collect()
}

/// `no_token` says that the same text shows why there was no ID token.
fn explanation(mention: &scan::Mention, no_token: bool, shell: Shell) -> Explanation {
    let code = mention.code;
    let sense = sense(code, mention.quoted.as_deref(), &mention.region);
    let (meaning, message, mut hints) = match sense {
        Sense::Known(meaning) => {
            let message = format!("{}. {}", capitalised(meaning.name), meaning.cause);
            (Some(meaning), message, vec![shell.with_variables(meaning.remedy).into_owned()])
        }
        Sense::OtherText(entry) => (None, family::other_text(entry), vec![family::look_up(code)]),
        Sense::Unknown => (None, family::describe(code, mention.quoted.is_some()), family::hints(code)),
    };
    let facts = facts::all(mention);
    if let Some(meaning) = meaning {
        hints = match code {
            _ if no_token && NOTHING_SENT.contains(&code) => vec![family::NO_TOKEN.to_owned()],
            _ => advice::from_log(mention, &facts, shell).unwrap_or(hints),
        };
        let says_so = hints.iter().any(|hint| hint.starts_with("try again"));
        if meaning.retry != Retry::Never && !says_so && !no_token {
            hints.push(meaning.retry.meaning().to_owned());
        }
    }
    Explanation { code, other: None, meaning, message, quoted: mention.quoted.clone(), facts, hints }
}

/// Codes that Entra answers when there was no ID token, or something else was sent in its place.
const NOTHING_SENT: [u32; 5] = [50_027, 900_144, 7_000_216, 7_000_218, 7_000_219];

fn capitalised(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

#[cfg(test)]
mod tests;
