//! Tests real errors and similar ones (`crates/core/testdata/explain`): text that the answer must
//! contain, and text that it must not.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use azure_oidc_core::Secret;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Request, run};
use crate::document::Document;
use crate::{Interface, TokenText};

const NOW: i64 = 1_787_306_400;

const MASKS: [&str; 4] = ["***", "[MASKED]", "[secure]", "[REDACTED]"];

/// A text and what the answer says. `folder` has the text as `log.txt`, and can have
/// `credentials.json` and the claims of the token.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    folder: Option<String>,
    text: Option<String>,
    /// A list of credentials, for a `text`.
    credentials: Option<Value>,
    says: Vec<String>,
    never: Vec<String>,
}

#[test]
fn cases_of_real_life_are_explained() {
    assert_all("cases.json", 26);
}

#[test]
fn neighbours_of_the_cases_are_explained() {
    assert_all("neighbours.json", 40);
}

fn assert_all(file: &str, at_least: usize) {
    let cases: Vec<Case> = serde_json::from_str(&read(&folder().join(file)).unwrap()).unwrap();
    assert!(cases.len() >= at_least, "only {} cases", cases.len());
    let wrong: Vec<String> = cases.iter().filter_map(Case::problem).collect();
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), cases.len(), wrong.join("\n\n"));
}

#[test]
fn the_work_grows_with_the_length_of_the_log() {
    for piece in [
        "[",
        "[x](",
        "&amp;",
        "&",
        "\\",
        "%25",
        "AADSTS7%25",
        "<a ",
        "│",
        "\n| x",
        "[1",
        "'",
        "Trace ID:\n",
        "**AAD",
        "'x:\n",
        "AADSTS70021",
        "AADSTS700213: ",
        "STS",
        "Timestamp: 2026-05-04\n",
        "\u{1b}_",
        "The client ",
        "AuthorizationFailed",
        "The client 'a' does not have authorization to perform action 'b'\n",
        "oidcToken\na\nb\nc\nstatus 401\na\nb\nc\n",
    ] {
        let time = |times: usize| {
            let text = piece.repeat(times);
            let once = || {
                let start = cpu_time();
                let _ = run(&Request { text: text.clone(), ..Request::default() }, None);
                (cpu_time() - start).as_secs_f64()
            };
            once().min(once()).min(once())
        };
        // Work that grows with the square would take 256 times as long.
        let (small, large) = (time(1_000).max(0.002), time(16_000));
        assert!(large < small * 100.0, "{piece:?}: {small} s for 1000, {large} s for 16000");
    }
}

/// The time that this thread has used, whatever else the machine does; where the system does not say
/// it, the time that has passed.
fn cpu_time() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    let used = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let used = used.and_then(|used| used.split(' ').next()?.parse().ok());
    used.map_or_else(|| START.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}

impl Case {
    fn problem(&self) -> Option<String> {
        let answer = self.answer();
        let lower = answer.to_lowercase();
        let missing: Vec<_> = self.says.iter().filter(|part| !lower.contains(&part.to_lowercase())).collect();
        let forbidden: Vec<_> = self.never.iter().filter(|part| lower.contains(&part.to_lowercase())).collect();
        let name = self.folder.as_deref().or(self.text.as_deref()).unwrap_or_default();
        let masked = answer.lines().any(|line| line.contains("az ") && MASKS.iter().any(|mask| line.contains(mask)));
        (!missing.is_empty() || !forbidden.is_empty() || masked).then(|| {
            format!("== {name}\nmissing: {missing:?}\nforbidden: {forbidden:?}, mask in a command: {masked}\n{answer}")
        })
    }

    /// The answer as text.
    fn answer(&self) -> String {
        let from =
            |file: &str| self.folder.as_ref().and_then(|name| read(&folder().join("cases").join(name).join(file)));
        let text = self.text.clone().or_else(|| from("log.txt")).unwrap();
        let credentials = from("credentials.json").map(Document::Text);
        let request = Request {
            text,
            token: from("token.json").map(|claims| token(&claims)),
            credentials: credentials.or_else(|| self.credentials.clone().map(Document::Json)),
            now: Some(NOW),
            shell: None,
            interface: Interface::CommandLine,
        };
        let answer = run(&request, None).unwrap();
        let shown = |one: &super::Explanation| {
            let facts = one.facts.iter().map(|(name, value)| format!("  {name}: {value}\n")).collect::<String>();
            let name = one.name.unwrap_or(&one.message);
            let text = one.quoted.as_deref().unwrap_or_default();
            format!(
                "{}: {name}\n  why: {}\n  text: {text}\n{facts}  do: {}\n",
                one.code,
                one.cause.unwrap_or_default(),
                one.advice.join("\n  do: ")
            )
        };
        answer.explanations.iter().map(shown).collect()
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../core/testdata/explain")
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// A token with these claims, issued now.
fn token(claims: &str) -> TokenText {
    let mut claims: Value = serde_json::from_str(claims).unwrap();
    claims["iat"] = NOW.into();
    claims["exp"] = (NOW + 600).into();
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    Secret::new(format!("{}.{}.AQ", part(&json!({"alg": "RS256", "kid": "1"})), part(&claims))).into()
}
