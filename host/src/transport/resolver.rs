//! Looks up names, and hands on only the addresses that may be called. The client connects to nothing else, so there is no moment
//! between the judgement and the call in which a name could change its address.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::egress::Policy;

/// A resolver that keeps the policy.
#[derive(Debug)]
pub(super) struct Resolver {
    policy: Arc<Policy>,
    proxies: Mutex<BTreeSet<String>>,
}

/// A name that has no address.
#[derive(Debug)]
pub(super) struct NoAddress(String);

impl Resolver {
    pub(super) fn new(policy: Arc<Policy>) -> Self {
        Self { policy, proxies: Mutex::default() }
    }

    /// Lets a proxy be at any address.
    pub(super) fn trust(&self, proxy: String) {
        self.proxies.lock().unwrap_or_else(PoisonError::into_inner).insert(proxy);
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.policy);
        let is_proxy = self.proxies.lock().unwrap_or_else(PoisonError::into_inner).contains(name.as_str());
        Box::pin(async move {
            let name = name.as_str();
            let found = tokio::net::lookup_host((name, 0)).await.map_err(|error| NoAddress(error.to_string()))?;
            let addresses = if is_proxy { found.collect() } else { allowed(&policy, name, found)? };
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// The addresses that may be called; when there is none, why.
fn allowed(
    policy: &Policy,
    name: &str,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
    let mut reason: Box<dyn Error + Send + Sync> = Box::new(NoAddress("the name has no address".to_owned()));
    let mut addresses = Vec::new();
    for address in found {
        match policy.judge_address(name, address.ip()) {
            Ok(()) => addresses.push(address),
            Err(refusal) => reason = Box::new(refusal),
        }
    }
    if addresses.is_empty() { Err(reason) } else { Ok(addresses) }
}

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for NoAddress {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Refusal;

    fn judged(name: &str, addresses: &[&str]) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
        let policy = Policy::new(Vec::new(), &[name.to_owned()]).unwrap();
        let found = addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0));
        allowed(&policy, name, found)
    }

    #[test]
    fn of_several_addresses_only_the_allowed_ones_are_called() {
        let addresses = judged("login.example", &["169.254.169.254", "203.0.113.7", "127.0.0.1"]).unwrap();
        assert_eq!(addresses, ["203.0.113.7:0".parse().unwrap()]);
    }

    #[test]
    fn a_name_that_leads_only_to_a_metadata_service_is_refused() {
        let error = judged("login.example", &["169.254.169.254"]).unwrap_err();
        assert!(
            error.downcast_ref::<Refusal>().is_some_and(|refusal| refusal.to_string().contains("metadata")),
            "{error}"
        );
    }

    #[test]
    fn a_name_without_an_address_is_not_taken_for_a_refused_one() {
        assert!(judged("login.example", &[]).unwrap_err().is::<NoAddress>());
    }
}
