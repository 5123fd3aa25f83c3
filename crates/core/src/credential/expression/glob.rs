//! Matches patterns with `*` (any characters, or none) and `?` (exactly one), in time linear in the
//! text.

/// A compiled pattern, which must match the whole text.
///
/// With backtracking, a pattern such as `*a*a*a*b` would take very long for a hostile claim. So all
/// possible matches are followed at once: bit `i` of a set means that the first `i` items of the
/// pattern have matched so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Glob {
    /// The number of items: characters and `?`. A `*` is not an item but a property of the position
    /// before the next item.
    items: usize,
    /// Positions at which a `*` accepts any character.
    stars: Vec<u64>,
    /// Items that match any character.
    any: Vec<u64>,
    /// Items that match this character. A pattern is short, so a linear search is enough.
    literals: Vec<(char, Vec<u64>)>,
}

impl Glob {
    pub(super) fn new(pattern: &str) -> Self {
        let items = pattern.chars().filter(|c| *c != '*').count();
        let words = items / 64 + 1;
        let mut glob = Self { items, stars: vec![0; words], any: vec![0; words], literals: Vec::new() };
        let mut place = 0;
        for c in pattern.chars() {
            let set = match c {
                '*' => {
                    insert(&mut glob.stars, place);
                    continue;
                }
                '?' => &mut glob.any,
                _ => glob.literal(c),
            };
            insert(set, place);
            place += 1;
        }
        glob
    }

    /// The items that match this character; empty for a new character.
    fn literal(&mut self, c: char) -> &mut [u64] {
        let at = self.literals.iter().position(|(known, _)| *known == c).unwrap_or_else(|| {
            self.literals.push((c, vec![0; self.any.len()]));
            self.literals.len() - 1
        });
        &mut self.literals[at].1
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        self.run(text).0
    }

    /// Whether the text matches, and how many words of a set were computed.
    fn run(&self, text: &str) -> (bool, usize) {
        let mut steps = 0;
        let mut reached = vec![0; self.any.len()];
        insert(&mut reached, 0);
        for c in text.chars() {
            let literal = self.literals.iter().find(|(known, _)| *known == c).map(|(_, set)| set);
            let (mut carry, mut alive) = (0, 0);
            for (word, places) in reached.iter_mut().enumerate() {
                steps += 1;
                let consumed = *places & (self.any[word] | literal.map_or(0, |set| set[word]));
                *places = (*places & self.stars[word]) | (consumed << 1) | carry;
                carry = consumed >> 63;
                alive |= *places;
            }
            if alive == 0 {
                return (false, steps);
            }
        }
        (contains(&reached, self.items), steps)
    }
}

fn insert(set: &mut [u64], place: usize) {
    set[place / 64] |= 1 << (place % 64);
}

fn contains(set: &[u64], place: usize) -> bool {
    set[place / 64] >> (place % 64) & 1 == 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition of the two wildcards: slow, but obviously right.
    fn by_definition(pattern: &[char], text: &[char]) -> bool {
        match pattern {
            [] => text.is_empty(),
            ['*', rest @ ..] => (0..=text.len()).any(|taken| by_definition(rest, &text[taken..])),
            ['?', rest @ ..] => !text.is_empty() && by_definition(rest, &text[1..]),
            [c, rest @ ..] => text.first() == Some(c) && by_definition(rest, &text[1..]),
        }
    }

    #[test]
    fn a_pattern_matches_the_whole_text() {
        let cases = [
            ("repo:acme/web:ref:refs/heads/*", "repo:acme/web:ref:refs/heads/main", true),
            ("repo:acme/web:ref:refs/heads/*", "repo:acme/web:ref:refs/heads/", true),
            ("repo:acme/web:ref:refs/heads/*", "repo:acme/web:ref:refs/heads", false),
            ("repo:acme/web:ref:refs/heads/*", "xrepo:acme/web:ref:refs/heads/main", false),
            ("repo:*:environment:production", "repo:acme/web:environment:production", true),
            ("repo:*:environment:production", "repo:acme/web:environment:production-eu", false),
            ("refs/heads/????", "refs/heads/main", true),
            ("refs/heads/????", "refs/heads/mai", false),
            ("refs/heads/????", "refs/heads/maint", false),
            ("Main", "main", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("??", "é", false),
            ("a.c", "abc", false),
            ("[a-z]", "a", false),
            ("a\\*", "a\\bc", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }

    #[test]
    fn hostile_patterns_take_one_step_per_character() {
        let text = "a".repeat(60_000);
        for pattern in ["*a".repeat(30) + "b", "*".repeat(60) + "b", "*a?".repeat(20) + "b", "a*".repeat(30) + "b"] {
            let (matched, steps) = Glob::new(&pattern).run(&text);
            assert!(!matched, "{pattern}");
            assert_eq!(steps, text.len(), "{pattern}");
        }
        let long = "*a".repeat(300) + "b";
        assert_eq!(Glob::new(&long).run(&text), (false, 5 * text.len()), "301 items are 5 words");
    }

    #[test]
    fn reading_stops_when_no_match_is_possible() {
        assert_eq!(Glob::new("repo:acme/*").run(&("x".to_owned() + &"a".repeat(60_000))), (false, 1));
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_definition(pattern in "[ab*?é]{0,9}", text in "[abé]{0,12}") {
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(Glob::new(&pattern).matches(&text), by_definition(&p, &t));
        }

        #[test]
        fn it_agrees_with_the_definition_across_two_words(
            front in "[a?]{60,66}", star in "\\*?", back in "[ab?]{0,4}", text in "a{58,72}b{0,2}"
        ) {
            let pattern = front + &star + &back;
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(Glob::new(&pattern).matches(&text), by_definition(&p, &t));
        }

        #[test]
        fn a_pattern_without_wildcards_matches_itself_only(pattern in "[^*?]{0,80}", text in "\\PC{0,80}") {
            prop_assert!(Glob::new(&pattern).matches(&pattern));
            prop_assert_eq!(Glob::new(&pattern).matches(&text), pattern == text);
        }
    }
}
