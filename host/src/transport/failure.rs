//! Why a request failed: the code that the component gets, and the words that no code can carry.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use reqwest::Url;
use rustls::{CertificateError, Error as Tls};
use wasmtime_wasi_http::Error;

use super::resolver::NoAddress;
use crate::egress::Refusal;

/// Where a request went. Without the path and the query, which may hold a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    host: String,
    port: u16,
    /// The proxy that it went through.
    pub(super) proxy: Option<String>,
}

impl Place {
    /// The host and port of a URL.
    pub(super) fn of(url: &Url) -> Self {
        let (host, port) =
            (url.host_str().unwrap_or_default().to_owned(), url.port_or_known_default().unwrap_or_default());
        Self { host, port, proxy: None }
    }
}

impl fmt::Display for Place {
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
pub(super) struct Failed {
    /// For the component.
    pub(super) error: Error,
    /// For the user, where there is more to say.
    detail: Option<String>,
}

impl Failed {
    /// A failure that is the host's own.
    pub(super) fn internal(error: &dyn StdError) -> Self {
        Self { error: Error::InternalError(Some(error.to_string())), detail: None }
    }

    /// The sentence for the user.
    pub(super) fn explained(&self, place: &Place) -> Option<String> {
        let detail = self.detail.as_ref()?;
        Some(match self.error {
            Error::HttpRequestDenied => detail.clone(),
            Error::TlsCertificateError => format!("the certificate of {place} is not accepted: {detail}"),
            _ => format!("the request to {place} failed: {detail}"),
        })
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, detail: None }
    }
}

impl From<reqwest::Error> for Failed {
    /// The cause that says most is the innermost one; the outer ones name the URL.
    fn from(error: reqwest::Error) -> Self {
        let mut causes = Vec::new();
        let mut next = error.source();
        while let Some(cause) = next {
            causes.push(cause);
            next = within(cause);
        }
        let timeout = if error.is_connect() { Error::ConnectionTimeout } else { Error::HttpResponseTimeout };
        let code = causes.iter().rev().find_map(|cause| code(*cause));
        let code = if error.is_timeout() { Some(timeout) } else { code };
        let detail = causes.last().map(|cause| said(*cause));
        let other = if error.is_connect() { Error::DestinationUnavailable } else { Error::HttpProtocolError };
        Self { error: code.unwrap_or(other), detail }
    }
}

/// The cause within a cause. An I/O error that wraps another error gives that error's cause as its own, and hides the error.
fn within<'a>(cause: &'a (dyn StdError + 'static)) -> Option<&'a (dyn StdError + 'static)> {
    match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
        Some(inner) => Some(inner),
        None => cause.source(),
    }
}

/// What a cause says, where it does not speak to programmers only.
fn said(cause: &(dyn StdError + 'static)) -> String {
    match cause.downcast_ref::<Tls>() {
        Some(Tls::InvalidCertificate(CertificateError::UnknownIssuer)) => {
            "this system does not know who issued it; `--ca-file FILE` or SSL_CERT_FILE adds an authority".to_owned()
        }
        _ => cause.to_string(),
    }
}

fn code(cause: &(dyn StdError + 'static)) -> Option<Error> {
    if cause.is::<Refusal>() {
        return Some(Error::HttpRequestDenied);
    }
    if cause.is::<NoAddress>() {
        return Some(Error::DnsError { rcode: None, info_code: None });
    }
    if let Some(error) = cause.downcast_ref::<Tls>() {
        return Some(tls(error));
    }
    if let Some(error) = cause.downcast_ref::<hyper::Error>() {
        return error.is_incomplete_message().then_some(Error::HttpResponseIncomplete);
    }
    cause.downcast_ref::<io::Error>().and_then(|error| connection(error.kind()))
}

fn tls(error: &Tls) -> Error {
    match error {
        Tls::InvalidCertificate(_) | Tls::NoCertificatesPresented => Error::TlsCertificateError,
        Tls::AlertReceived(alert) => {
            Error::TlsAlertReceived { alert_id: Some(u8::from(*alert)), alert_message: Some(format!("{alert:?}")) }
        }
        _ => Error::TlsProtocolError,
    }
}

fn connection(kind: io::ErrorKind) -> Option<Error> {
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
