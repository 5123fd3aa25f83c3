//! Near misses of any claim: letter case, trailing slash, white space, quotes, percent-encoding.

use super::look_alike::named;
use super::{Finding, Pair, excerpt};
use crate::check::alike::percent_decoded;
use crate::check::decision::same_but_for_case;
use crate::check::finding::common_prefix;
use crate::harmless::is_blank;

/// The values differ in upper and lower case only.
pub(super) fn letter_case(pair: &Pair<'_>) -> Option<Finding> {
    if !same_but_for_case(pair.expected, pair.actual) {
        return None;
    }
    let position = common_prefix(pair.expected, pair.actual);
    let message = format!(
        "the token's {} differs from {} only in upper and lower case: {} instead of {}",
        pair.claim.noun(),
        pair.holder(),
        excerpt(pair.actual, position),
        excerpt(pair.expected, position)
    );
    Some(pair.finding_of(["issuer-case", "subject-case", "audience-case"], message).remedy_if(pair.correct()))
}

/// One of the values ends with a slash.
pub(super) fn trailing_slash(pair: &Pair<'_>) -> Option<Finding> {
    let message = if pair.expected.strip_suffix('/') == Some(pair.actual) {
        format!("the {} of {} ends with a slash, and the token's does not", pair.claim.noun(), pair.holder())
    } else if pair.actual.strip_suffix('/') == Some(pair.expected) {
        format!("the token's {0} ends with a slash, and the {0} of {1} does not", pair.claim.noun(), pair.holder())
    } else {
        return None;
    };
    let codes = ["issuer-trailing-slash", "subject-trailing-slash", "audience-trailing-slash"];
    Some(pair.finding_of(codes, message).remedy_if(pair.correct()))
}

/// One of the values has white space or zero-width characters that the other does not have.
pub(super) fn white_space(pair: &Pair<'_>) -> Option<Finding> {
    let visible = |text: &str| text.chars().filter(|c| !is_blank(*c)).collect::<String>();
    let outer = pair.claim == super::Claim::Issuer && pair.actual.trim() != pair.actual;
    if visible(pair.expected) != visible(pair.actual) || (pair.expected == pair.actual && !outer) {
        return None;
    }
    let blanks = |text: &str| text.chars().filter(|c| is_blank(*c)).count();
    // Other blanks in the same number look alike.
    if blanks(pair.expected) == blanks(pair.actual) && pair.expected != pair.actual {
        return None;
    }
    let codes = ["issuer-white-space", "subject-white-space", "audience-white-space"];
    if blanks(pair.expected) > blanks(pair.actual) {
        let message = format!(
            "the {} of {} has white space {}{}, and the token's does not",
            pair.claim.noun(),
            pair.holder(),
            position_of_blanks(pair.expected),
            unusual_blank(pair.expected, pair.actual)
        );
        return Some(pair.finding_of(codes, message).remedy_if(pair.correct()));
    }
    let message = format!(
        "the token's {} has white space {}{}, {}",
        pair.claim.noun(),
        position_of_blanks(pair.actual),
        unusual_blank(pair.actual, pair.expected),
        if pair.expected == pair.actual {
            "which Entra refuses".to_owned()
        } else {
            format!("and {} does not", pair.holder())
        }
    );
    let remedy = format!("remove the white space where the token's {} is configured", pair.claim.noun());
    Some(pair.finding_of(codes, message).remedy(remedy))
}

/// One of the values has quotes around it, as after pasting from code.
pub(super) fn quotes(pair: &Pair<'_>) -> Option<Finding> {
    let bare = |text: &str| text.trim_matches(['"', '\'', '`', '“', '”', '‘', '’']).to_owned();
    let (expected, actual) = (bare(pair.expected), bare(pair.actual));
    if expected != actual || expected.is_empty() || pair.expected == pair.actual {
        return None;
    }
    let message = if expected.len() < pair.expected.len() {
        format!("the {} of {} has quotes around it, and the token's does not", pair.claim.noun(), pair.holder())
    } else {
        format!("the token's {0} has quotes around it, and the {0} of {1} does not", pair.claim.noun(), pair.holder())
    };
    Some(pair.finding_of(["issuer-quotes", "subject-quotes", "audience-quotes"], message).remedy_if(pair.correct()))
}

/// One of the values has `%3A` where the other has `:`. GitHub encodes a colon inside a value this
/// way.
pub(super) fn encoding(pair: &Pair<'_>) -> Option<Finding> {
    if pair.expected == pair.actual || percent_decoded(pair.expected)? != percent_decoded(pair.actual)? {
        return None;
    }
    let message = format!(
        "the token's {} differs from {} only in percent-encoding: {} instead of {}",
        pair.claim.noun(),
        pair.holder(),
        excerpt(pair.actual, common_prefix(pair.expected, pair.actual)),
        excerpt(pair.expected, common_prefix(pair.expected, pair.actual))
    );
    Some(
        pair.finding_of(["issuer-encoding", "subject-encoding", "audience-encoding"], message)
            .remedy_if(pair.correct()),
    )
}

/// The first blank that only this text has, when it is no space.
fn unusual_blank(text: &str, other: &str) -> String {
    let position = common_prefix(text, other);
    match text.chars().nth(position).filter(|c| is_blank(*c) && *c != ' ') {
        Some(c) => format!(", {} at character {}", named(c), position + 1),
        None => String::new(),
    }
}

fn position_of_blanks(text: &str) -> &'static str {
    match (text.starts_with(is_blank), text.ends_with(is_blank)) {
        (true, true) => "at both ends",
        (true, false) => "at the beginning",
        (false, true) => "at the end",
        (false, false) => "inside",
    }
}
