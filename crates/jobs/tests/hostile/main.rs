//! Large, repetitive inputs for every job that reads texts of strangers: each has an answer of
//! bounded length, and takes time that grows with the length of the input only.
//!
//! The times are printed by
//! `cargo test --release -p azure-oidc-jobs --test hostile -- --ignored --nocapture`.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use azure_oidc_core::Fault;
use azure_oidc_core::explain as explain_core;
use azure_oidc_core::ports::fixed::Offline;
use azure_oidc_core::shorten::{LONGEST_ADVICE, LONGEST_SENTENCE};
use azure_oidc_jobs::{Document, TokenText, check, explain, inspect, json, verify};
use serde_json::{Value, json};

mod inputs;

use inputs::{AUDIENCE, GITHUB, NO_RECORD, NOW, lists, no_tokens, texts, token, tokens};

/// The largest body of the HTTP service, in bytes.
const HTTP: usize = 256 * 1024;
/// The largest document that the command line reads, in bytes.
const COMMAND_LINE: usize = 1024 * 1024;
/// The time for an answer to the largest input.
const LIMIT: Duration = Duration::from_millis(250);
/// The longest answer to `explain` for a text of any length, in bytes of JSON.
const LONGEST_EXPLANATION: usize = 256 * 1024;
/// The longest text of an answer that is no advice, in characters, with the note that it was cut.
const LONGEST_TEXT: usize = LONGEST_SENTENCE + 60;

fn explained(text: &str, token: Option<&TokenText>, credentials: Option<&str>) -> Result<explain::Answer, Fault> {
    let credentials = credentials.map(|list| Document::Text(list.to_owned()));
    explain::run(
        &explain::Request {
            text: text.to_owned(),
            token: token.cloned(),
            credentials,
            now: None,
            ..Default::default()
        },
        Some(NOW),
    )
}

fn checked(token: &TokenText, credentials: &str) -> Result<check::Answer, Fault> {
    let request = check::Request {
        token: Some(token.clone()),
        credentials: Document::Text(credentials.to_owned()),
        ..check::Request::default()
    };
    check::run(request, Offline { now: NOW }.ports())
}

/// The time of each job for each input of this size.
fn times(size: usize, only: &str) -> Vec<(Duration, String)> {
    let mut times = Vec::new();
    let mut time = |name: String, job: &mut dyn FnMut()| {
        if !name.contains(only) {
            return;
        }
        let started = cpu_time();
        job();
        times.push((cpu_time() - started, name));
        // The slowest so far, for whoever does not wait for the end.
        if let Some((time, name)) = times.last().filter(|(time, _)| *time > LIMIT) {
            println!("{:>9.1} ms  {name}", time.as_secs_f64() * 1e3);
        }
    };
    let known = token(GITHUB, "repo:o/w:ref:refs/heads/main");
    let (lists, tokens) = (lists(size), tokens());
    let few = &lists[1].1;
    for (name, text) in texts(size) {
        time(format!("explain: {name}"), &mut || drop(explained(&text, None, None)));
        time(format!("explain with token: {name}"), &mut || drop(explained(&text, Some(&known), None)));
        time(format!("explain with credentials: {name}"), &mut || drop(explained(&text, None, Some(few))));
        time(format!("explain with both: {name}"), &mut || drop(explained(&text, Some(&known), Some(few))));
    }
    for (name, list) in &lists {
        for (of, token) in [tokens.first(), tokens.get(1), tokens.last()].into_iter().flatten() {
            time(format!("check: {name}; token {of}"), &mut || drop(checked(token, list)));
        }
        time(format!("explain with credentials: {name}"), &mut || {
            drop(explained(&format!("{NO_RECORD}'repo:o/w:ref:refs/heads/main'."), None, Some(list)));
        });
        time(format!("verify: {name}"), &mut || {
            drop(verify::run(&verify::Request { token: known.clone(), jwks: Document::Text(list.clone()) }));
        });
    }
    for (name, token) in tokens.iter().chain(&no_tokens(size)) {
        time(format!("inspect: {name}"), &mut || drop(inspect::run(&inspect::Request { token: token.clone() })));
        time(format!("check: 900 alike; token {name}"), &mut || drop(checked(token, few)));
        time(format!("check: 900 patterns; token {name}"), &mut || drop(checked(token, &lists[5].1)));
    }
    times.sort();
    times.reverse();
    times
}

/// The time that this thread has used; where the system does not say it, the time that has passed.
fn cpu_time() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    let used = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let used = used.and_then(|used| used.split(' ').next()?.parse().ok());
    used.map_or_else(|| START.get_or_init(Instant::now).elapsed(), Duration::from_nanos)
}

/// A size at which a test of all inputs takes seconds without optimisation.
const SMALL: usize = 6 * 1024;

/// Whether no text in a document of JSON is longer than the limit of advice, and no text but advice
/// longer than that of sentences. `claims` are given back unchanged.
fn assert_within_limits(name: &str, value: &Value) {
    match value {
        Value::String(text) => assert!(text.chars().count() <= LONGEST_TEXT, "{name}: {} bytes", text.len()),
        Value::Array(items) => items.iter().for_each(|item| assert_within_limits(name, item)),
        Value::Object(members) => {
            for (member, value) in members {
                let is_advice = matches!(member.as_str(), "advice" | "remedy");
                let texts = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
                match is_advice {
                    true => {
                        let longest = texts.iter().filter_map(Value::as_str).map(str::len).max();
                        assert!(longest.unwrap_or_default() <= LONGEST_ADVICE, "{name}: {member}");
                    }
                    false if member != "token" => assert_within_limits(name, value),
                    false => {}
                }
            }
        }
        _ => {}
    }
}

