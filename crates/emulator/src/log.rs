//! The request log: requests and their outcome, without secrets.

use std::collections::{BTreeMap, VecDeque};
use std::time::SystemTime;

use serde::Serialize;

use crate::injections::Kind;
use crate::keys::sha256;
use crate::received::Received;

/// How many requests are kept; the oldest are dropped.
const CAPACITY: usize = 1000;

/// A request and its outcome. A [`Fingerprint`] replaces every value that may be a secret.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Entry {
    /// Counted from 1 since the start.
    pub id: u64,
    /// When it arrived, in RFC 3339.
    pub time: String,
    /// HTTP method.
    pub method: String,
    /// Path, without the query.
    pub path: String,
    /// The parameters of the query.
    pub query: BTreeMap<String, String>,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The fields of a form.
    pub form: BTreeMap<String, String>,
    /// The assertion in the form.
    pub assertion: Option<Fingerprint>,
    /// How many bytes the body had.
    pub body_bytes: usize,
    /// HTTP status of the answer; none if there was no answer.
    pub status: Option<u16>,
    /// The AADSTS number of a refusal.
    pub aadsts: Option<u32>,
    /// The name of the federated identity credential that matched.
    pub credential: Option<String>,
    /// The kind of the injection that was applied.
    pub injection: Option<Kind>,
}

/// Identifies a secret without revealing it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fingerprint {
    /// Its length.
    pub bytes: usize,
    /// SHA-256 in lower-case hexadecimal.
    pub sha256: String,
}

impl Fingerprint {
    /// The fingerprint of a text.
    pub fn of(text: &str) -> Self {
        Self { bytes: text.len(), sha256: sha256(text.as_bytes()) }
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "({} bytes, sha256 {})", self.bytes, self.sha256)
    }
}

impl Entry {
    /// What is known when a request arrives.
    pub(crate) fn new(request: &Received) -> Self {
        let query = request.query.iter().map(|(name, value)| {
            // A client must not put an assertion into the query, but may do so.
            let secret = is_secret_header(name) || name.contains("assertion");
            (name.clone(), show(value, secret))
        });
        let headers = request.headers.iter().map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            (name.to_string(), show(&text, is_secret_header(name.as_str())))
        });
        let form = request.form.iter().flatten();
        Self {
            time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            method: request.method.to_string(),
            path: request.path.clone(),
            query: query.collect(),
            headers: headers.collect(),
            form: form.map(|(name, value)| (name.clone(), show(value, !is_plain_field(name)))).collect(),
            assertion: request.field("client_assertion").map(Fingerprint::of),
            body_bytes: request.body.len(),
            ..Self::default()
        }
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let mut line = format!("{} {} ", self.method, self.path);
        match self.status {
            Some(status) => line.push_str(&status.to_string()),
            None => line.push_str("no answer"),
        }
        if let Some(code) = self.aadsts {
            line.push_str(&format!(" AADSTS{code}"));
        }
        if let Some(credential) = &self.credential {
            line.push_str(&format!(" by credential {credential:?}"));
        }
        if let Some(injection) = self.injection {
            line.push_str(&format!(" (injection {injection})"));
        }
        line
    }
}

/// The AADSTS number of a refusal. The response carries it from a handler to the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefusalCode(pub(crate) u32);

/// The name of the credential that matched. The response carries it from a handler to the log.
#[derive(Debug, Clone)]
pub(crate) struct MatchedCredential(pub(crate) String);

/// The latest requests.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: VecDeque<Entry>,
    last: u64,
}

impl Log {
    /// Adds a request and gives it its number.
    pub(crate) fn add(&mut self, mut entry: Entry) -> Entry {
        self.last += 1;
        entry.id = self.last;
        if self.entries.len() == CAPACITY {
            self.entries.pop_front();
        }
        self.entries.push_back(entry.clone());
        entry
    }

    /// All that are kept, oldest first.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }

    /// Removes all. Numbers continue.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

/// Whether the name of a header says that it may authenticate somebody.
fn is_secret_header(name: &str) -> bool {
    ["authoriz", "authentic", "token", "secret", "cookie", "key", "password", "identity"]
        .iter()
        .any(|word| name.contains(word))
}

fn show(value: &str, secret: bool) -> String {
    if secret { Fingerprint::of(value).to_string() } else { value.to_owned() }
}

/// Whether a form field is known to be harmless.
fn is_plain_field(name: &str) -> bool {
    const PLAIN: [&str; 8] = [
        "client_id",
        "grant_type",
        "scope",
        "resource",
        "client_assertion_type",
        "client_info",
        "claims",
        "client-request-id",
    ];
    PLAIN.contains(&name) || name.starts_with("x-client-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_secret_reaches_the_log() {
        let mut request = http::Request::post("/t/oauth2/v2.0/token?code=shown&client_assertion=s3cret")
            .header("content-type", "application/x-www-form-urlencoded")
            .header("user-agent", "test");
        for name in ["authorization", "cookie", "x-api-key", "x-identity-header", "proxy-authorization"] {
            request = request.header(name, "s3cret");
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let form = "client_assertion=s3cret&client_secret=s3cret&password=s3cret&client_id=shown";
        let entry = Entry::new(&Received::new(&parts, form.into()));
        let json = serde_json::to_string(&entry).unwrap();
        assert!(!json.contains("s3cret"), "{json}");
        assert_eq!(entry.form["client_id"], "shown");
        assert_eq!(entry.headers["user-agent"], "test");
        assert_eq!(entry.assertion, Some(Fingerprint::of("s3cret")));
    }

    #[test]
    fn the_oldest_requests_are_dropped_and_numbers_continue() {
        let mut log = Log::default();
        for _ in 0..=CAPACITY {
            log.add(Entry::default());
        }
        assert_eq!(log.entries().len(), CAPACITY);
        assert_eq!(log.entries()[0].id, 2);
        log.clear();
        assert_eq!(log.add(Entry::default()).id, CAPACITY as u64 + 2);
    }

    #[test]
    fn a_line_shows_the_outcome_of_a_request() {
        let base = Entry { method: "POST".into(), path: "/t/oauth2/v2.0/token".into(), ..Entry::default() };
        let lines = [
            Entry { status: Some(200), credential: Some("main".into()), ..base.clone() },
            Entry { status: Some(401), aadsts: Some(700213), ..base.clone() },
            Entry { injection: Some(Kind::Hang), ..base },
        ]
        .map(|entry| entry.line());
        insta::assert_snapshot!(lines.join("\n"), @r#"
        POST /t/oauth2/v2.0/token 200 by credential "main"
        POST /t/oauth2/v2.0/token 401 AADSTS700213
        POST /t/oauth2/v2.0/token no answer (injection hang)
        "#);
    }
}
