//! Parses subjects of the form `name:value:name:value`.

use super::Part;

/// A name in a subject, and the meaning of its value.
pub(super) struct Label {
    /// The name, as written in the subject.
    pub(super) name: &'static str,
    /// The meaning of the value.
    pub(super) meaning: &'static str,
    /// Whether the value can change from run to run.
    pub(super) varies: bool,
}

/// A label whose value does not change.
pub(super) const fn fixed(name: &'static str, meaning: &'static str) -> Label {
    Label { name, meaning, varies: false }
}

/// A label whose value can change from run to run.
pub(super) const fn varying(name: &'static str, meaning: &'static str) -> Label {
    Label { name, meaning, varies: true }
}

/// Splits `name:value:name:value` into parts. The first name must be one of `labels`.
///
/// A value can contain colons: it ends before the next name of `labels`.
pub(super) fn labelled(text: &str, labels: &'static [Label]) -> Option<Vec<Part>> {
    let mut words = text.split(':').peekable();
    let mut parts: Vec<Part> = Vec::new();
    while let Some(word) = words.next() {
        let label = labels.iter().find(|label| label.name == word).filter(|_| words.peek().is_some());
        match (label, parts.last_mut()) {
            (Some(label), _) => parts.push(part(label, words.next().unwrap_or_default())),
            (None, Some(last)) => {
                last.value.push(':');
                last.value.push_str(word);
            }
            (None, None) => return None,
        }
    }
    Some(parts)
}

/// A part with this label.
pub(super) fn part(label: &Label, value: &str) -> Part {
    Part { name: label.name, value: value.to_owned(), meaning: label.meaning, varies: label.varies }
}

/// Whether the parts have exactly these names, in this order.
pub(super) fn names_are(parts: &[Part], names: &[&str]) -> bool {
    parts.iter().map(|part| part.name).eq(names.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: &[Label] = &[fixed("a", ""), varying("b", "")];

    fn cut(text: &str) -> Option<Vec<(&'static str, String)>> {
        labelled(text, LABELS).map(|parts| parts.into_iter().map(|part| (part.name, part.value)).collect())
    }

    #[test]
    fn a_value_ends_before_the_next_name() {
        assert_eq!(cut("a:1:b:2"), Some(vec![("a", "1".into()), ("b", "2".into())]));
        assert_eq!(cut("a:https://x:8/y:b:"), Some(vec![("a", "https://x:8/y".into()), ("b", String::new())]));
        assert_eq!(cut("a:b:b:a"), Some(vec![("a", "b".into()), ("b", "a".into())]), "a value can equal a name");
    }

    #[test]
    fn a_subject_must_begin_with_a_known_name() {
        for text in ["", "a", "c:1", ":a:1"] {
            assert_eq!(cut(text), None, "{text}");
        }
    }
}
