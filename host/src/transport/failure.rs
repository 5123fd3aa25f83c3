//! Maps a failed request to the `wasi:http` error code for the component and a warning for the
//! user.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use azure_oidc_core::ports::TlsFailure;
use reqwest::Url;
use rustls::{AlertDescription, CertificateError, Error as Tls, InvalidMessage, PeerIncompatible};
use wasmtime_wasi_http::Error;

use super::resolver::LookupFailed;
use crate::egress::Refusal;
use crate::exhausted::Resource;
use crate::trust;

/// The destination of a request, without the path and the query, which may contain a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    host: String,
    port: u16,
    /// The proxy on the way, as `HOST` or `HOST:PORT`.
    pub(super) proxy: Option<String>,
}

impl Endpoint {
    /// The host and port of a URL.
    pub(super) fn of_url(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default().to_owned();
        Self { host, port: url.port_or_known_default().unwrap_or_default(), proxy: None }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)?;
        match &self.proxy {
            Some(proxy) => write!(f, " through the proxy {proxy}"),
            None => Ok(()),
        }
    }
}

/// A request that failed.
#[derive(Debug)]
pub(super) struct RequestFailure {
    /// The code for the component.
    pub(super) error: Error,
    /// The reason for the user, where the code does not say all.
    detail: Option<String>,
    /// Why no connection with TLS came about, if that is the reason.
    tls: Option<TlsFailure>,
}

impl RequestFailure {
    /// The warning for the user, if there is more to say than the code does.
    pub(super) fn warning(&self, endpoint: &Endpoint) -> Option<String> {
        let detail = self.detail.as_ref()?;
        use TlsFailure::{Certificate, Expired, Name, NotYetValid, UntrustedIssuer};
        Some(match (&self.error, self.tls) {
            (Error::HttpRequestDenied, _) => detail.clone(),
            (_, Some(UntrustedIssuer | Name | Expired | NotYetValid | Certificate)) => {
                format!("the certificate of {endpoint} is not accepted: {detail}")
            }
            (_, Some(_)) => format!("no TLS connection to {endpoint} came about: {detail}"),
            (_, None) => format!("the request to {endpoint} failed: {detail}"),
        })
    }
}

impl From<Error> for RequestFailure {
    fn from(error: Error) -> Self {
        Self { error, detail: None, tls: None }
    }
}

impl From<reqwest::Error> for RequestFailure {
    /// Takes the innermost cause, which is the most specific. The outer ones quote the URL.
    fn from(error: reqwest::Error) -> Self {
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push(cause);
            next = inner_cause(cause);
        }
        let timeout = if error.is_connect() { Error::ConnectionTimeout } else { Error::HttpResponseTimeout };
        let code = causes.iter().rev().find_map(|cause| error_code(*cause));
        let code = if error.is_timeout() { Some(timeout) } else { code };
        let detail = causes.last().map(|cause| describe(*cause));
        let other = if error.is_connect() { Error::DestinationUnavailable } else { Error::HttpProtocolError };
        let tls = causes.iter().find_map(|cause| cause.downcast_ref::<Tls>()).map(tls_failure);
        Self { error: code.unwrap_or(other), detail, tls }
    }
}

/// The next inner cause. `source` of an I/O error skips the error that it wraps, which is the one
/// wanted here.
fn inner_cause<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => cause.source(),
    }
}

/// The text of a cause, with advice where rustls gives none.
fn describe(cause: &(dyn StdError + 'static)) -> String {
    match cause.downcast_ref::<Tls>() {
        Some(Tls::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            let advice =
                "this system does not trust its issuer; add the authority with `--ca-file FILE` or SSL_CERT_FILE";
            trust::useless_file().map_or_else(|| advice.to_owned(), |why| format!("{advice}; {why}"))
        }
        _ => cause.to_string(),
    }
}

fn error_code(cause: &(dyn StdError + 'static)) -> Option<Error> {
    if cause.is::<Refusal>() {
        return Some(Error::HttpRequestDenied);
    }
    if let Some(failed) = cause.downcast_ref::<LookupFailed>() {
        return Some(match failed.is_exhausted {
            true => Error::ConnectionLimitReached,
            false => Error::DnsError { rcode: None, info_code: None },
        });
    }
    if let Some(error) = cause.downcast_ref::<Tls>() {
        return Some(tls_code(tls_failure(error)));
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return error.is_incomplete_message().then_some(Error::HttpResponseIncomplete);
    }
    let error = cause.downcast_ref::<io::Error>()?;
    match Resource::of(error) {
        Some(_) => Some(Error::ConnectionLimitReached),
        None => connection_code(error.kind()),
    }
}

fn tls_failure(error: &Tls) -> TlsFailure {
    use CertificateError as Certificate;
    match error {
        Tls::InvalidCertificate(Certificate::UnknownIssuer) => TlsFailure::UntrustedIssuer,
        Tls::InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => TlsFailure::Expired,
        Tls::InvalidCertificate(Certificate::NotValidYet | Certificate::NotValidYetContext { .. }) => {
            TlsFailure::NotYetValid
        }
        Tls::InvalidCertificate(Certificate::NotValidForName | Certificate::NotValidForNameContext { .. })
        | Tls::AlertReceived(AlertDescription::UnrecognisedName) => TlsFailure::Name,
        Tls::InvalidCertificate(_) | Tls::NoCertificatesPresented => TlsFailure::Certificate,
        Tls::PeerIncompatible(
            PeerIncompatible::ServerDoesNotSupportTls12Or13 | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
        )
        | Tls::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::InsufficientSecurity) => {
            TlsFailure::Version
        }
        // The first byte of an answer over plain HTTP is a letter.
        Tls::InvalidMessage(InvalidMessage::InvalidContentType) => TlsFailure::PlainText,
        _ => TlsFailure::Other,
    }
}

/// The code for a failure of TLS. `wasi:http` has two codes for what happens on this side, so the
/// word of the failure stands in the message of an alert, which the component reads.
fn tls_code(failure: TlsFailure) -> Error {
    match failure {
        TlsFailure::Other => Error::TlsProtocolError,
        TlsFailure::Certificate => Error::TlsCertificateError,
        failure => Error::TlsAlertReceived { alert_id: None, alert_message: Some(failure.code().to_owned()) },
    }
}

fn connection_code(kind: io::ErrorKind) -> Option<Error> {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, NetworkDown,
        NetworkUnreachable, TimedOut, UnexpectedEof,
    };
    Some(match kind {
        ConnectionRefused => Error::ConnectionRefused,
        HostUnreachable | NetworkUnreachable | NetworkDown => Error::DestinationUnavailable,
        TimedOut => Error::ConnectionTimeout,
        ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof => Error::HttpResponseIncomplete,
        _ => return None,
    })
}
