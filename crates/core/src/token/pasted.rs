//! What people hand over instead of a token, and how to say so. A token has ASCII letters, digits, `-`, `_` and two
//! dots only, so nothing here can refuse one.

use super::Malformed;

/// What the text is, when it is one of the known mistakes.
pub(super) fn instead_of_a_token(text: &str) -> Option<Malformed> {
    // Nearly always; to ask each question of each character would take longer than all the rest of reading a token.
    if has_alphabet_of_a_token(text) {
        return None;
    }
    let pasted = Pasted { text, bare: text.trim_matches(|c| is_blank(c) || is_quote(c)) };
    MISTAKES
        .iter()
        .find(|mistake| (mistake.is)(&pasted))
        .map(|mistake| Malformed::new(mistake.code, mistake.message).hint(mistake.hint))
}

struct Pasted<'a> {
    text: &'a str,
    /// The text without blanks and quotes around it.
    bare: &'a str,
}

struct Mistake {
    code: &'static str,
    is: fn(&Pasted<'_>) -> bool,
    message: &'static str,
    hint: &'static str,
}

/// In the order of asking: the first that is so names the mistake.
const MISTAKES: &[Mistake] = &[
    Mistake {
        code: "token-empty",
        is: |pasted| pasted.text.is_empty(),
        message: "the token is empty",
        hint: "check that the job is allowed to have an ID token, and that its variable or file has this name",
    },
    Mistake {
        code: "token-empty",
        is: |pasted| pasted.bare.is_empty(),
        message: "the token is empty: there is nothing but white space or quotes",
        hint: "check that the job is allowed to have an ID token, and that its variable or file has this name",
    },
    Mistake {
        code: "token-is-html",
        is: |pasted| is_markup(pasted.bare),
        message: "the token is a web page or an XML document, most likely a sign-in or error page",
        hint: "look at the answer of the request that should have given the token: its URL or credentials are wrong",
    },
    Mistake {
        code: "token-placeholder",
        is: |pasted| is_placeholder(pasted.bare),
        message: "the token is a placeholder that was never substituted, such as `$(NAME)`, `${NAME}` or `<+NAME>`",
        hint: "check that the variable exists in this step, and that the CI system substitutes it in this place",
    },
    Mistake {
        code: "token-masked",
        is: |pasted| is_mask(pasted.bare),
        message: "the token is the mask that a CI log shows in place of a secret",
        hint: "pass the token by its variable or file; it can't be copied from a log",
    },
    Mistake {
        code: "token-null",
        is: |pasted| ["null", "nil", "None", "undefined", "(null)", "<no value>"].contains(&pasted.bare),
        message: "the token is the word that a program writes for a value it doesn't have",
        hint: "check the name of the member that the token is read from, such as `.value` in `jq -r .value`",
    },
    Mistake {
        code: "token-bearer-prefix",
        is: |pasted| starts_with_word(pasted.bare, &["bearer ", "authorization:"]),
        message: "the token has a `Bearer` prefix",
        hint: "pass only what follows `Bearer` and the space",
    },
    Mistake {
        code: "token-is-pem",
        is: |pasted| pasted.bare.contains("-----BEGIN "),
        message: "the token is a PEM file: a key or a certificate, not a JWT",
        hint: "pass the ID token of the job; keys stay with the issuer",
    },
    Mistake {
        code: "token-encrypted",
        is: |pasted| is_json(pasted.bare) && pasted.bare.contains("\"ciphertext\""),
        message: "the token is encrypted (JWE, JSON serialization); Entra takes signed tokens only",
        hint: "have the issuer make signed tokens in compact form",
    },
    Mistake {
        code: "token-json-serialization",
        is: |pasted| is_json(pasted.bare) && pasted.bare.contains("\"payload\"") && pasted.bare.contains("\"signature"),
        message: "the token is a JWS in JSON serialization; Entra takes the compact form only",
        hint: "have the issuer make the compact form: header, payload and signature with dots between them",
    },
    Mistake {
        code: "token-is-json",
        is: |pasted| is_json(pasted.bare),
        message: "the token is a JSON document, not a JWT",
        hint: "pass only the token inside it, such as `jq -r .value` (GitHub) or `jq -r .oidcToken` (Azure Pipelines)",
    },
    Mistake {
        code: "token-is-url",
        is: |pasted| pasted.bare.contains("://"),
        message: "the token is a URL",
        hint: "pass the token that this URL hands out, not its address",
    },
    Mistake {
        code: "token-name-prefix",
        is: |pasted| has_name(pasted.bare),
        message: "the token has the name of its variable in front of it",
        hint: "pass only what follows the name and the `=` or `:`",
    },
    Mistake {
        code: "token-quoted",
        is: |pasted| {
            let text = pasted.text.trim_matches(is_blank);
            text.starts_with(is_quote) || text.ends_with(is_quote)
        },
        message: "the token has quotes around it",
        hint: "pass it without the quotes, for example with `jq -r` instead of `jq`",
    },
    Mistake {
        code: "token-is-path",
        is: |pasted| is_path(pasted.bare),
        message: "the token is the name of a file",
        hint: "pass the content of the file, or name it with `--id-token-file PATH`",
    },
    Mistake {
        code: "token-utf16",
        is: |pasted| pasted.text.contains('\0'),
        message: "the token has NUL characters in it: it was probably written as UTF-16",
        hint: "write it as ASCII; in PowerShell with `Out-File -Encoding ascii -NoNewline`",
    },
    Mistake {
        code: "token-white-space",
        is: |pasted| pasted.text.starts_with(is_invisible),
        message: "the token starts with an invisible character, most likely a byte order mark",
        hint: "write the file without it; in PowerShell with `Out-File -Encoding ascii -NoNewline`",
    },
    Mistake {
        code: "token-white-space",
        is: |pasted| pasted.text.ends_with(['\n', '\r']),
        message: "the token ends with a line break",
        hint: "write it without one, for example with `printf %s` instead of `echo`",
    },
    Mistake {
        code: "token-white-space",
        is: |pasted| pasted.text.starts_with(is_blank) || pasted.text.ends_with(is_blank),
        message: "the token has white space around it",
        hint: "remove it where the token is set; a token is compared byte for byte, so it isn't trimmed here",
    },
    Mistake {
        code: "token-white-space",
        is: |pasted| pasted.text.contains(is_blank),
        message: "the token has white space or a line break inside it",
        hint: "a token is one line; it was probably wrapped when it was copied",
    },
];

fn has_alphabet_of_a_token(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.bytes().all(is_part) && text.bytes().filter(|byte| *byte == b'.').count() == 2
}

fn is_markup(bare: &str) -> bool {
    bare.starts_with('<') && (bare.contains("</") || starts_with_word(bare, &["<!doctype", "<?xml"]))
}

fn is_placeholder(bare: &str) -> bool {
    let dollar = bare.strip_prefix('$');
    dollar.is_some_and(|rest| rest.starts_with(|c: char| c == '(' || c == '{' || c == '_' || c.is_ascii_alphabetic()))
        || bare.starts_with("{{")
        || bare.starts_with("<+")
        || (bare.len() > 2 && bare.starts_with('%') && bare.ends_with('%'))
        || (bare.len() > 2 && bare.starts_with('<') && bare.ends_with('>') && bare != "<no value>")
}

fn is_mask(bare: &str) -> bool {
    let word = bare.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    (bare.len() > 2 && bare.chars().all(|c| c == '*'))
        || word.is_some_and(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_alphabetic()))
}

fn starts_with_word(bare: &str, words: &[&str]) -> bool {
    words.iter().any(|word| bare.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)))
}

fn is_json(bare: &str) -> bool {
    bare.starts_with(['{', '['])
}

fn is_path(bare: &str) -> bool {
    const LONGEST: usize = 255;
    let drive = matches!(bare.as_bytes(), [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    let rooted = ["/", "./", "../", "~/", ".\\", "..\\", "\\", "@"].iter().any(|start| bare.starts_with(start));
    let named = bare.len() <= LONGEST
        && bare.matches('.').count() < 2
        && (bare.contains(['/', '\\']) || [".jwt", ".txt", ".json", ".token"].iter().any(|end| bare.ends_with(end)));
    drive || rooted || named
}

/// Every JWT starts with `ey`, which is `{` followed by a quote or a blank.
fn has_name(bare: &str) -> bool {
    bare.split_once(['=', ':']).is_some_and(|(name, rest)| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-' || c == ' ')
            && rest.trim_start_matches(|c| is_blank(c) || is_quote(c)).starts_with("ey")
    })
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || is_invisible(c)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{feff}' | '\u{200b}' | '\u{200c}' | '\u{200d}' | '\u{2060}')
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '`' | '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}')
}
