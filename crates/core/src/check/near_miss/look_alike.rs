//! Finds characters that look like others, or like nothing: letters of other scripts, full-width
//! forms, no-break spaces, soft hyphens.

use std::fmt::Write as _;

use super::{Claim, Finding, Pair, excerpt};
use crate::check::finding::common_prefix;
use crate::harmless::is_blank;

/// Letters and signs, each beside the one in ASCII that it looks like.
const LOOK_ALIKES: &[(&str, &str)] = &[
    ("аеорсухіјѕһԁԛԝѵАВЕКМНОРСТХІЈЅ", "aeopcyxijshdqwvABEKMHOPCTXIJS"),
    ("οανιρυΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "oavipuABEZHIKMNOPTYX"),
    ("ıɑɡⅼⅰ", "iagli"),
    ("‐‑‒–—−", "------"),
    ("⁄∕꞉∶։", "//:::"),
    ("‘’′“”″", "'''\"\"\""),
];

/// The character in ASCII that this one looks like.
fn plain(c: char) -> char {
    if c.is_ascii() {
        return c;
    }
    if let '\u{ff01}'..='\u{ff5e}' = c {
        return char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c);
    }
    if c.is_whitespace() {
        return ' ';
    }
    let of = |(from, to): &(&str, &str)| to.chars().nth(from.chars().position(|known| known == c)?);
    LOOK_ALIKES.iter().find_map(of).unwrap_or(c)
}

fn skeleton(text: &str) -> String {
    text.chars().filter(|c| c.is_whitespace() || !is_blank(*c)).map(plain).collect()
}

/// The values look alike, and a character differs.
pub(super) fn look_alike(pair: &Pair<'_>) -> Option<Finding> {
    if pair.expected == pair.actual
        || (pair.expected.is_ascii() && pair.actual.is_ascii())
        || skeleton(pair.expected) != skeleton(pair.actual)
    {
        return None;
    }
    let position = common_prefix(pair.expected, pair.actual);
    let (held, own) = (pair.expected.chars().nth(position), pair.actual.chars().nth(position));
    let noun = pair.claim.noun();
    let is_in_credential = own.is_none_or(|c| c.is_ascii()) && held.is_some_and(|c| !c.is_ascii());
    let (odd, whose, other) = match is_in_credential {
        true => (held, format!("the {noun} of {}", pair.holder()), own),
        false => (own, format!("the token's {noun}"), held),
    };
    let instead = match other.filter(|other| odd.is_some_and(|odd| plain(odd) == *other)) {
        Some(other) => format!(" in place of `{other}`"),
        None => String::new(),
    };
    let (actual, expected) = (excerpt(pair.actual, position), excerpt(pair.expected, position));
    let message = format!(
        "the token's {noun} and that of {} look alike, but {whose} has {} at character {}{instead}: {actual} instead of {expected}",
        pair.holder(),
        odd.map(named).unwrap_or_default(),
        position + 1
    );
    let finding = pair.finding_of(["issuer-look-alike", "subject-look-alike", "audience-look-alike"], message);
    Some(match (is_in_credential, pair.claim) {
        (_, Claim::Audience) => finding.remedy_if(pair.correct()),
        (true, _) => finding.remedy_if(pair.correct_same_pipeline()),
        // A name that imitates another one must not get a credential.
        (false, _) => finding.remedy(format!(
            "correct the name where the token's {noun} is configured, and check who chose it: a name that looks like another one can \
             be an imitation"
        )),
    })
}

/// A character for a sentence: itself where it is visible, its number, and what it is.
pub(super) fn named(c: char) -> String {
    let what = match c {
        '\n' => "a line break",
        '\t' => "a tab",
        '\u{a0}' | '\u{202f}' => "a no-break space",
        '\u{ad}' => "a soft hyphen",
        '\u{200b}' => "a zero-width space",
        '\u{200c}' | '\u{200d}' => "a zero-width joiner",
        '\u{2060}' => "a word joiner",
        '\u{feff}' => "a byte order mark",
        '\u{370}'..='\u{3ff}' => "a Greek letter",
        '\u{400}'..='\u{52f}' => "a Cyrillic letter",
        '\u{ff01}'..='\u{ff5e}' => "a full-width character",
        c if c.is_whitespace() => "a kind of space",
        c if is_blank(c) => "an invisible character",
        _ => "a character that looks like another one",
    };
    let mut text = String::new();
    if !is_blank(c) && !c.is_control() {
        let _ = write!(text, "`{c}`, ");
    }
    let _ = write!(text, "{what} (U+{:04X})", u32::from(c));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_look_alike_has_one_partner_in_ascii() {
        for (from, to) in LOOK_ALIKES {
            assert_eq!(from.chars().count(), to.chars().count(), "{from}");
            assert!(to.is_ascii() && from.chars().all(|c| !c.is_ascii()), "{from}");
        }
    }

    #[test]
    fn a_skeleton_has_no_look_alikes() {
        for (text, plain) in [
            ("rеpo:асme/web", "repo:acme/web"),
            ("ｒｅｐｏ：acme／web", "repo:acme/web"),
            ("a\u{a0}b\u{200b}c\u{ad}d", "a bcd"),
            ("main\u{2011}x", "main-x"),
            ("straße", "straße"),
        ] {
            assert_eq!(skeleton(text), plain, "{text}");
        }
    }
}
