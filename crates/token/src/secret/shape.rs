//! Recognises secrets by their form: tokens, the secrets of platforms and of Entra, random text.

/// How every compact JWT begins: `{"`, `{ `, or `{` and a line end or tab, in base64url.
const TOKENS: [&str; 5] = ["eyJ", "eyA", "ewo", "ew0", "ewk"];

/// The beginning that no other word contains.
const USUAL_TOKEN: &str = TOKENS[0];

/// A shorter word that begins like a token is none.
const SHORTEST_TOKEN: usize = 20;

/// What stands for a token. It is a log's mask, so no command contains it.
const STAND_IN: &str = "[token]";

/// How the secrets of platforms begin, and how many characters follow at least: of GitHub, GitLab,
/// Buildkite, CircleCI, Slack, Docker Hub, Pulumi. Words begin with the last one too.
const BEGINNINGS: [(&str, usize); 20] = [
    ("ghp_", 4),
    ("gho_", 4),
    ("ghu_", 4),
    ("ghs_", 4),
    ("ghr_", 4),
    ("github_pat_", 4),
    ("glpat-", 4),
    ("glcbt-", 4),
    ("gldt-", 4),
    ("glrt-", 4),
    ("glptt-", 4),
    ("glsoat-", 4),
    ("bkua_", 4),
    ("bkaj_", 4),
    ("bkat_", 4),
    ("CCIPAT_", 4),
    ("xoxb-", 4),
    ("xoxp-", 4),
    ("dckr_pat_", 4),
    ("pul-", 20),
];

/// Every client secret of Entra has this in its fourth to sixth character, after a digit.
const OF_CLIENT_SECRET: &str = "Q~";

/// Fewer characters after [`OF_CLIENT_SECRET`] are a word about secrets.
const FEWEST: usize = 4;

/// A shorter word is not taken for random text.
const SHORTEST_RANDOM: usize = 20;

/// As [`SHORTEST_RANDOM`], for words of digits and either small or capital letters.
const SHORTEST_OF_ONE_CASE: usize = 32;

/// Whether this word is a secret of a platform or a client secret of Entra. A log can have masked a
/// part of it (`ghp_16C7***`).
pub(super) fn is_platform_secret(word: &str) -> bool {
    let word = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let begins = |(start, fewest): &(&str, usize)| {
        word.strip_prefix(start)
            .is_some_and(|rest| rest.len() >= *fewest || rest.len() >= FEWEST && rest.contains("**"))
    };
    let of_client = || {
        let at = word.find(OF_CLIENT_SECRET).filter(|at| (1..=5).contains(at));
        at.is_some_and(|at| word.as_bytes()[at - 1].is_ascii_digit() && word.len() - at >= FEWEST)
    };
    BEGINNINGS.iter().any(begins) || of_client()
}

/// Replaces every JWT in a text by `[token]`, because logs contain whole command lines and users
/// paste tokens in place of names.
pub fn without_tokens(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((start, end)) = token(rest) {
        clean.push_str(&rest[..start]);
        clean.push_str(STAND_IN);
        rest = &rest[end..];
    }
    clean.push_str(rest);
    clean
}

/// Where the first token of a text is.
fn token(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut from = 0;
    while let Some(found) = bytes[from..].iter().position(|byte| *byte == b'e') {
        let at = from + found;
        let begins = |start: &&str| bytes[at..].starts_with(start.as_bytes());
        let is_start = |start: &&str| *start == USUAL_TOKEN || at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        from = at + 1;
        if TOKENS.iter().any(|start| begins(start) && is_start(start)) {
            let length = bytes[at..].iter().take_while(|byte| is_of_token(**byte)).count();
            if length > SHORTEST_TOKEN {
                return Some((at, at + length));
            }
            from = at + length;
        }
    }
    None
}

const fn is_of_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')
}

/// Whether the value of an option or a variable looks like a secret, and not like a name, a path,
/// an address, an id or a text. It can be wrapped over lines.
pub fn looks_secret(value: &str) -> bool {
    let value = value.trim_start().trim_start_matches("Bearer ");
    let is_of_secret =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'.' | b'~' | b'-');
    // Most values are names or texts, and need no copy.
    if !value.bytes().all(|byte| is_of_secret(byte) || byte.is_ascii_whitespace() || !byte.is_ascii()) {
        return false;
    }
    let value = joined(value);
    let is_token = || value.len() > SHORTEST_TOKEN && TOKENS.iter().any(|start| value.starts_with(start));
    value.bytes().all(is_of_secret) && (is_token() || is_platform_secret(&value) || is_random(&value))
}

fn joined(value: &str) -> String {
    value.split_whitespace().collect()
}