fn assert_fault_within_limits(name: &str, fault: &Fault) {
    assert!(fault.message.chars().count() <= LONGEST_TEXT, "{name}: {} bytes", fault.message.len());
    assert!(fault.hints.iter().all(|hint| hint.chars().count() <= LONGEST_ADVICE), "{name}");
}

#[test]
fn an_explanation_repeats_little_of_a_long_text() {
    let known = token(GITHUB, "repo:o/w:ref:refs/heads/main");
    for (name, text) in texts(SMALL) {
        for token in [None, Some(&known)] {
            let answer = match explained(&text, token, None) {
                Ok(answer) => answer,
                Err(fault) => {
                    assert_fault_within_limits(&name, &fault);
                    continue;
                }
            };
            assert!(answer.explanations.len() <= explain_core::MAX_CODES + 2, "{name}");
            let text = json::line(&answer);
            assert!(text.len() <= LONGEST_EXPLANATION, "{name}: {} bytes", text.len());
            assert_within_limits(&name, &serde_json::from_str(&text).unwrap());
        }
    }
    let large = texts(HTTP).into_iter().filter(|(name, _)| {
        ["codes", "many ids", "subject of \"a\"", "code before \"subject - a\\n\""].contains(&name.as_str())
            || name.starts_with("long ")
    });
    let mut count = 0;
    for (name, text) in large {
        let answer = explained(&text, Some(&known), None).unwrap();
        let length = json::line(&answer).len();
        assert!(length <= LONGEST_EXPLANATION, "{name}: {length} bytes");
        count += 1;
    }
    assert_eq!(count, 6);
    let (_, many) = texts(SMALL).into_iter().find(|(name, _)| name == "codes").unwrap();
    let answer = explained(&many, None, None).unwrap();
    assert_eq!(answer.explanations.len(), explain_core::MAX_CODES);
    assert!(answer.notes[0].contains("more than 50 different codes"), "{:?}", answer.notes);
}

#[test]
fn a_verdict_has_a_bounded_number_of_findings_of_bounded_length() {
    let all = lists(HTTP);
    let long = |name: &str| all.iter().find(|(known, _)| known == name).unwrap();
    let names = [
        "small",
        "900 equal",
        "900 with bad names",
        "900 patterns",
        "subject of \"***\"",
        "issuer of \"a\"",
        "name of \"é\"",
    ];
    let tokens = tokens();
    for (name, list) in names.map(long) {
        for token in [&tokens[0].1, &tokens[1].1] {
            match checked(token, list) {
                Ok(answer) => {
                    assert!(answer.findings.len() <= 104, "{name}: {}", answer.findings.len());
                    assert_within_limits(name, &serde_json::from_str(&json::line(&answer)).unwrap());
                }
                Err(fault) => assert_fault_within_limits(name, &fault),
            }
        }
    }
}

#[test]
fn the_limit_of_credentials_is_said_with_a_way_out() {
    let one = |at: usize| json!({"name": format!("n{at}"), "issuer": GITHUB, "subject": format!("s{at}"), "audiences": [AUDIENCE]});
    let list = |count: usize| Value::Array((0..count).map(one).collect()).to_string();
    let known = token(GITHUB, "s999");
    let answer = checked(&known, &list(1_000)).unwrap();
    assert_eq!(answer.matched.as_deref(), Some("n999"));
    assert_eq!(answer.credentials.len(), 1_000);
    let fault = checked(&known, &list(1_001)).err().unwrap();
    assert_eq!(fault.code, "credentials-beyond-limit");
    assert!(fault.message.contains("1001 credentials") && fault.message.contains("at most 1000"), "{}", fault.message);
    assert!(fault.hints[0].contains("one application or managed identity"), "{:?}", fault.hints);
    let fault = explained("AADSTS700213: x", None, Some(&list(3_000))).err().unwrap();
    assert_eq!(fault.code, "credentials-beyond-limit");
}

#[test]
fn among_many_credentials_the_near_miss_is_found_and_the_limit_is_said() {
    let one = |at: usize, subject: &str| json!({"name": format!("n{at}"), "issuer": GITHUB, "subject": subject, "audiences": [AUDIENCE]});
    let mut all: Vec<_> = (0..400).map(|at| one(at, &format!("repo:octo-org/app-{at}:environment:prod"))).collect();
    all.insert(333, one(999, "repo:Octo-Org/web:environment:prod"));
    let answer = checked(&token(GITHUB, "repo:octo-org/web:environment:prod"), &Value::Array(all).to_string()).unwrap();
    assert_eq!(answer.findings[0].code, "subject-case");
    assert!(answer.findings[0].message.contains("`n999`"), "{}", answer.findings[0].message);
    let limit = answer.findings.iter().find(|finding| finding.code == "credentials-ranked").unwrap();
    assert!(limit.message.contains("of 401 credentials, the 64 nearest"), "{}", limit.message);
}

#[test]
#[ignore = "prints times, which depend on the machine"]
fn times_of_the_largest_inputs() {
    let only = std::env::var("ONLY").unwrap_or_default();
    for size in [HTTP, COMMAND_LINE] {
        let times = times(size, &only);
        println!("{} inputs of {} KiB; the slowest:", times.len(), size / 1024);
        for (time, name) in times.iter().take(25) {
            println!("{:>9.1} ms  {name}", time.as_secs_f64() * 1e3);
        }
    }
}
