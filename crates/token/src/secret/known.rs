//! Replaces secrets that are known by their value, in whatever form a text repeats them.
//!
//! Text and secrets are compared in a plain form: percent encoding and escapes decoded, only the
//! characters of base64url kept. So wrapped lines, quotes and JSON in JSON make no difference.
//! Base64 of a secret begins at one of three alignments; each has a form of its own. A part of a
//! form is replaced too, because a text may be cut.

use std::cell::RefCell;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

/// What stands for a known secret. It is a log's mask. Claims that were given are not learned before a
/// result with commands is printed, which would set the mask in their place.
const MASK: &str = "***";

/// A shorter value is not searched for: it could be an ordinary word.
const SHORTEST: usize = 16;

/// The shortest part of a form that is replaced: [`GRAM`] characters at any of [`STEP`] places.
const SHORTEST_PART: usize = GRAM + STEP - 1;

/// So many characters are looked up at once.
const GRAM: usize = 12;

/// Every so many characters of a form there is an entry in the table.
const STEP: usize = 8;

/// Between two forms.
const SEPARATOR: u8 = 0;

/// The secrets of this run that are known by their value. `Debug` shows none of them.
#[derive(Default)]
pub struct KnownSecrets(RefCell<Forms>);

#[derive(Default)]
struct Forms {
    /// What was learned.
    learned: Vec<String>,
    /// How much of it is in the table.
    built: usize,
    /// All forms, each between two separators.
    text: Vec<u8>,
    /// Places in `text`, by the hash of the characters there. 0 is free. Its length is a power of
    /// 2.
    table: Vec<u32>,
    /// How many places are in the table.
    count: usize,
}

impl std::fmt::Debug for KnownSecrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KnownSecrets")
    }
}

impl KnownSecrets {
    /// Adds a secret. A value with fewer than 16 letters and digits is none, and neither is JSON: a
    /// decoded token, whose claims are shown.
    pub fn learn(&self, secret: &str) {
        let mut forms = self.0.borrow_mut();
        if !forms.learned.iter().any(|known| known == secret) {
            forms.learned.push(secret.to_owned());
        }
    }

    /// The text without the known secrets. The time grows with the length of the text only.
    pub fn hide(&self, text: String) -> String {
        let mut forms = self.0.borrow_mut();
        if text.len() < SHORTEST {
            return text;
        }
        forms.build();
        forms.hide(&text).unwrap_or(text)
    }
}

impl Forms {
    /// Adds to the table what was learned since.
    fn build(&mut self) {
        while let Some(secret) = self.learned.get(self.built) {
            self.built += 1;
            let plain = plain(secret).0;
            if plain.len() >= SHORTEST && !secret.contains('{') {
                let encoded = [0, 1, 2].map(|alignment| base64(secret.trim().as_bytes(), alignment));
                self.add(&plain);
                encoded.iter().for_each(|form| self.add(form));
            }
        }
    }

    fn add(&mut self, form: &[u8]) {
        if self.text.is_empty() {
            self.text.push(SEPARATOR);
        }
        let start = self.text.len();
        self.text.extend_from_slice(form);
        self.text.push(SEPARATOR);
        let last = start + form.len() - GRAM;
        for at in (start..last).step_by(STEP).chain([last]) {
            if (self.count + 1) * 2 > self.table.len() {
                self.grow();
            }
            self.insert(at);
        }
    }

    fn grow(&mut self) {
        let places = std::mem::take(&mut self.table);
        self.table = vec![0; (places.len() * 2).max(512)];
        self.count = 0;
        places.into_iter().filter(|place| *place != 0).for_each(|place| self.insert(place as usize));
    }

    fn insert(&mut self, at: usize) {
        let gram = &self.text[at..at + GRAM];
        let mut slot = self.slot(gram);
        while let Some(known) = self.at(slot) {
            // Characters that repeat themselves have one entry.
            if self.text[known..known + GRAM] == *gram {
                return;
            }
            slot += 1;
        }
        let slot = slot & (self.table.len() - 1);
        self.table[slot] = u32::try_from(at).unwrap_or_default();
        self.count += 1;
    }

    /// The place of these characters in a form.
    fn find(&self, gram: &[u8]) -> Option<usize> {
        let mut slot = self.slot(gram);
        loop {
            let known = self.at(slot)?;
            if self.text[known..known + GRAM] == *gram {
                return Some(known);
            }
            slot += 1;
        }
    }

    fn at(&self, slot: usize) -> Option<usize> {
        let place = *self.table.get(slot & self.table.len().wrapping_sub(1))?;
        (place != 0).then_some(place as usize)
    }

