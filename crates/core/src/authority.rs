//! Parses the authority, tenant, client id and scopes of a sign-in.

use crate::cloud::{self, Cloud};
use crate::fault::{Category, Fault};
use crate::secret::looks_secret;

mod scope;
pub use scope::Scope;

/// A sign-in service: `https://host[:port]`, or `http` on loopback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    secure: bool,
    host: String,
    port: Option<u16>,
}

impl Authority {
    /// The default sign-in service of a cloud.
    pub fn of(cloud: &Cloud) -> Self {
        Self { secure: true, host: cloud.authority_hosts[0].to_owned(), port: None }
    }

    /// Parses `https://host[:port]`. As in the Azure SDKs the scheme may be missing, and a last `/`
    /// is ignored.
    ///
    /// Plain HTTP is allowed only for loopback, because the assertion would be sent unencrypted.
    /// `named` is the option or variable of the text, for the message.
    pub fn parse(text: &str, named: &str) -> Result<Self, Fault> {
        let wrong = |why: &str| {
            Fault::new(
                Category::Usage,
                "authority-invalid",
                format!("The authority host `{}` from {named} {why}", without_user(text).escape_debug()),
            )
            .hint(format!("write it as `{}`, without tenant or path", suggestion(text)))
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
            return Err(wrong("contains a user name"));
        }
        let (host, port) = split_port(rest).ok_or_else(|| wrong("has a port that is not a number from 1 to 65535"))?;
        if !is_host(host) {
            return Err(wrong("is not a host name"));
        }
        let authority = Self { secure, host: host.to_ascii_lowercase(), port };
        if !secure && !authority.is_loopback() {
            return Err(wrong("is plain http, so the ID token would be sent unencrypted"));
        }
        Ok(authority)
    }

    /// The host name in lower case, or an IPv6 address in brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port, or the default port of the scheme.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 443 } else { 80 })
    }

    /// The known cloud of this sign-in service, if any.
    pub fn cloud(&self) -> Option<&'static Cloud> {
        if self.port() == 443 { Cloud::by_authority_host(&self.host) } else { None }
    }

    /// `https://host[:port]` without a last `/`.
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
    /// Checks only the form, not whether the tenant exists. `named` is the option or variable of
    /// the text.
    pub fn parse(text: &str, named: &str) -> Result<Self, Fault> {
        let wrong = |why: String| {
            Fault::new(Category::Usage, "tenant-id-invalid", format!("The tenant id from {named} {why}")).hint(
                guid_remedy(text)
                    .unwrap_or("run `az account show --query tenantId --output tsv`: it prints the tenant id"),
            )
        };
        if ["common", "organizations", "consumers"].contains(&text) {
            return Err(wrong(format!("is `{text}`, which names no single tenant")));
        }
        if is_domain(text) && !looks_like_guid(text) {
            return Ok(Self(text.to_owned()));
        }
        match guid_problem(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => Err(wrong(format!("is neither a GUID nor a domain name: {why}"))),
        }
    }

    /// The text as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The client id of an application or a user-assigned managed identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientId(String);

impl ClientId {
    /// Checks that the text is a GUID. `named` is the option or variable of the text.
    pub fn parse(text: &str, named: &str) -> Result<Self, Fault> {
        match guid_problem(text) {
            None => Ok(Self(text.to_owned())),
            Some(why) => {
                let hint = guid_remedy(text).unwrap_or(
                    "use the `appId` of the application or the `clientId` of the managed identity, not its name",
                );
                let message = format!("The client id from {named} is not a GUID: {why}");
                Err(Fault::new(Category::Usage, "client-id-invalid", message).hint(hint))
            }
        }
    }

    /// The text as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The cloud of this name. `named` is the option of the text.
pub fn cloud_by_name(name: &str, named: &str) -> Result<&'static Cloud, Fault> {
    Cloud::by_name(name).ok_or_else(|| {
        let known: Vec<_> = cloud::CLOUDS.iter().map(|cloud| cloud.name).collect();
        Fault::new(
            Category::Usage,
            "cloud-unknown",
            format!("The cloud `{}` from {named} is not known", name.escape_debug()),
        )
        .hint(format!("use one of {}", known.join(", ")))
    })
}

/// The text with a stand-in for what is before an `@`, which can be a password.
fn without_user(text: &str) -> String {
    let Some(at) = text.rfind('@') else { return text.to_owned() };
    let start = text.find("://").map_or(0, |scheme| scheme + 3).min(at);
    format!("{}[secret]{}", &text[..start], &text[at..])
}

