//! One line of a log: its margin, its time, and the words at its ends.

use crate::catalogue::entry;
use crate::guid::is_guid;

/// The characters of margins: Terraform's box, PowerShell's bar, Markdown's quote.
const MARGINS: [char; 9] = ['│', '┃', '|', '╷', '╵', '║', '╎', '>', '\u{2502}'];

/// Prefixes that CI systems write before a message.
const COMMANDS: [&str; 8] = [
    "##[error]",
    "##[warning]",
    "##[debug]",
    "##[section]",
    "::error::",
    "::warning::",
    "::debug::",
    "##vso[task.logissue type=error]",
];

/// The beginnings of lines that do not continue the line before.
const RECORDS: [&str; 22] = [
    "AADSTS",
    "AADB2C",
    "Error:",
    "ERROR:",
    "ERROR ",
    "Error ",
    "error:",
    "Warning:",
    "WARNING:",
    "Traceback",
    "at ",
    "{",
    "}",
    "[",
    "\"",
    "Interactive authentication",
    "Login failed",
    "Please run",
    "- ",
    "* ",
    "Attempted credentials",
    "Done ",
];

/// One line without its layout.
pub(super) struct Line<'a> {
    /// The text without margin and time.
    pub(super) text: &'a str,
    /// The length on the screen.
    pub(super) width: usize,
    pub(super) margin: bool,
    /// Whether the margin is the side of Terraform's box, in which only white space is a line's end.
    pub(super) is_box: bool,
    /// Whether the margin can also be the sign of a list's item.
    pub(super) is_comment: bool,
    /// Whether a CI system wrote its sign of a message before it.
    command: bool,
}

impl<'a> Line<'a> {
    pub(super) fn of(raw: &'a str, before: &str) -> Self {
        let mut text = raw.trim();
        let (mut margin, mut is_comment, mut command) = (false, false, false);
        let is_indented = raw.starts_with(' ');
        let is_box = text.starts_with('│');
        while text.starts_with(begins_layout) {
            let start = text.len();
            if let Some(rest) = text.strip_prefix(MARGINS) {
                text = rest.trim_start();
                margin = true;
            }
            if let Some(rest) = without_comment(text, is_indented) {
                text = rest;
                margin = true;
                is_comment = true;
            }
            if let Some(rest) = COMMANDS.iter().find_map(|prefix| text.strip_prefix(prefix)) {
                text = rest.trim_start();
                command = true;
            }
            let rest = without_time(text);
            if rest.len() < text.len() && (begins_with_layout(rest) || !awaits_time(before)) {
                text = rest;
            }
            if text.len() == start {
                break;
            }
        }
        let text = if margin { text.trim_end_matches(['│', '┃', '║', '|']).trim_end() } else { text };
        Self { text, width: raw.trim_end().chars().count(), margin, is_box, is_comment, command }
    }

    /// Whether the line begins a message of its own.
    pub(super) fn starts_record(&self) -> bool {
        self.command || RECORDS.iter().any(|start| self.text.starts_with(start))
    }

    pub(super) fn has_words(&self) -> bool {
        self.text.contains(char::is_alphanumeric)
    }
}

/// Whether margins, comments, commands or times begin with this character.
fn begins_layout(c: char) -> bool {
    !c.is_ascii() || c.is_ascii_digit() || matches!(c, '|' | '>' | '#' | '*' | ':' | '[')
}

/// Whether the text ends with the label of a time, so that a time at the start of the next line is
/// its value.
fn awaits_time(before: &str) -> bool {
    is_label(before) && last_label(before).is_some_and(|(label, _)| TIMES.contains(&label))
}

/// The text after the margin of a comment: `# x`, ` * x`. A star without white space before it
/// begins an item of a list.
fn without_comment(text: &str, is_indented: bool) -> Option<&str> {
    let rest = text.strip_prefix('#').or_else(|| text.strip_prefix('*').filter(|_| is_indented))?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim_start())
}

/// The labels of times.
const TIMES: [&str; 2] = ["Timestamp", "Zeitstempel"];

/// Whether the text ends with a label, whose value is on the next line.
pub(super) fn is_label(text: &str) -> bool {
    const LABELS: [&str; 8] =
        ["ID:", "ID", "Timestamp:", "Timestamp", "Zeitstempel:", "Trace", "Correlation", "Korrelations-ID:"];
    // Every label, and every date, ends with one of these.
    if !text.ends_with(|c: char| matches!(c, ':' | 'D' | 'p' | 'e' | 'n' | '-') || c.is_ascii_digit()) {
        return false;
    }
    last_label(text).is_some_and(|(label, tail)| {
        LABELS.iter().any(|label| tail.ends_with(label)) || {
            // A date whose time of the day is on the next line.
            let date = last_word(tail);
            label == "Timestamp" && date.len() == 10 && date.bytes().filter(|byte| *byte == b'-').count() == 2
        }
    })
}

/// The last label in the last 40 bytes of the text, and these bytes.
fn last_label(text: &str) -> Option<(&'static str, &str)> {
    const WORDS: [&str; 5] = ["Trace", "Correlation", "Timestamp", "Zeitstempel", "Korrelation"];
    let tail = &text[text.floor_char_boundary(text.len().saturating_sub(40))..];
    let (_, label) = WORDS.iter().filter_map(|word| Some((tail.rfind(word)?, *word))).max()?;
    Some((label, tail))
}

