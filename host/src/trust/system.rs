//! Finds and reads the system's trusted certificate authorities.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_native_certs::load_certs_from_paths;

use super::{MAX_BUNDLE, likely};
use crate::{inputs, reason};

/// Names a file that replaces the system's authorities, as in OpenSSL.
const SSL_CERT_FILE: &str = "SSL_CERT_FILE";
/// Names folders that replace the system's authorities, as in OpenSSL.
const SSL_CERT_DIR: &str = "SSL_CERT_DIR";

/// A source of trusted root certificates.
#[derive(Debug)]
pub(super) enum RootSource {
    /// These certificates.
    Given(Vec<CertificateDer<'static>>),
    /// A file with all certificates.
    Bundle(PathBuf),
    /// Folders whose files have one or more certificates each.
    Folders(Vec<PathBuf>),
    /// Mozilla's list at the time of the build, for container images without certificates.
    #[cfg(not(any(windows, target_vendor = "apple")))]
    BuiltIn,
    /// The system's own verifier, which also knows what the system distrusts.
    #[cfg(any(windows, target_vendor = "apple"))]
    Platform,
}

/// Why the file that `SSL_CERT_FILE` names is of no use, if it is of none.
pub(crate) fn useless_file() -> Option<String> {
    let file = PathBuf::from(std::env::var_os(SSL_CERT_FILE).filter(|value| !value.is_empty())?);
    // Not its name: by mistake it may be a secret.
    useless(&file).map(|why| format!("the file of {SSL_CERT_FILE} cannot be used: {why}"))
}

fn useless(file: &Path) -> Option<String> {
    match File::open(file).and_then(|file| inputs::read_file(file, MAX_BUNDLE)) {
        Err(error) => Some(reason::of(&error)),
        Ok(bytes) if CertificateDer::pem_slice_iter(&bytes).flatten().next().is_some() => None,
        Ok(_) => Some("it has no `-----BEGIN CERTIFICATE-----` block (PEM)".to_owned()),
    }
}

/// The system's sources in the order to try them. None is read yet.
pub(super) fn sources() -> Vec<RootSource> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let (file, folders) = (named(SSL_CERT_FILE), named(SSL_CERT_DIR));
    if file.is_none() && folders.is_none() {
        return default_sources();
    }
    let folders = folders.map(|folders| std::env::split_paths(&folders).collect());
    file.map(|file| RootSource::Bundle(file.into())).into_iter().chain(folders.map(RootSource::Folders)).collect()
}

#[cfg(any(windows, target_vendor = "apple"))]
fn default_sources() -> Vec<RootSource> {
    vec![RootSource::Platform]
}

/// The bundle, then the folders beside it, where administrators add authorities.
#[cfg(not(any(windows, target_vendor = "apple")))]
fn default_sources() -> Vec<RootSource> {
    let found = openssl_probe::probe();
    if found.cert_file.is_none() && !found.cert_dir.iter().any(|folder| has_entries(folder)) {
        return vec![RootSource::BuiltIn];
    }
    found.cert_file.map(RootSource::Bundle).into_iter().chain([RootSource::Folders(found.cert_dir)]).collect()
}

#[cfg(not(any(windows, target_vendor = "apple")))]
fn has_entries(folder: &Path) -> bool {
    folder.read_dir().is_ok_and(|mut entries| entries.next().is_some())
}

impl RootSource {
    /// The certificates that can have issued one of this chain, where finding them takes less time
    /// than reading all.
    pub(super) fn likely(
        &self,
        chain: &[&CertificateDer<'_>],
        provider: &Arc<CryptoProvider>,
    ) -> Option<Arc<dyn ServerCertVerifier>> {
        let Self::Bundle(file) = self else { return None };
        webpki(likely::issuers_of(chain, &bundle(file)?).into_iter(), provider)
    }

    /// Reads the source. None if it has no usable certificate; other sources may have one.
    pub(super) fn verifier(&self, provider: &Arc<CryptoProvider>) -> Option<Arc<dyn ServerCertVerifier>> {
        match self {
            Self::Given(certificates) => webpki(certificates.iter().cloned(), provider),
            // rustls-native-certs reads a file line by line, which takes several times as long.
            Self::Bundle(file) => webpki(CertificateDer::pem_slice_iter(&bundle(file)?).flatten(), provider),
            Self::Folders(folders) => {
                webpki(folders.iter().flat_map(|folder| load_certs_from_paths(None, Some(folder)).certs), provider)
            }
            #[cfg(not(any(windows, target_vendor = "apple")))]
            Self::BuiltIn => verifier(webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect(), provider),
            #[cfg(any(windows, target_vendor = "apple"))]
            Self::Platform => Some(Arc::new(rustls_platform_verifier::Verifier::new(Arc::clone(provider)).ok()?)),
        }
    }
}

fn bundle(file: &Path) -> Option<Vec<u8>> {
    File::open(file).and_then(|file| inputs::read_file(file, MAX_BUNDLE)).ok()
}

fn webpki(
    certificates: impl Iterator<Item = CertificateDer<'static>>,
    provider: &Arc<CryptoProvider>,
) -> Option<Arc<dyn ServerCertVerifier>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates);
    verifier(roots, provider)
}

fn verifier(roots: RootCertStore, provider: &Arc<CryptoProvider>) -> Option<Arc<dyn ServerCertVerifier>> {
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
    // The builder fails without roots.
    Some(builder.build().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_told_from_one_with_some() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        assert_eq!(useless(&file).unwrap(), "it does not exist");
        assert!(useless(folder.path()).is_some(), "a folder");
        std::fs::write(&file, [0x30, 0x82, 0x01]).unwrap();
        assert!(useless(&file).unwrap().contains("PEM"));
        let authority = rcgen::generate_simple_self_signed(["x.test".to_owned()]).unwrap();
        std::fs::write(&file, authority.cert.pem()).unwrap();
        assert_eq!(useless(&file), None);
    }
}
