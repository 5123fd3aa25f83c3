//! Tests that the failures of TLS are told apart.

use azure_oidc_core::ports::TlsFailure;
use rustls::ServerConfig;

use super::*;

/// The failure that the component learns from an error.
fn told(error: &Error) -> Option<&str> {
    match error {
        Error::TlsProtocolError => Some(TlsFailure::Other.code()),
        Error::TlsCertificateError => Some(TlsFailure::Certificate.code()),
        Error::TlsAlertReceived { alert_message, .. } => alert_message.as_deref(),
        _ => None,
    }
}

#[test]
fn a_certificate_is_trusted_valid_now_and_for_the_name() {
    let (ours, other) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, &ours.pem).unwrap();
    let answer = |config: Arc<ServerConfig>| {
        let url = format!("https://localhost:{}/", respond_over_tls(config, OK));
        post(&mut transport(file.to_str()), &url, Bytes::new(), Duration::from_secs(30))
    };
    assert_eq!(answer(ours.server_config("localhost")).unwrap().status().as_u16(), 200);
    for (config, failure) in [
        (other.server_config("localhost"), TlsFailure::UntrustedIssuer),
        (ours.server_config("other.example"), TlsFailure::Name),
        (ours.server_config_of_years("localhost", 1980, 1990), TlsFailure::Expired),
        (ours.server_config_of_years("localhost", 3000, 3001), TlsFailure::NotYetValid),
    ] {
        let error = answer(config).unwrap_err();
        assert_eq!(told(&error), Some(failure.code()), "{error:?}");
    }
}

#[test]
fn a_server_that_speaks_no_tls_or_an_old_version_is_not_reported_as_a_bad_certificate() {
    for (greeting, failure) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], TlsFailure::PlainText),
        (b"SSH-2.0-OpenSSH_9.9\r\n", TlsFailure::PlainText),
        // Alerts: protocol_version, insufficient_security, unrecognized_name, handshake_failure.
        (&[21, 3, 1, 0, 2, 2, 70], TlsFailure::Version),
        (&[21, 3, 3, 0, 2, 2, 71], TlsFailure::Version),
        (&[21, 3, 3, 0, 2, 2, 112], TlsFailure::Name),
        (&[21, 3, 3, 0, 2, 2, 40], TlsFailure::Other),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://127.0.0.1:{}/", listener.local_addr().unwrap().port());
        let server = std::thread::spawn(move || listener.accept().unwrap().0.write_all(greeting));
        let error = answer(&url).unwrap_err();
        assert_eq!(told(&error), Some(failure.code()), "{greeting:?}: {error:?}");
        server.join().unwrap().unwrap();
    }
}
