//! Where to sign in.

use crate::authority::{Authority, cloud_by_name};
use crate::cloud::{self, Cloud};
use crate::fault::{Category, Fault};
use crate::settings::Found;

/// A sign-in service and the cloud that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The sign-in service.
    pub authority: Authority,
    /// Its cloud; none for a private authority or an emulator.
    pub cloud: Option<&'static Cloud>,
}

impl Endpoint {
    /// From the name of a cloud, the host of an authority, or both, as long as they agree. `named`
    /// is where the cloud's name comes from, for messages.
    pub fn resolve(cloud: Option<&str>, named: &str, host: Option<Found>) -> Result<Self, Fault> {
        let wanted = cloud.map(|name| cloud_by_name(name, named)).transpose()?;
        let Some(host) = host else {
            let cloud = wanted.unwrap_or(cloud::PUBLIC);
            return Ok(Self { authority: Authority::of(cloud), cloud: Some(cloud) });
        };
        let authority = Authority::parse(&host.value, host.named)?;
        match (wanted, authority.cloud()) {
            (Some(wanted), Some(actual)) if wanted != actual => {
                let message = format!(
                    "The cloud from {named} is {}, but the authority host `{}` from {} belongs to {}",
                    wanted.name,
                    authority.host(),
                    host.named,
                    actual.name
                );
                Err(Fault::new(Category::Usage, "cloud-and-authority-differ", message).hint("give only one of the two"))
            }
            (wanted, actual) => Ok(Self { cloud: wanted.or(actual), authority }),
        }
    }
}
