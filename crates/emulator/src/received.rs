//! A request whose body was read and whose query and form were decoded.

use axum::body::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderMap, Method};

/// Entra refuses forms that are larger than this, in bytes.
const MAX_FORM: usize = 64 * 1024;

/// Names and values in the order in which they arrived.
pub(crate) type Pairs = Vec<(String, String)>;

/// A request.
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Pairs,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The fields, if the content type says that the body is a form, and if it is not too large.
    pub(crate) form: Option<Pairs>,
    /// An injection hides the credentials that were set last from this request.
    pub(crate) stale_credentials: bool,
}

impl Received {
    pub(crate) fn new(parts: &Parts, body: Bytes) -> Self {
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let is_form = essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") && body.len() <= MAX_FORM;
        Self {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query: pairs(parts.uri.query().unwrap_or_default().as_bytes()),
            headers: parts.headers.clone(),
            form: is_form.then(|| pairs(&body)),
            body,
            stale_credentials: false,
        }
    }

    /// The first header of that name, if it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The first parameter of that name in the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        first(&self.query, name)
    }

    /// The first field of that name in the form.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        first(self.form.as_ref()?, name)
    }
}

fn first<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

fn pairs(encoded: &[u8]) -> Pairs {
    form_urlencoded::parse(encoded).into_owned().collect()
}
