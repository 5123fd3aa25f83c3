//! Reads a request, and checks its path, secret and parameters.

use azure_oidc_core::Secret;
use subtle::ConstantTimeEq as _;

use super::settings::Fixed;

/// An HTTP request. Its body does not matter.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// In upper case.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Headers with names in lower case.
    pub headers: Vec<(String, String)>,
}

/// Why a request is not answered: the status and a sentence.
pub(super) type Denied = (u16, String);

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// An access token for this resource, as the caller wrote it.
    Access { resource: String, shape: Shape },
    /// The ID token.
    IdToken,
}

/// The form of an answer with an access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    AppService,
    Imds,
}

pub(super) use azure_oidc_core::broker::ACCESS_TOKEN as APP_SERVICE;
pub(super) const ID_TOKEN: &str = "/oidc/token";
pub(super) const IMDS: &str = "/metadata/identity/oauth2/token";

/// The longest path with its query. A resource has a few hundred characters at most.
const MAX_TARGET: usize = 8 * 1024;
const MAX_RESOURCE: usize = 1024;
/// What proxies add. A caller on this machine needs no proxy, and must not speak for others.
const FORWARDED: [&str; 6] =
    ["forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip"];
/// What only browsers send.
const BROWSER: [&str; 2] = ["origin", "cookie"];
/// Audience that clients add when nobody chose one.
const USUAL_AUDIENCE: &str = "api://AzureADTokenExchange";
const API_VERSIONS: [&str; 2] = ["2019-08-01", "2025-03-30"];

/// Reads a request.
pub(super) fn read(request: &Request, fixed: &Fixed, audience: &str) -> Result<Asked, Denied> {
    refuse_strangers(request, fixed.listening.port)?;
    if request.target.len() > MAX_TARGET {
        return Err((400, format!("The address is longer than {MAX_TARGET} bytes")));
    }
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    match path {
        APP_SERVICE => {
            require_method(request, &["GET"])?;
            require_secret(
                header(request, "x-identity-header"),
                &fixed.listening.identity_header,
                "X-IDENTITY-HEADER",
            )?;
            access(query, Shape::AppService, fixed.client_id())
        }
        ID_TOKEN => {
            require_method(request, &["GET", "POST"])?;
            let bearer = header(request, "authorization").and_then(|value| {
                let (scheme, token) = value.split_once(' ')?;
                scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
            });
            require_secret(bearer, &fixed.listening.request_token, "Authorization: Bearer")?;
            id_token(query, audience)
        }
        _ => imds(request, path, query, fixed),
    }
}

/// Keeps out pages in a browser, whatever name they reached this port by, and callers elsewhere.
fn refuse_strangers(request: &Request, port: u16) -> Result<(), Denied> {
    let mut hosts = request.headers.iter().filter(|(name, _)| name == "host").map(|(_, value)| value.as_str());
    let is_host = |host: &str| {
        host.strip_suffix(&port.to_string())
            .and_then(|name| name.strip_suffix(':'))
            .is_some_and(|name| name == "127.0.0.1" || name.eq_ignore_ascii_case("localhost"))
    };
    if !hosts.next().is_some_and(is_host) || hosts.next().is_some() {
        return Err((403, "The header Host must name this endpoint".to_owned()));
    }
    for (name, value) in &request.headers {
        let name = name.as_str();
        if FORWARDED.contains(&name) {
            return Err((403, format!("A request with the header {name} came through a proxy and is refused")));
        }
        // Node's own `fetch` sends this one alone.
        let is_fetch = name.starts_with("sec-fetch-") && (name, value.as_str()) != ("sec-fetch-mode", "cors");
        if BROWSER.contains(&name) || is_fetch {
            return Err((403, format!("A request with the header {name} came from a browser and is refused")));
        }
    }
    Ok(())
}

fn require_method(request: &Request, methods: &[&str]) -> Result<(), Denied> {
    match methods.contains(&request.method.as_str()) {
        true => Ok(()),
        false => Err((405, format!("This path takes {}", methods.join(" and ")))),
    }
}

fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
}

/// Compares in constant time.
fn require_secret(given: Option<&str>, secret: &Secret, named: &str) -> Result<(), Denied> {
    let is_right = given.is_some_and(|given| is_equal(given, secret));
    is_right.then_some(()).ok_or_else(|| (401, format!("The secret in {named} is missing or wrong")))
}

fn is_equal(given: &str, secret: &Secret) -> bool {
    given.as_bytes().ct_eq(secret.reveal().as_bytes()).into()
}

fn imds(request: &Request, path: &str, query: &str, fixed: &Fixed) -> Result<Asked, Denied> {
    let nothing = || (400, "There is nothing at this path".to_owned());
    let secret = path.strip_prefix('/').and_then(|path| path.strip_suffix(IMDS)).unwrap_or_default();
    if !fixed.offer.imds || !is_equal(secret, &fixed.listening.path) {
        return Err(nothing());
    }
    require_method(request, &["GET"])?;
    if !header(request, "metadata").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return Err((400, "The header `Metadata: true` is missing".to_owned()));
    }
    access(query, Shape::Imds, fixed.client_id())
}

fn parameters(query: &str) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(query.as_bytes()).into_owned()
}

/// The parameters of a request for an access token. An identity that is named must be the one that
/// is held: who asks for another one must not get this one's token.
fn access(query: &str, shape: Shape, client_id: &str) -> Result<Asked, Denied> {
    let mut resource = None;
    for (name, value) in parameters(query) {
        match name.as_str() {
            "resource" if resource.is_some() => return Err((400, "`resource` is given twice".to_owned())),
            "resource" => resource = Some(value),
            "client_id" if value.is_empty() || value.eq_ignore_ascii_case(client_id) => {}
            "client_id" | "object_id" | "principal_id" | "mi_res_id" | "msi_res_id" => {
                return Err((
                    400,
                    format!(
                        "This endpoint holds one identity, the one with the client id {client_id}; leave `{name}` out, or \
                         give this `client_id`"
                    ),
                ));
            }
            "api-version" if shape == Shape::AppService && !API_VERSIONS.contains(&value.as_str()) => {
                return Err((400, format!("`api-version` must be {}", API_VERSIONS[0])));
            }
            _ => {}
        }
    }
    let is_fit = |text: &String| {
        !text.is_empty() && text.len() <= MAX_RESOURCE && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    let resource = resource.ok_or_else(|| (400, "`resource` is missing".to_owned()))?;
    match is_fit(&resource) {
        true => Ok(Asked::Access { resource, shape }),
        false => Err((400, "`resource` is not the identifier of a resource".to_owned())),
    }
}

fn id_token(query: &str, audience: &str) -> Result<Asked, Denied> {
    let wanted = parameters(query).filter(|(name, _)| name == "audience").map(|(_, value)| value);
    for other in wanted {
        if !other.is_empty() && other != audience && other != USUAL_AUDIENCE {
            let message = format!(
                "The ID token that is held has the audience {audience}; one for the audience {} is not offered here",
                other.escape_debug()
            );
            return Err((403, message));
        }
    }
    Ok(Asked::IdToken)
}
