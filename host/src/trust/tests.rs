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

fn in_turn(places: Vec<Place>) -> InTurn {
    let places = places.into_iter().map(|place| (place, OnceLock::new())).collect();
    InTurn { places, provider: Arc::new(ring::default_provider()) }
}

fn given(authority: &Authority) -> Place {
    Place::Given(vec![CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()])
}

fn judge(verifier: &InTurn, authority: &Authority, certificate_for: &str) -> Result<(), Error> {
    let (certificate, _) = authority.certificate(certificate_for);
    let name = ServerName::try_from("login.example").unwrap();
    verifier.verify_server_cert(&certificate, &[], &name, &[], UnixTime::now()).map(|_| ())
}

const UNKNOWN: Error = Error::InvalidCertificate(CertificateError::UnknownIssuer);

#[test]
fn a_certificate_that_any_place_vouches_for_is_accepted() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    let verifier = in_turn(vec![given(&theirs), given(&ours)]);
    assert_eq!(judge(&verifier, &ours, "login.example"), Ok(()));
    assert_eq!(judge(&verifier, &Authority::new(), "login.example"), Err(UNKNOWN));
}

#[test]
fn a_place_is_not_read_when_one_before_it_vouches() {
    let ours = Authority::new();
    let verifier = in_turn(vec![given(&ours), Place::Bundle("/nonexistent".into())]);
    judge(&verifier, &ours, "login.example").unwrap();
    assert!(verifier.places[1].1.get().is_none());
    judge(&verifier, &Authority::new(), "login.example").unwrap_err();
    assert!(verifier.places[1].1.get().is_some());
}

#[test]
fn a_wrong_name_is_not_hidden_by_a_place_that_does_not_know_the_issuer() {
    let ours = Authority::new();
    let verifier = in_turn(vec![given(&ours), given(&Authority::new())]);
    let error = judge(&verifier, &ours, "other.example").unwrap_err();
    assert!(error.to_string().contains("not valid for name"), "{error}");
}

#[test]
fn without_any_authority_nothing_is_accepted() {
    let ours = Authority::new();
    for places in [vec![], vec![Place::Bundle("/nonexistent".into()), Place::Folders(vec!["/nonexistent".into()])]] {
        assert_eq!(judge(&in_turn(places), &ours, "login.example"), Err(UNKNOWN));
    }
}

#[test]
fn bundles_and_folders_of_files_are_read() {
    let (ours, other) = (Authority::new(), Authority::new());
    let (folder, path) = file_with(&format!("# a comment\n{}\n{}", other.pem, ours.pem));
    for place in [Place::Bundle(path.into()), Place::Folders(vec![folder.path().to_owned()])] {
        assert_eq!(judge(&in_turn(vec![place]), &ours, "login.example"), Ok(()));
    }
}

#[test]
fn the_file_of_the_flag_is_read_before_anything_else_and_its_faults_are_named() {
    let ours = Authority::new();
    let (_folder, path) = file_with(&ours.pem);
    assert_eq!(Trust::new(Some(&path)).unwrap().added.len(), 1);
    assert_eq!(Trust::new(None).unwrap().added.len(), 0);

    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for text in ["", "no certificate", broken] {
        let (_folder, path) = file_with(text);
        let fault = Trust::new(Some(&path)).unwrap_err();
        assert_eq!((fault.code, fault.category), ("ca-file-unusable", Category::Usage), "{text}");
        assert!(fault.message.contains(&path), "{fault}");
    }
    assert_eq!(Trust::new(Some("/nonexistent")).unwrap_err().code, "ca-file-unusable");
}
