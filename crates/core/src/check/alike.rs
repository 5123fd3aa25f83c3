//! Compares two values without what people and tools change by accident: letter case, white space,
//! quotes, percent-encoding, a trailing slash.

use super::decision::lower_case;

/// Whether two texts differ only in these, so that they probably mean the same.
pub(super) fn alike(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        let visible: String = text.chars().filter(|c| !is_blank(*c)).collect();
        let decoded = percent_decoded(&visible).and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or(visible);
        lower_case(&decoded).trim_matches(['"', '\'', '`']).trim_end_matches('/').to_owned()
    };
    plain(a) == plain(b)
}

/// White space of any script, and the zero-width characters that pasting can add.
pub(super) fn is_blank(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// Decodes percent-encoding.
pub(super) fn percent_decoded(text: &str) -> Option<Vec<u8>> {
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
