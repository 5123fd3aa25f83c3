//! Explains answers of Entra: finds AADSTS codes in any text, and gives the cause and the remedy of
//! each.

mod advice;
mod facts;
mod family;
mod scan;

use crate::catalogue::{Entry, Retry, entry};

pub use crate::catalogue;
pub use advice::{Refused, advise};

/// The explanation of one AADSTS code in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The number after `AADSTS`.
    pub code: u32,
    /// The catalogue's entry, if the code is known.
    pub entry: Option<&'static Entry>,
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

/// Explains every AADSTS code in a text: a number alone, `AADSTS700213`, an answer in JSON, a job's
/// log, an exception's message. Each code is explained once, in the order of the text.
pub fn explain(text: &str) -> Vec<Explanation> {
    let text = &text[..text.floor_char_boundary(MAX_BYTES)];
    scan::mentions(text).into_iter().map(|mention| explanation(&mention)).collect()
}

fn explanation(mention: &scan::Mention) -> Explanation {
    let known = entry(mention.code);
    let (message, mut hints) = match known {
        Some(entry) => (format!("{}. {}", capitalised(entry.name), entry.cause), vec![entry.remedy.to_owned()]),
        None => (family::describe(mention.code), vec![family::look_up(mention.code)]),
    };
    if let Some(entry) = known.filter(|entry| entry.retry != Retry::Never) {
        hints.push(entry.retry.meaning().to_owned());
    }
    Explanation {
        code: mention.code,
        entry: known,
        message,
        quoted: mention.quoted.clone(),
        facts: facts::all(mention),
        hints,
    }
}

fn capitalised(text: &str) -> String {
    let mut text = text.to_owned();
    if let Some(first) = text.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    text
}

#[cfg(test)]
mod tests;
