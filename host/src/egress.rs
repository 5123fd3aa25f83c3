//! Decides which destinations the component may call.
//!
//! First the name is checked: the command must need it, or `--allow-host` must allow it. Then each
//! address that the name resolves to is checked, because a permitted name may resolve to a cloud
//! machine's metadata service, which gives credentials to every caller.

use std::fmt;
use std::net::IpAddr;

use azure_oidc_cli::grants::Destination;
use azure_oidc_core::address::{Kind, is_loopback, kind, literal};
use azure_oidc_core::{Category, Fault};
use reqwest::Url;

/// Whether two hosts are the same name or the same address. An IPv6 address has many spellings (RFC
/// 5952 §2).
fn is_same(one: &str, other: &str) -> bool {
    one == other || literal(one).is_some_and(|address| literal(other) == Some(address))
}

/// The permitted destinations; the default permits none.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    /// Destinations that the command needs.
    needed: Vec<Destination>,
    /// Destinations of `--allow-host`.
    allowed: Vec<Destination>,
    /// Unix sockets, each with the host name that stands for it in URLs.
    sockets: Vec<(&'static str, String)>,
}

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The command does not need this destination, and no flag allows it.
    Destination { host: String, port: u16, needed: String },
    /// The request would cross the network without encryption.
    Plain { host: String, port: u16 },
    /// The host may be called, but not at this address.
    Address { host: String, address: IpAddr, kind: &'static str },
}

impl Policy {
    /// Permits the needed destinations and those of `--allow-host`.
    ///
    /// # Errors
    ///
    /// When a value of `--allow-host` is not `HOST` or `HOST:PORT`.
    pub(crate) fn new(needed: Vec<Destination>, allowed: &[String]) -> Result<Self, Fault> {
        let allowed = allowed.iter().map(|text| parse_destination(text)).collect::<Result<_, _>>()?;
        Ok(Self { needed, allowed, sockets: Vec::new() })
    }

    /// Permits these Unix sockets too.
    pub(crate) fn with_sockets(self, sockets: Vec<(&'static str, String)>) -> Self {
        Self { sockets, ..self }
    }

    /// Whether no request is permitted at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.needed.is_empty() && self.allowed.is_empty() && self.sockets.is_empty()
    }

    /// The path of the Unix socket that the URL's host stands for.
    pub(crate) fn socket(&self, url: &Url) -> Option<&str> {
        let (_, path) = self.sockets.iter().find(|(host, _)| url.host_str() == Some(*host))?;
        Some(path)
    }

    /// Whether a host is this machine or beside it, so that requests bypass the proxy.
    pub(crate) fn is_near(&self, host: &str) -> bool {
        is_loopback(host) || self.is_beside(host)
    }

    /// Whether a host may be at public addresses only: it is the issuer of a token, which anybody can
    /// write, and neither the command nor a flag needs it otherwise.
    fn is_public_only(&self, host: &str) -> bool {
        let mut needed = self.needed.iter().filter(|destination| destination.host == host).peekable();
        let is_allowed = self.allowed.iter().any(|entry| is_same(&entry.host, host));
        !is_allowed && needed.peek().is_some() && needed.all(|destination| destination.is_public_only)
    }

    /// Checks a URL: its host, and the address if the host is written as one.
    pub(crate) fn check_url(&self, url: &Url) -> Result<(), Refusal> {
        if self.socket(url).is_some() && url.scheme() == "http" {
            return Ok(());
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url.port_or_known_default().unwrap_or_default();
        let is_among = |list: &[Destination]| {
            list.iter().any(|entry| is_same(&entry.host, &host) && entry.port.is_none_or(|granted| granted == port))
        };
        let is_allowed = is_among(&self.allowed);
        if !is_allowed && !is_among(&self.needed) {
            return Err(Refusal::Destination { host, port, needed: self.list_needed() });
        }
        if url.scheme() != "https" && !is_allowed && !self.is_near(&host) {
            return Err(Refusal::Plain { host, port });
        }
        match literal(&host) {
            Some(address) => self.check_address(&host, address),
            None => Ok(()),
        }
    }

    /// Checks an address that a permitted name resolved to.
    pub(crate) fn check_address(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        let (is_loopback_name, is_beside) = (is_loopback(host), self.is_beside(host));
        let kind = match kind(address) {
            Kind::Loopback if is_loopback_name || is_beside => return Ok(()),
            _ if is_loopback_name => "not a loopback address",
            kind @ Kind::Loopback => kind.words(),
            Kind::Metadata | Kind::LinkLocal if is_beside => return Ok(()),
            kind @ (Kind::Metadata | Kind::LinkLocal | Kind::NotUnicast) => kind.words(),
            kind @ Kind::Public if is_beside => kind.words(),
            kind @ Kind::Private if self.is_public_only(host) => kind.words(),
            Kind::Private | Kind::Public => return Ok(()),
        };
        Err(Refusal::Address { host: host.to_owned(), address, kind })
    }

    /// Whether the command needs this host, and it is a token service beside the job: one without a
    /// certificate, at an address that no other name may have.
    fn is_beside(&self, host: &str) -> bool {
        self.needed.iter().any(|destination| destination.is_beside && destination.host == host)
    }

    fn list_needed(&self) -> String {
        let names: Vec<_> = self.needed.iter().map(host_and_port).collect();
        if names.is_empty() { "no host".to_owned() } else { format!("only {}", names.join(" and ")) }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destination { host, port, needed } => write!(
                f,
                "a call to {host}:{port} was refused: this command needs to call {needed}; `--allow-host {host}:{port}` allows this call"
            ),
            Self::Plain { host, port } => write!(
                f,
                "a call to {host}:{port} was refused: it would not be encrypted; `--allow-host {host}:{port}` allows it"
            ),
            Self::Address { host, address, kind } => {
                write!(f, "a call to {host} was refused: {address} is {kind}, which no flag allows under this name")
            }
        }
    }
}

impl std::error::Error for Refusal {}

fn host_and_port(destination: &Destination) -> String {
    match destination.port {
        Some(port) => format!("{}:{port}", destination.host),
        None => destination.host.clone(),
    }
}

fn parse_destination(text: &str) -> Result<Destination, Fault> {
    let malformed = || {
        // What is before an `@` can be a password.
        let shown = text.rsplit_once('@').map_or_else(|| text.to_owned(), |(_, host)| format!("[secret]@{host}"));
        Fault::new(Category::Usage, "allow-host-malformed", format!("`--allow-host {shown}` is not HOST or HOST:PORT"))
            .hint("write a host name or an address, such as `--allow-host login.example.com:8443` or `--allow-host [::1]:80`")
    };
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port.parse::<u16>().map_err(|_| malformed())?)),
        _ => (text, None),
    };
    if name.contains(':') && !name.starts_with('[') {
        return Err(malformed());
    }
    // The parser of request URLs normalises the host, so that it compares equal to that of a
    // request.
    let url = Url::parse(&format!("https://{name}/")).map_err(|_| malformed())?;
    let is_bare = url.port().is_none() && url.username().is_empty() && url.password().is_none() && url.path() == "/";
    match url.host_str() {
        Some(host) if is_bare && url.query().is_none() && url.fragment().is_none() => Ok(Destination {
            host: host.to_owned(),
            port,
            why: "--allow-host",
            is_beside: false,
            is_public_only: false,
        }),
        _ => Err(malformed()),
    }
}

#[cfg(test)]
mod tests;
