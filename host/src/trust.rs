//! Which certificate authorities are trusted: the system's or those of `SSL_CERT_FILE` and `SSL_CERT_DIR` in their place, and those
//! of `--ca-file` besides.
//!
//! A system's bundle holds some 150 certificates, and reading them takes longer than all else that a short command does. So the
//! places are tried one after the other, the small one first, and each is read only when a certificate has to be judged that the
//! ones before it do not vouch for.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use azure_oidc_core::{Category, Fault};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

mod system;

use system::Place;

/// Whom to trust, before anything of the system's was read.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    added: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// Reads the file that `--ca-file` names.
    ///
    /// # Errors
    ///
    /// `ca-file-unusable` when it cannot be read or holds no certificate.
    pub(crate) fn new(ca_file: Option<&str>) -> Result<Self, Fault> {
        Ok(Self { added: ca_file.map_or(Ok(Vec::new()), certificates)? })
    }

    /// The verifier of server certificates.
    pub(crate) fn verifier(&self, provider: Arc<CryptoProvider>) -> Arc<dyn ServerCertVerifier> {
        let mut places = Vec::new();
        if !self.added.is_empty() {
            places.push(Place::Given(self.added.clone()));
        }
        places.extend(system::places());
        let places = places.into_iter().map(|place| (place, OnceLock::new())).collect();
        Arc::new(InTurn { places, provider })
    }
}

fn certificates(path: &str) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let unusable = |reason: String| {
        Fault::new(
            Category::Usage,
            "ca-file-unusable",
            format!("The file {path} of `--ca-file` cannot be used: {reason}"),
        )
        .fact("file", path)
        .hint("name a file with one or more `-----BEGIN CERTIFICATE-----` blocks (PEM)")
    };
    let found = CertificateDer::pem_file_iter(Path::new(path)).map_err(|error| unusable(error.to_string()))?;
    let certificates: Vec<_> = found.collect::<Result<_, _>>().map_err(|error| unusable(error.to_string()))?;
    let mut store = RootCertStore::empty();
    for certificate in &certificates {
        store.add(certificate.clone()).map_err(|error| unusable(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(unusable("it holds no certificate".to_owned()));
    }
    Ok(certificates)
}

type Read = OnceLock<Option<Arc<dyn ServerCertVerifier>>>;

/// Asks the places in turn; one that vouches is enough.
#[derive(Debug)]
struct InTurn {
    places: Vec<(Place, Read)>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for InTurn {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let mut reason = Error::InvalidCertificate(CertificateError::UnknownIssuer);
        for (place, read) in &self.places {
            let Some(verifier) = read.get_or_init(|| place.verifier(&self.provider)) else { continue };
            match verifier.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                Ok(verified) => return Ok(verified),
                // That a place does not know the issuer says less than anything another place has to say.
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
