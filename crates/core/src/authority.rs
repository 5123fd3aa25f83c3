//! Where and as whom to sign in: the authority, the tenant and the client id, each checked before anything is sent.

use crate::cloud::{self, Cloud};
use crate::fault::{Category, Fault};

/// A sign-in service: `https://host[:port]`, or `http` on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    secure: bool,
    host: String,
    port: Option<u16>,
}

impl Authority {
    /// The sign-in service of a cloud.
    pub fn of(cloud: &Cloud) -> Self {
        Self { secure: true, host: cloud.authority_hosts[0].to_owned(), port: None }
    }

    /// Reads `https://host[:port]`, with or without the scheme and a last `/`, as the Azure SDKs accept it.
    ///
    /// Plain HTTP is refused except for loopback: the assertion would travel in the clear. `named` is the flag or variable the
    /// text came from, for the message.
    pub fn parse(text: &str, named: &str) -> Result<Self, Fault> {
        let wrong = |why: &str| {
            Fault::new(
                Category::Usage,
                "authority-invalid",
                format!("The authority host `{}` from {named} {why}", text.escape_debug()),
            )
            .hint("write it as `https://login.microsoftonline.com`, without tenant or path")
        };
        let (secure, rest) = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") => (true, rest),
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => (false, rest),
            Some(_) => return Err(wrong("is neither https nor http")),
            None => (true, text),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) {
            return Err(wrong("has a path or a query"));
        }
        if rest.contains('@') {
            return Err(wrong("has a user name in it"));
        }
        let (host, port) = split_port(rest).ok_or_else(|| wrong("has a port that is not a number from 1 to 65535"))?;
        if !is_host(host) {
            return Err(wrong("is not a host name"));
        }
        let authority = Self { secure, host: host.to_ascii_lowercase(), port };
        if !secure && !authority.is_loopback() {
            return Err(wrong("is plain http; the ID token would travel in the clear")
                .hint("plain http is accepted for loopback only, for tests against an emulator"));
        }
        Ok(authority)
    }

    /// The host name, in lower case; an IPv6 address keeps its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, written or implied.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 443 } else { 80 })
    }

    /// The cloud this service belongs to, when it is a known one.
    pub fn cloud(&self) -> Option<&'static Cloud> {
        if self.port() == 443 { Cloud::by_authority_host(&self.host) } else { None }
    }

    /// `https://host[:port]`, without a last `/`.
    pub fn base(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        match self.port {
            Some(port) => format!("{scheme}://{}:{port}", self.host),
            None => format!("{scheme}://{}", self.host),
        }
    }

    /// The token endpoint of a tenant.
    pub fn token_url(&self, tenant: &Tenant) -> String {
        format!("{}/{}/oauth2/v2.0/token", self.base(), tenant.0)
    }

    fn is_loopback(&self) -> bool {
        let name = self.host.trim_start_matches('[').trim_end_matches(']');
        name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

/// A tenant: its GUID or one of its verified domain names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant(String);

impl Tenant {
    /// Checks the form only; whether it exists, Entra knows. `named` is the flag or variable it came from.
    pub fn parse(text: &str, named: &str) -> Result<Self, Fault> {
        let wrong = |why: String| {
            Fault::new(Category::Usage, "tenant-id-invalid", format!("The tenant id from {named} {why}"))
                .hint("`az account show --query tenantId --output tsv` prints the tenant id")
        };
        if ["common", "organizations", "consumers"].contains(&text) {
            return Err(wrong(format!(
                "is `{text}`, which names no single tenant; give the tenant's GUID or a domain"
            )));
        }
        if is_domain(text) && !looks_like_guid(text) {
            return Ok(Self(text.to_owned()));
        }
        match guid_problem(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(wrong(format!("is neither a GUID nor a domain name: {why}"))),
        }
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The client id of an application or a user-assigned managed identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientId(String);

impl ClientId {
    /// Checks that it is a GUID. `named` is the flag or variable it came from.
    pub fn parse(text: &str, named: &str) -> Result<Self, Fault> {
        match guid_problem(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => {
                Err(Fault::new(Category::Usage, "client-id-invalid", format!("The client id from {named} is not a GUID: {why}"))
                    .hint(
                        "the client id is the `appId` of the application or the `clientId` of the managed identity, not its name \
                     and not the object id",
                    ))
            }
        }
    }

    /// As it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What one access token is for: `{resource}/.default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scope {
    /// In full, as it is sent.
    pub value: String,
    /// The short name it was given as or has in the cloud.
    pub short: Option<&'static str>,
}

impl Scope {
    /// Reads a full scope or a short name of the cloud's resources. `named` is the flag or variable it came from.
    pub fn parse(text: &str, cloud: Option<&'static Cloud>, named: &str) -> Result<Self, Fault> {
        let wrong = |why: String| {
            Fault::new(
                Category::Usage,
                "scope-invalid",
                format!("The scope `{}` from {named} {why}", text.escape_debug()),
            )
        };
        if text.contains(char::is_whitespace) {
            return Err(wrong("contains white space".into())
                .hint("separate several scopes with a comma; each becomes a token of its own"));
        }
        if let Some(resource) = text.strip_suffix("/.default").filter(|resource| !resource.is_empty()) {
            let short =
                cloud.and_then(|cloud| cloud.resources.iter().find(|(_, id)| *id == resource).map(|(short, _)| *short));
            return Ok(Self { value: text.to_owned(), short });
        }
        if text.contains(['/', ':', '.']) {
            return Err(wrong("does not end in `/.default`".into())
                .hint(format!("this kind of sign-in needs `{}/.default`", text.trim_end_matches('/'))));
        }
        let Some(cloud) = cloud else {
            return Err(wrong("is a short name, and the authority is not one of a known cloud".into())
                .hint("give the scope in full, such as `https://management.azure.com/.default`, or name the cloud with `--cloud`"));
        };
        match cloud.resources.iter().find(|(short, _)| *short == text) {
            Some((short, id)) => Ok(Self { value: format!("{id}/.default"), short: Some(short) }),
            None => {
                let known: Vec<_> = cloud.resources.iter().map(|(short, _)| *short).collect();
                let fault = wrong(format!("is not known in the cloud `{}`", cloud.name));
                Err(match known.is_empty() {
                    true => fault.hint("give the scope in full, ending in `/.default`"),
                    false => fault.hint(format!(
                        "known short names: {}; any other scope in full, ending in `/.default`",
                        known.join(", ")
                    )),
                })
            }
        }
    }
}

/// The cloud of that name. `named` is the flag it came from.
pub fn cloud_by_name(name: &str, named: &str) -> Result<&'static Cloud, Fault> {
    Cloud::by_name(name).ok_or_else(|| {
        let known: Vec<_> = cloud::CLOUDS.iter().map(|cloud| cloud.name).collect();
        Fault::new(
            Category::Usage,
            "cloud-unknown",
            format!("The cloud `{}` from {named} is not known", name.escape_debug()),
        )
        .hint(format!("known clouds: {}; for any other give `--authority-host` and full scopes", known.join(", ")))
    })
}

fn split_port(text: &str) -> Option<(&str, Option<u16>)> {
    let colon = match text.rfind(']') {
        Some(bracket) => text[bracket..].find(':').map(|at| bracket + at),
        None if text.starts_with('[') => None,
        None => text.find(':'),
    };
    match colon {
        None => Some((text, None)),
        Some(at) => match text[at + 1..].parse() {
            Ok(0) | Err(_) => None,
            Ok(port) => Some((&text[..at], Some(port))),
        },
    }
}

fn is_host(text: &str) -> bool {
    match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => inner.parse::<std::net::Ipv6Addr>().is_ok(),
        None => text.len() <= 253 && text.split('.').all(is_label),
    }
}

fn is_label(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
}

fn is_domain(text: &str) -> bool {
    text.contains('.') && text.len() <= 253 && text.split('.').all(is_label)
}

fn looks_like_guid(text: &str) -> bool {
    text.len() == 36 && text.bytes().filter(|byte| *byte == b'-').count() == 4
}

/// Says what keeps a text from being a GUID in its usual form, `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
fn guid_problem(text: &str) -> Option<String> {
    if text.starts_with("$(") || text.starts_with("${") || text.starts_with("<+") {
        return Some("it is a placeholder that was never replaced by its value".into());
    }
    if text.trim() != text {
        return Some("it has white space around it".into());
    }
    if text.starts_with(['"', '\'', '{']) {
        return Some("it has quotes or braces around it".into());
    }
    let length = text.chars().count();
    if length != 36 {
        return Some(format!("it has {length} characters and a GUID has 36"));
    }
    let misfit = text.chars().enumerate().find(|(at, character)| match at {
        8 | 13 | 18 | 23 => *character != '-',
        _ => !character.is_ascii_hexdigit(),
    })?;
    Some(format!("character {} is `{}`", misfit.0 + 1, misfit.1.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_that_the_sdks_accept_are_accepted() {
        for (text, base) in [
            ("https://login.microsoftonline.com", "https://login.microsoftonline.com"),
            ("https://login.microsoftonline.com/", "https://login.microsoftonline.com"),
            ("login.microsoftonline.us", "https://login.microsoftonline.us"),
            ("HTTPS://LOGIN.Example.com:8443", "https://login.example.com:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://localhost", "http://localhost"),
            ("http://[::1]:9", "http://[::1]:9"),
        ] {
            assert_eq!(Authority::parse(text, "--authority-host").unwrap().base(), base, "{text}");
        }
    }

    #[test]
    fn an_authority_that_could_leak_the_token_is_refused() {
        for (text, why) in [
            ("http://login.microsoftonline.com", "in the clear"),
            ("http://10.0.0.1", "in the clear"),
            ("ftp://x", "neither https nor http"),
            ("https://user@login.microsoftonline.com", "user name"),
            ("https://login.microsoftonline.com/tenant", "path"),
            ("https://login.microsoftonline.com?x", "path or a query"),
            ("https://", "not a host name"),
            ("https://:443", "not a host name"),
            ("https://host:", "port"),
            ("https://host:0", "port"),
            ("https://host:70000", "port"),
            ("https://ho st", "not a host name"),
            ("https://bücher.example", "not a host name"),
            ("https://[::1", "not a host name"),
        ] {
            let fault = Authority::parse(text, "--authority-host").unwrap_err();
            assert!(fault.message.contains(why), "{text}: {}", fault.message);
            assert_eq!(fault.category, Category::Usage);
        }
    }

    #[test]
    fn a_tenant_is_a_guid_or_a_domain() {
        assert!(Tenant::parse("72f988bf-86f1-41af-91ab-2d7cd011db47", "--tenant-id").is_ok());
        assert!(Tenant::parse("contoso.onmicrosoft.com", "--tenant-id").is_ok());
        for (text, why) in [
            ("", "0 characters"),
            ("contoso", "7 characters"),
            ("common", "no single tenant"),
            ("72f988bf-86f1-41af-91ab-2d7cd011db4g", "character 36 is `g`"),
            ("72f988bf086f1-41af-91ab-2d7cd011db47", "character 9 is `0`"),
            (" 72f988bf-86f1-41af-91ab-2d7cd011db47", "white space"),
            ("${TENANT_ID}", "placeholder"),
            ("{72f988bf-86f1-41af-91ab-2d7cd011db47}", "braces"),
            ("contoso.com/../x", "characters"),
        ] {
            let fault = Tenant::parse(text, "--tenant-id").unwrap_err();
            assert!(fault.message.contains(why), "{text}: {}", fault.message);
        }
    }

    #[test]
    fn short_scopes_follow_the_cloud() {
        let usgov = Cloud::by_name("usgov");
        assert_eq!(
            Scope::parse("arm", usgov, "--scope").unwrap().value,
            "https://management.usgovcloudapi.net/.default"
        );
        assert_eq!(Scope::parse("https://graph.microsoft.us/.default", usgov, "--scope").unwrap().short, Some("graph"));
        let own = Scope::parse("api://my-api/.default", usgov, "--scope").unwrap();
        assert_eq!((own.value.as_str(), own.short), ("api://my-api/.default", None));
    }

    #[test]
    fn a_scope_that_entra_would_refuse_is_refused_with_the_right_one() {
        let public = Some(cloud::PUBLIC);
        for (text, cloud, hint) in [
            ("https://management.azure.com", public, "`https://management.azure.com/.default`"),
            ("https://graph.microsoft.com/User.Read", public, "/.default`"),
            ("arm graph", public, "comma"),
            ("blob", public, "arm, graph, storage"),
            ("arm", None, "in full"),
            ("arm", Cloud::by_name("france"), "in full"),
            ("/.default", public, "/.default"),
        ] {
            let fault = Scope::parse(text, cloud, "--scope").unwrap_err();
            assert!(fault.hints.iter().any(|line| line.contains(hint)), "{text}: {:?}", fault.hints);
        }
    }
}
