//! Tests which destinations and addresses the component may call.

use super::*;

fn policy(needed: &[&str], allowed: &[&str]) -> Policy {
    let needed = needed.iter().filter_map(|url| Destination::of_url(url, "a test")).collect();
    let allowed: Vec<_> = allowed.iter().map(ToString::to_string).collect();
    Policy::new(needed, &allowed).unwrap()
}

fn check(policy: &Policy, url: &str) -> Result<(), Refusal> {
    policy.check_url(&Url::parse(url).unwrap())
}

#[test]
fn a_token_service_beside_the_job_is_called_without_encryption_only_when_its_token_is_needed() {
    let metadata = "http://metadata.google.internal/computeMetadata/v1/";
    let granted = policy(&[metadata], &[]);
    assert_eq!(check(&granted, metadata), Ok(()));
    let address = IpAddr::from([169, 254, 169, 254]);
    assert_eq!(granted.check_address("metadata.google.internal", address), Ok(()));
    assert!(granted.check_address("login.example", address).is_err());
    assert!(check(&granted, "http://metadata.google.internal:8080/").is_err());
    assert!(check(&policy(&["https://login.example"], &[]), metadata).is_err());
    let allowed = policy(&[], &["metadata.google.internal"]);
    assert!(allowed.check_address("metadata.google.internal", address).is_err(), "no flag allows that");
}

#[test]
fn a_socket_is_reached_only_under_the_name_that_stands_for_it() {
    let policy = policy(&[], &[]).with_sockets(vec![("harness-wi.localhost", "/run/wi.sock".to_owned())]);
    let socket = |url: &str| policy.socket(&Url::parse(url).unwrap()).map(ToOwned::to_owned);
    assert_eq!(socket("http://harness-wi.localhost/mint").as_deref(), Some("/run/wi.sock"));
    assert_eq!(check(&policy, "http://harness-wi.localhost/mint"), Ok(()));
    for url in ["http://buildkite-job-api.localhost/", "http://localhost/run/wi.sock", "https://harness-wi.localhost/"]
    {
        assert!(check(&policy, url).is_err(), "{url}");
    }
}

#[test]
fn only_the_needed_host_and_port_may_be_called() {
    let policy = policy(&["https://login.microsoftonline.com"], &[]);
    assert_eq!(check(&policy, "https://login.microsoftonline.com/t/oauth2/v2.0/token"), Ok(()));
    assert_eq!(check(&policy, "https://LOGIN.microsoftonline.com:443/"), Ok(()));
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
        assert!(matches!(check(&policy, url), Err(Refusal::Destination { .. })), "{url}");
    }
}

#[test]
fn all_spellings_of_an_address_are_the_same() {
    let policy = policy(&["https://[0:0:0:0:0:0:0:1]:8443"], &[]);
    assert_eq!(check(&policy, "https://[::1]:8443/"), Ok(()));
    assert!(matches!(check(&policy, "https://[::2]:8443/"), Err(Refusal::Destination { .. })));
}

#[test]
fn a_refusal_names_the_destination_and_the_flag_that_allows_it() {
    let policy = policy(&["https://login.microsoftonline.com"], &[]);
    assert_eq!(
        check(&policy, "https://example.com/x?secret").unwrap_err().to_string(),
        "a call to example.com:443 was refused: this command needs to call only login.microsoftonline.com:443; \
         `--allow-host example.com:443` allows this call"
    );
}

#[test]
fn allow_host_also_permits_calls_without_encryption() {
    let policy =
        policy(&["https://login.microsoftonline.com"], &["Example.com:8080", "any-port.example", "[fd00::1]:80"]);
    for url in
        ["http://example.com:8080/", "https://any-port.example:1/", "http://any-port.example/", "http://[fd00::1]/"]
    {
        assert_eq!(check(&policy, url), Ok(()), "{url}");
    }
    assert!(check(&policy, "http://example.com/").is_err());
}

