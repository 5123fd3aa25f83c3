//! Tests the sources of certificate authorities: their order, and their errors.

use super::*;
use crate::testing::Authority;
use rustls::crypto::ring;

fn file_with(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn chained(sources: Vec<RootSource>) -> ChainedVerifier {
    ChainedVerifier::new(sources, Arc::new(ring::default_provider()))
}

fn given(authority: &Authority) -> RootSource {
    RootSource::Given(vec![CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()])
}

fn verify(verifier: &ChainedVerifier, authority: &Authority, certificate_for: &str) -> Result<(), Error> {
    let (certificate, _) = authority.certificate(certificate_for);
    let name = ServerName::try_from("login.example").unwrap();
    verifier.verify_server_cert(&certificate, &[], &name, &[], UnixTime::now()).map(|_| ())
}

const UNKNOWN: Error = Error::InvalidCertificate(CertificateError::UnknownIssuer);

#[test]
fn a_certificate_that_any_source_accepts_is_accepted() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let verifier = chained(vec![given(&theirs), given(&ours)]);
    assert_eq!(verify(&verifier, &ours, "login.example"), Ok(()));
    assert_eq!(verify(&verifier, &Authority::new(), "login.example"), Err(UNKNOWN));
}

#[test]
fn a_source_is_read_only_when_those_before_it_do_not_accept() {
    let ours = Authority::new();
    let verifier = chained(vec![given(&ours), RootSource::Bundle("/nonexistent".into())]);
    verify(&verifier, &ours, "login.example").unwrap();
    let is_read = |source: &LazySource| source.likely.get().is_some() || source.whole.get().is_some();
    assert!(!is_read(&verifier.sources[1]));
    verify(&verifier, &Authority::new(), "login.example").unwrap_err();
    assert!(is_read(&verifier.sources[1]));
}

#[test]
fn a_bundle_is_read_as_a_whole_only_for_a_certificate_of_another_issuer() {
    let (ours, other) = (Authority::new(), Authority::new());
    let (_folder, path) = file_with(&format!("{}{}", other.pem, ours.pem));
    let verifier = chained(vec![RootSource::Bundle(path.into())]);
    verify(&verifier, &ours, "login.example").unwrap();
    assert!(verifier.sources[0].whole.get().is_none());
    verify(&verifier, &other, "login.example").unwrap();
    assert!(verifier.sources[0].whole.get().is_some());
}

#[test]
fn a_wrong_name_is_not_hidden_by_a_source_without_the_issuer() {
    let ours = Authority::new();
    let verifier = chained(vec![given(&ours), given(&Authority::new())]);
    let error = verify(&verifier, &ours, "other.example").unwrap_err();
    assert!(error.to_string().contains("not valid for name"), "{error}");
}

#[test]
fn without_authorities_no_certificate_is_accepted() {
    let ours = Authority::new();
    for sources in
        [vec![], vec![RootSource::Bundle("/nonexistent".into()), RootSource::Folders(vec!["/nonexistent".into()])]]
    {
        assert_eq!(verify(&chained(sources), &ours, "login.example"), Err(UNKNOWN));
    }
}

#[test]
fn bundles_and_folders_of_files_are_read() {
    let (ours, other) = (Authority::new(), Authority::new());
    let (folder, path) = file_with(&format!("# a comment\n{}\n{}", other.pem, ours.pem));
    for source in [RootSource::Bundle(path.into()), RootSource::Folders(vec![folder.path().to_owned()])] {
        assert_eq!(verify(&chained(vec![source]), &ours, "login.example"), Ok(()));
    }
}

#[test]
fn the_ca_file_is_read_first_and_its_errors_name_it() {
    let ours = Authority::new();
    let (_folder, path) = file_with(&ours.pem);
    assert_eq!(Trust::new(Some(&path), |_| ()).unwrap().ca_file.len(), 1);
    assert_eq!(Trust::new(None, |_| ()).unwrap().ca_file.len(), 0);

    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for text in ["", "no certificate", broken] {
        let (_folder, path) = file_with(text);
        let fault = Trust::new(Some(&path), |_| ()).unwrap_err();
        assert_eq!((fault.code, fault.category), ("ca-file-unusable", Category::Usage), "{text}");
        assert!(fault.message.contains(&path), "{fault}");
    }
    assert_eq!(Trust::new(Some("/nonexistent"), |_| ()).unwrap_err().code, "ca-file-unusable");
}
