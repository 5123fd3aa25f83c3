//! Tests that the failures of TLS have codes and remedies of their own.

use std::io::Write;
use std::net::TcpListener;
use std::sync::Arc;
use std::thread;

use azure_oidc_tests::{APPLICATION, Stage, TENANT, stock};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::{ServerConfig, ServerConnection};

use crate::case::{Case, STEP};

const FAILED: Case = Case { args: &["--retries", "0"], exit: 5, ..STEP };

#[test]
fn a_certificate_that_is_not_accepted_is_told_by_its_fault() {
    let stage = Stage::new();
    for (name, years, case) in [
        (
            "localhost",
            (1980, 1990),
            Case { code: "certificate-expired", names: &["has expired", "clock", "renew"], ..FAILED },
        ),
        (
            "localhost",
            (3000, 3001),
            Case { code: "certificate-not-yet-valid", names: &["not valid yet", "set the clock"], ..FAILED },
        ),
        (
            "other.example",
            (1980, 3000),
            Case { code: "certificate-for-another-name", names: &["another name", "DNS"], ..FAILED },
        ),
    ] {
        let server = TlsServer::start(name, years);
        let file = stage.write("ca.pem", &server.ca);
        case.check_with(&stage, |job| job.env("PLUGIN_AZURE_AUTHORITY_HOST", &server.url).env("SSL_CERT_FILE", &file));
    }
}

#[test]
fn an_authority_that_nobody_vouches_for_is_untrusted() {
    let server = TlsServer::start("localhost", (1980, 3000));
    let names = &["not trusted", "--ca-file", "SSL_CERT_FILE"];
    let case = Case { code: "certificate-untrusted", names, ..FAILED };
    case.check_with(&Stage::new(), |job| job.env("PLUGIN_AZURE_AUTHORITY_HOST", &server.url));
}

#[test]
fn a_port_without_tls_and_an_old_version_are_told_apart() {
    for (greeting, case) in [
        (
            &b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"[..],
            Case { code: "tls-not-spoken", names: &["does not speak TLS", "check the port", "HTTPS_PROXY"], ..FAILED },
        ),
        // The alert `protocol_version` (RFC 8446 §6.2).
        (
            &[21, 3, 1, 0, 2, 2, 70],
            Case { code: "tls-version-unsupported", names: &["no version of TLS", "TLS 1.2 or 1.3"], ..FAILED },
        ),
    ] {
        let authority = greeting_server(greeting);
        case.check_with(&Stage::new(), |job| job.env("PLUGIN_AZURE_AUTHORITY_HOST", &authority));
    }
}

#[test]
fn a_stock_host_says_what_its_errors_allow() {
    let server = TlsServer::start("localhost", (1980, 3000));
    let stage = Stage::new();
    let id_token = stage.id_token();
    let variables = [
        ("T", id_token.as_str()),
        ("AZURE_AUTHORITY_HOST", &server.url),
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", APPLICATION),
    ];
    let arguments = ["exchange", "--id-token-env", "T", "--retries", "0", "--output", "json"];
    let error = stock::run(&variables, &arguments).run().error();
    let code = error["code"].as_str().unwrap_or_default();
    assert!(["tls-failed", "certificate-unusable", "certificate-untrusted"].contains(&code), "{error}");
    assert!(error["hint"].as_str().is_some_and(|hint| !hint.is_empty()), "{error}");
}

/// A server on `localhost` with a certificate of its own authority.
struct TlsServer {
    url: String,
    /// The certificate of the authority.
    ca: String,
}

impl TlsServer {
    fn start(name: &str, (from, to): (i32, i32)) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "authority of a test");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("there is randomness");
        let ca = params.self_signed(&key).expect("the parameters are good").pem();
        let issuer = Issuer::new(params, key);

        let key = KeyPair::generate().expect("there is randomness");
        let mut params = CertificateParams::new([name.to_owned()]).expect("the name is good");
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let certificate = params.signed_by(&key, &issuer).expect("the parameters are good");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = config
            .expect("the versions are good")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into())
            .expect("the key is good");
        let config = Arc::new(config);

        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let url = format!("https://localhost:{}", listener.local_addr().expect("it is bound").port());
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let mut tls = ServerConnection::new(Arc::clone(&config)).expect("the configuration is good");
                // The client ends the handshake.
                tls.complete_io(&mut stream).ok();
            }
        });
        Self { url, ca }
    }
}

/// A server that sends these bytes and keeps its connections open.
fn greeting_server(greeting: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let url = format!("https://{}", listener.local_addr().expect("it is bound"));
    thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            stream.write_all(greeting).ok();
            open.push(stream);
        }
    });
    url
}
