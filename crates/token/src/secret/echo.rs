//! Replaces secrets in texts that an answer repeats: tokens, and the secrets of platforms, also when
//! a log hides a part of them.

use super::without_tokens;

/// How the secrets of platforms begin: of GitHub, GitLab, Buildkite, CircleCI, Slack, Docker Hub,
/// Pulumi.
const BEGINNINGS: [&str; 19] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "glcbt-",
    "gldt-",
    "glrt-",
    "glptt-",
    "glsoat-",
    "bkua_",
    "bkaj_",
    "CCIPAT_",
    "xoxb-",
    "xoxp-",
    "dckr_pat_",
    "pul-",
];

/// Every client secret of Entra has this in its fourth to sixth character, after a digit.
const OF_CLIENT_SECRET: &str = "Q~";

/// What stands for a secret. It is no value: a command never contains it.
const STAND_IN: &str = "[secret]";

/// Fewer characters after the beginning are a word about secrets, such as `ghp_`.
const FEWEST: usize = 4;

/// The text without secrets. The rest of a masked secret (`ghp_16C7***`) is one too.
pub fn without_secrets(text: &str) -> String {
    let text = without_tokens(text);
    let mut clean = String::new();
    let mut done = 0;
    while let Some((start, end)) = next_secret(&text, done) {
        clean.push_str(&text[done..start]);
        clean.push_str(STAND_IN);
        done = end;
    }
    if done == 0 { text } else { clean + &text[done..] }
}

/// The next secret from a position on. A word is looked at once.
fn next_secret(text: &str, from: usize) -> Option<(usize, usize)> {
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_~.*".contains(byte);
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        at += bytes[at..].iter().position(is_of_word)?;
        let length = bytes[at..].iter().position(|byte| !is_of_word(byte)).unwrap_or(bytes.len() - at);
        let word = &text[at..at + length];
        if is_secret(word) {
            return Some((at, at + length));
        }
        at += length;
    }
}

fn is_secret(word: &str) -> bool {
    let word = word.trim_start_matches(|c: char| !c.is_ascii_alphanumeric());
    let begins = |start: &&str| word.strip_prefix(*start).is_some_and(|rest| rest.len() >= FEWEST);
    let of_client = || {
        let at = word.find(OF_CLIENT_SECRET).filter(|at| (1..=5).contains(at));
        at.is_some_and(|at| word.as_bytes()[at - 1].is_ascii_digit() && word.len() - at >= FEWEST)
    };
    BEGINNINGS.iter().any(begins) || of_client()
}

#[cfg(test)]
mod tests {
    use super::without_secrets;

    #[test]
    fn secrets_of_platforms_are_replaced_also_when_a_part_is_masked() {
        for (text, clean) in [
            ("token ghp_16C7e42F292c6912E7710c838347Ae178B4a.", "token [secret]"),
            ("'ghs_16C7***'", "'[secret]'"),
            ("glpat-abcdefghij used", "[secret] used"),
            ("github_pat_11ABC_def,x", "[secret],x"),
            ("--password Xh48Q~Zk2LmN9pQrS4tUvWxYz01aBcDeFg", "--password [secret]"),
            ("Xh48Q~*** and ***", "[secret] and ***"),
            ("**glpat-abcdefghij**", "[secret]"),
        ] {
            assert_eq!(without_secrets(text), clean, "{text}");
        }
        for same in [
            "",
            "ghp_ is the prefix",
            "the pul-x",
            "Q~A",
            "aQ~bcdef",
            "repo:octo-org/web:ref:refs/heads/ghp",
            "*** é ~",
        ] {
            assert_eq!(without_secrets(same), same);
        }
    }
}
