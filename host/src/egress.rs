//! Where the component may call. First the name is judged: only destinations that the command needs, or that were allowed by hand.
//! Then, when the name has been looked up, the address: a permitted name may lead to a machine's metadata service, which hands out
//! credentials to whoever can reach it.

use std::fmt;
use std::net::IpAddr;

use azure_oidc_cli::grants::Destination;
use azure_oidc_core::{Category, Fault};
use reqwest::Url;

mod address;

use address::{Kind, is_loopback, is_same, kind, literal};

/// What may be called; nothing at first.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    /// What the command needs.
    needed: Vec<Destination>,
    /// What the user allowed.
    by_hand: Vec<Destination>,
    /// Unix sockets, by the host names that stand for them.
    sockets: Vec<(&'static str, String)>,
}

/// Why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The command has no need of this destination.
    Destination { host: String, port: u16, needed: String },
    /// It would go over the network in the clear.
    Plain { host: String, port: u16 },
    /// The destination may be called, but not at this address.
    Address { host: String, address: IpAddr, what: &'static str },
}

impl Policy {
    /// Allows what the command needs and what `--allow-host` names.
    ///
    /// # Errors
    ///
    /// When a value of `--allow-host` is not `HOST` or `HOST:PORT`.
    pub(crate) fn new(needed: Vec<Destination>, by_hand: &[String]) -> Result<Self, Fault> {
        let by_hand = by_hand.iter().map(|text| destination(text)).collect::<Result<_, _>>()?;
        Ok(Self { needed, by_hand, sockets: Vec::new() })
    }

    /// Allows these Unix sockets too.
    pub(crate) fn with_sockets(self, sockets: Vec<(&'static str, String)>) -> Self {
        Self { sockets, ..self }
    }

    /// Whether no call at all is allowed.
    pub(crate) fn is_empty(&self) -> bool {
        self.needed.is_empty() && self.by_hand.is_empty() && self.sockets.is_empty()
    }

    /// The socket that a URL stands for.
    pub(crate) fn socket(&self, url: &Url) -> Option<&str> {
        let (_, path) = self.sockets.iter().find(|(host, _)| url.host_str() == Some(*host))?;
        Some(path)
    }

    /// Whether a host is this machine or next to it, so that no proxy has a part in a call.
    pub(crate) fn is_near(&self, host: &str) -> bool {
        is_loopback(host) || self.is_beside(host)
    }

    /// Judges a URL: its name, and its address if the name is one.
    pub(crate) fn judge(&self, url: &Url) -> Result<(), Refusal> {
        if self.socket(url).is_some() && url.scheme() == "http" {
            return Ok(());
        }
        let host = url.host_str().unwrap_or_default().to_owned();
        let port = url.port_or_known_default().unwrap_or_default();
        let is_among = |list: &[Destination]| {
            list.iter().any(|entry| is_same(&entry.host, &host) && entry.port.is_none_or(|granted| granted == port))
        };
        let by_hand = is_among(&self.by_hand);
        if !by_hand && !is_among(&self.needed) {
            return Err(Refusal::Destination { host, port, needed: self.needed() });
        }
        if url.scheme() != "https" && !by_hand && !self.is_near(&host) {
            return Err(Refusal::Plain { host, port });
        }
        match literal(&host) {
            Some(address) => self.judge_address(&host, address),
            None => Ok(()),
        }
    }

    /// Judges an address that a permitted name was looked up to.
    pub(crate) fn judge_address(&self, host: &str, address: IpAddr) -> Result<(), Refusal> {
        let (this_machine, beside) = (is_loopback(host), self.is_beside(host));
        let what = match kind(address) {
            Kind::Loopback if this_machine || beside => return Ok(()),
            _ if this_machine => "another machine",
            Kind::Loopback => "this machine itself",
            Kind::Metadata | Kind::LinkLocal if beside => return Ok(()),
            Kind::Metadata => "the metadata service of a cloud machine",
            Kind::LinkLocal => "a link-local address",
            Kind::Nowhere => "not the address of one machine",
            Kind::Public if beside => "not next to this machine",
            Kind::Private | Kind::Public => return Ok(()),
        };
        Err(Refusal::Address { host: host.to_owned(), address, what })
    }

    /// Whether the command needs this host, and it is next to the job: a token service that has no certificate, at an address that
    /// no other name may have.
    fn is_beside(&self, host: &str) -> bool {
        self.needed.iter().any(|destination| destination.is_beside && destination.host == host)
    }

    fn needed(&self) -> String {
        let names: Vec<_> = self.needed.iter().map(written).collect();
        if names.is_empty() { "nothing".to_owned() } else { names.join(" and ") }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Destination { host, port, needed } => write!(
                f,
                "a call to {host}:{port} was refused: this command needs to reach {needed}; `--allow-host {host}:{port}` allows it"
            ),
            Self::Plain { host, port } => write!(
                f,
                "a call to {host}:{port} was refused: it would not be encrypted; `--allow-host {host}:{port}` allows it"
            ),
            Self::Address { host, address, what } => {
                write!(f, "a call to {host} was refused: {address} is {what}, and no flag allows that under this name")
            }
        }
    }
}

impl std::error::Error for Refusal {}

fn written(destination: &Destination) -> String {
    match destination.port {
        Some(port) => format!("{}:{port}", destination.host),
        None => destination.host.clone(),
    }
}

fn destination(text: &str) -> Result<Destination, Fault> {
    let wrong = || {
        Fault::new(Category::Usage, "allow-host-malformed", format!("`--allow-host {text}` names no host"))
            .hint("write a name or an address and perhaps a port, such as `--allow-host login.example.com:8443` or `--allow-host [::1]:80`")
    };
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => (name, Some(port.parse::<u16>().map_err(|_| wrong())?)),
        _ => (text, None),
    };
    if name.contains(':') && !name.starts_with('[') {
        return Err(wrong());
    }
    // Names and addresses are read as those of a request are, so that the two can be compared.
    let url = Url::parse(&format!("https://{name}/")).map_err(|_| wrong())?;
    let is_bare = url.port().is_none() && url.username().is_empty() && url.password().is_none() && url.path() == "/";
    match url.host_str() {
        Some(host) if is_bare && url.query().is_none() && url.fragment().is_none() => {
            Ok(Destination { host: host.to_owned(), port, why: "--allow-host", is_beside: false })
        }
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests;
