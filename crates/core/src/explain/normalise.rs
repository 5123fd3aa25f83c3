//! Removes what terminals, log viewers, issue trackers and browsers added to a text, before it is
//! scanned: colours, margins, line wrapping, times at line starts, links, and encodings.
//!
//! The work is linear in the length of the text, and a normalised text does not change again.

mod encoding;
mod layout;
mod markup;

/// The number of encodings inside each other that are resolved, such as JSON in JSON.
const DEPTH: usize = 4;

/// The characters that begin an encoding.
const INTRODUCERS: [char; 7] = ['&', '%', '\\', '[', '<', '\u{1b}', '`'];

/// The text without its layout. Lines that belong together are one line; an empty line is between
/// them, so that a second pass joins no more.
pub(super) fn normalise(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..DEPTH {
        let next = pass(&text);
        if next == text {
            return text;
        }
        text = next;
    }
    // Nobody's log has this depth. Without introducers no encoding is left.
    pass(&pass(&text).replace(INTRODUCERS, " "))
}

fn pass(text: &str) -> String {
    let text = markup::without_colours(text);
    let text = encoding::without_escapes(&text);
    let text = encoding::without_references(&text);
    let text = encoding::without_percent(&text);
    let text = markup::without_links(&text);
    let text = markup::with_plain_characters(&text);
    layout::joined(&text)
}

#[cfg(test)]
mod tests;
