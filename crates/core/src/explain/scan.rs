//! Finds AADSTS codes in any text: JSON, logs, exceptions, sign-in records, pasted pages.

mod sentence;
mod table;

use super::MAX_CODES;
use super::normalise::normalise;
use crate::catalogue::entry;
use crate::guid::is_guid;
use crate::secret::without_secrets;

/// A code, and the part of the text about it.
pub(super) struct Mention {
    pub(super) code: u32,
    /// The text from this code to the next different code, without its layout.
    pub(super) region: String,
    /// The message after the code, up to the trace block.
    pub(super) quoted: Option<String>,
    /// The messages of this code in the text, as many as are read.
    pub(super) messages: Vec<String>,
    /// The client id in the sign-in records of the text.
    pub(super) application: Option<String>,
}

impl Mention {
    fn of(code: u32, region: &str) -> Self {
        Self { code, region: region.to_owned(), quoted: None, messages: Vec::new(), application: None }
    }
}

/// The end of the prefix `AADSTS`. A copy can have lost the letters before it.
const PREFIX: &str = "STS";

/// The members and labels of answers and sign-in records whose value is the number of a code.
const OTHER_PREFIXES: [&str; 6] =
    ["error_codes", "error?code", "errorCode", "ResultType", "resultType", "Sign-in error code"];

/// The beginnings of the trace block, in the languages in which it was seen.
const TRACE_BLOCK: [&str; 6] =
    ["Trace ID:", "Trace-ID:", "ID de suivi", "Correlation ID:", "Korrelations-ID:", "Timestamp:"];

/// The longest message, in bytes.
const LONGEST: usize = 2_000;

/// How many occurrences of one code are searched for its message.
pub(super) const MAX_READ: usize = 50;

/// Codes have 4 to 8 digits.
const DIGITS: std::ops::RangeInclusive<usize> = 4..=8;

/// The codes of a text.
pub(super) struct Mentions {
    pub(super) mentions: Vec<Mention>,
    /// Whether the text has more codes than are read.
    pub(super) has_more: bool,
}

/// A text without its layout and without secrets.
pub(super) fn plain(text: &str) -> String {
    without_secrets(&normalise(&table::as_records(text)))
}

/// Every code in the text, each once, in order.
pub(super) fn mentions(text: &str) -> Vec<Mention> {
    match bare(text) {
        Some(code) => vec![Mention::of(code, "")],
        None => mentions_in(&plain(text)).mentions,
    }
}

/// As [`mentions`], for a text that [`plain`] returned.
pub(super) fn mentions_in(text: &str) -> Mentions {
    let occurrences = occurrences(text);
    let mut mentions: Vec<Mention> = Vec::new();
    let mut has_more = false;
    for (index, occurrence) in occurrences.iter().enumerate() {
        if mentions.iter().any(|known| known.code == occurrence.code) {
            continue;
        }
        if mentions.len() == MAX_CODES {
            has_more = true;
            break;
        }
        // The text before the first code belongs to it too, because members of JSON have no order.
        let start = if mentions.is_empty() { 0 } else { occurrence.start };
        let next = occurrences[index..].iter().find(|other| other.code != occurrence.code);
        let end = next.map_or(text.len(), |other| other.start);
        let region = &text[start..end];
        // A record that begins with its code is one line, and the next record is of another sign-in.
        let is_record = !occurrence.described && text[..occurrence.start].ends_with("{\"");
        let in_record = region.get(occurrence.start - start..).and_then(|rest| rest.split("\n\n").next());
        let region = in_record.filter(|_| is_record).unwrap_or(region);
        let is_same = |(_, other): &(usize, &Occurrence)| other.code == occurrence.code;
        let same: Vec<_> = occurrences.iter().enumerate().skip(index).filter(is_same).take(MAX_READ).collect();
        let described: Vec<_> = same.iter().filter_map(|(_, other)| description(text, other)).collect();
        let first = described.first().cloned();
        let quoted = first.or_else(|| reason(region).filter(|_| !occurrence.described));
        let in_records = same.iter().filter(|(_, other)| !other.described).filter_map(|(at, other)| {
            let end = occurrences.get(at + 1).map_or(text.len(), |next| next.start);
            reason(&text[other.start..end])
        });
        let messages = quoted.clone().into_iter().chain(described).chain(in_records).collect();
        mentions.push(Mention { quoted, messages, ..Mention::of(occurrence.code, region) });
    }
    if mentions.is_empty() {
        mentions.extend(sentence::mention(text).or_else(|| in_a_table(text)));
    }
    let application = application(text);
    for mention in &mut mentions {
        mention.application.clone_from(&application);
    }
    Mentions { mentions, has_more }
}

