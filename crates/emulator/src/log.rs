//! The request log: what arrived and what was answered, without the secrets, for tests and for people who watch.

use std::collections::{BTreeMap, VecDeque};
use std::time::SystemTime;

use http::HeaderMap;
use serde::Serialize;

use crate::faults::Kind;
use crate::keys::sha256;

/// How many requests are kept; older ones make room.
const CAPACITY: usize = 1000;

/// One request and its answer. Values that are or may be secrets are replaced by their [`Fingerprint`].
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
    /// HTTP status of the answer; none when there was no answer.
    pub status: Option<u16>,
    /// The AADSTS number of a refusal.
    pub aadsts: Option<u32>,
    /// The name of the federated identity credential that matched.
    pub credential: Option<String>,
    /// The fault that struck.
    pub fault: Option<Kind>,
}

/// By which a test can recognise a secret that it sent.
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
    pub(crate) fn new(method: &http::Method, path: &str, query: &[(String, String)], headers: &HeaderMap) -> Self {
        let headers = headers.iter().map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes());
            (
                name.as_str().to_owned(),
                if is_secret_header(name.as_str()) { Fingerprint::of(&text).to_string() } else { text.into_owned() },
            )
        });
        Self {
            time: humantime::format_rfc3339_millis(SystemTime::now()).to_string(),
            method: method.to_string(),
            path: path.to_owned(),
            query: query.iter().map(|(name, value)| (name.clone(), shown_parameter(name, value))).collect(),
            headers: headers.collect(),
            ..Self::default()
        }
    }

    /// Adds the fields of a form.
    pub(crate) fn form(&mut self, fields: &[(String, String)]) {
        for (name, value) in fields {
            if name == "client_assertion" {
                self.assertion = Some(Fingerprint::of(value));
            }
            let shown = if is_plain_field(name) { value.clone() } else { Fingerprint::of(value).to_string() };
            self.form.insert(name.clone(), shown);
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
        if let Some(fault) = self.fault {
            line.push_str(&format!(" (fault {fault})"));
        }
        line
    }
}

/// The requests of late.
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

    /// Forgets them; numbers go on.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

/// Headers are shown unless their name says that they may authenticate somebody.
fn is_secret_header(name: &str) -> bool {
    ["authoriz", "authentic", "token", "secret", "cookie", "key", "password", "identity"]
        .iter()
        .any(|word| name.contains(word))
}

/// Parameters of a query are shown like headers, except what belongs into a form.
fn shown_parameter(name: &str, value: &str) -> String {
    if is_secret_header(name) || name.contains("assertion") {
        Fingerprint::of(value).to_string()
    } else {
        value.to_owned()
    }
}

/// Form fields are shown only when they are known to be harmless.
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
        let mut headers = HeaderMap::new();
        for name in ["authorization", "cookie", "x-api-key", "x-identity-header", "proxy-authorization"] {
            headers.insert(name, "s3cret".parse().unwrap());
        }
        headers.insert("user-agent", "test".parse().unwrap());
        let mut entry = Entry::new(&http::Method::POST, "/t/oauth2/v2.0/token", &[], &headers);
        let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        entry.form(&[
            field("client_assertion", "s3cret"),
            field("client_secret", "s3cret"),
            field("password", "s3cret"),
            field("client_id", "shown"),
        ]);
        let json = serde_json::to_string(&entry).unwrap();
        assert!(!json.contains("s3cret"), "{json}");
        assert_eq!(entry.form["client_id"], "shown");
        assert_eq!(entry.headers["user-agent"], "test");
        assert_eq!(entry.assertion, Some(Fingerprint::of("s3cret")));
    }

    #[test]
    fn the_oldest_requests_make_room_and_numbers_go_on() {
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
    fn a_line_says_what_came_of_a_request() {
        let base = Entry { method: "POST".into(), path: "/t/oauth2/v2.0/token".into(), ..Entry::default() };
        let lines = [
            Entry { status: Some(200), credential: Some("main".into()), ..base.clone() },
            Entry { status: Some(401), aadsts: Some(700213), ..base.clone() },
            Entry { fault: Some(Kind::Hang), ..base },
        ]
        .map(|entry| entry.line());
        insta::assert_snapshot!(lines.join("\n"), @r#"
        POST /t/oauth2/v2.0/token 200 by credential "main"
        POST /t/oauth2/v2.0/token 401 AADSTS700213
        POST /t/oauth2/v2.0/token no answer (fault hang)
        "#);
    }
}
