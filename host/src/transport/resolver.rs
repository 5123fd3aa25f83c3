//! Resolves host names to the addresses that the policy permits.
//!
//! The client connects to exactly these addresses, so a name cannot change its address between the
//! check and the connection. The system's lookup blocks, so it has a thread of its own; tokio's
//! threads would end the process when the system starts none. The name of this machine needs no
//! thread: it is in the system's list of hosts.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use azure_oidc_core::address::is_loopback;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::oneshot;

use crate::egress::Policy;
use crate::exhausted::Resource;

/// A resolver that enforces the policy.
#[derive(Debug)]
pub(super) struct Resolver {
    policy: Arc<Policy>,
    /// Names that may resolve to any address.
    proxies: Mutex<BTreeSet<String>>,
}

/// A name that cannot be resolved.
#[derive(Debug)]
pub(super) struct LookupFailed {
    why: String,
    /// Whether the reason is that this machine has no descriptor, thread or memory left.
    pub(super) is_exhausted: bool,
}

impl LookupFailed {
    fn new(why: &str) -> Self {
        Self { why: why.to_owned(), is_exhausted: false }
    }
}

impl Resolver {
    pub(super) fn new(policy: Arc<Policy>) -> Self {
        Self { policy, proxies: Mutex::default() }
    }

    /// Permits every address for the name of a proxy.
    pub(super) fn trust_proxy(&self, proxy: String) {
        self.proxies.lock().unwrap_or_else(PoisonError::into_inner).insert(proxy);
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = Arc::clone(&self.policy);
        let is_proxy = self.proxies.lock().unwrap_or_else(PoisonError::into_inner).contains(name.as_str());
        Box::pin(async move {
            let name = name.as_str();
            let found = lookup(name.to_owned()).await?;
            let addresses = if is_proxy { found } else { permitted(&policy, name, found.into_iter())? };
            Ok(Box::new(addresses.into_iter()) as Addrs)
        })
    }
}

/// Asks the system for the addresses of a name.
async fn lookup(name: String) -> Result<Vec<SocketAddr>, LookupFailed> {
    if is_loopback(&name) {
        return asked(&name);
    }
    let (found, addresses) = oneshot::channel();
    let ask = move || found.send(asked(&name)).ok();
    thread::Builder::new().name("names".to_owned()).spawn(ask).map_err(|error| failed(&error, true))?;
    addresses.await.unwrap_or_else(|_| Err(LookupFailed::new("the lookup gave no answer")))
}

fn asked(name: &str) -> Result<Vec<SocketAddr>, LookupFailed> {
    let addresses = (name, 0).to_socket_addrs().map(Iterator::collect);
    addresses.map_err(|error| failed(&error, Resource::of(&error).is_some()))
}

fn failed(error: &io::Error, is_exhausted: bool) -> LookupFailed {
    LookupFailed { why: error.to_string(), is_exhausted }
}

/// The permitted addresses, or why there is none.
fn permitted(
    policy: &Policy,
    name: &str,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
    let mut reason: Box<dyn Error + Send + Sync> = Box::new(LookupFailed::new("the name has no address"));
    let mut addresses = Vec::new();
    for address in found {
        match policy.check_address(name, address.ip()) {
            Ok(()) => addresses.push(address),
            Err(refusal) => reason = Box::new(refusal),
        }
    }
    if addresses.is_empty() { Err(reason) } else { Ok(addresses) }
}

impl fmt::Display for LookupFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Error for LookupFailed {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::Refusal;

    fn resolved(name: &str, addresses: &[&str]) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
        let policy = Policy::new(Vec::new(), &[name.to_owned()]).unwrap();
        let found = addresses.iter().map(|address| SocketAddr::new(address.parse().unwrap(), 0));
        permitted(&policy, name, found)
    }

    #[test]
    fn of_several_addresses_only_the_permitted_ones_are_returned() {
        let addresses = resolved("login.example", &["169.254.169.254", "203.0.113.7", "127.0.0.1"]).unwrap();
        assert_eq!(addresses, ["203.0.113.7:0".parse().unwrap()]);
    }

    #[test]
    fn a_name_that_resolves_only_to_a_metadata_service_is_refused() {
        let error = resolved("login.example", &["169.254.169.254"]).unwrap_err();
        assert!(
            error.downcast_ref::<Refusal>().is_some_and(|refusal| refusal.to_string().contains("metadata")),
            "{error}"
        );
    }

    #[test]
    fn a_name_without_an_address_is_not_reported_as_refused() {
        assert!(resolved("login.example", &[]).unwrap_err().is::<LookupFailed>());
    }
}
