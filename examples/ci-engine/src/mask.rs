//! Replaces secrets in a text: as they are, in base64, and percent-encoded; also with line breaks
//! in between.

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use wasmtime::Result;

/// What stands for a secret.
const HIDDEN: &str = "***";

/// What every encoder of URLs encodes. Most keep the other four (RFC 3986 §2.3), some do not.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The forms of all secrets.
#[derive(Default)]
pub(crate) struct Mask {
    forms: Vec<String>,
    search: Option<AhoCorasick>,
}

impl Mask {
    /// Adds a secret.
    pub(crate) fn add(&mut self, secret: &str) -> Result<()> {
        let secret = secret.trim();
        self.forms.push(secret.split_ascii_whitespace().collect());
        for encoded in [RESERVED, NON_ALPHANUMERIC] {
            self.forms.push(utf8_percent_encode(secret, encoded).to_string());
        }
        for alignment in 0..3 {
            // Three bytes are four characters. A secret may begin at each of the three, and the
            // characters that it shares with its neighbours are not known.
            let bytes = [&[0; 2][..alignment], secret.as_bytes()].concat();
            let first = [0, 2, 3][alignment];
            let last = bytes.len() * 8 / 6;
            for engine in [BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD] {
                self.forms.push(engine.encode(&bytes)[first..last].to_owned());
            }
        }
        self.search = Some(AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&self.forms)?);
        Ok(())
    }

    /// The text without the secrets. White space makes no difference.
    pub(crate) fn hide(&self, text: &str) -> String {
        let Some(search) = &self.search else { return text.to_owned() };
        let letters = text.bytes().enumerate().filter(|(_, byte)| !byte.is_ascii_whitespace());
        let (places, letters): (Vec<usize>, Vec<u8>) = letters.unzip();
        let (mut shown, mut done) = (String::new(), 0);
        for found in search.find_iter(&letters) {
            shown.push_str(&text[done..places[found.start()]]);
            shown.push_str(HIDDEN);
            done = places[found.end() - 1] + 1;
        }
        shown + &text[done..]
    }
}

#[cfg(test)]
mod tests {
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};

    use super::*;

    const SECRET: &str = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ+Pz8_In0.c2lnbmF0dXJlLw";

    fn hidden(text: &str) -> String {
        let mut mask = Mask::default();
        mask.add("another secret").unwrap();
        mask.add(SECRET).unwrap();
        mask.hide(text)
    }

    #[test]
    fn a_secret_is_hidden_and_its_neighbours_are_not() {
        assert_eq!(hidden(&format!("a {SECRET}, b another secret\n")), "a ***, b ***\n");
        assert_eq!(hidden("nothing"), "nothing");
    }

    #[test]
    fn a_secret_is_hidden_in_base64_at_any_place() {
        for before in ["", "u", "us", "use", "user"] {
            for after in ["", "!", "!!", "!!!"] {
                let text = format!("{before}{SECRET}{after}");
                for encoded in [BASE64_STANDARD.encode(&text), BASE64_URL_SAFE.encode(&text)] {
                    let shown = hidden(&encoded);
                    assert!(shown.contains(HIDDEN) && shown.len() < 20, "{text}: {shown}");
                }
            }
        }
    }

    #[test]
    fn a_secret_is_hidden_percent_encoded() {
        assert_eq!(hidden(&format!("?t={}&x", utf8_percent_encode(SECRET, NON_ALPHANUMERIC))), "?t=***&x");
        let mut mask = Mask::default();
        mask.add("p@ss.word-1").unwrap();
        assert_eq!(mask.hide("?a=p%40ss.word-1&b=p%40ss%2Eword%2D1&c=p@ss.word-1"), "?a=***&b=***&c=***");
    }

    #[test]
    fn a_secret_is_hidden_with_line_breaks_in_between() {
        for text in [SECRET.to_owned(), BASE64_STANDARD.encode(SECRET)] {
            let lines: Vec<_> = text.as_bytes().chunks(7).map(|line| std::str::from_utf8(line).unwrap()).collect();
            let shown = hidden(&format!("begin\n  {}\nend", lines.join("\r\n  ")));
            assert!(shown.starts_with("begin\n  ***") && shown.ends_with("\nend") && shown.len() < 22, "{shown}");
        }
    }

    #[test]
    fn letters_of_other_scripts_do_not_matter() {
        assert_eq!(hidden(&format!("Schlüssel: „{SECRET}“")), "Schlüssel: „***“");
    }
}
