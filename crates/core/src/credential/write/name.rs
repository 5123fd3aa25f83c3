//! Makes names for credentials.

use sha2::{Digest as _, Sha256};

use crate::credential::limits::{NAME_CHARACTERS, is_name};

/// The length of the hash that distinguishes similar subjects, with its dash, in characters.
const HASH: usize = 9;

/// A name for the credential of this issuer and subject (or expression). It is always valid, and
/// the same for the same values.
///
/// A subject that is a valid name is the name. In any other subject invalid characters are
/// replaced, and a short hash of issuer and subject distinguishes names that would be equal.
pub fn name_for(issuer: &str, subject: &str) -> String {
    if is_name(subject) && !ends_with_hash(subject) {
        return subject.to_owned();
    }
    name_with_hash(issuer, subject)
}

/// As [`name_for`], always with the hash: names that differ in the case of letters only are one.
pub fn name_with_hash(issuer: &str, subject: &str) -> String {
    let mut name = String::with_capacity(*NAME_CHARACTERS.end());
    for c in subject.chars() {
        if name.len() == NAME_CHARACTERS.end() - HASH {
            break;
        }
        if c.is_ascii_alphanumeric() || (c == '_' && !name.is_empty()) {
            name.push(c);
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let readable = if name.is_empty() { "credential" } else { name.trim_end_matches('-') };
    format!("{readable}-{}", short_hash(issuer, subject))
}

fn short_hash(issuer: &str, subject: &str) -> String {
    let hash = Sha256::new().chain_update(issuer).chain_update([0]).chain_update(subject).finalize();
    hash.iter().take(HASH / 2).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether a subject could equal the name that was made for another subject.
fn ends_with_hash(subject: &str) -> bool {
    let is_hex = |c: u8| matches!(c, b'0'..=b'9' | b'a'..=b'f');
    subject.rsplit_once('-').is_some_and(|(_, end)| end.len() == HASH - 1 && end.bytes().all(is_hex))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const GITHUB: &str = "https://token.actions.githubusercontent.com";

    #[test]
    fn names_are_readable_and_never_change() {
        for (subject, name) in [
            ("repo:contoso/web:ref:refs/heads/main", "repo-contoso-web-ref-refs-heads-main-27af23e5"),
            ("repo:contoso/web:pull_request", "repo-contoso-web-pull_request-5b094674"),
            ("Hue1lBsaSx2APlXjzVEPIg", "Hue1lBsaSx2APlXjzVEPIg"),
            ("日本語", "credential-3147ee87"),
            ("", "credential-95d2c111"),
            ("__a::", "a-5a7fc724"),
            ("ab", "ab-22e72fa9"),
        ] {
            assert_eq!(name_for(GITHUB, subject), name);
        }
    }

    #[test]
    fn similar_subjects_have_different_names() {
        let similar = ["repo:a/b", "repo:a:b", "repo/a/b", "repo-a/b", "REPO:a/b", "repo:a/b ", "repo:a/b:"];
        let mut names: Vec<_> = similar.iter().map(|subject| name_for(GITHUB, subject)).collect();
        // A subject that is the name of another subject.
        names.push(name_for(GITHUB, &names[0]));
        names.push(name_for("https://gitlab.com", similar[0]));
        names.sort();
        names.dedup();
        assert_eq!(names.len(), similar.len() + 2);
    }

    proptest! {
        #[test]
        fn every_name_is_allowed(issuer in "\\PC{0,40}", subject in "(\\PC|[-_:/a]){0,200}") {
            let name = name_for(&issuer, &subject);
            prop_assert!(is_name(&name), "{name}");
            prop_assert_eq!(name, name_for(&issuer, &subject));
        }

        #[test]
        fn distinct_subjects_have_distinct_names(subjects in prop::collection::btree_set("[-_:/ab]{0,6}", 2..20)) {
            let names: std::collections::BTreeSet<_> = subjects.iter().map(|subject| name_for(GITHUB, subject)).collect();
            prop_assert_eq!(names.len(), subjects.len());
        }
    }
}
