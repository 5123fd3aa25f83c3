//! What an answer of Entra's means: finds error codes in whatever was pasted, and says what is known of each.

mod advice;
pub mod catalogue;
mod facts;
mod family;
mod scan;

use catalogue::{Entry, entry};

pub use advice::{Refused, advise};

/// What is known of one error code in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The number behind `AADSTS`.
    pub code: u32,
    /// What the catalogue knows of it.
    pub entry: Option<&'static Entry>,
    /// What it means, as one or two sentences without the last full stop.
    pub message: String,
    /// Entra's own words in the text, without the trace block; tokens in it are replaced.
    pub quoted: Option<String>,
    /// What the text names: issuer, subject, audience, ids to give to Microsoft support, ...
    pub facts: Vec<(&'static str, String)>,
    /// What to do, the most useful first.
    pub hints: Vec<String>,
}

impl Explanation {
    /// A fact by its name.
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// Texts longer than this are cut, in bytes.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Explains every error code in a text: a bare number, `AADSTS700213`, an answer in JSON, the log of a job, the message of an
/// exception. In the order in which they appear, each once; none when there are none.
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
    if let Some(entry) = known.filter(|entry| entry.retry != catalogue::Retry::Never) {
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
