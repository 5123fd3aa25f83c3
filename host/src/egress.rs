//! Where the component may call. First the name is judged: only destinations that the command needs, or that were allowed by hand.
//! Then, when the name has been looked up, the address: a permitted name may lead to a machine's metadata service, which hands out
//! credentials to whoever can reach it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use azure_oidc_cli::grants::Destination;
use azure_oidc_core::{Category, Fault};
use reqwest::Url;

/// What may be called.
#[derive(Debug)]
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

/// Whether a name can only mean this machine (RFC 6761 §6.3, RFC 1122 §3.2.1.3).
fn is_loopback(host: &str) -> bool {
    host == "localhost" || literal(host).is_some_and(|address| matches!(kind(address), Kind::Loopback))
}

/// Whether two hosts are the same name, or the same address: one of version 6 can be written in many ways (RFC 5952 §2).
fn is_same(one: &str, other: &str) -> bool {
    one == other || literal(one).is_some_and(|address| literal(other) == Some(address))
}

/// The address that a host is written as, if it is not a name.
fn literal(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

enum Kind {
    /// This machine.
    Loopback,
    /// Hands out the credentials of a cloud machine to whoever can reach it.
    Metadata,
    /// On the same wire.
    LinkLocal,
    /// Not one machine: unspecified, multicast, broadcast, reserved.
    Nowhere,
    /// In a private network (RFC 1918, RFC 4193, RFC 6598). Authorities and token services are often there.
    Private,
    /// Anywhere else.
    Public,
}

fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(address) => kind_v4(address),
        IpAddr::V6(address) => match embedded(address) {
            Some(embedded) => kind_v4(embedded),
            None => kind_v6(address),
        },
    }
}

fn kind_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [127, ..] => Kind::Loopback,
        // AWS, Azure, Google and most others; Azure's platform address; Alibaba; Oracle's old one.
        [169, 254, 169, 254] | [168, 63, 129, 16] | [100, 100, 100, 200] | [192, 0, 0, 192] => Kind::Metadata,
        [169, 254, ..] => Kind::LinkLocal,
        // Linux takes all of 0.0.0.0/8 for this machine.
        [0 | 224..=255, ..] => Kind::Nowhere,
        [10, ..] | [172, 16..=31, ..] | [192, 168, ..] | [100, 64..=127, ..] => Kind::Private,
        _ => Kind::Public,
    }
}

fn kind_v6(address: Ipv6Addr) -> Kind {
    // AWS and Google.
    const METADATA: [Ipv6Addr; 2] =
        [Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)];
    match address {
        Ipv6Addr::LOCALHOST => Kind::Loopback,
        Ipv6Addr::UNSPECIFIED => Kind::Nowhere,
        address if METADATA.contains(&address) => Kind::Metadata,
        address if address.is_unicast_link_local() => Kind::LinkLocal,
        address if address.is_multicast() => Kind::Nowhere,
        address if address.is_unique_local() => Kind::Private,
        _ => Kind::Public,
    }
}

