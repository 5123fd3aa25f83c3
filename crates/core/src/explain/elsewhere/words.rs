//! Errors that are known by words in a text.

use std::ops::Range;

use super::{Signal, named};
use crate::catalogue::{Meaning, Retry};
use crate::shell::Shell;

/// An error that is known by its words.
pub(super) struct Known {
    /// The name in the answer.
    pub(super) code: &'static str,
    /// Each group has one word or phrase in the text. They are in lower case; a line feed is the
    /// start of a line.
    pub(super) words: &'static [&'static [&'static str]],
    /// How many lines have a word of each group together. A log has lines of other programs too.
    pub(super) lines: usize,
    /// Words beside them that make it another error.
    pub(super) without: &'static [&'static str],
    /// Whether the first of these lines has the first group, and the last line the last group.
    pub(super) in_order: bool,
    pub(super) meaning: Meaning,
    pub(super) no_token: bool,
}

/// An error whose words are in one line.
pub(super) const fn known(
    code: &'static str,
    words: &'static [&'static [&'static str]],
    name: &'static str,
    cause: &'static str,
    remedy: &'static str,
) -> Known {
    let meaning = Meaning { name, cause, remedy, retry: Retry::Never };
    Known { code, words, lines: 1, without: &[], in_order: false, meaning, no_token: false }
}

/// The error with its words in a line and those beside it.
pub(super) const fn near(known: Known) -> Known {
    Known { lines: 3, ..known }
}

/// The error with its words in an exception and its calls.
pub(super) const fn in_stack(known: Known) -> Known {
    Known { lines: 12, ..known }
}

/// The error with its words anywhere in the text.
pub(super) const fn anywhere(known: Known) -> Known {
    Known { lines: usize::MAX, ..known }
}

impl Known {
    fn is_in(&self, text: &str) -> bool {
        self.words.iter().all(|group| has_one(text, group))
    }

    fn is_in_lines(&self, text: &str, first: &str, last: &str) -> bool {
        let ends = || Some((self.words.first()?, self.words.last()?));
        self.is_in(text)
            && !has_one(text, self.without)
            && (!self.in_order || ends().is_some_and(|(start, end)| has_one(first, start) && has_one(last, end)))
    }
}

fn has_one(text: &str, group: &[&str]) -> bool {
    group.iter().any(|word| text.contains(word))
}

/// Whether docker prints the line about a layer, between the name of the registry and its refusal.
fn is_about_layer(line: &str) -> bool {
    let id = line.split_once(": ").and_then(|(start, _)| start.split_whitespace().last());
    id.is_some_and(|id| id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_hexdigit())) || line.ends_with("errors:")
}

/// The words of a text.
pub(super) struct Words {
    /// The text in lower case, after a line feed.
    lower: String,
    /// Each line that is not empty, with the line feed before it.
    lines: Vec<Range<usize>>,
}

impl Words {
    pub(super) fn of(text: &str) -> Self {
        let lower = format!("\n{}", text.to_ascii_lowercase());
        let mut lines = Vec::new();
        let mut start = 0;
        for line in lower[1..].split('\n') {
            let end = start + 1 + line.len();
            if !line.is_empty() && !is_about_layer(line) {
                lines.push(start..end);
            }
            start = end;
        }
        Self { lower, lines }
    }

    /// The first error of the table that is in the text.
    pub(super) fn first(&self, table: &[Known], shell: Shell) -> Option<Signal> {
        table.iter().find_map(|known| {
            let hint = shell.with_variables(known.meaning.remedy).into_owned();
            let signal = named(known.code.to_owned(), known.meaning, vec![hint], Vec::new(), self.last(known)?);
            Some(Signal { no_token: known.no_token, ..signal })
        })
    }

    /// Where the last lines with the words of an error start.
    fn last(&self, known: &Known) -> Option<usize> {
        // Most errors are in no line.
        if !known.is_in(&self.lower) {
            return None;
        }
        let count = known.lines.clamp(1, self.lines.len().max(1));
        let is_it = |lines: &&[Range<usize>]| {
            let (first, last) = (lines[0].clone(), lines[count - 1].clone());
            known.is_in_lines(&self.lower[first.start..last.end], &self.lower[first], &self.lower[last])
        };
        self.lines.windows(count).rev().find(is_it).map(|lines| lines[0].start)
    }
}
