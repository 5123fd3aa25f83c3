//! The smallest program that makes the same exchange: one TLS connection, one POST, one appended
//! line. It checks and explains nothing. The benchmark compares the host with it.

use std::env::var;
use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

fn main() -> Result<()> {
    let (tenant, client, token) = (var("PLUGIN_TENANT_ID")?, var("PLUGIN_CLIENT_ID")?, var("PLUGIN_OIDC_TOKEN_ID")?);
    let authority = var("PLUGIN_AZURE_AUTHORITY_HOST")?;
    let address = authority.strip_prefix("https://").context("https only")?.to_owned();
    let host = address.split(':').next().unwrap_or_default().to_owned();

    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(var("SSL_CERT_FILE")?)? {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), ServerName::try_from(host)?)?;
    let mut stream = StreamOwned::new(connection, TcpStream::connect(&address)?);

    let body = format!(
        "client_id={client}&grant_type=client_credentials&scope=https%3A%2F%2Fmanagement.azure.com%2F.default\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={token}"
    );
    // One write, because separate writes would wait for each other's acknowledgement.
    let request = format!(
        "POST /{tenant}/oauth2/v2.0/token HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    // A server that closes the connection without `close_notify` has still sent everything.
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer)?;
    let rest = answer.split_once("\"access_token\":\"").context("no token in the answer")?.1;
    let access_token = rest.split('"').next().unwrap_or_default();
    let mut file = OpenOptions::new().append(true).create(true).open(var("HARNESS_OUTPUT_SECRET_FILE")?)?;
    Ok(writeln!(file, "AZURE_ACCESS_TOKEN={access_token}")?)
}