/// Whether a value, or what follows the `=` in it, is a token or a key of a known form, and not only
/// random text.
pub fn is_certain_secret(value: &str) -> bool {
    holds_token(value) || value.split('=').any(|part| is_platform_secret(&joined(part)))
}

/// Whether a value holds a token. It can be wrapped over lines.
pub fn holds_token(value: &str) -> bool {
    token(&joined(value)).is_some()
}

/// Whether the value looks like a random number in hexadecimal. A commit looks the same.
pub fn looks_like_hex_key(value: &str) -> bool {
    value.len() >= SHORTEST_OF_ONE_CASE && value.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Letters of both cases and digits that take turns as no words do.
fn is_random(word: &str) -> bool {
    if word.starts_with(['/', '.', '~']) {
        return false;
    }
    let kinds = |byte: &u8| [byte.is_ascii_lowercase(), byte.is_ascii_uppercase(), byte.is_ascii_digit()];
    let count = |kind: usize| word.bytes().filter(|byte| kinds(byte)[kind]).count();
    let (small, capital, digits) = (count(0), count(1), count(2));
    let length = small + capital + digits;
    let is_letter_or_digit = |pair: &&[u8]| pair.iter().all(u8::is_ascii_alphanumeric);
    let pairs = word.as_bytes().windows(2).filter(is_letter_or_digit);
    let turns = pairs.filter(|pair| kinds(&pair[0]) != kinds(&pair[1])).count();
    if digits == 0 {
        return false;
    }
    if small > 0 && capital > 0 {
        // In random text two thirds of the characters are followed by one of another kind.
        return length >= SHORTEST_RANDOM && turns * 100 >= length * 35;
    }
    let is_one_word = length == word.trim_end_matches('=').len();
    let is_hex = word.bytes().all(|byte| byte.is_ascii_hexdigit());
    length > digits && length >= SHORTEST_OF_ONE_CASE && is_one_word && !is_hex && turns * 100 >= length * 15
}

#[cfg(test)]
mod tests {
    use super::{looks_like_hex_key, looks_secret, without_tokens};

    #[test]
    fn tokens_are_replaced_and_similar_words_are_not() {
        let token = format!("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.{}", "A_-z9".repeat(50));
        assert_eq!(without_tokens(&format!("a `{token}` b {token}")), "a `[token]` b [token]");
        for start in ["eyAiYWxn", "ewogICJhbGci", "ew0KICAi", "ewkiYWxn"] {
            assert_eq!(without_tokens(&format!("x={start}{token}.")), "x=[token]", "{start}");
        }
        for same in ["an eyJ of no account", "theyAreNotTokensAtAllAndNeitherIsThis", "eé", "e"] {
            assert_eq!(without_tokens(same), same);
        }
    }

    #[test]
    fn values_that_are_secrets_are_told_from_names() {
        for secret in [
            "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
            "eyAiYWxnIjogIlJTMjU2IiB9.eyAic3ViIjogIngiIH0.c2ln",
            "eyJhbGciOiJSUz\nI1NiJ9.eyJzdWIi\nOiJ4In0.c2ln\n",
            "Bearer eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln",
            "Xh48Q~Zk2LmN9pQrS4tUvWxYz01aBcDeFg",
            "ghs_16C7e42F292c6912E7710c838347Ae178B4a",
            "0.AbCdE1fG2hI3jK4lM5nO6pQ7rS8tU9v",
            "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83v/+A=",
            "zd7qk2mwxv5h3n6tpr4jbcy2fsgaeuoil7xqd3kz5wvnb2m",
        ] {
            assert!(looks_secret(secret), "{secret}");
        }
        for name in [
            "",
            "azure-oidc",
            "AADSTS500011 eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln was refused: see the log",
            "11111111-1111-4111-8111-111111111111",
            "0f8fad5b-d9cb-469f-a165-70867728950e",
            "repo:octo-org/octo-repo:ref:refs/heads/main",
            "https://login.microsoftonline.com/AbC1dEf2GhI3jKl4MnO5",
            "/mnt/Agent/AbC1dEf2GhI3jKl4MnO5pQr6",
            "Contoso.Azure.Prod2024.Build",
            "MyVeryLongCredentialNameForProduction2024",
            "de9f2c7fd25e1b3afad3e85a0bd17d9b100db4b3",
            "refs/heads/feature/2024-migration-of-everything-to-wasm",
        ] {
            assert!(!looks_secret(name), "{name}");
        }
        assert!(looks_like_hex_key("de9f2c7fd25e1b3afad3e85a0bd17d9b100db4b3") && !looks_like_hex_key("de9f2c7f"));
    }
}
