//! Removes margins and times from lines, and joins lines that a layout wrapped.

mod line;

use line::Line;

/// A shorter line was not wrapped.
const NARROWEST: usize = 40;

/// The text as lines that belong together, with an empty line between each.
pub(super) fn joined(text: &str) -> String {
    let mut out: Vec<String> = Vec::new();
    let mut open: Option<Open> = None;
    for raw in text.lines() {
        let line = Line::of(raw, open.as_ref().map_or("", |open| open.text.as_str()));
        if let Some(before) = open.as_mut().filter(|before| line::is_half_code(&before.text, line.text)) {
            before.text.push('…');
        }
        match open.as_mut() {
            _ if line.text.is_empty() => out.extend(open.take().map(|open| open.text)),
            Some(before) if before.continues_with(&line) => before.append(&line),
            _ => {
                out.extend(open.take().map(|open| open.text));
                open = Some(Open::with(&line));
            }
        }
    }
    out.extend(open.map(|open| open.text));
    out.join("\n\n")
}

/// Lines that were joined so far.
struct Open {
    text: String,
    /// The length of the last line on the screen, with its margin.
    width: usize,
    /// Whether the text contains an error code.
    has_code: bool,
    /// Whether a single quote is open.
    in_quotes: bool,
    margin: bool,
}

impl Open {
    fn with(line: &Line<'_>) -> Self {
        let text = line.text.to_owned();
        Self {
            has_code: text.contains("STS"),
            in_quotes: opens_quote(&text),
            text,
            width: line.width,
            margin: line.margin,
        }
    }

    fn append(&mut self, line: &Line<'_>) {
        if !self.is_cut_before(line) {
            self.text.push(' ');
        }
        self.text.push_str(line.text);
        self.width = line.width;
        self.has_code |= line.text.contains("STS");
        self.in_quotes = opens_quote_after(self.in_quotes, line.text);
    }

    /// Whether the next line is a part of this one.
    fn continues_with(&self, line: &Line<'_>) -> bool {
        if line::is_label(&self.text) || self.is_cut_before(line) || line::is_claim(&self.text, line.text) {
            return true;
        }
        if line.starts_record || line.margin != self.margin {
            return false;
        }
        let unfinished = !self.text.ends_with(['.', '!', '?', ';', '}', ']', '"', '{', '[']);
        let in_message = self.has_code && unfinished && self.width >= NARROWEST / 2;
        let in_margin = self.margin && !line.is_comment && self.width >= NARROWEST;
        let in_margin = in_margin || (self.margin && self.in_quotes);
        (in_message || in_margin) && line.has_words
    }

    /// Whether the layout cut a word between this line and the next one.
    fn is_cut_before(&self, line: &Line<'_>) -> bool {
        let tail = line::last_word(&self.text);
        let head = line::first_word(line.text);
        line::is_cut_code(tail, head)
            || line::is_cut_id(tail, head)
            || (self.in_quotes && line.margin == self.margin && line::is_cut_value(tail, head))
    }
}

fn opens_quote(text: &str) -> bool {
    opens_quote_after(false, text)
}

/// Whether a quote is open at the end. An apostrophe inside a word is no quote.
fn opens_quote_after(mut open: bool, text: &str) -> bool {
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