/// The address with which a text was probably meant: its host, which keeps the cloud.
fn suggestion(text: &str) -> String {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let rest = rest.rsplit('@').next().unwrap_or_default();
    let host = rest.split(':').next().unwrap_or_default().to_ascii_lowercase();
    match is_domain(&host) {
        true => format!("https://{host}"),
        false => Authority::of(cloud::PUBLIC).base(),
    }
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

/// Why a text is not a GUID of the form `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`. None when it is
/// one.
fn guid_problem(text: &str) -> Option<String> {
    if is_placeholder(text) {
        return Some("it is a placeholder that was not expanded".into());
    }
    if is_mask(text) {
        return Some("it is the mask of a log".into());
    }
    if text.trim() != text {
        return Some("it has white space around it".into());
    }
    if is_quoted(text) {
        return Some("it has quotes or braces around it".into());
    }
    let length = text.chars().count();
    if length != 36 {
        let unit = if length == 1 { "character" } else { "characters" };
        return Some(format!("it has {length} {unit} and a GUID has 36"));
    }
    let misfit = text.chars().enumerate().find(|(at, character)| match at {
        8 | 13 | 18 | 23 => *character != '-',
        _ => !character.is_ascii_hexdigit(),
    })?;
    Some(format!("character {} is `{}`", misfit.0 + 1, misfit.1.escape_debug()))
}

/// What to do about a text whose form shows the mistake.
fn guid_remedy(text: &str) -> Option<&'static str> {
    match text {
        _ if is_placeholder(text) => {
            Some("the pipeline did not fill in this variable: define it there, or correct its name")
        }
        _ if is_mask(text) => Some("a log shows `***` in place of the value: copy the value itself"),
        _ if text.trim() != text => Some("remove the white space around it"),
        _ if is_quoted(text) => Some("remove the quotes or braces around it"),
        _ if looks_secret(text) => {
            Some("this looks like a secret: give the id, and replace the secret, which others may have seen")
        }
        _ => None,
    }
}

/// Whether a text is an expression or a variable that the CI system or the shell should have
/// replaced.
fn is_placeholder(text: &str) -> bool {
    let is_variable =
        |rest: &str| rest.starts_with(|first: char| first.is_ascii_alphabetic() || "({[_".contains(first));
    text.strip_prefix('$').is_some_and(is_variable)
        || ["<+", "#{", "{{"].iter().any(|start| text.starts_with(start))
        || text.len() > 2 && text.starts_with('%') && text.ends_with('%')
}

fn is_mask(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte == b'*')
}

fn is_quoted(text: &str) -> bool {
    text.starts_with(['"', '\'', '{'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_have_the_forms_that_the_sdks_accept() {
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
    fn authorities_that_could_leak_the_token_are_refused() {
        for (text, why) in [
            ("http://login.microsoftonline.com", "unencrypted"),
            ("http://10.0.0.1", "unencrypted"),
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
    fn the_address_that_is_proposed_keeps_the_host_and_so_the_cloud() {
        for (text, address) in [
            ("http://login.microsoftonline.us", "https://login.microsoftonline.us"),
            ("HTTP://LOGIN.microsoftonline.US/", "https://login.microsoftonline.us"),
            ("https://login.microsoftonline.us/contoso.onmicrosoft.us", "https://login.microsoftonline.us"),
            ("http://login.chinacloudapi.cn:80/common", "https://login.chinacloudapi.cn"),
            ("ftp://login.partner.microsoftonline.cn", "https://login.partner.microsoftonline.cn"),
            ("https://user@login.microsoftonline.us", "https://login.microsoftonline.us"),
            ("http://sts.corp.example", "https://sts.corp.example"),
            ("http://login.microsoftonline.com", "https://login.microsoftonline.com"),
            ("https://", "https://login.microsoftonline.com"),
            ("https://ho st", "https://login.microsoftonline.com"),
        ] {
            let fault = Authority::parse(text, "--authority-host").unwrap_err();
            assert!(fault.hints[0].contains(&format!("`{address}`")), "{text}: {:?}", fault.hints);
        }
    }

    #[test]
    fn a_password_is_not_repeated() {
        for text in ["https://user:pass@host", "https://pass@host", "user:pass@host", "ftp://u:pass@host/x@y", "pass@"]
        {
            let fault = Authority::parse(text, "--authority-host").unwrap_err();
            let shown = format!("{} {:?}", fault.message, fault.hints);
            assert!(!shown.contains("pass") && shown.contains("[secret]@"), "{text}: {shown}");
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
            ("$TENANT_ID", "placeholder"),
            ("$env:TENANT_ID", "placeholder"),
            ("$[variables.TENANT_ID]", "placeholder"),
            ("%TENANT_ID%", "placeholder"),
            ("#{TENANT_ID}#", "placeholder"),
            ("{{ tenant_id }}", "placeholder"),
            ("{72f988bf-86f1-41af-91ab-2d7cd011db47}", "braces"),
            ("contoso.com/../x", "characters"),
        ] {
            let fault = Tenant::parse(text, "--tenant-id").unwrap_err();
            assert!(fault.message.contains(why), "{text}: {}", fault.message);
        }
    }
}