/// The IPv4 address within an IPv6 address that leads to it: mapped and compatible (RFC 4291 §2.5.5), NAT64 (RFC 6052 §2.1) and
/// 6to4 (RFC 3056 §2).
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let low = |high: u16, low: u16| Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, a, b] | [0x64, 0xff9b, 0, 0, 0, 0, a, b] | [0x2002, a, b, ..] => Some(low(a, b)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(needed: &[&str], by_hand: &[&str]) -> Policy {
        let needed = needed.iter().filter_map(|url| Destination::of_url(url, "a test")).collect();
        let by_hand: Vec<_> = by_hand.iter().map(ToString::to_string).collect();
        Policy::new(needed, &by_hand).unwrap()
    }

    fn judge(policy: &Policy, url: &str) -> Result<(), Refusal> {
        policy.judge(&Url::parse(url).unwrap())
    }

    #[test]
    fn a_host_beside_the_job_may_be_called_in_the_clear_when_its_token_is_needed_and_only_there() {
        let metadata = "http://metadata.google.internal/computeMetadata/v1/";
        let granted = policy(&[metadata], &[]);
        assert_eq!(judge(&granted, metadata), Ok(()));
        let address = IpAddr::from([169, 254, 169, 254]);
        assert_eq!(granted.judge_address("metadata.google.internal", address), Ok(()));
        assert!(granted.judge_address("login.example", address).is_err());
        assert!(judge(&granted, "http://metadata.google.internal:8080/").is_err());
        assert!(judge(&policy(&["https://login.example"], &[]), metadata).is_err());
        let by_hand = policy(&[], &["metadata.google.internal"]);
        assert!(by_hand.judge_address("metadata.google.internal", address).is_err(), "no flag allows that");
    }

    #[test]
    fn a_socket_is_reached_under_the_name_that_stands_for_it_and_no_other() {
        let policy = policy(&[], &[]).with_sockets(vec![("harness-wi.localhost", "/run/wi.sock".to_owned())]);
        let socket = |url: &str| policy.socket(&Url::parse(url).unwrap()).map(ToOwned::to_owned);
        assert_eq!(socket("http://harness-wi.localhost/mint").as_deref(), Some("/run/wi.sock"));
        assert_eq!(judge(&policy, "http://harness-wi.localhost/mint"), Ok(()));
        for url in
            ["http://buildkite-job-api.localhost/", "http://localhost/run/wi.sock", "https://harness-wi.localhost/"]
        {
            assert!(judge(&policy, url).is_err(), "{url}");
        }
    }

    #[test]
    fn only_the_needed_host_and_port_may_be_called() {
        let policy = policy(&["https://login.microsoftonline.com"], &[]);
        assert_eq!(judge(&policy, "https://login.microsoftonline.com/t/oauth2/v2.0/token"), Ok(()));
        assert_eq!(judge(&policy, "https://LOGIN.microsoftonline.com:443/"), Ok(()));
        for url in [
            "https://login.microsoftonline.com:8443/",
            "http://login.microsoftonline.com/",
            "https://login.microsoftonline.com./",
            "https://login.microsoftonline.com.example/",
            "https://example.com/login.microsoftonline.com",
            "https://login.microsoftonline.com@example.com/",
            "https://microsoftonline.com/",
            "https://169.254.169.254/",
        ] {
            assert!(matches!(judge(&policy, url), Err(Refusal::Destination { .. })), "{url}");
        }
    }

    #[test]
    fn an_address_is_the_same_however_it_is_written() {
        let policy = policy(&["https://[0:0:0:0:0:0:0:1]:8443"], &[]);
        assert_eq!(judge(&policy, "https://[::1]:8443/"), Ok(()));
        assert!(matches!(judge(&policy, "https://[::2]:8443/"), Err(Refusal::Destination { .. })));
    }

    #[test]
    fn a_refusal_says_what_was_refused_and_which_flag_allows_it() {
        let policy = policy(&["https://login.microsoftonline.com"], &[]);
        assert_eq!(
            judge(&policy, "https://example.com/x?secret").unwrap_err().to_string(),
            "a call to example.com:443 was refused: this command needs to reach login.microsoftonline.com:443; \
             `--allow-host example.com:443` allows it"
        );
    }

    #[test]
    fn what_is_allowed_by_hand_may_be_called_without_encryption_too() {
        let policy =
            policy(&["https://login.microsoftonline.com"], &["Example.com:8080", "any-port.example", "[fd00::1]:80"]);
        for url in
            ["http://example.com:8080/", "https://any-port.example:1/", "http://any-port.example/", "http://[fd00::1]/"]
        {
            assert_eq!(judge(&policy, url), Ok(()), "{url}");
        }
        assert!(judge(&policy, "http://example.com/").is_err());
    }

    #[test]
    fn without_encryption_only_this_machine_is_called() {
        let needed =
            |host: &str, port| Destination { host: host.to_owned(), port: Some(port), why: "a test", is_beside: false };
        let policy =
            Policy::new(vec![needed("localhost", 80), needed("127.0.0.1", 80), needed("vault.example", 80)], &[])
                .unwrap();
        assert_eq!(judge(&policy, "http://localhost/"), Ok(()));
        assert_eq!(judge(&policy, "http://127.0.0.1/"), Ok(()));
        assert!(matches!(judge(&policy, "http://vault.example/"), Err(Refusal::Plain { .. })));
    }

    #[test]
    fn an_allowed_host_is_a_host_and_perhaps_a_port() {
        for text in [
            "",
            ":443",
            "a b",
            "https://example.com",
            "example.com/path",
            "user@example.com",
            "example.com:",
            "example.com:99999",
            "[::1",
            "::1",
            "fd00::1",
            "example.com?x",
            "#",
        ] {
            let fault = Policy::new(Vec::new(), &[text.to_owned()]).unwrap_err();
            assert_eq!((fault.code, fault.category), ("allow-host-malformed", Category::Usage), "{text}");
        }
    }

    #[test]
    fn metadata_services_and_link_local_addresses_are_never_called_whatever_the_name() {
        let addresses = [
            "169.254.169.254",
            "169.254.0.1",
            "169.254.170.2",
            "168.63.129.16",
            "100.100.100.200",
            "192.0.0.192",
            "::ffff:169.254.169.254",
            "::169.254.169.254",
            "64:ff9b::a9fe:a9fe",
            "2002:a9fe:a9fe::1",
            "::ffff:168.63.129.16",
            "fe80::1",
            "febf::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "0.0.0.0",
            "0.1.2.3",
            "::",
            "::ffff:0.0.0.0",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
            "ff02::1",
        ];
        let policy = policy(&["https://login.microsoftonline.com"], &[]);
        for text in addresses {
            let address: IpAddr = text.parse().unwrap();
            for host in ["login.microsoftonline.com", "localhost", text] {
                assert!(policy.judge_address(host, address).is_err(), "{host} at {text}");
            }
        }
    }

    #[test]
    fn an_address_is_judged_when_it_stands_in_the_place_of_a_name() {
        let hosts = ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "0.0.0.0", "[::]"];
        let policy = policy(&[], &hosts);
        for host in hosts {
            assert!(matches!(judge(&policy, &format!("http://{host}/")), Err(Refusal::Address { .. })), "{host}");
        }
        // Other spellings of the same address.
        for url in ["http://0xa9fea9fe/", "http://2852039166/", "http://169.254.43518/", "http://0251.0376.0251.0376/"]
        {
            assert!(judge(&policy, url).is_err(), "{url}");
        }
    }

    #[test]
    fn this_machine_is_called_only_under_a_name_that_can_mean_nothing_else() {
        let policy = policy(&["https://login.microsoftonline.com"], &[]);
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"] {
            let address = address.parse().unwrap();
            for host in ["localhost", "127.0.0.1", "[::1]"] {
                assert_eq!(policy.judge_address(host, address), Ok(()), "{host} at {address}");
            }
            assert!(policy.judge_address("login.microsoftonline.com", address).is_err(), "{address}");
        }
        assert!(policy.judge_address("localhost", "10.0.0.1".parse().unwrap()).is_err());
    }

    #[test]
    fn private_and_public_networks_may_be_called() {
        let policy = policy(&["https://login.microsoftonline.com"], &[]);
        for address in
            ["20.190.128.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "2603:1037:1:c0::6", "fd12::1"]
        {
            assert_eq!(
                policy.judge_address("login.microsoftonline.com", address.parse().unwrap()),
                Ok(()),
                "{address}"
            );
        }
    }

    #[test]
    fn what_is_next_to_the_job_is_called_without_encryption_and_only_there() {
        let policy = policy(&["http://metadata.google.internal/identity", "http://host.docker.internal:8080/"], &[]);
        assert_eq!(judge(&policy, "http://metadata.google.internal/identity?audience=a"), Ok(()));
        assert!(judge(&policy, "http://metadata.google.internal:8080/").is_err());
        for host in ["metadata.google.internal", "host.docker.internal"] {
            for address in ["169.254.169.254", "fd20:ce::254", "192.168.65.254", "172.17.0.1", "127.0.0.1"] {
                assert_eq!(policy.judge_address(host, address.parse().unwrap()), Ok(()), "{host} at {address}");
            }
            for address in ["203.0.113.7", "2001:db8::1", "0.0.0.0", "224.0.0.1"] {
                assert!(policy.judge_address(host, address.parse().unwrap()).is_err(), "{host} at {address}");
            }
        }
    }

    #[test]
    fn a_name_that_stands_for_a_socket_is_called_in_no_other_way() {
        let policy = policy(&[], &[]).with_sockets(vec![("harness-wi.localhost", "/run/wi.sock".to_owned())]);
        let url = Url::parse("http://harness-wi.localhost/mint").unwrap();
        assert_eq!(policy.socket(&url), Some("/run/wi.sock"));
        assert_eq!(policy.judge(&url), Ok(()));
        for url in ["https://harness-wi.localhost/mint", "http://buildkite-job-api.localhost/"] {
            assert!(judge(&policy, url).is_err(), "{url}");
        }
    }
}
