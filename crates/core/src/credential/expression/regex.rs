//! Recognises a regular expression where Entra takes a pattern with `*` and `?` only.

/// The pattern that a regular expression most likely means. None for a text that is no regular
/// expression, and for one that no pattern can express.
pub fn pattern_of_regex(text: &str) -> Option<String> {
    let body = text.strip_prefix('^').unwrap_or(text);
    let body = body.strip_suffix('$').unwrap_or(body);
    let is_regex =
        body.len() < text.len() || [".*", ".+", "\\", "[^", "(?:", "(.*)"].iter().any(|mark| body.contains(mark));
    if !is_regex {
        return None;
    }
    // Longer forms come first, because they contain the shorter ones.
    let mut pattern = body.to_owned();
    for (regex, wildcard) in [
        ("(.*)", "*"),
        ("(.+)", "*"),
        ("[^/]*", "*"),
        ("[^/]+", "*"),
        ("[^:]*", "*"),
        ("[^:]+", "*"),
        (".*", "*"),
        (".+", "*"),
    ] {
        pattern = pattern.replace(regex, wildcard);
    }
    let pattern = without_escapes(&pattern)?;
    let has_rest = pattern.contains(['^', '$', '(', ')', '[', ']', '|', '+', '{', '}', '\\']);
    (!has_rest && !pattern.is_empty()).then_some(pattern)
}

/// The text without the backslashes that escape punctuation. None for an escaped letter, which
/// stands for a class of characters.
fn without_escapes(text: &str) -> Option<String> {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.push(characters.next().filter(char::is_ascii_punctuation)?),
            other => plain.push(other),
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_becomes_the_pattern_that_it_means() {
        for (regex, pattern) in [
            ("^repo:octo-org/.*$", Some("repo:octo-org/*")),
            ("repo:octo-org/.*", Some("repo:octo-org/*")),
            ("^repo:octo-org/web:ref:refs/heads/main$", Some("repo:octo-org/web:ref:refs/heads/main")),
            (r"repo:octo-org\/web\.app:.+", Some("repo:octo-org/web.app:*")),
            ("^repo:octo-org/[^:]+:environment:prod$", Some("repo:octo-org/*:environment:prod")),
            ("repo:octo-org/(.*):pull_request", Some("repo:octo-org/*:pull_request")),
            ("repo:octo-org/*", None),
            ("repo:octo-org/web.app:*", None),
            ("repo:octo-org/(web|api):.*", None),
            (r"repo:octo-org/\w+:.*", None),
            ("^$", None),
            ("", None),
        ] {
            assert_eq!(pattern_of_regex(regex).as_deref(), pattern, "{regex}");
        }
    }
}