/// Whether the text, which follows a time, shows that the time belongs to the layout.
fn begins_with_layout(text: &str) -> bool {
    let has_margin = text.strip_prefix(MARGINS).is_some_and(|rest| !rest.trim().is_empty());
    has_margin || time_length(text).is_some() || COMMANDS.iter().any(|prefix| text.starts_with(prefix))
}

/// The text after a time at its start. A line that contains nothing else stays.
fn without_time(text: &str) -> &str {
    let inner = text.strip_prefix('[').unwrap_or(text);
    let Some(length) = time_length(inner) else { return text };
    let rest = inner[length..].strip_prefix(']').unwrap_or(&inner[length..]);
    let rest = match rest.trim_start() {
        after if after.len() == rest.len() || after.is_empty() => return text,
        after => after,
    };
    // GitLab writes the number and the kind of the stream after the time.
    let stream = rest.as_bytes();
    match stream {
        [a, b, b'O' | b'E', b' ' | b'+', ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => {
            rest[4..].trim_start()
        }
        _ => rest,
    }
}

/// The length of the time at the start: `2026-05-04T10:15:02.0000000Z`, `2026-05-04 10:15:02,123`,
/// `10:15:02`.
fn time_length(text: &str) -> Option<usize> {
    let digits = |from: usize, count: usize| {
        text.as_bytes().get(from..from + count).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let sign = |at: usize, signs: &[u8]| text.as_bytes().get(at).is_some_and(|byte| signs.contains(byte));
    let day = if digits(0, 4) && sign(4, b"-/") && digits(5, 2) && sign(7, b"-/") && digits(8, 2) && sign(10, b"T ") {
        11
    } else {
        0
    };
    let clock =
        digits(day, 2) && sign(day + 2, b":") && digits(day + 3, 2) && sign(day + 5, b":") && digits(day + 6, 2);
    if !clock {
        return None;
    }
    let mut end = day + 8;
    if sign(end, b".,") && digits(end + 1, 1) {
        end += 1 + text[end + 1..].bytes().take_while(u8::is_ascii_digit).count();
    }
    if sign(end, b"Z") {
        end += 1;
    } else if sign(end, b"+-") && digits(end + 1, 2) {
        end += 1 + text[end + 1..].bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b':').count();
    }
    Some(end)
}

pub(super) fn last_word(text: &str) -> &str {
    const LONGEST: usize = 200;
    let tail = &text[text.ceil_char_boundary(text.len().saturating_sub(LONGEST))..];
    tail.rsplit(char::is_whitespace).next().unwrap_or_default()
}

pub(super) fn first_word(text: &str) -> &str {
    text.split(char::is_whitespace).next().unwrap_or_default()
}

/// Whether the two words are a code that was cut: `AADSTS7002` and `13:`.
pub(super) fn is_cut_code(tail: &str, head: &str) -> bool {
    let Some((_, digits)) = tail.rsplit_once("STS") else {
        return ["AADST", "AADS"].iter().any(|cut| tail.ends_with(cut)) && head.starts_with(['S', 'T']);
    };
    let more = head.bytes().take_while(u8::is_ascii_digit).count();
    digits.bytes().all(|byte| byte.is_ascii_digit())
        && more > 0
        && digits.len() + more <= 8
        && head[more..].starts_with(':')
}

/// Whether the code at the end of a line lacks its last digits: `AADSTS7002`, and the next line is
/// `13 No matching`. With a colon after the digits [`is_cut_code`] is sure.
pub(super) fn is_half_code(text: &str, next: &str) -> bool {
    if !next.starts_with(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let Some((_, digits)) = last_word(text).rsplit_once("STS") else { return false };
    let (more, after) = next.split_once(' ').unwrap_or((next, ""));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(digits) || !is_number(more) || digits.len() + more.len() > 8 {
        return false;
    }
    let is_code = |digits: &str| digits.parse().is_ok_and(|code| entry(code).is_some());
    // A number after a whole code begins a line of its own: `3 errors`.
    !is_code(digits) || (is_code(&[digits, more].concat()) && after.starts_with(char::is_uppercase))
}

/// Whether the text ends with the name of a claim, and the next line begins with its value.
pub(super) fn is_claim(text: &str, next: &str) -> bool {
    let names = ["subject", "issuer", "audience"];
    next.starts_with(['\'', '"', '`']) && names.iter().any(|name| text.trim_end_matches([':', ' ']).ends_with(name))
}

/// Whether the two words are an id that was cut.
pub(super) fn is_cut_id(tail: &str, head: &str) -> bool {
    let tail = tail.rsplit(|c: char| !c.is_ascii_hexdigit() && c != '-').next().unwrap_or_default();
    let end = head.find(|c: char| !c.is_ascii_hexdigit() && c != '-').unwrap_or(head.len());
    tail.len() + end == 36 && !tail.is_empty() && end > 0 && is_guid(&[tail, &head[..end]].concat())
}

/// Whether the two words are a value in quotes that was cut: `'repo:octo-org/we` and `b:ref'.`.
pub(super) fn is_cut_value(tail: &str, head: &str) -> bool {
    let value = tail.trim_start_matches('\'');
    value.contains([':', '/', '-']) && head.contains('\'') && !head.starts_with('\'')
        || value.ends_with([':', '/']) && head.len() > 1
}