/// The message in a sign-in record: of Graph, or of Log Analytics.
fn reason(region: &str) -> Option<String> {
    const MEMBERS: [&str; 3] = ["\"failureReason\"", "\"ResultDescription\"", "\"resultDescription\""];
    let (_, rest) = MEMBERS.iter().find_map(|member| region.split_once(member))?;
    let value = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let value = &value[..value.floor_char_boundary(LONGEST)];
    let end = ["\",", "\"}", "\"\n", "\" "].iter().filter_map(|end| value.find(end)).min()?;
    let text = value[..end].trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The client id in sign-in records, when all of them have the same.
fn application(text: &str) -> Option<String> {
    if !["\"failureReason\"", "\"ResultType\"", "\"resultType\""].iter().any(|member| text.contains(member)) {
        return None;
    }
    let id = |rest: &str| {
        let value = rest.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
        value.split('"').next().filter(|id| is_guid(id)).map(str::to_owned)
    };
    let members = ["\"appId\"", "\"AppId\""].into_iter();
    let mut ids = members.flat_map(|member| text.split(member).skip(1)).filter_map(id);
    let first = ids.next()?;
    ids.all(|id| id == first).then_some(first)
}

/// The code in a table of sign-ins, whose head names the column `ResultType`.
fn in_a_table(text: &str) -> Option<Mention> {
    let (_, rows) = text.split_once("ResultType").or_else(|| text.split_once("resultType"))?;
    let numbers = rows.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| (5..=8).contains(&word.len()));
    let code = numbers.filter_map(|word| word.parse().ok()).find(|code| entry(*code).is_some())?;
    Some(Mention::of(code, text))
}

/// The code of a text that contains nothing else: `700213`, `AADSTS700213`.
pub(super) fn bare(text: &str) -> Option<u32> {
    let text = text.trim().trim_matches(['"', '\'', '`', '*']);
    let upper = text.get(..6).filter(|start| start.eq_ignore_ascii_case("AADSTS"));
    let digits = upper.map_or(text, |_| text[6..].trim_start_matches([' ', ':', '-', '#']));
    let digits = digits.trim_end_matches(':');
    (DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
}

/// One occurrence of a code in a text.
struct Occurrence {
    code: u32,
    start: usize,
    end: usize,
    described: bool,
}

fn occurrences(text: &str) -> Vec<Occurrence> {
    let mut occurrences: Vec<Occurrence> = Vec::new();
    let bytes = text.as_bytes();
    for (at, _) in text.char_indices() {
        let rest = &bytes[at..];
        if rest.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX.as_bytes())) {
            occurrences.extend(start_of_prefix(bytes, at).and_then(|start| {
                let found = occurrence(text, start, at + PREFIX.len(), &[' ', ':', '-', '#'], DIGITS)?;
                Some(Occurrence { described: true, ..found })
            }));
        } else if let Some(prefix) = OTHER_PREFIXES.iter().find(|prefix| rest.starts_with(prefix.as_bytes())) {
            let between = [' ', '\n', ':', '=', '"', '\'', '[', ',', '|'];
            occurrences.extend(occurrence(text, at, at + prefix.len(), &between, 5..=*DIGITS.end()));
        }
    }
    occurrences
}

/// The start of `AADSTS`, of which the first letters can be missing. None inside another word.
fn start_of_prefix(bytes: &[u8], sts: usize) -> Option<usize> {
    let start = (0..=3)
        .rev()
        .filter_map(|missing| sts.checked_sub(missing).zip(Some(missing)))
        .find(|(start, length)| bytes[*start..sts].eq_ignore_ascii_case(&b"AAD"[3 - length..]))?
        .0;
    let before = start.checked_sub(1).map(|before| bytes[before]);
    (sts - start == 3 || before.is_none_or(|byte| !byte.is_ascii_alphanumeric())).then_some(start)
}

/// The code after some characters `between`.
fn occurrence(
    text: &str,
    start: usize,
    prefix_end: usize,
    between: &[char],
    lengths: std::ops::RangeInclusive<usize>,
) -> Option<Occurrence> {
    const MOST_BETWEEN: usize = 12;
    let rest = text.get(prefix_end..)?;
    let digits = rest.trim_start_matches(between);
    let skipped = rest.len() - digits.len();
    let length = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    let is_cut = digits[length..].starts_with('…') || digits[length..].starts_with("...");
    if !lengths.contains(&length) || skipped > MOST_BETWEEN || is_cut {
        return None;
    }
    let end = prefix_end + skipped + length;
    Some(Occurrence { code: digits[..length].parse().ok()?, start, end, described: false })
}

/// The message after the code, up to the trace block, the end of the JSON string or the end of the
/// line. A space or a dash can be in place of the colon.
fn description(text: &str, occurrence: &Occurrence) -> Option<String> {
    let rest = text[occurrence.end..].trim_start_matches(['*', '_', '`', '\'', '"', ')', ']']);
    // Jira's end of a colour.
    let after = rest.trim_start_matches("{color}").trim_start_matches(' ');
    let message = match after.strip_prefix([':', '-', '|']) {
        Some(message) => message,
        // Without a colon only a sentence is a message: `AADSTS700213 in step 3` has none.
        None if after.len() < rest.len() && after.starts_with(char::is_uppercase) => after,
        None => return None,
    };
    let message = message.trim_start_matches([' ', '*', '`']);
    let message = &message[..message.floor_char_boundary(LONGEST)];
    if !occurrence.described {
        return None;
    }
    let ends = ["\n", "\",\"", "\", \"", "\"}", "AADSTS"];
    let end = ends.iter().chain(&TRACE_BLOCK).filter_map(|end| message.find(end)).min().unwrap_or(message.len());
    let cut = &message[..message.floor_char_boundary(end)];
    let quoted: String =
        cut.trim_end_matches(['"', ' ', ',', '`', '*', '|']).chars().filter(|c| !c.is_control()).collect();
    (!quoted.is_empty()).then_some(quoted)
}
