//! Removes colours, links, tags and emphasis, and replaces typographic characters.

/// The names of HTML tags that an error page or a copied page contains.
const TAGS: [&str; 19] = [
    "a", "b", "br", "code", "dd", "div", "dt", "em", "font", "i", "li", "mark", "p", "pre", "span", "strong", "td",
    "tr", "wbr",
];

const ESCAPE: char = '\u{1b}';
const BELL: char = '\u{7}';

/// The text without colours and other sequences for a terminal. A copy can have lost the escape
/// character: `[31m`.
pub(super) fn without_colours(text: &str) -> String {
    let visible = ["^[[", "\\x1b[", "\\033[", "\\e["];
    let text = visible.iter().fold(text.to_owned(), |text, escape| text.replace(escape, "\u{1b}["));
    let text = anstream::adapter::strip_str(&without_strings(&text)).to_string();
    let mut plain = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('[') {
        let inner = rest[at + 1..].trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        let length = rest.len() - at - 1 - inner.len();
        plain.push_str(&rest[..at]);
        if (1..16).contains(&length) && inner.starts_with('m') {
            rest = &inner[1..];
        } else {
            plain.push('[');
            rest = &rest[at + 1..];
        }
    }
    plain.push_str(rest);
    plain
}

/// The text without the strings for a terminal: DCS, SOS, OSC, PM and APC. They end with a bell or
/// with ST. Buildkite writes the time of each line as APC with a bell, where `anstream` waits for
/// ST. Of a string without an end in its line only the start is removed, so that it hides nothing.
fn without_strings(text: &str) -> String {
    const STARTS: [char; 5] = ['P', 'X', ']', '^', '_'];
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(ESCAPE) {
        plain.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let Some(inner) = rest.strip_prefix(STARTS) else {
            plain.push(ESCAPE);
            continue;
        };
        // With the text after the string, an escape character before it would start another one.
        while plain.ends_with(ESCAPE) {
            plain.pop();
        }
        // A search goes no further than to the next escape character, so the work stays linear.
        let after = inner.find([BELL, '\n', ESCAPE]).map(|end| &inner[end..]);
        let ended = after.and_then(|after| after.strip_prefix(BELL).or_else(|| after.strip_prefix("\u{1b}\\")));
        rest = ended.unwrap_or(inner);
    }
    plain.push_str(rest);
    plain
}

/// Markdown's links and HTML's tags, replaced by their texts: `700[21](https://…)1` becomes
/// `700211`.
pub(super) fn without_links(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', '<']) {
        plain.push_str(&rest[..at]);
        let found = if rest.as_bytes()[at] == b'[' { link(&rest[at..]) } else { tag(&rest[at..]) };
        let (shown, length) = found.unwrap_or((&rest[at..=at], 1));
        plain.push_str(shown);
        rest = &rest[at + length..];
    }
    plain.push_str(rest);
    plain
}

/// The text of the link at the start, and the length of the link.
fn link(text: &str) -> Option<(&str, usize)> {
    const LONGEST: usize = 500;
    // A bracket inside begins another link. So no part of the text is searched twice.
    let end = 1 + first_of(&text[1..], LONGEST, b"[]\n")?;
    // Jira's form: `[text|https://…]`.
    if let Some((shown, target)) = text[1..end].split_once('|')
        && ["http://", "https://", "mailto:"].iter().any(|start| target.starts_with(start))
    {
        return text[end..].starts_with(']').then_some((shown, end + 1));
    }
    let target = text[end..].strip_prefix("](")?;
    if !["http://", "https://", "/", "#"].iter().any(|start| target.starts_with(start)) {
        return None;
    }
    let close = first_of(target, LONGEST, b")[ \n").filter(|at| target.as_bytes()[*at] == b')')?;
    Some((&text[1..end], end + 2 + close + 1))
}

/// The position of the first of these characters among the first bytes.
fn first_of(text: &str, most: usize, characters: &[u8]) -> Option<usize> {
    text.bytes().take(most).position(|byte| characters.contains(&byte))
}

/// The replacement of the tag at the start, and the length of the tag.
fn tag(text: &str) -> Option<(&'static str, usize)> {
    const LONGEST: usize = 300;
    const LONGEST_NAME: usize = 8;
    let inner = text[1..].strip_prefix('/').unwrap_or(&text[1..]);
    let name = inner.bytes().take(LONGEST_NAME).take_while(u8::is_ascii_alphanumeric).count();
    let known = TAGS.iter().find(|known| known.eq_ignore_ascii_case(&inner[..name]))?;
    let end = 1 + first_of(&text[1..], LONGEST, b"><\n").filter(|at| text.as_bytes()[1 + *at] == b'>')?;
    let is_block = matches!(*known, "br" | "dd" | "div" | "dt" | "li" | "p" | "td" | "tr");
    Some((if is_block { "\n" } else { "" }, end + 1))
}

/// Typographic quotes and spaces as plain ones. Invisible characters and the emphasis around a code
/// are removed.
pub(super) fn with_plain_characters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut returns = 0;
    for c in text.chars() {
        if c == '\r' {
            returns += 1;
            continue;
        }
        // Windows ends a line with two characters, which must not become an empty line.
        if c != '\n' {
            plain.extend(std::iter::repeat_n('\n', returns));
        }
        returns = 0;
        plain.extend(plain_character(c));
    }
    plain.replace("**AAD", "AAD").replace("`AAD", "AAD").replace("__AAD", "AAD")
}

fn plain_character(c: char) -> Option<char> {
    match c {
        '\n' | ' '..='~' => Some(c),
        '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}' | '\u{2032}' | '\u{b4}' | '\u{ff07}' => Some('\''),
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' | '\u{2033}' => Some('"'),
        '\u{300c}'..='\u{300f}' | '\u{2039}' | '\u{203a}' => Some('\''),
        '\u{a0}' | '\u{2002}'..='\u{200a}' | '\u{202f}' | '\u{3000}' => Some(' '),
        '\u{2010}' | '\u{2011}' | '\u{2012}' | '\u{2013}' | '\u{2014}' | '\u{2212}' => Some('-'),
        '\u{ff1a}' => Some(':'),
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}' => None,
        '\t' => Some(' '),
        c if c.is_control() => None,
        c => Some(c),
    }
}
