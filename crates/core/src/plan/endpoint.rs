//! Where to sign in.

use crate::authority::{Authority, cloud_by_name};
use crate::cloud::{self, Cloud};
use crate::fault::{Category, Fault};
use crate::ports::Env;
use crate::settings::{self, AUTHORITY_HOST, Found};

/// A sign-in service and the cloud that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The sign-in service.
    pub authority: Authority,
    /// Its cloud; none for a private authority or an emulator.
    pub cloud: Option<&'static Cloud>,
}

impl Endpoint {
    /// From the options or, where an option is missing, from the variables. An option for the
    /// authority wins over a variable with another cloud.
    pub fn find(cloud: Option<&str>, host: Option<&str>, env: &dyn Env) -> Result<Self, Fault> {
        let found = AUTHORITY_HOST.find(host, env);
        let by_option = host.and_then(|host| Authority::parse(host, AUTHORITY_HOST.flag).ok()?.cloud());
        match (cloud, settings::named_cloud(env)) {
            (Some(name), _) => Self::resolve(Some(name), settings::CLOUD.flag, found),
            (None, Some((cloud, named))) if by_option.is_none() => Self::resolve(Some(cloud.name), named, found),
            (None, _) => Self::resolve(None, "", found),
        }
    }

    /// From the name of a cloud, the host of an authority, or both, as long as they agree. `named`
    /// is where the cloud's name comes from, for messages.
    pub fn resolve(cloud: Option<&str>, named: &str, host: Option<Found>) -> Result<Self, Fault> {
        let unknown = |fault: Fault| fault.hint("for another cloud, give `--authority-host` and full scopes");
        let wanted = cloud.map(|name| cloud_by_name(name, named).map_err(unknown)).transpose()?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::fixed::Variables;

    fn find(cloud: Option<&str>, host: Option<&str>, env: &[(&str, &str)]) -> Result<(String, &'static str), Fault> {
        let env = Variables(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        let endpoint = Endpoint::find(cloud, host, &env)?;
        Ok((endpoint.authority.host().to_owned(), endpoint.cloud.map_or("none", |cloud| cloud.name)))
    }

    #[test]
    fn the_variables_of_other_tools_choose_the_cloud() {
        const US: &str = "login.microsoftonline.us";
        const CHINA: &str = "login.chinacloudapi.cn";
        const PUBLIC: &str = "login.microsoftonline.com";
        let arm = |value| [("ARM_ENVIRONMENT", value)];
        let azure = |value| [("AZURE_ENVIRONMENT", value)];
        for (env, host, cloud) in [
            (arm("usgovernment"), US, "usgov"),
            (arm("china"), CHINA, "china"),
            (arm("public"), PUBLIC, "public"),
            (arm("german"), PUBLIC, "public"),
            (azure("AzureUSGovernment"), US, "usgov"),
            (azure("AzureChinaCloud"), CHINA, "china"),
            (azure("dev"), PUBLIC, "public"),
        ] {
            assert_eq!(find(None, None, &env).unwrap(), (host.to_owned(), cloud), "{env:?}");
        }
        // Options win.
        assert_eq!(find(Some("public"), None, &arm("china")).unwrap().1, "public");
        assert_eq!(find(None, Some("https://login.microsoftonline.com"), &arm("china")).unwrap().1, "public");
        // A private authority belongs to the cloud that is named.
        assert_eq!(
            find(None, Some("https://127.0.0.1:8443"), &arm("china")).unwrap(),
            ("127.0.0.1".to_owned(), "china")
        );
        assert_eq!(find(None, Some("https://127.0.0.1:8443"), &[]).unwrap().1, "none");
    }

    #[test]
    fn variables_that_contradict_each_other_are_both_named() {
        let env = [("ARM_ENVIRONMENT", "china"), ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.us/")];
        let fault = find(None, None, &env).unwrap_err();
        assert_eq!(fault.code, "cloud-and-authority-differ");
        assert!(["ARM_ENVIRONMENT", "AZURE_AUTHORITY_HOST"].iter().all(|name| fault.message.contains(name)));
    }
}
