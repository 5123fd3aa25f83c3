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
    Known { code, words, lines: 1, meaning, no_token: false }
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
        self.words.iter().all(|group| group.iter().any(|word| text.contains(word)))
    }
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
        // What docker prints of each layer, between the name of the registry and its refusal.
        const LAYERS: [&str; 5] = [": preparing", ": waiting", ": pushing", ": pushed", ": layer already exists"];
        let lower = format!("\n{}", text.to_ascii_lowercase());
        let mut lines = Vec::new();
        let mut start = 0;
        for line in lower[1..].split('\n') {
            let end = start + 1 + line.len();
            if !line.is_empty() && !LAYERS.iter().any(|layer| line.ends_with(layer)) {
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
        let lines = self.lines.windows(count).rev();
        lines
            .map(|lines| lines[0].start..lines[count - 1].end)
            .find(|range| known.is_in(&self.lower[range.clone()]))
            .map(|range| range.start)
    }
}
