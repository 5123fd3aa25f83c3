//! Large, repetitive texts, tokens and lists of credentials, each with its name.

use std::fmt::Write as _;

use azure_oidc_core::Secret;
use azure_oidc_jobs::TokenText;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

pub(crate) const NOW: i64 = 1_787_306_400;
pub(crate) const GITHUB: &str = "https://token.actions.githubusercontent.com";
pub(crate) const AUDIENCE: &str = "api://AzureADTokenExchange";
pub(crate) const NO_RECORD: &str =
    "AADSTS700213: No matching federated identity record found for presented assertion subject ";

/// What a hostile text repeats.
const UNITS: &[&str] = &[
    "a",
    " ",
    "\n",
    "a\n",
    "[",
    "]",
    "(",
    "](",
    "[a](",
    "[a](https://x)",
    "<",
    "<a",
    "<a>",
    "<br>",
    ">",
    "> ",
    "| ",
    "│ ",
    "'",
    "\"",
    "`",
    "'a",
    "' ",
    "**",
    "***",
    "***a",
    "[MASKED]",
    "\\",
    "\\\\",
    "\\n",
    "\\\"",
    "\\u0041",
    "%",
    "%25",
    "%2525",
    "+",
    "STS+",
    "STS%",
    "&",
    "&amp;",
    "&amp;amp;",
    "&#39;",
    "&#x",
    "\u{1b}",
    "\u{1b}[31m",
    "\u{1b}[",
    "^[[",
    "[31",
    "[1;",
    "{",
    "{\"a\":",
    "[[",
    "eyJ",
    "eyJa",
    "eyJhbGciOiJSUzI1NiJ9.",
    "AADSTS",
    "STS",
    "AADSTS:",
    "AADSTS700213:",
    "AADSTS700213: ",
    "AADSTS700213: A",
    "AADSTS700213 ",
    "700213 ",
    "error_codes:",
    "error_codes[",
    "ResultType 700213 ",
    "errorCode: ",
    "Trace ID: ",
    "Trace ID:\n",
    "Timestamp:\n",
    "AADSTS7002\n",
    "AADSTS7002\n13 ",
    "2026-05-04T10:15:02Z ",
    "10:15:02 ",
    "##[error]",
    "# ",
    " * ",
    "AuthorizationFailed ",
    "AADB2C",
    "AADB2C90289 ",
    "object id '",
    "subject - ",
    "subject - a\n",
    "11111111-2222-4333-8444-555555555555 ",
    "1111-",
    "\u{200b}",
    "\u{a0}",
    "\u{ad}",
    "é",
    "\u{430}",
    "\u{202e}",
    ":",
    "/",
    "//",
    ".",
    "@",
    "repo:",
    "ghp_",
];

fn repeated(unit: &str, size: usize) -> String {
    unit.repeat(size / unit.len())
}

/// Texts for `explain`, with their names.
pub(crate) fn texts(size: usize) -> Vec<(String, String)> {
    let mut texts = Vec::new();
    for unit in UNITS {
        texts.push((format!("{unit:?}"), repeated(unit, size)));
        let within = format!("{NO_RECORD}'{}'. x", repeated(unit, size - 200));
        texts.push((format!("subject of {unit:?}"), within));
        let after = format!("AADSTS700213: x\n{}", repeated(unit, size - 200));
        texts.push((format!("code before {unit:?}"), after));
    }
    for (name, line) in [("codes", "AADSTS#: No\n"), ("numbers", "AADSTS#,"), ("codes in one line", "AADSTS# and ")] {
        let mut text = String::new();
        for code in 10_000.. {
            if text.len() >= size - 40 {
                break;
            }
            text += &line.replace('#', &code.to_string());
        }
        texts.push((name.to_owned(), text));
    }
    let mut ids = String::new();
    for id in 0..(size / 60) {
        let _ = write!(ids, "Trace ID: 11111111-2222-4333-8444-{id:012}\n ");
    }
    texts.push(("many ids".to_owned(), format!("AADSTS50001: x {ids}")));
    for sentence in [
        "federated identity record found for presented assertion subject",
        "does not have authorization to perform action '",
    ] {
        texts.push((format!("long {sentence:?}"), format!("{sentence}{}", repeated("a", size - 100))));
    }
    texts
}

fn minted(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{}", part(header), part(claims), BASE64_URL_SAFE_NO_PAD.encode([7; 256]))
}

pub(crate) fn token(iss: &str, sub: &str) -> TokenText {
    let claims = json!({"iss": iss, "sub": sub, "aud": AUDIENCE, "iat": NOW - 10, "exp": NOW + 290});
    Secret::new(minted(&json!({"alg": "RS256", "typ": "JWT", "kid": "k"}), &claims)).into()
}

