//! Searches the output of a job for secrets.

use std::fs;
use std::path::Path;

use crate::Ran;

/// The start of the header and of the payload of each compact JWT: `{"` in base64url (RFC 7519 §3).
const JSON_OBJECT: &str = "eyJ";

/// Asserts that a text contains no part of this ID token and no JWT, so no access token either.
#[track_caller]
pub fn assert_none(text: &str, id_token: &str) {
    let signature = id_token.rsplit('.').next().filter(|segment| segment.len() > 20);
    let whole = Some(id_token).filter(|token| token.len() > 20);
    for secret in [whole, signature].into_iter().flatten() {
        assert!(!text.contains(secret), "a part of the ID token was printed:\n{text}");
    }
    assert!(!text.contains(JSON_OBJECT), "a JWT was printed:\n{text}");
}

/// Asserts the same for standard output and standard error of a job.
#[track_caller]
pub fn assert_none_printed(ran: &Ran, id_token: &str) {
    assert_none(&ran.stdout, id_token);
    assert_none(&ran.stderr, id_token);
}

/// Asserts the same for each file in a folder except those that the test wrote.
#[track_caller]
pub fn assert_none_written(folder: &Path, own: &[&str], id_token: &str) {
    for entry in fs::read_dir(folder).expect("the folder is there").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() && !own.contains(&name.as_str()) {
            assert_none(&String::from_utf8_lossy(&fs::read(entry.path()).unwrap_or_default()), id_token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID_TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU";

    fn found(text: &str) -> bool {
        std::panic::catch_unwind(|| assert_none(text, ID_TOKEN)).is_err()
    }

    #[test]
    fn parts_of_the_token_and_other_tokens_are_found() {
        assert!(found(&format!("error: {ID_TOKEN}")));
        assert!(ID_TOKEN.split('.').all(found));
        assert!(found("AZURE_ACCESS_TOKEN=eyJ0eXAiOiJKV1QifQ.x.y"));
        assert!(!found("error: the token expired 1 hour ago"));
    }

    #[test]
    fn a_file_with_a_token_is_found_unless_the_test_wrote_it() {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        fs::write(folder.path().join("leak"), ID_TOKEN).expect("it can be written");
        assert_none_written(folder.path(), &["leak"], ID_TOKEN);
        assert!(std::panic::catch_unwind(|| assert_none_written(folder.path(), &[], ID_TOKEN)).is_err());
    }
}
