//! GUIDs: random ones, ones derived from a text, and their syntax.

use ring::rand::{SecureRandom, SystemRandom};

/// Returns a new random GUID (RFC 9562 §5.4).
pub(crate) fn random() -> String {
    let mut bytes = [0; 16];
    // Without randomness all GUIDs are equal, which only makes logs harder to read.
    let _ = SystemRandom::new().fill(&mut bytes);
    format(bytes, 4)
}

/// Returns the GUID of a text: the same text always has the same GUID (RFC 9562 §5.8).
pub(crate) fn of(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest.as_ref()[..16]);
    format(bytes, 8)
}

/// Whether this is a GUID with hyphens and without braces. Upper and lower case are both accepted.
pub(crate) fn is_guid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

fn format(mut bytes: [u8; 16], version: u8) -> String {
    bytes[6] = (bytes[6] & 0x0f) | (version << 4);
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guid_of_a_text_is_always_the_same() {
        assert_eq!(of("deploy"), of("deploy"));
        assert_ne!(of("deploy"), of("Deploy"));
        assert!(is_guid(&of("deploy")) && is_guid(&random()));
    }
}
