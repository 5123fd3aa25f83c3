//! Recognises a regular expression where Entra takes a pattern with `*` and `?` only.

/// The pattern that a regular expression most likely means. None for a text that is no regular
/// expression, and for one that no pattern can express.
pub fn pattern_of_regex(text: &str) -> Option<String> {
    let body = without_anchors(text);
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

/// Whether a text is a regular expression that no pattern can express: it has a choice, a class of
/// characters or a repetition.
pub fn is_regex_without_pattern(text: &str) -> bool {
    if pattern_of_regex(text).is_some() {
        return false;
    }
    let body = without_anchors(text);
    let encloses = |open: char, close: char, what: &dyn Fn(&str) -> bool| {
        body.split(open).skip(1).any(|rest| rest.split_once(close).is_some_and(|(inside, _)| what(inside)))
    };
    let is_choice = encloses('(', ')', &|inside| inside.contains('|') || inside.starts_with('?'));
    let is_class = encloses('[', ']', &|inside| !inside.is_empty());
    let is_count = encloses('{', '}', &|inside| {
        !inside.is_empty() && inside.bytes().all(|byte| byte.is_ascii_digit() || byte == b',')
    });
    let is_escape = body.contains('\\');
    let is_anchored = body.len() < text.len() && !body.is_empty();
    is_choice || is_class || is_count || is_escape || is_anchored || [".*", ".+"].iter().any(|mark| body.contains(mark))
}

fn without_anchors(text: &str) -> &str {
    let body = text.strip_prefix('^').unwrap_or(text);
    body.strip_suffix('$').unwrap_or(body)
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
    #[test]
    fn a_regular_expression_that_no_pattern_can_express_is_recognised() {
        for (text, expected) in [
            ("repo:octo-org/(web|api):.*", true),
            ("repo:a/[ab]:*", true),
            ("repo:a/[a-z]+:*", true),
            (r"repo:a/m\w+", true),
            ("repo:a/v[0-9]{1,2}", true),
            ("repo:a/v1{2}", true),
            ("repo:a/(?:web)?:*", true),
            ("^repo:a/(web|api)$", true),
            ("repo:octo-org/.*", false),
            ("^repo:octo-org/web$", false),
            ("repo:octo-org/web.app:*", false),
            ("repo:octo-org/web:ref:refs/heads/a(b)c", false),
            ("repo:octo-org/web:ref:refs/heads/a|b", false),
            ("repo:octo-org/????", false),
            ("", false),
        ] {
            assert_eq!(is_regex_without_pattern(text), expected, "{text}");
        }
    }
}