    /// Where the search for these characters begins.
    fn slot(&self, gram: &[u8]) -> usize {
        let first = gram.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let last = gram.last_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        ((first ^ u64::from(last).rotate_left(29)).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize
    }

    /// The text with masks; none if it has no secret.
    fn hide(&self, text: &str) -> Option<String> {
        if self.count == 0 {
            return None;
        }
        let (plain, places) = plain(text);
        let mut hidden = String::new();
        // How much of the text, and of its plain form, is done.
        let (mut done, mut done_plain) = (0, 0);
        let mut at = 0;
        while at + GRAM <= plain.len() {
            let Some(known) = self.find(&plain[at..at + GRAM]) else {
                at += 1;
                continue;
            };
            let before = plain[done_plain..at].iter().rev().zip(self.text[..known].iter().rev());
            let start = at - before.take_while(|(a, b)| a == b).count();
            let after = plain[at + GRAM..].iter().zip(&self.text[known + GRAM..]);
            let end = at + GRAM + after.take_while(|(a, b)| a == b).count();
            let is_whole = {
                let form = known - (at - start);
                self.text[form - 1] == SEPARATOR && self.text[form + (end - start)] == SEPARATOR
            };
            if end - start < SHORTEST_PART && !is_whole {
                at += 1;
                continue;
            }
            let from = places[start] as usize;
            let gap = &text[done..from];
            // Two segments of a token share a mask, also when they are known from two tokens.
            if hidden.is_empty() || !matches!(gap, "" | ".") {
                hidden.push_str(gap);
                hidden.push_str(MASK);
            }
            let last = places[end - 1] as usize;
            (done, done_plain, at) = (last + unit(text.as_bytes(), last).1, end, end);
        }
        (!hidden.is_empty()).then(|| hidden + &text[done..])
    }
}

/// The plain form of a text, and where in the text each of its characters begins.
fn plain(text: &str) -> (Vec<u8>, Vec<u32>) {
    let bytes = text.as_bytes();
    let (mut plain, mut places) = (Vec::with_capacity(bytes.len()), Vec::with_capacity(bytes.len()));
    let mut at = 0;
    while at < bytes.len() {
        let (byte, length) = match bytes[at] {
            // The usual case.
            byte if is_kept(byte) => (Some(byte), 1),
            _ => unit(bytes, at),
        };
        if let Some(byte) = byte {
            plain.push(byte);
            places.push(u32::try_from(at).unwrap_or(u32::MAX));
        }
        at += length;
    }
    (plain, places)
}

/// Whether a character stands for itself in the plain form.
const fn is_kept(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// The next character of the plain form, if the text has one here, and how many bytes stand for it.
fn unit(bytes: &[u8], at: usize) -> (Option<u8>, usize) {
    let (byte, length) = match bytes[at] {
        b'%' => percent(&bytes[at..]),
        b'\\' => escaped(&bytes[at..]),
        byte => (Some(byte), 1),
    };
    let kept = match byte {
        Some(b'+') => Some(b'-'),
        Some(b'/') => Some(b'_'),
        byte => byte.filter(|byte| is_kept(*byte)),
    };
    (kept, length)
}

/// `%41`, also encoded again: `%2541`.
fn percent(bytes: &[u8]) -> (Option<u8>, usize) {
    let mut start = 1;
    while bytes[start..].starts_with(b"25") {
        start += 2;
    }
    match number(bytes.get(start..start + 2).unwrap_or_default()) {
        Some(code) => (u8::try_from(code).ok(), start + 2),
        None => (None, start),
    }
}

/// `\u0041`, `\u{41}`, `\x41` and `\n`, with any number of backslashes.
fn escaped(bytes: &[u8]) -> (Option<u8>, usize) {
    // The next text begins with the same run, so a long one is not read again.
    let start = bytes.iter().take(64).take_while(|byte| **byte == b'\\').count();
    let digits = |from: usize, count: usize| number(bytes.get(from..from + count).unwrap_or_default());
    let of_code = |code: Option<u32>, end: usize| code.map(|code| (u8::try_from(code).ok(), end));
    let escape = match bytes.get(start) {
        Some(b'u') if bytes.get(start + 1) == Some(&b'{') => {
            let count = bytes[start + 2..].iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
            let is_closed = bytes.get(start + 2 + count) == Some(&b'}');
            of_code(digits(start + 2, count).filter(|_| is_closed), start + count + 3)
        }
        Some(b'u') => of_code(digits(start + 1, 4), start + 5),
        Some(b'x') => of_code(digits(start + 1, 2), start + 3),
        Some(b'n' | b'r' | b't' | b'b' | b'f') => Some((None, start + 1)),
        _ => None,
    };
    escape.unwrap_or((None, start))
}

/// A hexadecimal number.
fn number(digits: &[u8]) -> Option<u32> {
    let value = |sum: u32, digit: &u8| Some(sum * 16 + char::from(*digit).to_digit(16)?);
    if digits.is_empty() { None } else { digits.iter().try_fold(0, value) }
}

/// What the base64 of a longer text contains when this secret stands in it after so many bytes.
/// Characters that also depend on its neighbours are left out.
fn base64(secret: &[u8], alignment: usize) -> Vec<u8> {
    let encoded = BASE64_URL_SAFE_NO_PAD.encode([&[0; 2][..alignment], secret].concat());
    let (first, end) = ((alignment * 8).div_ceil(6), (alignment + secret.len()) * 8 / 6);
    encoded.as_bytes()[first..end].to_vec()
}

#[cfg(test)]
mod tests;
