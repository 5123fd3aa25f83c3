//! Replaces secrets in texts that an answer repeats: tokens, passwords in addresses, and the secrets
//! of platforms, also when a log hides a part of them.

use super::shape::{is_platform_secret, without_tokens};

/// What stands for a secret. It is no value: a command never contains it.
const STAND_IN: &str = "[secret]";
/// What messages about addresses have in place of a password.
const PLACEHOLDER: &str = "PASSWORD";

/// The text without secrets. The rest of a masked secret (`ghp_16C7***`) is one too.
pub fn without_secrets(text: &str) -> String {
    let text = without_passwords(without_tokens(text));
    let mut clean = String::new();
    let mut done = 0;
    while let Some((start, end)) = next_secret(&text, done) {
        clean.push_str(&text[done..start]);
        clean.push_str(STAND_IN);
        done = end;
    }
    if done == 0 { text } else { clean + &text[done..] }
}

/// Replaces the password of every address with one: `https://USER:PASSWORD@HOST`.
fn without_passwords(text: String) -> String {
    const START: &str = "://";
    let mut clean = String::new();
    let mut done = 0;
    while let Some(found) = text[done..].find(START) {
        let start = done + found + START.len();
        let rest = &text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'`<>".contains(c)).unwrap_or(rest.len());
        clean.push_str(&text[done..start]);
        done = start;
        if let Some(host) = rest[..end].rfind('@')
            && let Some(colon) = rest[..host].find(':')
            && rest[colon + 1..host] != *PLACEHOLDER
        {
            clean.push_str(&rest[..=colon]);
            clean.push_str(STAND_IN);
            done = start + host;
        }
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
        if is_platform_secret(word) {
            return Some((at, at + length));
        }
        at += length;
    }
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
            ("`https://user:pw@host/x` and", "`https://user:[secret]@host/x` and"),
            ("https://:p:w@q@host:8443, http://b:c@d", "https://:[secret]@host:8443, http://b:[secret]@d"),
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
            "`http://USER:PASSWORD@HOST:PORT`",
            "https://org@dev.azure.com/org and https://host:8443/a@b, c://",
        ] {
            assert_eq!(without_secrets(same), same);
        }
    }
}
