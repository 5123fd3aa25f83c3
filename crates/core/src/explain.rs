//! Explains answers of Entra, and errors that stand beside them in a log: gives the cause and the
//! remedy of each.

mod advice;
mod elsewhere;
mod facts;
mod family;
mod fit;
mod language;
mod normalise;
mod scan;

use crate::catalogue::{Meaning, Retry, Sense, sense};
use crate::shell::Shell;
use crate::shorten::{LONGEST_ADVICE, LONGEST_VALUE, shortened};

pub use advice::{Known, Refused, advise};

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

/// What a text says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Explained {
    /// An explanation for each error.
    pub explanations: Vec<Explanation>,
    /// What was not read, in sentences.
    pub notes: Vec<String>,
}

/// The longest text that is read, in bytes. A longer one is cut.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// The maximum number of different codes that are explained.
pub const MAX_CODES: usize = 50;

/// Explains every error in a text: a number alone, `AADSTS700213`, an answer in JSON, a job's log,
/// an exception's message, a sign-in record. Each is explained once. An error of the CI system,
/// which is the cause of the others, comes first. An error of the resource comes last, but first
/// where it stands after all others: then a sign-in worked after them. Commands in hints are for
/// this shell.
pub fn explain(text: &str, shell: Shell) -> Vec<Explanation> {
    explain_with(text, shell, None).explanations
}

/// As [`explain`], with advice from what is `known` of the exchange.
pub fn explain_with(text: &str, shell: Shell, known: Option<&Known<'_>>) -> Explained {
    let whole = text;
    let text = &text[..text.floor_char_boundary(MAX_BYTES)];
    let checks = advice::Checks::default();
    let explanation = |mention: &scan::Mention, no_token| {
        let mut explanation = explanation(mention, no_token, shell);
        let advice = known.map(|known| advice::about(&known.refusal(mention.code, shell), Some(mention), &checks));
        if let Some(advice) = advice.filter(|advice| !advice.is_empty()) {
            explanation.hints = advice;
        }
        let is_of_token = known.is_some_and(|known| known.token.is_some());
        if let Some(hint) = advice::several(mention).filter(|_| !is_of_token) {
            explanation.hints.insert(0, hint);
        }
        if explanation.meaning.is_some() && mention.quoted.as_deref().is_some_and(language::is_foreign) {
            explanation.hints.push(language::NOT_READ.to_owned());
        }
        explanation.within_limits()
    };
    if scan::bare(text).is_some() {
        let explanations = scan::mentions(text).iter().map(|mention| explanation(mention, false)).collect();
        return Explained { explanations, notes: Vec::new() };
    }
    let plain = scan::plain(text);
    let scan::Mentions { mentions, has_more } = scan::mentions_in(&plain);
    let before = elsewhere::before_the_exchange(&plain, shell);
    let no_token = before.iter().any(|signal| signal.no_token);
    let after = elsewhere::after_a_sign_in(&plain, shell);
    let order = elsewhere::Order::of(&plain, &after);
    let codes: Vec<_> = mentions.iter().map(|mention| explanation(mention, no_token)).collect();
    let others = match mentions.is_empty() {
        true => elsewhere::without_a_code(&plain, !after.is_empty(), shell),
        false => Vec::new(),
    };
    let cut = elsewhere::cut_code(&plain).filter(|_| mentions.is_empty());
    let (first, last) = order.divided(after, &before, &codes);
    let signals = |signals: Vec<elsewhere::Signal>| signals.into_iter().map(|one| one.explanation.within_limits());
    let before = before.into_iter().map(|one| order.signal(one)).collect();
    let codes = codes.into_iter().map(|one| order.code(one));
    let explanations = signals(first)
        .chain(signals(before))
        .chain(codes)
        .chain(signals(last))
        .chain(signals(others))
        .chain(cut)
        .collect();
    let notes = [
        (
            has_more,
            format!("the text has more than {MAX_CODES} different codes, and the first {MAX_CODES} are explained"),
        ),
        (text.len() < whole.len(), format!("the text has {} bytes, and the first {MAX_BYTES} are read", whole.len())),
    ];
    let notes = notes.into_iter().filter(|(applies, _)| *applies).map(|(_, note)| note).collect();
    Explained { explanations, notes }
}

impl Explanation {
    /// The explanation without texts that are too long for an answer.
    fn within_limits(mut self) -> Self {
        for (_, value) in &mut self.facts {
            *value = shortened(std::mem::take(value), LONGEST_VALUE);
        }
        for hint in &mut self.hints {
            *hint = shortened(std::mem::take(hint), LONGEST_ADVICE);
        }
        self.quoted = self.quoted.map(|quoted| shortened(quoted, LONGEST_VALUE));
        self
    }
}

/// `no_token` says that the same text shows why there was no ID token.
fn explanation(mention: &scan::Mention, no_token: bool, shell: Shell) -> Explanation {
    let code = mention.code;
    let facts = facts::all(mention);
    let sense = sense(code, mention.quoted.as_deref(), &mention.region);
    let (meaning, message, mut hints) = match sense {
        Sense::Known(meaning) => {
            let message = format!("{}. {}", capitalised(meaning.name), meaning.cause);
            (Some(meaning), message, vec![advice::named(&shell.with_variables(meaning.remedy), &facts)])
        }
        Sense::OtherText(entry) => (None, family::other_text(entry), vec![family::look_up(code)]),
        Sense::Unknown => (None, family::describe(code, mention.quoted.is_some()), family::hints(code)),
    };
    if let Some(meaning) = meaning {
        let obstacle = advice::obstacle(code, &facts);
        let helps = obstacle.is_none() && meaning.retry != Retry::Never;
        hints = match obstacle {
            _ if no_token && NOTHING_SENT.contains(&code) => vec![family::NO_TOKEN.to_owned()],
            Some(obstacle) => vec![obstacle],
            None => advice::from_log(mention, &facts, shell).unwrap_or(hints),
        };
        let says_so = hints.iter().any(|hint| hint.starts_with("try again"));
        if helps && !says_so && !no_token {
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
