//! Searches all output and files of a program for secrets, also for parts of them and other
//! encodings.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::Ran;

/// Fewer characters of a secret are of no use, and no two texts share so many by accident.
const WINDOW: usize = 20;

/// The secrets that must not be found.
#[derive(Debug, Default)]
pub struct Hunt(HashSet<Vec<u8>>);

impl Hunt {
    /// Hunts for these secrets.
    pub fn of<S: AsRef<str>>(secrets: &[S]) -> Self {
        let mut hunt = Self::default();
        secrets.iter().for_each(|secret| hunt.add(secret.as_ref()));
        hunt
    }

    /// Adds a secret, and its base64 after one and two other bytes.
    pub fn add(&mut self, secret: &str) {
        let encoded = ["", "x", "xx"].map(|before| BASE64_URL_SAFE_NO_PAD.encode(format!("{before}{secret}")));
        // The first characters depend on what stands before.
        let encoded = encoded.iter().map(|text| &text[4..]);
        for form in [secret].into_iter().chain(encoded) {
            let form = letters(form);
            assert!(form.len() >= WINDOW, "the secret is too short to be recognised");
            self.0.extend(form.windows(WINDOW).map(<[u8]>::to_vec));
        }
    }

    /// Whether a text has a part of a secret.
    pub fn finds(&self, text: &str) -> bool {
        let forms = [letters(text), letters(&decoded(text)), letters(&decoded(&decoded(text)))];
        forms.iter().any(|form| form.windows(WINDOW).any(|part| self.0.contains(part)))
    }

    /// Asserts that a text has no part of a secret.
    #[track_caller]
    pub fn assert_absent(&self, what: &str, text: &str) {
        assert!(!self.finds(text), "{what}: a secret was found:\n{text}");
    }

    /// Asserts that nothing that a program printed has one.
    #[track_caller]
    pub fn assert_not_printed(&self, what: &str, ran: &Ran) {
        self.assert_absent(what, &ran.stdout);
        self.assert_absent(what, &ran.stderr);
    }

    /// Asserts that no file of a folder has one in its name or contents, except those that the test
    /// wrote.
    #[track_caller]
    pub fn assert_not_written(&self, what: &str, folder: &Path, own: &[&str]) {
        for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if own.contains(&name.as_str()) {
                continue;
            }
            self.assert_absent(what, &name);
            match entry.path().is_dir() {
                true => self.assert_not_written(what, &entry.path(), &[]),
                false => {
                    let contents = fs::read(entry.path()).unwrap_or_default();
                    self.assert_absent(&format!("{what}: {name}"), &String::from_utf8_lossy(&contents));
                }
            }
        }
    }
}

/// What is left when only the characters of base64url count.
fn letters(text: &str) -> Vec<u8> {
    let kept = |byte: u8| match byte {
        b'+' => Some(b'-'),
        b'/' => Some(b'_'),
        byte if byte.is_ascii_alphanumeric() || b"-_".contains(&byte) => Some(byte),
        _ => None,
    };
    text.bytes().filter_map(kept).collect()
}

/// The text with `%41`, `\u0041` and `\n` decoded.
fn decoded(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let code = |prefix: &str, digits: usize| {
            let code = rest.strip_prefix(prefix)?.get(..digits)?;
            Some((char::from_u32(u32::from_str_radix(code, 16).ok()?)?, prefix.len() + digits))
        };
        let escape = || rest.starts_with("\\n").then_some(('\n', 2)).or(rest.starts_with("\\r").then_some(('\r', 2)));
        let found = code("%", 2).or_else(|| code("\\u", 4)).or_else(escape);
        let (c, length) = found.unwrap_or((first, first.len_utf8()));
        out.push(c);
        rest = &rest[length..];
    }
    out
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    const SECRET: &str = "0.AbCdE1fG2hI3jK4lM5nO6pQ7rS8tU9v";

    #[test]
    fn secrets_are_found_in_every_form() {
        let hunt = Hunt::of(&[SECRET]);
        let each = |write: fn(char) -> String| SECRET.chars().map(write).collect::<String>();
        for text in [
            format!("a {SECRET} b"),
            SECRET[..25].to_owned(),
            each(|c| format!("%{:02x}", u32::from(c))),
            each(|c| format!("\\u{:04x}", u32::from(c))),
            SECRET.replace('f', "f\\r\\n"),
            BASE64_STANDARD.encode(format!("x={SECRET}")),
        ] {
            assert!(hunt.finds(&text), "{text}");
        }
        assert!(!hunt.finds("nothing but words, and a mask: ***"));
    }
}
