//! Keeps the documents of issuers for a short time, so that many ID tokens at once do not become as
//! many requests to their issuer.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;

/// How long a document is kept. Issuers publish a new key long before they use it.
const MAX_AGE: Duration = Duration::from_secs(60);
/// The most documents, two for each issuer that the service trusts.
const MAX_DOCUMENTS: usize = 64;
/// The longest document that is kept, in bytes.
const MAX_LENGTH: usize = 100 << 10;

/// Documents by their URL.
#[derive(Debug, Default)]
pub(super) struct Documents(Mutex<BTreeMap<String, (Bytes, Instant)>>);

impl Documents {
    /// A document that is not too old.
    pub(super) fn get(&self, url: &str) -> Option<Bytes> {
        self.documents().get(url).filter(|(_, since)| since.elapsed() < MAX_AGE).map(|(document, _)| document.clone())
    }

    /// Keeps a document.
    pub(super) fn keep(&self, url: &str, document: &Bytes) {
        let mut documents = self.documents();
        if documents.len() >= MAX_DOCUMENTS {
            documents.clear();
        }
        if document.len() <= MAX_LENGTH {
            documents.insert(url.to_owned(), (document.clone(), Instant::now()));
        }
    }

    fn documents(&self) -> MutexGuard<'_, BTreeMap<String, (Bytes, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_kept_for_a_short_time() {
        let documents = Documents::default();
        documents.keep("https://a", &Bytes::from_static(b"a"));
        assert_eq!(documents.get("https://a").as_deref(), Some(&b"a"[..]));
        assert_eq!(documents.get("https://b"), None);
        documents.documents().get_mut("https://a").unwrap().1 -= MAX_AGE;
        assert_eq!(documents.get("https://a"), None);
    }

    #[test]
    fn the_memory_for_documents_is_bounded() {
        let documents = Documents::default();
        documents.keep("https://long", &Bytes::from(vec![0; MAX_LENGTH + 1]));
        assert_eq!(documents.get("https://long"), None);
        for number in 0..3 * MAX_DOCUMENTS {
            documents.keep(&format!("https://{number}"), &Bytes::from_static(b"a"));
        }
        assert!(documents.documents().len() <= MAX_DOCUMENTS);
    }
}
