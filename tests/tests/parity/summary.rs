//! Normalises the answers of all interfaces, so that they can be compared.

use std::fmt;

use azure_oidc_tests::Ran;
use serde_json::Value;

/// Where a question was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interface {
    Native,
    Stock,
    Typed,
    Http,
}

impl fmt::Display for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Native => "azure-oidc",
            Self::Stock => "wasmtime run",
            Self::Typed => "typed function",
            Self::Http => "HTTP service",
        })
    }
}

/// Verdict, codes, AADSTS numbers, hints and remedies.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    /// `match`, `valid`, `error` and so on.
    pub(crate) verdict: String,
    /// Codes of findings, of a failure, or the reason of a bad signature.
    pub(crate) codes: Vec<String>,
    /// As people write them, such as `AADSTS700213`.
    pub(crate) aadsts: Vec<String>,
    /// Hints, remedies and advice, line by line.
    pub(crate) advice: Vec<String>,
    /// Notes and warnings.
    pub(crate) notes: Vec<String>,
}

impl Summary {
    /// Of a command with `--output json`; of `credential`, which prints what it writes.
    pub(crate) fn of_command(command: &str, ran: &Ran) -> Self {
        let notes = warnings(&ran.stderr);
        if command == "credential" {
            return Self { verdict: ran.stdout.clone(), notes, ..Self::default() };
        }
        let answer = ran.json();
        if answer.get("error").is_none() {
            return Self { notes, ..Self::of_answer(&answer) };
        }
        let mut failure = Self::of_failure(&answer["error"]);
        // Only the command line has this option.
        failure.advice.retain(|line| !line.contains("--no-preflight"));
        failure
    }

    /// Of a typed function.
    pub(crate) fn of_typed(function: &str, answer: &Value) -> Self {
        match (answer.get("err"), &answer["ok"]) {
            (Some(fault), _) => Self::of_failure(fault),
            (None, Value::Array(tokens)) if function == "exchange" => {
                Self { verdict: scopes(tokens), ..Self::default() }
            }
            (None, Value::Array(explanations)) => Self::of_explanations(explanations),
            (None, answer) => Self::of_answer(answer),
        }
    }

    /// Of the service.
    pub(crate) fn of_http(status: u16, body: &Value) -> Self {
        if status == 200 { Self::of_answer(body) } else { Self::of_failure(body) }
    }

    fn of_failure(failure: &Value) -> Self {
        Self {
            verdict: "error".to_owned(),
            codes: texts(&failure["code"]),
            aadsts: aadsts(&failure["aadsts"]),
            advice: lines(&failure["hint"]).chain(lines(&failure["hints"])).map(in_words_of_http).collect(),
            notes: Vec::new(),
        }
    }

    fn of_answer(answer: &Value) -> Self {
        let notes = texts(&answer["notes"]).iter().flat_map(|note| warnings(note)).collect();
        let summary = if let Some(explanations) = answer["explanations"].as_array() {
            Self::of_explanations(explanations)
        } else if let Some(findings) = answer["findings"].as_array() {
            let outcome = if answer["verdict"].is_null() { &answer["outcome"] } else { &answer["verdict"] };
            let predicted = if answer["predicted_error"].is_null() {
                &answer["predicted_aadsts"]
            } else {
                &answer["predicted_error"]
            };
            Self {
                verdict: outcome.as_str().unwrap_or_default().to_owned(),
                codes: findings.iter().flat_map(|finding| texts(&finding["code"])).collect(),
                aadsts: aadsts(predicted),
                advice: findings.iter().flat_map(|finding| lines(&finding["remedy"])).map(in_words_of_http).collect(),
                ..Self::default()
            }
        } else if let Some(tokens) = answer["tokens"].as_array() {
            Self { verdict: scopes(tokens), ..Self::default() }
        } else if answer["signature"].is_string() || answer["valid"].is_boolean() {
            let is_valid = answer["signature"] == "valid" || answer["valid"] == true;
            let verdict = if is_valid { "valid" } else { "invalid" }.to_owned();
            Self { verdict, codes: texts(&answer["reason"]), ..Self::default() }
        } else if let Some(text) = answer["text"].as_str() {
            Self { verdict: text.to_owned(), ..Self::default() }
        } else {
            let parts =
                ["platform", "issuer", "subject"].map(|name| answer[name].as_str().unwrap_or("none").to_owned());
            Self { verdict: parts.join(" "), ..Self::default() }
        };
        Self { notes, ..summary }
    }

    fn of_explanations(explanations: &[Value]) -> Self {
        let code = |one: &Value| if one["aadsts"].is_null() { aadsts(&one["code"]) } else { aadsts(&one["aadsts"]) };
        Self {
            verdict: if explanations.is_empty() { "nothing" } else { "explained" }.to_owned(),
            codes: Vec::new(),
            aadsts: explanations.iter().flat_map(code).collect(),
            advice: explanations
                .iter()
                .flat_map(|one| lines(&one["remedy"]).chain(lines(&one["advice"])))
                .map(in_words_of_http)
                .collect(),
            notes: Vec::new(),
        }
    }
}

fn scopes(tokens: &[Value]) -> String {
    tokens.iter().map(|token| token["scope"].as_str().unwrap_or_default()).collect::<Vec<_>>().join(" ")
}

/// Lines of a text, or of a list of texts.
fn lines(value: &Value) -> impl Iterator<Item = String> {
    texts(value).into_iter().flat_map(|text| text.lines().map(ToOwned::to_owned).collect::<Vec<_>>())
}

/// Each interface has words of its own: an option, a member, a field.
fn in_words_of_http(text: String) -> String {
    let words = azure_oidc_jobs::Interface::Http.words(&text).replace("`client-id`", "`client_id`");
    words.replace("`old: OLD, new: NEW`", r#"`{"OLD": "NEW"}`"#)
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// `700213` and `AADSTS700213` as the latter.
fn aadsts(value: &Value) -> Vec<String> {
    match value {
        Value::Number(number) => vec![format!("AADSTS{number}")],
        value => texts(value),
    }
}

/// The warnings and notes that a command prints on standard error.
fn warnings(stderr: &str) -> Vec<String> {
    let line =
        |line: &str| ["warning: ", "note: "].iter().find_map(|start| line.strip_prefix(start)).map(ToOwned::to_owned);
    stderr.lines().filter_map(line).map(in_words_of_http).collect()
}