#[test]
fn needed_destinations_are_called_without_encryption_only_on_this_machine() {
    let needed = |host: &str, port| {
        let (host, port) = (host.to_owned(), Some(port));
        Destination { host, port, why: "a test", is_beside: false, is_public_only: false }
    };
    let policy =
        Policy::new(vec![needed("localhost", 80), needed("127.0.0.1", 80), needed("vault.example", 80)], &[]).unwrap();
    assert_eq!(check(&policy, "http://localhost/"), Ok(()));
    assert_eq!(check(&policy, "http://127.0.0.1/"), Ok(()));
    assert!(matches!(check(&policy, "http://vault.example/"), Err(Refusal::Plain { .. })));
}

#[test]
fn allow_host_takes_a_host_with_an_optional_port() {
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
fn no_name_leads_to_a_metadata_service_or_a_link_local_address() {
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
            assert!(policy.check_address(host, address).is_err(), "{host} at {text}");
        }
    }
}

#[test]
fn a_host_that_is_an_address_is_checked_as_one() {
    let hosts = ["169.254.169.254", "[fe80::1]", "[::ffff:169.254.169.254]", "0.0.0.0", "[::]"];
    let policy = policy(&[], &hosts);
    for host in hosts {
        assert!(matches!(check(&policy, &format!("http://{host}/")), Err(Refusal::Address { .. })), "{host}");
    }
    // Other spellings of the same address.
    for url in ["http://0xa9fea9fe/", "http://2852039166/", "http://169.254.43518/", "http://0251.0376.0251.0376/"] {
        assert!(check(&policy, url).is_err(), "{url}");
    }
}

#[test]
fn loopback_addresses_are_called_only_under_loopback_names() {
    let policy = policy(&["https://login.microsoftonline.com"], &[]);
    for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::"] {
        let address = address.parse().unwrap();
        for host in ["localhost", "127.0.0.1", "[::1]"] {
            assert_eq!(policy.check_address(host, address), Ok(()), "{host} at {address}");
        }
        assert!(policy.check_address("login.microsoftonline.com", address).is_err(), "{address}");
    }
    assert!(policy.check_address("localhost", "10.0.0.1".parse().unwrap()).is_err());
}

#[test]
fn private_and_public_networks_may_be_called() {
    let policy = policy(&["https://login.microsoftonline.com"], &[]);
    for address in
        ["20.190.128.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "2603:1037:1:c0::6", "fd12::1"]
    {
        assert_eq!(policy.check_address("login.microsoftonline.com", address.parse().unwrap()), Ok(()), "{address}");
    }
}

#[test]
fn a_host_beside_the_job_is_called_without_encryption_and_only_at_a_near_address() {
    let policy = policy(&["http://metadata.google.internal/identity", "http://host.docker.internal:8080/"], &[]);
    assert_eq!(check(&policy, "http://metadata.google.internal/identity?audience=a"), Ok(()));
    assert!(check(&policy, "http://metadata.google.internal:8080/").is_err());
    for host in ["metadata.google.internal", "host.docker.internal"] {
        for address in ["169.254.169.254", "fd20:ce::254", "192.168.65.254", "172.17.0.1", "127.0.0.1"] {
            assert_eq!(policy.check_address(host, address.parse().unwrap()), Ok(()), "{host} at {address}");
        }
        for address in ["203.0.113.7", "2001:db8::1", "0.0.0.0", "224.0.0.1"] {
            assert!(policy.check_address(host, address.parse().unwrap()).is_err(), "{host} at {address}");
        }
    }
}

#[test]
fn a_host_that_a_token_chose_may_be_at_public_addresses_only() {
    let issuer = |host: &str| Destination { is_public_only: true, ..Destination::of_url(host, "the issuer").unwrap() };
    let allowed = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let private = "10.0.0.7".parse().unwrap();
    let policy = Policy::new(vec![issuer("https://issuer.example")], &[]).unwrap();
    assert!(policy.check_address("issuer.example", private).is_err());
    assert_eq!(policy.check_address("issuer.example", "203.0.113.7".parse().unwrap()), Ok(()));
    let policy = Policy::new(vec![issuer("https://issuer.example")], &allowed(&["issuer.example"])).unwrap();
    assert_eq!(policy.check_address("issuer.example", private), Ok(()), "a flag allows it");
    let authority = Destination::of_url("https://issuer.example", "the authority").unwrap();
    let policy = Policy::new(vec![issuer("https://issuer.example"), authority], &[]).unwrap();
    assert_eq!(policy.check_address("issuer.example", private), Ok(()), "it is the authority too");
}
