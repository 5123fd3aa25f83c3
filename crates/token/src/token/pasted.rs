//! Recognises what people often pass instead of a token.

use super::{Malformed, MalformedReason, decoded};

/// The known mistake that the text is, if it is one.
pub(super) fn instead_of_a_token(text: &str) -> Option<Malformed> {
    // A text that can be a token is never refused here, whatever the questions below answer.
    if has_alphabet_of_a_token(text) {
        return None;
    }
    let pasted = Pasted { text, bare: text.trim_matches(|c| is_blank(c) || is_quote(c)) };
    MISTAKES.iter().find(|mistake| (mistake.is)(&pasted)).map(Mistake::malformed)
}

struct Pasted<'a> {
    text: &'a str,
    /// The text without blanks and quotes around it.
    bare: &'a str,
}

struct Mistake {
    reason: MalformedReason,
    is: fn(&Pasted<'_>) -> bool,
    /// What to say instead of the reason's sentence, where several mistakes have one reason.
    message: Option<&'static str>,
    hint: &'static str,
}

impl Mistake {
    const fn new(reason: MalformedReason, is: fn(&Pasted<'_>) -> bool, hint: &'static str) -> Self {
        Self { reason, is, message: None, hint }
    }

    const fn message(self, message: &'static str) -> Self {
        Self { message: Some(message), ..self }
    }

    fn malformed(&self) -> Malformed {
        Malformed::with_message(self.reason, self.message.unwrap_or(self.reason.sentence())).hint(self.hint)
    }
}

/// The mistakes in the order in which they are tried: the first that applies is reported.
const MISTAKES: &[Mistake] = &[
    Mistake::new(
        MalformedReason::Empty,
        |pasted| pasted.text.is_empty(),
        "check that the job is allowed to have an ID token, and that its variable or file has this name",
    ),
    Mistake::new(
        MalformedReason::Empty,
        |pasted| pasted.bare.is_empty(),
        "check that the job is allowed to have an ID token, and that its variable or file has this name",
    )
    .message("the token is empty: there is nothing but white space or quotes"),
    Mistake::new(
        MalformedReason::IsHtml,
        |pasted| is_markup(pasted.bare),
        "look at the answer of the request that should have given the token: its URL or credentials are wrong",
    ),
    Mistake::new(
        MalformedReason::Placeholder,
        |pasted| is_placeholder(pasted.bare),
        "check that the variable exists in this step, and that the CI system substitutes it in this place",
    ),
    Mistake::new(
        MalformedReason::Masked,
        |pasted| is_mask(pasted.bare),
        "pass the token by its variable or file; it can't be copied from a log",
    ),
    Mistake::new(
        MalformedReason::Null,
        |pasted| ["null", "nil", "None", "undefined", "(null)", "<no value>"].contains(&pasted.bare),
        "check the name of the member that the token is read from, such as `.value` in `jq -r .value`",
    ),
    Mistake::new(
        MalformedReason::BearerPrefix,
        |pasted| starts_with_word(pasted.bare, &["bearer ", "authorization:"]),
        "pass only what follows `Bearer` and the space",
    ),
    Mistake::new(
        MalformedReason::IsPem,
        |pasted| pasted.bare.contains("-----BEGIN "),
        "pass the ID token of the job; keys stay with the issuer",
    ),
    Mistake::new(
        MalformedReason::Encrypted,
        |pasted| is_json(pasted.bare) && pasted.bare.contains("\"ciphertext\""),
        "have the issuer make signed tokens in compact form",
    )
    .message("the token is encrypted (JWE, JSON serialization); Entra takes signed tokens only"),
    Mistake::new(
        MalformedReason::JsonSerialization,
        |pasted| is_json(pasted.bare) && pasted.bare.contains("\"payload\"") && pasted.bare.contains("\"signature"),
        "have the issuer make the compact form: header, payload and signature with dots between them",
    ),
    Mistake::new(
        MalformedReason::IsJson,
        |pasted| decoded(pasted.bare).is_some(),
        "pass the token in its compact form, `eyJ...`, as the job has it; `inspect` and `check` read decoded claims too",
    )
    .message("the token is decoded: it is the JSON of its claims, without a signature"),
    Mistake::new(
        MalformedReason::IsJson,
        |pasted| is_json(pasted.bare),
        "pass only the token inside it, such as `jq -r .value` (GitHub) or `jq -r .oidcToken` (Azure Pipelines)",
    ),
    Mistake::new(
        MalformedReason::IsUrl,
        |pasted| pasted.bare.contains("://"),
        "pass the token that this URL hands out, not its address",
    ),
    Mistake::new(
        MalformedReason::NamePrefix,
        |pasted| has_name(pasted.bare),
        "pass only what follows the name and the `=` or `:`",
    ),
    Mistake::new(
        MalformedReason::Quoted,
        |pasted| {
            let text = pasted.text.trim_matches(is_blank);
            text.starts_with(is_quote) || text.ends_with(is_quote)
        },
        "pass it without the quotes, for example with `jq -r` instead of `jq`",
    ),
    Mistake::new(
        MalformedReason::IsPath,
        |pasted| is_path(pasted.bare),
        "pass the content of the file, or name it with `--id-token-file PATH`",
    ),
    Mistake::new(
        MalformedReason::Utf16,
        |pasted| pasted.text.contains('\0'),
        "write it as ASCII; in PowerShell with `Out-File -Encoding ascii -NoNewline`",
    ),
    Mistake::new(
        MalformedReason::WhiteSpace,
        |pasted| pasted.text.starts_with(is_invisible),
        "write the file without it; in PowerShell with `Out-File -Encoding ascii -NoNewline`",
    )
    .message("the token starts with an invisible character, most likely a byte order mark"),
    Mistake::new(
        MalformedReason::WhiteSpace,
        |pasted| pasted.text.ends_with(['\n', '\r']),
        "write it without one, for example with `printf %s` instead of `echo`",
    )
    .message("the token ends with a line break"),
    Mistake::new(
        MalformedReason::WhiteSpace,
        |pasted| pasted.text.starts_with(is_blank) || pasted.text.ends_with(is_blank),
        "remove it where the token is set; a token is compared byte for byte, so it isn't trimmed here",
    )
    .message("the token has white space around it"),
    Mistake::new(
        MalformedReason::WhiteSpace,
        |pasted| pasted.text.contains(is_blank),
        "a token is one line; it was probably wrapped when it was copied",
    )
    .message("the token has white space or a line break inside it"),
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
