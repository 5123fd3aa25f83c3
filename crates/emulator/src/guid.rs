//! GUIDs: random ones, ones derived from a text, and their syntax.

use uuid::{Builder, Uuid};

/// Returns a new random GUID.
pub(crate) fn random() -> String {
    Uuid::new_v4().to_string()
}

/// Returns the GUID of a text. The same text always has the same GUID.
pub(crate) fn of(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    Builder::from_custom_bytes(bytes).into_uuid().to_string()
}

/// Whether this is a GUID with hyphens and without braces.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36 && Uuid::try_parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guid_of_a_text_is_always_the_same() {
        assert_eq!(of("deploy"), of("deploy"));
        assert_ne!(of("deploy"), of("Deploy"));
        assert!(is_guid(&of("deploy")) && is_guid(&random()));
        assert!(!is_guid("{11111111-1111-4111-8111-111111111111}"));
    }
}
