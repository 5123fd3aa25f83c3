//! Verifies server certificates with the authorities of `--ca-file` and of the system, which
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` replace.
//!
//! A system's bundle has some 150 certificates, and reading it takes longer than the rest of a
//! short command. So the sources are tried in turn, the smallest first, and a source is read only
//! when the ones before it do not accept a certificate. Of a bundle, the certificates that can have
//! issued the server's are tried first.

use std::fs::File;
use std::iter;
use std::sync::{Arc, OnceLock};

use azure_oidc_core::{Category, Fault};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

mod likely;
mod system;

use crate::deadline::Phase;
use crate::inputs;
use crate::reason;
use system::RootSource;
pub(crate) use system::useless_file;

/// The largest file of certificates, in bytes. A system's bundle has some hundred kilobytes.
const MAX_BUNDLE: u64 = 8 << 20;

/// The trusted authorities. The system's are not read yet.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    ca_file: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// Reads the file that `--ca-file` names.
    ///
    /// # Errors
    ///
    /// `ca-file-unusable` when the file cannot be read or has no certificate.
    pub(crate) fn new(ca_file: Option<&str>, enter: impl Fn(Phase)) -> Result<Self, Fault> {
        let Some(path) = ca_file else { return Ok(Self::default()) };
        enter(Phase::File { name: path.to_owned(), kind: inputs::kind_of(path) });
        Ok(Self { ca_file: read_ca_file(path)? })
    }

    /// The verifier of server certificates.
    pub(crate) fn verifier(&self, provider: Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier> {
        let ca_file = (!self.ca_file.is_empty()).then(|| RootSource::Given(self.ca_file.clone()));
        let sources = ca_file.into_iter().chain(system::sources());
        Arc::new(ChainedVerifier::new(sources, provider))
    }
}

fn read_ca_file(path: &str) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let unusable = |reason: String| {
        let message = format!("The file {path} of `--ca-file` cannot be used: {reason}");
        Fault::new(Category::Usage, "ca-file-unusable", message)
            .fact("file", path)
            .hint("name a file with one or more `-----BEGIN CERTIFICATE-----` blocks (PEM)")
    };
    let contents = File::open(path).and_then(|file| inputs::read_file(file, MAX_BUNDLE));
    let contents = contents.map_err(|error| unusable(reason::of(&error)))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents).collect();
    let certificates = certificates.map_err(|error| unusable(error.to_string()))?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone()).map_err(|error| unusable(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(unusable("it has no certificate".to_owned()));
    }
    Ok(certificates)
}

/// The verifier of a source: unset until it is read, none if it has no usable certificate.
type LazyVerifier = OnceLock<Option<Arc<dyn ServerCertVerifier>>>;

/// A source, as far as it was read.
#[derive(Debug)]
struct LazySource {
    roots: RootSource,
    /// The part for the first chain that was verified.
    likely: LazyVerifier,
    whole: LazyVerifier,
}

/// Accepts a certificate that any of the sources accepts.
#[derive(Debug)]
struct ChainedVerifier {
    sources: Vec<LazySource>,
    provider: Arc<CryptoProvider>,
}

impl ChainedVerifier {
    fn new(sources: impl IntoIterator<Item = RootSource>, provider: Arc<CryptoProvider>) -> Self {
        let unread = |roots| LazySource { roots, likely: OnceLock::new(), whole: OnceLock::new() };
        Self { sources: sources.into_iter().map(unread).collect(), provider }
    }
}

impl ServerCertVerifier for ChainedVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut reason = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        let chain: Vec<_> = iter::once(end_entity).chain(intermediates).collect();
        let chain = chain.as_slice();
        let verifiers = self.sources.iter().flat_map(|LazySource { roots, likely, whole }| {
            let likely = iter::once_with(move || likely.get_or_init(|| roots.likely(chain, &self.provider)));
            likely.chain(iter::once_with(move || whole.get_or_init(|| roots.verifier(&self.provider))))
        });
        for verifier in verifiers.flatten() {
            match verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                Ok(verified) => return Ok(verified),
                // The error of a source that knows the issuer is more specific.
                Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)) => {}
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
