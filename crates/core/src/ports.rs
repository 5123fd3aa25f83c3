//! Ports: environment, clock, randomness, HTTP.

use std::fmt;
use std::time::Duration;

use crate::secret::KnownSecrets;

/// The environment variables that the host shows.
pub trait Env {
    /// The value of a variable, if it is set. It can be empty; see [`present`](Env::present).
    fn var(&self, name: &str) -> Option<String>;

    /// Names and values of all variables, for platforms where the user chooses the name.
    fn all(&self) -> Vec<(String, String)>;

    /// The value of a variable that is set and not empty. CI platforms set unused settings to `""`.
    fn present(&self, name: &str) -> Option<String> {
        self.var(name).filter(|value| !value.is_empty())
    }
}

/// The clock.
pub trait Clock {
    /// Seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> i64;
    /// The time since a fixed moment, which never decreases.
    fn monotonic(&self) -> Duration;
    /// Waits for this time.
    fn sleep(&self, time: Duration);
}

/// Numbers that differ from run to run, for request ids and jitter. They are not fit for secrets.
pub trait Random {
    /// The next number.
    fn number(&self) -> u64;
}

/// HTTP without redirects, cookies and compression.
pub trait Http {
    /// Sends all requests at the same time, and returns their answers in the same order when all
    /// have arrived.
    ///
    /// A request that takes longer than `timeout` ends with [`TransportKind::Timeout`].
    fn send(&self, requests: &[Request], timeout: Duration) -> Vec<Result<Response, TransportError>>;
}

/// The secrets of this run, which no output may show.
pub trait Secrets {
    /// Adds a secret, as soon as its value is known.
    fn learn(&self, secret: &str);
    /// The text without the secrets that were learned.
    fn hide(&self, text: String) -> String;
}

impl Secrets for KnownSecrets {
    fn learn(&self, secret: &str) {
        self.learn(secret);
    }

    fn hide(&self, text: String) -> String {
        self.hide(text)
    }
}

/// All ports.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// The environment variables.
    pub env: &'a dyn Env,
    /// The clock.
    pub clock: &'a dyn Clock,
    /// Randomness, for request ids and jitter.
    pub random: &'a dyn Random,
    /// The network.
    pub http: &'a dyn Http,
    /// The secrets of this run.
    pub secrets: &'a dyn Secrets,
}

/// An HTTP method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
}

/// A request. Its `Debug` omits the body and the values of headers, which may contain a token.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// GET or POST.
    pub method: Method,
    /// `https://host[:port]/path[?query]`, or `http` to loopback.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body; empty for GET.
    pub body: Vec<u8>,
    /// The largest answer that is read, in bytes. A longer one ends with
    /// [`TransportKind::TooLarge`].
    pub max_response: usize,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        let (path, _query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        write!(f, "Request({:?} {path} {names:?}, {} bytes)", self.method, self.body.len())
    }
}

/// An answer of any status. Its `Debug` omits the body.
#[derive(Clone, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Response {
    /// The first header of this name, which must be in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why there is no answer. The kind is separate from the text, because the next step depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportError {
    /// The kind of failure.
    pub kind: TransportKind,
    /// The host's description, which can be empty.
    pub detail: String,
}

/// The kinds of network failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// The host did not allow this destination.
    Denied,
    /// The host name has no address.
    Dns,
    /// The connection was refused, or the server is unreachable.
    Connect,
    /// No connection with TLS came about.
    Tls(TlsFailure),
    /// The host has no free connection, thread or file descriptor.
    Exhausted,
    /// There was no answer in time.
    Timeout,
    /// The connection ended before the end of the answer.
    Cut,
    /// The answer is longer than the request allows.
    TooLarge,
    /// Any other failure.
    Other,
}

impl TransportKind {
    /// The end of a sentence about a server, such as "it did not answer in time".
    pub const fn words(self) -> &'static str {
        match self {
            Self::Denied => "the host does not allow requests to it",
            Self::Dns => "its name has no address",
            Self::Connect => "it could not be reached",
            Self::Tls(failure) => failure.words(),
            Self::Exhausted => "the host has no free connection, thread or file descriptor",
            Self::Timeout => "it did not answer in time",
            Self::Cut => "the connection ended before the end of the answer",
            Self::TooLarge => "its answer is too long",
            Self::Other => "the request failed",
        }
    }

    /// Whether the same request may succeed a moment later. A refused certificate or destination
    /// remains refused.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Dns | Self::Connect | Self::Timeout | Self::Cut | Self::Exhausted | Self::Other)
    }
}

/// Why no connection with TLS came about. Each has a remedy of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFailure {
    /// Nobody that this system trusts has signed the certificate.
    UntrustedIssuer,
    /// The certificate is for another name.
    Name,
    /// The certificate has expired.
    Expired,
    /// The certificate is not valid yet.
    NotYetValid,
    /// The certificate is not accepted for another reason.
    Certificate,
    /// The server speaks no version of TLS that is accepted here.
    Version,
    /// The server does not speak TLS at all.
    PlainText,
    /// Any other failure, also on hosts that do not say more.
    Other,
}

