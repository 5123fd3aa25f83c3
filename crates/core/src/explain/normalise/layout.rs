//! Removes margins and times from lines, and joins lines that a layout wrapped.

mod line;

use line::Line;

/// A shorter line was not wrapped.
const NARROWEST: usize = 40;

/// The text as lines that belong together, with an empty line between each.
pub(super) fn joined(text: &str) -> String {
    let mut out = Joined { text: String::with_capacity(text.len() + text.len() / 8), open: None };
    for raw in text.lines() {
        let line = Line::of(raw, out.last());
        if line.text.is_empty() {
            out.open = None;
            continue;
        }
        if line::is_half_code(out.last(), line.text) {
            out.text.push('…');
        }
        if out.continues_with(&line) { out.append(&line) } else { out.begin(&line) }
    }
    out.text
}

/// The lines so far. The last one can be open: the next one can belong to it.
struct Joined {
    text: String,
    open: Option<Open>,
}

/// What is known of the last line.
struct Open {
    /// Where the line starts.
    start: usize,
    /// The length of the last part on the screen, with its margin.
    width: usize,
    /// Whether the text contains an error code.
    has_code: bool,
    /// Whether a single quote is open.
    in_quotes: bool,
    margin: bool,
}

impl Joined {
    /// The open line; empty when there is none.
    fn last(&self) -> &str {
        self.open.as_ref().map_or("", |open| &self.text[open.start..])
    }

    fn begin(&mut self, line: &Line<'_>) {
        if !self.text.is_empty() {
            self.text.push_str("\n\n");
        }
        self.open = Some(Open {
            start: self.text.len(),
            width: line.width,
            has_code: line.text.contains("STS"),
            in_quotes: opens_quote_after(false, line.text),
            margin: line.margin,
        });
        self.text.push_str(line.text);
    }

    fn append(&mut self, line: &Line<'_>) {
        if !self.is_cut_before(line) {
            self.text.push(' ');
        }
        self.text.push_str(line.text);
        if let Some(open) = &mut self.open {
            open.width = line.width;
            open.has_code |= line.text.contains("STS");
            open.in_quotes = opens_quote_after(open.in_quotes, line.text);
        }
    }

    /// Whether the next line is a part of the open one.
    fn continues_with(&self, line: &Line<'_>) -> bool {
        let Some(open) = &self.open else { return false };
        let text = self.last();
        if line::is_label(text) || self.is_cut_before(line) || line::is_claim(text, line.text) {
            return true;
        }
        if line.margin != open.margin || line.starts_record() {
            return false;
        }
        let unfinished = !text.ends_with(['.', '!', '?', ';', '}', ']', '"', '{', '[']);
        let in_message = open.has_code && unfinished && open.width >= NARROWEST / 2;
        let in_margin = open.margin && !line.is_comment && open.width >= NARROWEST;
        let in_margin = in_margin || (open.margin && open.in_quotes);
        (in_message || in_margin) && line.has_words()
    }

    /// Whether the layout cut a word between the open line and the next one.
    fn is_cut_before(&self, line: &Line<'_>) -> bool {
        let Some(open) = &self.open else { return false };
        let tail = line::last_word(self.last());
        let head = line::first_word(line.text);
        line::is_cut_code(tail, head)
            || line::is_cut_id(tail, head)
            || (open.in_quotes && line.margin == open.margin && !line.is_box && line::is_cut_value(tail, head))
    }
}

/// Whether a quote is open at the end. An apostrophe inside a word is no quote.
fn opens_quote_after(mut open: bool, text: &str) -> bool {
    if !text.contains('\'') {
        return open;
    }
    let mut before = ' ';
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == '\'' {
            let after = rest.peek().copied().unwrap_or(' ');
            if !open && !before.is_alphanumeric() {
                open = true;
            } else if open && !after.is_alphanumeric() {
                open = false;
            }
        }
        before = c;
    }
    open
}
