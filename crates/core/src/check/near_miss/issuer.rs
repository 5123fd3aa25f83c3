//! Near misses of issuers: scheme, port, metadata address, host, path.

use super::{Finding, Pair, Rule, quoted};
use crate::check::alike::{same_entra_tenant, same_issuer};
use crate::check::finding::Remedy;
use crate::check::{Question, remedy};
use crate::credential::audience::is_entra_issuer;
use crate::guid::is_guid;
use crate::platform;

pub(super) const RULES: &[Rule] = &[scheme, port, discovery, entra_version, entra_tenant, host, path];

/// The finding when no credential has an issuer similar to the token's.
pub(super) fn unknown(question: &Question<'_>, aadsts: u32) -> Finding {
    let iss = question.token.claims().iss.as_deref().unwrap_or_default();
    let mut issuers: Vec<&str> = question.credentials.iter().map(|one| one.issuer.as_str()).collect();
    issuers.sort();
    issuers.dedup();
    let (all, count) = (issuers.join(", "), issuers.len());
    let named: Vec<_> = issuers.into_iter().take(4).map(titled).collect();
    let more = if count > named.len() { format!(" and {} more", count - named.len()) } else { String::new() };
    let message = format!(
        "no credential has the token's issuer {}; the credentials have {}{more}",
        titled(iss),
        named.join(", ")
    );
    Finding::error("issuer-unknown", aadsts, message)
        .claim("iss")
        .expected(all)
        .actual(iss)
        .remedy_if(remedy::create(question, None))
}

/// Only the scheme differs, or is missing.
fn scheme(pair: &Pair<'_>) -> Option<Finding> {
    let (expected, actual) = (Address::of(pair.expected), Address::of(pair.actual));
    if expected.scheme == actual.scheme || expected.rest() != actual.rest() {
        return None;
    }
    let described =
        |scheme: &str| if scheme.is_empty() { "no scheme".to_owned() } else { quoted(&format!("{scheme}://")) };
    let message = format!(
        "the issuer of {} has {}, the token's issuer has {}",
        pair.holder(),
        described(expected.scheme),
        described(actual.scheme)
    );
    let finding = pair.finding("issuer-scheme", message);
    Some(match actual.scheme {
        "https" => finding.remedy_if(pair.correct()),
        _ => finding.remedy(
            "configure the issuer with an address that begins with `https://`, from which Entra fetches the keys",
        ),
    })
}

/// Only the port differs, such as a `:443` that one of the two has.
fn port(pair: &Pair<'_>) -> Option<Finding> {
    let (expected, actual) = (Address::of(pair.expected), Address::of(pair.actual));
    if expected.port == actual.port || (expected.host, expected.path) != (actual.host, actual.path) {
        return None;
    }
    let described = |port: &str| if port.is_empty() { "no port".to_owned() } else { format!("port {port}") };
    let message = format!(
        "the issuer of {} has {}, the token's issuer has {}",
        pair.holder(),
        described(expected.port),
        described(actual.port)
    );
    Some(match same_issuer(pair.expected, pair.actual) {
        true => pair.finding("issuer-port", message).remedy_if(pair.correct()),
        false => another(pair, "issuer-port", message),
    })
}

/// The credential has the address of the issuer's metadata instead of the issuer.
fn discovery(pair: &Pair<'_>) -> Option<Finding> {
    let issuer = pair.expected.split("/.well-known/").next().filter(|issuer| issuer.len() < pair.expected.len())?;
    if issuer != pair.actual.trim_end_matches('/') {
        return None;
    }
    let message = format!("{} has the address of the issuer's metadata instead of the issuer", pair.holder());
    Some(pair.finding("issuer-discovery-address", message).remedy_if(pair.correct()))
}

/// The token has the v1 issuer of an Entra tenant and the credential the v2 issuer, or the reverse.
fn entra_version(pair: &Pair<'_>) -> Option<Finding> {
    if !same_entra_tenant(pair.expected, pair.actual) {
        return None;
    }
    let message = format!(
        "the token's issuer and the issuer of {} are the v1 and v2 issuers of the same Entra tenant",
        pair.holder()
    );
    Some(pair.finding("issuer-entra-version", message).remedy_if(pair.correct()))
}

