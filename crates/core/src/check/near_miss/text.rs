//! Near misses that any text can have: letter case, slashes, white space, quotes, encoding.

use super::{Finding, Pair, excerpt};
use crate::check::decision::{lower_case, same_but_for_case};
use crate::check::finding::common_prefix;

/// Only upper and lower case differ.
pub(super) fn letter_case(pair: &Pair<'_>) -> Option<Finding> {
    if !same_but_for_case(pair.expected, pair.actual) {
        return None;
    }
    let position = common_prefix(pair.expected, pair.actual);
    let message = format!(
        "the token's {} differs from that of {} in upper and lower case only: {} instead of {}",
        pair.claim.noun(),
        pair.holder(),
        excerpt(pair.actual, position),
        excerpt(pair.expected, position)
    );
    Some(pair.finding_of(["issuer-case", "subject-case", "audience-case"], message).remedy(pair.correct()))
}

/// One of the two ends with a slash.
pub(super) fn trailing_slash(pair: &Pair<'_>) -> Option<Finding> {
    let message = if pair.expected.strip_suffix('/') == Some(pair.actual) {
        format!("the {} of {} ends with a slash, the token's does not", pair.claim.noun(), pair.holder())
    } else if pair.actual.strip_suffix('/') == Some(pair.expected) {
        format!("the token's {} ends with a slash, that of {} does not", pair.claim.noun(), pair.holder())
    } else {
        return None;
    };
    let codes = ["issuer-trailing-slash", "subject-trailing-slash", "audience-trailing-slash"];
    Some(pair.finding_of(codes, message).remedy(pair.correct()))
}

/// One of the two has white space, or characters without any width, that the other lacks.
pub(super) fn white_space(pair: &Pair<'_>) -> Option<Finding> {
    let visible = |text: &str| text.chars().filter(|c| !is_blank(*c)).collect::<String>();
    let outer = pair.claim == super::Claim::Issuer && pair.actual.trim() != pair.actual;
    if visible(pair.expected) != visible(pair.actual) || (pair.expected == pair.actual && !outer) {
        return None;
    }
    let blanks = |text: &str| text.chars().filter(|c| is_blank(*c)).count();
    let codes = ["issuer-white-space", "subject-white-space", "audience-white-space"];
    if blanks(pair.expected) > blanks(pair.actual) {
        let message = format!(
            "the {} of {} has white space {} that the token's lacks",
            pair.claim.noun(),
            pair.holder(),
            whereabouts(pair.expected)
        );
        return Some(pair.finding_of(codes, message).remedy(pair.correct()));
    }
    let message = format!(
        "the token's {} has white space {} that {}",
        pair.claim.noun(),
        whereabouts(pair.actual),
        if pair.expected == pair.actual {
            "Entra never accepts".to_owned()
        } else {
            format!("{} has not", pair.holder())
        }
    );
    let remedy = format!("remove the white space where the token's {} is configured", pair.claim.noun());
    Some(pair.finding_of(codes, message).remedy(remedy))
}

/// One of the two stands in quotes, as values do that were pasted from code.
pub(super) fn quotes(pair: &Pair<'_>) -> Option<Finding> {
    let bare = |text: &str| text.trim_matches(['"', '\'', '`', '“', '”', '‘', '’']).to_owned();
    let (expected, actual) = (bare(pair.expected), bare(pair.actual));
    if expected != actual || expected.is_empty() || pair.expected == pair.actual {
        return None;
    }
    let message = if expected.len() < pair.expected.len() {
        format!("the {} of {} has quotes around it, the token's has none", pair.claim.noun(), pair.holder())
    } else {
        format!("the token's {} has quotes around it, that of {} has none", pair.claim.noun(), pair.holder())
    };
    Some(pair.finding_of(["issuer-quotes", "subject-quotes", "audience-quotes"], message).remedy(pair.correct()))
}

/// One of the two has `%3A` where the other has `:`. GitHub writes a colon inside a value so.
pub(super) fn encoding(pair: &Pair<'_>) -> Option<Finding> {
    if pair.expected == pair.actual || percent_decoded(pair.expected)? != percent_decoded(pair.actual)? {
        return None;
    }
    let message = format!(
        "the token's {} differs from that of {} in percent-encoding only: {} instead of {}",
        pair.claim.noun(),
        pair.holder(),
        excerpt(pair.actual, common_prefix(pair.expected, pair.actual)),
        excerpt(pair.expected, common_prefix(pair.expected, pair.actual))
    );
    Some(pair.finding_of(["issuer-encoding", "subject-encoding", "audience-encoding"], message).remedy(pair.correct()))
}

/// Whether two texts differ only in what the rules above look at, so that one was surely meant to be the other.
pub(super) fn alike(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        let visible: String = text.chars().filter(|c| !is_blank(*c)).collect();
        lower_case(&visible).trim_matches(['"', '\'', '`']).trim_end_matches('/').to_owned()
    };
    plain(a) == plain(b)
}

/// White space of any script, and the characters without width that pasting brings along.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

fn whereabouts(text: &str) -> &'static str {
    match (text.starts_with(is_blank), text.ends_with(is_blank)) {
        (true, true) => "at both ends",
        (true, false) => "at its beginning",
        (false, true) => "at its end",
        (false, false) => "inside",
    }
}

/// The bytes that a percent-encoded text stands for.
fn percent_decoded(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
    }
    Some(bytes)
}
