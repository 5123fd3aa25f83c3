//! TLS with a certificate authority that is made at every start: its certificate goes to a file, its key never leaves memory.

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

/// How long the certificates hold. Longer than any test; short enough that a forgotten one in a trust store ends.
const LIFETIME: Duration = Duration::from_secs(30 * 24 * 3600);
/// Certificates begin in the past: clocks of containers differ.
const BEFORE: Duration = Duration::from_secs(24 * 3600);

/// The server's side of TLS and what clients must trust.
pub(crate) struct Tls {
    /// Certificate and key for the listener.
    pub(crate) server: Arc<ServerConfig>,
    /// The authority's certificate in PEM, for clients.
    pub(crate) ca_pem: String,
}

/// Makes an authority and a certificate for loopback and these names.
pub(crate) fn make(hostnames: &[String]) -> Result<Tls, Fault> {
    build(hostnames).map_err(|error| {
        Fault::new(Category::Usage, "certificate-failed", format!("the TLS certificate can't be made: {error}"))
            .hint("check `hostnames` in the configuration: each is one host name or IP address")
    })
}

fn build(hostnames: &[String]) -> Result<Tls, Box<dyn std::error::Error>> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let mut authority = params(now, "azure-oidc emulator, throwaway authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_key = KeyPair::generate()?;
    let ca_pem = authority.self_signed(&authority_key)?.pem();

    let mut leaf = params(now, "azure-oidc emulator");
    leaf.subject_alt_names = names(hostnames)?;
    leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf.use_authority_key_identifier_extension = true;
    let leaf_key = KeyPair::generate()?;
    let certificate = leaf.signed_by(&leaf_key, &Issuer::new(authority, authority_key))?;

    let key = PrivatePkcs8KeyDer::from(leaf_key.serialize_der());
    Ok(Tls { server: Arc::new(server_config(certificate.der().clone(), key)?), ca_pem })
}

fn params(now: Duration, name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + now - BEFORE;
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + now + LIFETIME;
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
    fn every_start_has_an_authority_of_its_own() {
        let (one, other) = (make(&[]).unwrap(), make(&[]).unwrap());
        assert!(one.ca_pem.starts_with("-----BEGIN CERTIFICATE-----"));
        assert!(!one.ca_pem.contains("PRIVATE KEY"));
        assert_ne!(one.ca_pem, other.ca_pem);
    }

    #[test]
    fn a_host_name_that_is_none_is_refused_with_the_setting_to_check() {
        let fault = make(&["bücher.example".to_owned()]).err().unwrap();
        assert_eq!(fault.code, "certificate-failed");
        assert!(fault.hints[0].contains("`hostnames`"));
    }
}
