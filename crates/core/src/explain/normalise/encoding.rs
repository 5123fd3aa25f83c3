//! Resolves the encodings of JSON strings, HTML and URLs.

use percent_encoding::percent_decode_str;

/// The escapes of JSON strings, resolved once. JSON often contains JSON: `\\r\\n` becomes `\r\n`.
pub(super) fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        plain.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let (resolved, length) = match escape.bytes().next() {
            Some(b'n') => ('\n', 1),
            Some(b'r') => ('\r', 1),
            Some(b't') => ('\t', 1),
            // Markdown writes a backslash before its own characters.
            Some(c @ (b'"' | b'\'' | b'/' | b'\\' | b'*' | b'_' | b'`' | b'[' | b']' | b'#')) => (char::from(c), 1),
            Some(b'u') => {
                match escape.get(1..5).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32) {
                    Some(c) => (c, 5),
                    None => ('\\', 0),
                }
            }
            _ => ('\\', 0),
        };
        plain.push(resolved);
        rest = &escape[length..];
    }
    plain.push_str(rest);
    plain
}

/// HTML character references, resolved once: `&#39;` becomes `'`.
pub(super) fn without_references(text: &str) -> String {
    const LONGEST: usize = 12;
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        let reference = &rest[at..];
        let name = reference[1..].bytes().take(LONGEST).take_while(|c| c.is_ascii_alphanumeric() || *c == b'#').count();
        let length = if reference[1 + name..].starts_with(';') { name + 2 } else { 1 };
        match character(&reference[1..length.max(2) - 1]) {
            Some(character) => plain.push(character),
            None => plain.push_str(&reference[..length]),
        }
        rest = &reference[length..];
    }
    plain.push_str(rest);
    plain
}

/// The character of a reference, given without `&` and `;`. Programs that write logs as HTML escape
/// only these names; a table of all 2,231 would be a twentieth of the component.
fn character(name: &str) -> Option<char> {
    let number = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        },
        None => None,
    };
    match name {
        "quot" => Some('"'),
        "apos" => Some('\''),
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "nbsp" => Some(' '),
        _ => number.and_then(char::from_u32),
    }
}

/// Words with an error code in a URL's encoding, resolved: `AADSTS700213%3a+No+matching`. Other
/// words stay, because subjects can contain `%3A`.
pub(super) fn without_percent(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for word in text.split_inclusive(char::is_whitespace) {
        if is_encoded(word) {
            let spaces = word.replace('+', " ");
            plain.push_str(&percent_decode_str(&spaces).decode_utf8_lossy());
        } else {
            plain.push_str(word);
        }
    }
    plain
}

/// Whether a `%` or `+` follows an error code in the word.
fn is_encoded(word: &str) -> bool {
    word.match_indices("STS").any(|(at, prefix)| {
        let code = word[at + prefix.len()..].trim_start_matches(|c: char| c.is_ascii_digit());
        code.len() < word.len() - at - prefix.len() && code.starts_with(['%', '+'])
    })
}
