//! Ports: environment, clock, randomness, HTTP. Each trait is as small as its use.

use std::fmt;
use std::time::Duration;

/// Environment variables that the host chose to show.
pub trait Env {
    /// The value of a variable, if it is set. May be empty; see [`present`](Env::present).
    fn var(&self, name: &str) -> Option<String>;

    /// Names and values of all variables that can be seen. For platforms where the user chose the name.
    fn all(&self) -> Vec<(String, String)>;

    /// The value of a variable, where an empty one counts as absent: CI systems set unused settings to `""`.
    fn present(&self, name: &str) -> Option<String> {
        self.var(name).filter(|value| !value.is_empty())
    }
}

/// Time.
pub trait Clock {
    /// Seconds since 1970-01-01T00:00:00Z.
    fn now(&self) -> i64;
    /// Time since some fixed moment; never goes back.
    fn monotonic(&self) -> Duration;
    /// Waits.
    fn sleep(&self, time: Duration);
}

/// Numbers that differ from run to run, for request ids and jitter. Nothing secret may depend on them.
pub trait Random {
    /// The next number.
    fn number(&self) -> u64;
}

/// HTTP without redirects, without cookies, without compression.
pub trait Http {
    /// Sends all requests at the same time and returns when each has its answer, in the same order.
    ///
    /// Nothing may take longer than `timeout`; what is not done by then is [`TransportKind::Timeout`].
    fn send(&self, requests: &[Request], timeout: Duration) -> Vec<Result<Response, TransportError>>;
}

/// The ports together, as the commands use them.
#[derive(Clone, Copy)]
pub struct Ports<'a> {
    /// Variables.
    pub env: &'a dyn Env,
    /// Time.
    pub clock: &'a dyn Clock,
    /// Request ids and jitter.
    pub random: &'a dyn Random,
    /// The network.
    pub http: &'a dyn Http,
}

/// The methods in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// GET
    Get,
    /// POST
    Post,
}

/// A request. Its `Debug` leaves out the body and the values of headers: they may hold a token.
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
    /// The largest answer that will be read, in bytes; a longer one is [`TransportKind::TooLarge`].
    pub max_response: usize,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.headers.iter().map(|(name, _)| name).collect();
        let (path, _query) = self.url.split_once('?').unwrap_or((&self.url, ""));
        write!(f, "Request({:?} {path} {names:?}, {} bytes)", self.method, self.body.len())
    }
}

/// An answer, whatever its status. Its `Debug` leaves out the body.
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
    /// The first header of that name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Response({}, {} bytes)", self.status, self.body.len())
    }
}

/// Why no answer came. The kind is kept apart from the text because what to do next depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransportError {
    /// What went wrong.
    pub kind: TransportKind,
    /// The host's own words, if it gave any.
    pub detail: String,
}

/// What can go wrong between us and a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportKind {
    /// The host did not allow this destination.
    Denied,
    /// The name has no address.
    Dns,
    /// No connection: refused or unreachable.
    Connect,
    /// The certificate is not trusted, or TLS failed otherwise.
    Tls,
    /// No answer in time.
    Timeout,
    /// The connection ended before the answer did.
    Cut,
    /// The answer is longer than the request allows.
    TooLarge,
    /// Anything else.
    Other,
}

impl TransportKind {
    /// What happened, in words that end a sentence about a server.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Denied => "the host does not allow requests there",
            Self::Dns => "its name has no address",
            Self::Connect => "there was no connection",
            Self::Tls => "its TLS certificate was not accepted",
            Self::Timeout => "it did not answer in time",
            Self::Cut => "the connection ended before the answer did",
            Self::TooLarge => "its answer is too long",
            Self::Other => "the request failed",
        }
    }

    /// Whether the same request may succeed a moment later. A refused certificate or destination stays refused.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Dns | Self::Connect | Self::Timeout | Self::Cut | Self::Other)
    }
}

/// Ports with fixed answers, for tests and for callers that hand everything in.
pub mod fixed {
    use std::time::Duration;

    use super::{Clock, Env, Http, Ports, Random, Request, Response, TransportError, TransportKind};

    /// A clock that stands still, and nothing else: no variables, no network.
    #[derive(Debug, Clone, Copy)]
    pub struct Offline {
        /// The time, in Unix seconds.
        pub now: i64,
    }

    impl Offline {
        /// All ports.
        pub fn ports(&self) -> Ports<'_> {
            Ports { env: self, clock: self, random: self, http: self }
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

    impl Http for Offline {
        fn send(&self, requests: &[Request], _: Duration) -> Vec<Result<Response, TransportError>> {
            let denied = |_| Err(TransportError { kind: TransportKind::Denied, detail: String::new() });
            requests.iter().map(denied).collect()
        }
    }

    /// Variables from a list.
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