/// Token and credential have issuers of two Entra tenants. Entra accepts a managed identity's token
/// in its own tenant only; a service connection of Azure Pipelines has another subject.
fn entra_tenant(pair: &Pair<'_>) -> Option<Finding> {
    let tenant = |issuer| Address::of(issuer).path.trim_matches('/').split('/').next().filter(|id| is_guid(id));
    let sub = pair.question.token.claims().sub.as_deref().filter(|sub| is_guid(sub));
    sub.filter(|_| is_entra_issuer(pair.expected) && is_entra_issuer(pair.actual))?;
    let (held, own) = (tenant(pair.expected)?, tenant(pair.actual)?);
    if held.eq_ignore_ascii_case(own) {
        return None;
    }
    let message = format!(
        "the token is from the Entra tenant {}, and {} is for the tenant {}",
        quoted(own),
        pair.holder(),
        quoted(held)
    );
    let remedy = match pair.correct()? {
        Remedy::Command(command, _) => format!(
            "use a managed identity of the application's own tenant: Entra refuses the token of another one (AADSTS700236). Only if \
             the application is in the tenant {own}: {command}"
        ),
        Remedy::Advice(advice) => advice,
    };
    Some(pair.finding("issuer-entra-tenant", message).remedy(remedy))
}

/// The path is the same and the host differs, as for another region or a vanity address.
fn host(pair: &Pair<'_>) -> Option<Finding> {
    let (expected, actual) = (Address::of(pair.expected), Address::of(pair.actual));
    let alike = match expected.path.len() {
        0 | 1 => same_platform(pair),
        _ => expected.path == actual.path,
    };
    if !alike || expected.path != actual.path {
        return None;
    }
    let message = format!(
        "the token's issuer has the host {}, the issuer of {} has {}",
        quoted(actual.host),
        pair.holder(),
        quoted(expected.host)
    );
    Some(another(pair, "issuer-host", message))
}

/// The host is the same and the path differs, as for another account, organization or enterprise.
fn path(pair: &Pair<'_>) -> Option<Finding> {
    let (expected, actual) = (Address::of(pair.expected), Address::of(pair.actual));
    if expected.host != actual.host || expected.host.is_empty() {
        return None;
    }
    let described =
        |path: &str| if path.is_empty() { "no path".to_owned() } else { format!("the path {}", quoted(path)) };
    let message = format!(
        "the token's issuer and the issuer of {} have the same host, but the token's has {} and the credential's {}",
        pair.holder(),
        described(actual.path),
        described(expected.path)
    );
    Some(another(pair, "issuer-path", message))
}

/// The finding for another issuer, such as that of a second cluster. Its tokens can have the same
/// subject, so the credential for the first one stays as it is.
fn another(pair: &Pair<'_>, code: &'static str, message: String) -> Finding {
    pair.or_create(pair.finding(code, message + "; each issuer needs its own credential"))
}

fn same_platform(pair: &Pair<'_>) -> bool {
    let name = |issuer: &str| platform::by_issuer(issuer).map(platform::Platform::name);
    name(pair.expected).is_some() && name(pair.expected) == name(pair.actual)
}

fn titled(issuer: &str) -> String {
    match platform::by_issuer(issuer) {
        Some(platform) => format!("{} ({})", quoted(issuer), platform.title()),
        None => quoted(issuer),
    }
}

/// The parts of an address, exactly as written.
struct Address<'a> {
    scheme: &'a str,
    host: &'a str,
    port: &'a str,
    path: &'a str,
}

impl<'a> Address<'a> {
    fn of(text: &'a str) -> Self {
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let is_port = |(_, port): &(&str, &str)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
        let (host, port) = authority.rsplit_once(':').filter(is_port).unwrap_or((authority, ""));
        Self { scheme, host, port, path }
    }

    fn rest(&self) -> (&str, &str, &str) {
        (self.host, self.port, self.path)
    }
}
