//! TLS with a certificate authority that every start creates. Its key stays in memory.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use azure_oidc_core::Fault;
use azure_oidc_core::fault::Category;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

/// Longer than any test, and not too long if a certificate stays in a trust store.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// Certificates become valid in the past, because the clocks of containers differ.
const BEFORE: Duration = Duration::from_secs(24 * 3600);

/// The TLS configuration of the server, and the certificate that clients must trust.
pub(crate) struct Tls {
    /// Certificate and key for the listener.
    pub(crate) server: Arc<ServerConfig>,
    /// The authority's certificate in PEM, for clients.
    pub(crate) ca_pem: String,
}

/// Creates an authority, and a certificate for loopback and these names.
pub(crate) fn make(hostnames: &[String]) -> Result<Tls, Fault> {
    build(hostnames).map_err(|error| {
        Fault::new(Category::Usage, "certificate-failed", format!("the TLS certificate can't be made: {error}"))
            .hint("check `hostnames` in the configuration: each is one host name or IP address")
    })
}

fn build(hostnames: &[String]) -> Result<Tls, Box<dyn std::error::Error>> {
    let mut authority = params("azure-oidc emulator, throwaway authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let ca_pem = authority.self_signed(&authority_key)?.pem();

    let mut leaf = params("azure-oidc emulator");
    leaf.subject_alt_names = names(hostnames)?;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let leaf_key = KeyPair::generate()?;
    let certificate = leaf.signed_by(&leaf_key, &Issuer::new(authority, authority_key))?;

    let key = PrivatePkcs8KeyDer::from(leaf_key.serialize_der());
    Ok(Tls { server: Arc::new(server_config(certificate.der().clone(), key)?), ca_pem })
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = (SystemTime::now() - BEFORE).into();
    params.not_after = (SystemTime::now() + LIFETIME).into();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn names(hostnames: &[String]) -> Result<Vec<SanType>, rcgen::Error> {
    let mut all = vec!["localhost", "127.0.0.1", "::1"];
    all.extend(hostnames.iter().map(String::as_str).filter(|name| !["localhost", "127.0.0.1", "::1"].contains(name)));
    all.into_iter()
        .map(|name| match name.parse::<IpAddr>() {
            Ok(address) => Ok(SanType::IpAddress(address)),
            Err(_) => Ok(SanType::DnsName(name.try_into()?)),
        })
        .collect()
}

fn server_config(
    certificate: CertificateDer<'static>,
    key: PrivatePkcs8KeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key.into())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_start_has_a_new_authority() {
        let (one, other) = (make(&[]).unwrap(), make(&[]).unwrap());
        assert!(one.ca_pem.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(!one.ca_pem.contains("PRIVATE KEY"));
        assert_ne!(one.ca_pem, other.ca_pem);
    }

    #[test]
    fn an_invalid_host_name_is_refused_with_the_setting_to_check() {
        let fault = make(&["bücher.example".to_owned()]).err().unwrap();
        assert_eq!(fault.code, "certificate-failed");
        assert!(fault.hints[0].contains("`hostnames`"));
    }
}
