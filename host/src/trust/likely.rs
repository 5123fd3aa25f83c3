//! Finds the certificates of a bundle that can have issued a server's certificate.
//!
//! A system's bundle has some 150 certificates, and decoding them all takes longer than the
//! component runs. The issuer of a server's certificate, or of one that it sent along, stands in the
//! first lines of its own certificate, so only those are decoded at first. What this misses is found
//! when the whole bundle is read.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use memchr::memmem;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use webpki::EndEntityCert;

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";
/// The length of the part that is searched, in characters of Base64: a multiple of four. The subject
/// of a certificate is within it unless a name is very long.
const SEARCHED: usize = 800;

/// The certificates whose subject, or issuer, is an issuer of this chain.
pub(super) fn issuers_of(chain: &[&CertificateDer<'_>], bundle: &[u8]) -> Vec<CertificateDer<'static>> {
    let parsed: Vec<_> = chain.iter().filter_map(|certificate| EndEntityCert::try_from(*certificate).ok()).collect();
    let names: Vec<_> = parsed.iter().map(|certificate| memmem::Finder::new(certificate.issuer())).collect();
    let starts: Vec<_> = memmem::find_iter(bundle, BEGIN).collect();
    let mut buffer = Vec::with_capacity(SEARCHED);
    let mut found = Vec::new();
    for start in starts {
        let block = &bundle[start..];
        let start_of_der = decoded(&block[BEGIN.len()..], &mut buffer);
        if names.iter().any(|name| name.find(start_of_der).is_some()) {
            found.extend(CertificateDer::from_pem_slice(block));
        }
    }
    found
}

/// The first bytes of a certificate after its first line, in this buffer.
fn decoded<'a>(text: &[u8], buffer: &'a mut Vec<u8>) -> &'a [u8] {
    let mut characters = [0; SEARCHED];
    let mut length = 0;
    for line in text.split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        let line = &line[..line.len().min(SEARCHED - length)];
        if line.starts_with(b"-") || length == SEARCHED {
            break;
        }
        characters[length..length + line.len()].copy_from_slice(line);
        length += line.len();
    }
    buffer.clear();
    // What is no Base64 is no certificate.
    BASE64_STANDARD.decode_vec(&characters[..length - length % 4], buffer).ok();
    buffer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Authority;

    #[test]
    fn only_issuers_of_the_chain_are_decoded() {
        let authorities: Vec<_> = (0..20).map(|_| Authority::new()).collect();
        let bundle: String =
            authorities.iter().map(|authority| format!("# a comment\n{}\r\n", authority.pem)).collect();
        for authority in &authorities {
            let (certificate, _) = authority.certificate("login.example");
            let expected = CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap();
            assert_eq!(issuers_of(&[&certificate], bundle.as_bytes()), [expected]);
        }
        let (certificate, _) = Authority::new().certificate("login.example");
        assert!(issuers_of(&[&certificate], bundle.as_bytes()).is_empty());
    }

    #[test]
    fn text_that_is_no_certificate_is_passed_over() {
        let authority = Authority::new();
        let (certificate, _) = authority.certificate("login.example");
        for broken in ["", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----\n?\n-----END CERTIFICATE-----\n"]
        {
            let bundle = format!("{broken}\n{}", authority.pem);
            assert_eq!(issuers_of(&[&certificate], bundle.as_bytes()).len(), 1, "{broken}");
            assert!(issuers_of(&[&certificate], broken.as_bytes()).is_empty());
        }
    }
}