/// Lists of credentials, with their names. Each is at most `size` bytes of JSON.
pub(crate) fn lists(size: usize) -> Vec<(String, String)> {
    let one = |name: &str, issuer: &str, subject: &str| json!({"name": name, "issuer": issuer, "subject": subject, "audiences": [AUDIENCE]});
    let flexible = |name: &str, value: &str| {
        json!({"name": name, "issuer": GITHUB, "audiences": [AUDIENCE],
            "claimsMatchingExpression": {"value": value, "languageVersion": 1}})
    };
    let many = |make: &dyn Fn(usize) -> Value| {
        let (mut list, mut length) = (Vec::new(), 2);
        for index in 0.. {
            let next = make(index);
            length += next.to_string().len() + 1;
            if length > size {
                break;
            }
            list.push(next);
        }
        Value::Array(list).to_string()
    };
    let hundreds = |make: &dyn Fn(usize) -> Value| Value::Array((0..900).map(make).collect()).to_string();
    let fill = size / 1_000 - 200;
    let mut lists = vec![
        ("small".to_owned(), many(&|_| json!({"name": "a", "issuer": "", "subject": "", "audiences": []}))),
        ("900 alike".to_owned(), hundreds(&|at| one(&format!("n{at}"), GITHUB, &format!("repo:o/w:environment:{at}")))),
        ("900 equal".to_owned(), hundreds(&|_| one("n", GITHUB, "repo:o/w:ref:refs/heads/main"))),
        ("900 of other issuers".to_owned(), hundreds(&|at| one(&format!("n{at}"), &format!("https://{at}.example"), "s"))),
        ("900 with bad names".to_owned(), hundreds(&|at| one(&format!("{at} {}", "*".repeat(fill.min(200))), "http://10.0.0.1", " ***"))),
        ("900 patterns".to_owned(), hundreds(&|at| flexible(&format!("n{at}"), &format!("claims['sub'] matches '{}'", "*a".repeat(fill / 2))))),
        ("one deep".to_owned(), "[".repeat(size)),
        ("deep objects".to_owned(), repeated("{\"value\":", size)),
        ("comments".to_owned(), format!("[{}]", repeated("/**/", size - 2))),
        ("commas".to_owned(), format!("[{}]", repeated(", ]", size - 2))),
        ("one comma and spaces".to_owned(), format!("[1,{}{}", " ".repeat(size / 2), "}".repeat(size / 2 - 4))),
        ("lines".to_owned(), repeated("a: b\n", size)),
        ("lines of brackets".to_owned(), format!("x\n{}", repeated("[\n", size - 2))),
        ("numbers".to_owned(), format!("[{}1]", repeated("1,", size - 3))),
        ("a number".to_owned(), format!("[1{}]", "0".repeat(size - 3))),
        ("template".to_owned(), json!({"$schema": "deploymentTemplate", "resources": [], "parameters": {"a": {"defaultValue": repeated("[concat('", size - 200)}}}).to_string()),
    ];
    for unit in [":", "repo:", "*", "***", "a", "%25", "é", "\u{430}", " ", "[MASKED]"] {
        let long = repeated(unit, size - 400);
        lists.push((format!("subject of {unit:?}"), Value::Array(vec![one("n", GITHUB, &long)]).to_string()));
        lists.push((
            format!("issuer of {unit:?}"),
            Value::Array(vec![one("n", &format!("https://{long}"), "s")]).to_string(),
        ));
        lists.push((format!("name of {unit:?}"), Value::Array(vec![one(&long, GITHUB, "s")]).to_string()));
        let expression = format!("claims['sub'] matches '{long}'");
        lists.push((format!("expression of {unit:?}"), Value::Array(vec![flexible("n", &expression)]).to_string()));
        let short = repeated(unit, fill.max(20));
        lists.push((
            format!("900 subjects of {unit:?}"),
            hundreds(&|at| one(&format!("n{at}"), GITHUB, &format!("{short}{at}"))),
        ));
    }
    lists
}

/// Tokens with long claims, with their names.
pub(crate) fn tokens() -> Vec<(String, TokenText)> {
    const LONGEST: usize = 45_000;
    let mut tokens = vec![("short".to_owned(), token(GITHUB, "repo:o/w:ref:refs/heads/main"))];
    for unit in [":", "repo:", "/", "a", "*", "***", "%25", "\u{430}", " ", "@", "p:a:", "org:x:", "\u{200b}"] {
        let long = repeated(unit, LONGEST);
        for issuer in [
            GITHUB,
            "https://gitlab.com",
            "https://app.terraform.io",
            "https://api.pulumi.com/oidc",
            "https://vstoken.dev.azure.com/x",
        ] {
            tokens.push((format!("{issuer} {unit:?}"), token(issuer, &long)));
        }
        tokens.push((format!("issuer {unit:?}"), token(&format!("https://{long}"), "s")));
        tokens.push((
            format!("header {unit:?}"),
            Secret::new(minted(&json!({"alg": long, "kid": "k"}), &json!({"iss": "i", "sub": "s"}))).into(),
        ));
    }
    let mut claims: Map<String, Value> = (0..4_000).map(|at| (format!("c{at}"), "x".into())).collect();
    for (name, value) in
        [("iss", json!(GITHUB)), ("sub", json!("xx")), ("aud", json!(vec!["a"; 2_000])), ("exp", json!(NOW + 60))]
    {
        claims.insert(name.to_owned(), value);
    }
    let many = minted(&json!({"alg": "RS256", "kid": "k"}), &claims.into());
    tokens.push(("many claims".to_owned(), Secret::new(many).into()));
    tokens
}

/// Texts that are no tokens.
pub(crate) fn no_tokens(size: usize) -> Vec<(String, TokenText)> {
    let mut texts: Vec<_> =
        UNITS.iter().map(|unit| (format!("{unit:?}"), Secret::new(repeated(unit, size)).into())).collect();
    texts.push(("objects".to_owned(), Secret::new(repeated("{\"alg\":{}}", size)).into()));
    texts.push((
        "claims and more".to_owned(),
        Secret::new(format!("{{\"iss\":\"i\",\"sub\":\"s\",\"x\":\"{}", "a".repeat(size - 60))).into(),
    ));
    texts.push(("dots".to_owned(), Secret::new(repeated("e30.", size)).into()));
    texts
}
