//! Where a system keeps the certificate authorities that it trusts.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_native_certs::load_certs_from_paths;

/// Replaces the system's authorities by those in this file, as OpenSSL has it.
const SSL_CERT_FILE: &str = "SSL_CERT_FILE";
/// Replaces the system's authorities by those in these folders.
const SSL_CERT_DIR: &str = "SSL_CERT_DIR";

/// A place with certificate authorities.
#[derive(Debug)]
pub(super) enum Place {
    /// These.
    Given(Vec<CertificateDer<'static>>),
    /// Those in one file.
    Bundle(PathBuf),
    /// Those in the files of some folders.
    Folders(Vec<PathBuf>),
    /// Mozilla's list as of this build: an image that holds nothing but a program has no certificates.
    #[cfg(not(any(windows, target_vendor = "apple")))]
    BuiltIn,
    /// The system's own verifier, with its own ways of distrust.
    #[cfg(any(windows, target_vendor = "apple"))]
    Platform,
}

/// The system's places, in the order in which to try them. Nothing has been read yet.
pub(super) fn places() -> Vec<Place> {
    let named = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let (file, folders) = (named(SSL_CERT_FILE), named(SSL_CERT_DIR));
    if file.is_none() && folders.is_none() {
        return usual();
    }
    let folders = folders.map(|folders| std::env::split_paths(&folders).collect());
    file.map(|file| Place::Bundle(file.into())).into_iter().chain(folders.map(Place::Folders)).collect()
}

#[cfg(any(windows, target_vendor = "apple"))]
fn usual() -> Vec<Place> {
    vec![Place::Platform]
}

/// The bundle, and what may have been put beside it.
#[cfg(not(any(windows, target_vendor = "apple")))]
fn usual() -> Vec<Place> {
    let found = openssl_probe::probe();
    if found.cert_file.is_none() && !found.cert_dir.iter().any(|folder| holds_something(folder)) {
        return vec![Place::BuiltIn];
    }
    found.cert_file.map(Place::Bundle).into_iter().chain([Place::Folders(found.cert_dir)]).collect()
}

#[cfg(not(any(windows, target_vendor = "apple")))]
fn holds_something(folder: &std::path::Path) -> bool {
    folder.read_dir().is_ok_and(|mut entries| entries.next().is_some())
}

impl Place {
    /// Reads the place. None when it holds no certificate that can be used: the places besides may.
    pub(super) fn verifier(&self, provider: &Arc<CryptoProvider>) -> Option<Arc<dyn ServerCertVerifier>> {
        match self {
            Self::Given(certificates) => webpki(certificates.iter().cloned(), provider),
            // Read at once: rustls-native-certs goes through a file line by line, which takes several times as long.
            Self::Bundle(file) => webpki(CertificateDer::pem_file_iter(file).into_iter().flatten().flatten(), provider),
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
    // Without roots there is nothing to build.
    Some(builder.build().ok()?)
}