impl TlsFailure {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::UntrustedIssuer,
        Self::Name,
        Self::Expired,
        Self::NotYetValid,
        Self::Certificate,
        Self::Version,
        Self::PlainText,
        Self::Other,
    ];

    /// A stable name in kebab-case: the code of a fault, and the word by which the native host
    /// tells the component.
    pub const fn code(self) -> &'static str {
        match self {
            Self::UntrustedIssuer => "certificate-untrusted",
            Self::Name => "certificate-for-another-name",
            Self::Expired => "certificate-expired",
            Self::NotYetValid => "certificate-not-yet-valid",
            Self::Certificate => "certificate-unusable",
            Self::Version => "tls-version-unsupported",
            Self::PlainText => "tls-not-spoken",
            Self::Other => "tls-failed",
        }
    }

    /// The end of a sentence about a server, such as "its TLS certificate has expired".
    pub const fn words(self) -> &'static str {
        match self {
            Self::UntrustedIssuer => "the issuer of its TLS certificate is not trusted",
            Self::Name => "its TLS certificate is for another name",
            Self::Expired => "its TLS certificate has expired",
            Self::NotYetValid => "its TLS certificate is not valid yet",
            Self::Certificate => "its TLS certificate cannot be used",
            Self::Version => "it speaks no version of TLS that is accepted here",
            Self::PlainText => "it does not speak TLS",
            Self::Other => "TLS failed",
        }
    }

    /// What to do, as a hint.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::UntrustedIssuer => {
                "trust its authority: `--ca-file FILE` or `SSL_CERT_FILE` for azure-oidc, `[[client_tls]]` for Spin, \
                 `dev.http_client_ca_paths` or `--http-client-ca-path` for wash; wasmtime trusts only built-in roots"
            }
            Self::Name => "check the spelling of the host; if it is right, DNS or a proxy leads to another server",
            Self::Expired => {
                "check the clock of this machine; if it is right, the owner of the server must renew the certificate"
            }
            Self::NotYetValid => "set the clock of this machine; a certificate is valid from the day it is issued",
            Self::Certificate => {
                "look at the certificate with `openssl s_client -connect HOST:PORT -showcerts`; its owner must replace it"
            }
            Self::Version => "the server or the proxy before it must allow TLS 1.2 or 1.3",
            Self::PlainText => {
                "check the port: something that does not speak TLS answers there; `HTTPS_PROXY` names a proxy with `http://` unless the proxy itself speaks TLS"
            }
            Self::Other => {
                "check that the port speaks TLS, and the clock and the trusted certificates of this machine; the azure-oidc program says more than other hosts do"
            }
        }
    }
}

/// Ports with fixed answers, for tests and for callers that pass all values themselves.
pub mod fixed {
    use std::time::Duration;

    use super::{Clock, Env, Http, Ports, Random, Request, Response, Secrets, TransportError, TransportKind};

    /// A clock that stands still, and nothing else: no variables, no network.
    #[derive(Debug, Clone, Copy)]
    pub struct Offline {
        /// The time, in Unix seconds.
        pub now: i64,
    }

    impl Offline {
        /// All ports.
        pub fn ports(&self) -> Ports<'_> {
            Ports { env: self, clock: self, random: self, http: self, secrets: self }
        }
    }

    impl Env for Offline {
        fn var(&self, _: &str) -> Option<String> {
            None
        }

        fn all(&self) -> Vec<(String, String)> {
            Vec::new()
        }
    }

    impl Clock for Offline {
        fn now(&self) -> i64 {
            self.now
        }

        fn monotonic(&self) -> Duration {
            Duration::ZERO
        }

        fn sleep(&self, _: Duration) {}
    }

    impl Random for Offline {
        fn number(&self) -> u64 {
            0
        }
    }

    /// Learns nothing: without a network there is no answer that repeats a secret.
    impl Secrets for Offline {
        fn learn(&self, _: &str) {}

        fn hide(&self, text: String) -> String {
            text
        }
    }

    impl Http for Offline {
        fn send(&self, requests: &[Request], _: Duration) -> Vec<Result<Response, TransportError>> {
            let denied = |_| Err(TransportError { kind: TransportKind::Denied, detail: String::new() });
            requests.iter().map(denied).collect()
        }
    }

    /// Environment variables from a list.
    #[derive(Debug, Clone, Default)]
    pub struct Variables(pub Vec<(String, String)>);

    impl<const N: usize> From<[(&str, &str); N]> for Variables {
        fn from(pairs: [(&str, &str); N]) -> Self {
            Self(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
        }
    }

    impl Env for Variables {
        fn var(&self, name: &str) -> Option<String> {
            self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        }

        fn all(&self) -> Vec<(String, String)> {
            self.0.clone()
        }
    }
}
