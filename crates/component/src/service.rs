//! The same jobs as a stateless HTTP service: a request in, a reply out, nothing kept between.
//!
//! `POST /v1/inspect`, `/v1/check`, `/v1/explain` and `/v1/exchange` take and give JSON; `GET /healthz` says that it runs. Errors are
//! problem details (RFC 9457). Whom the exchange serves is decided by the variables that the host shows, never by a request.

use std::time::Duration;

use azure_oidc_cli::failure::json_text;
use azure_oidc_core::authority::{ClientId, Scope, Tenant, cloud_by_name};
use azure_oidc_core::check::{self, Question, Severity};
use azure_oidc_core::cloud;
use azure_oidc_core::credential::forms;
use azure_oidc_core::exchange::{self, Terms};
use azure_oidc_core::jwks::KeySet;
use azure_oidc_core::ports::World;
use azure_oidc_core::settings;
use azure_oidc_core::token::{Claims, Token};
use azure_oidc_core::{Category, Fault, Secret, explain};
use serde_json::{Map, Value};

use crate::commands::{SKEW, advice, authority};
use crate::report::{self, object};

/// The largest body that is read, in bytes.
pub const MAX_BODY: usize = 256 * 1024;
/// Client ids that callers may use, separated by commas.
const CLIENTS: &str = "AZURE_CLIENT_ID";
/// Scopes that callers may ask for, separated by commas; Azure Resource Manager only when it is not set.
const SCOPES: &str = "AZURE_OIDC_SERVICE_SCOPES";
const TIMEOUT: Duration = Duration::from_secs(20);
const RETRIES: u32 = 2;

/// What a caller sent.
pub struct Incoming {
    /// The method, in capitals.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// `Content-Type`, if any.
    pub content_type: Option<String>,
    /// The token of `Authorization: Bearer`, if any.
    pub bearer: Option<Secret>,
    /// The body.
    pub body: Vec<u8>,
}

/// What is sent back.
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers besides the length.
    pub headers: Vec<(&'static str, &'static str)>,
    /// The body.
    pub body: String,
}

/// Answers one request.
pub fn answer(incoming: &Incoming, world: World<'_>) -> Reply {
    let job: fn(&Incoming, World<'_>) -> Result<Value, Fault> = match (incoming.method.as_str(), incoming.path.as_str())
    {
        ("GET", "/healthz") => {
            return json_reply(
                200,
                &object(vec![("status", "ok".into()), ("version", env!("CARGO_PKG_VERSION").into())]),
            );
        }
        ("POST", "/v1/inspect") => inspect,
        ("POST", "/v1/check") => check,
        ("POST", "/v1/explain") => explain,
        ("POST", "/v1/exchange") => exchange,
        (_, "/healthz") => return wrong_method("GET"),
        (_, "/v1/inspect" | "/v1/check" | "/v1/explain" | "/v1/exchange") => return wrong_method("POST"),
        _ => return problem(404, "not-found", "There is nothing at this path", &[]),
    };
    let json = incoming.content_type.as_deref().and_then(|kind| kind.split(';').next()).map(str::trim);
    if !json.is_some_and(|kind| kind.eq_ignore_ascii_case("application/json")) {
        return problem(415, "content-type", "The body must be `application/json`", &[]);
    }
    match job(incoming, world) {
        Ok(value) => json_reply(200, &value),
        Err(fault) => problem(fault.category.http_status(), fault.code, &fault.message, &fault.hints),
    }
}

/// The reply to a body that is longer than [`MAX_BODY`].
pub fn too_large() -> Reply {
    problem(413, "body-too-large", &format!("The body is longer than {MAX_BODY} bytes"), &[])
}

fn inspect(incoming: &Incoming, _: World<'_>) -> Result<Value, Fault> {
    let body = Body::read(incoming, &["token"])?;
    Ok(report::inspection(&body.token()?))
}

fn check(incoming: &Incoming, world: World<'_>) -> Result<Value, Fault> {
    let body = Body::read(incoming, &["token", "credentials", "jwks", "cloud", "now", "skew"])?;
    let token = body.token()?;
    let credentials = forms::parse(&body.document("credentials")?.ok_or_else(|| body.missing("credentials"))?)?;
    let keys = body.document("jwks")?.as_deref().map(KeySet::parse).transpose()?;
    let cloud = body.text("cloud")?.map_or(Ok(cloud::PUBLIC), |name| cloud_by_name(name, "`cloud`"))?;
    let verdict = check::check(&Question {
        token: &token,
        credentials: &credentials,
        client_id: None,
        cloud,
        now: body.seconds("now")?.unwrap_or_else(|| world.clock.now()),
        skew: body.seconds("skew")?.unwrap_or(SKEW),
        keys: keys.as_ref(),
    });
    Ok(report::verdict(&verdict, token.claims().raw.clone()))
}

fn explain(incoming: &Incoming, world: World<'_>) -> Result<Value, Fault> {
    let body = Body::read(incoming, &["text", "token"])?;
    let text = body.text("text")?.ok_or_else(|| body.missing("text"))?;
    let token = if body.0.contains_key("token") { Some(body.token()?) } else { None };
    let found = explain::explain(text);
    let advice: Vec<_> =
        found.iter().map(|one| advice(one, text, token.as_ref(), &[], Some(world.clock.now()))).collect();
    Ok(report::explanations(&found, &advice))
}

fn exchange(incoming: &Incoming, world: World<'_>) -> Result<Value, Fault> {
    let body = Body::read(incoming, &["client_id", "scopes"])?;
    let assertion = incoming.bearer.clone().ok_or_else(|| {
        Fault::new(
            Category::IdToken,
            "id-token-missing",
            "The request has no `Authorization: Bearer` with the caller's ID token",
        )
    })?;
    let (authority, cloud) = authority(None, settings::AUTHORITY_HOST.find(None, world.env))?;
    let tenant = settings::TENANT_ID.find(None, world.env).ok_or_else(not_configured)?;
    let clients = world.env.present(CLIENTS).ok_or_else(not_configured)?;
    let client = one_of(&clients, body.text("client_id")?, "client_id")?;
    let allowed = world.env.present(SCOPES).unwrap_or_else(|| "arm".to_owned());
    let allowed: Vec<_> =
        allowed.split(',').map(|text| Scope::parse(text.trim(), cloud, SCOPES)).collect::<Result<_, _>>()?;
    let wanted = match body.texts("scopes")?.as_slice() {
        [] => allowed.first().cloned().into_iter().collect(),
        texts => texts.iter().map(|text| Scope::parse(text, cloud, "`scopes`")).collect::<Result<Vec<_>, _>>()?,
    };
    if let Some(refused) = wanted.iter().find(|scope| !allowed.contains(scope)) {
        return Err(Fault::new(
            Category::Refused,
            "scope-not-allowed",
            format!("This service does not trade for the scope `{}`", refused.value.escape_debug()),
        ));
    }
    let token = Token::parse(assertion.reveal())
        .map_err(|malformed| Fault::new(Category::IdToken, malformed.code, malformed.message))?;
    let findings = check::preflight(&token, cloud, world.clock.now(), SKEW);
    if let Some(finding) = findings.into_iter().find(|finding| finding.severity == Severity::Error) {
        return Err(Fault::new(Category::IdToken, finding.code, finding.message.as_str()));
    }
    let terms = Terms {
        authority,
        tenant: Tenant::parse(&tenant.value, tenant.named)?,
        client_id: ClientId::parse(client, "`client_id`")?,
        scopes: wanted,
        assertion,
        timeout: TIMEOUT,
        retries: RETRIES,
        replication_wait: Duration::ZERO,
    };
    Ok(traded(&exchange::run(terms, world, &mut || None)?, token.claims()))
}

fn traded(tokens: &[exchange::AccessToken], claims: &Claims) -> Value {
    object(vec![
        ("issuer", claims.iss.as_deref().into()),
        ("subject", claims.sub.as_deref().into()),
        ("tokens", report::tokens(tokens)),
    ])
}

/// The caller's choice among the configured ones; the only one when there is no choice.
fn one_of<'a>(configured: &'a str, chosen: Option<&str>, what: &str) -> Result<&'a str, Fault> {
    let all: Vec<_> = configured.split(',').map(str::trim).filter(|text| !text.is_empty()).collect();
    match (chosen, all.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => Err(Fault::new(
            Category::Usage,
            "client-id-missing",
            format!("This service knows several; name one as `{what}`"),
        )),
        (Some(chosen), all) => all.iter().copied().find(|one| *one == chosen).ok_or_else(|| {
            Fault::new(
                Category::Refused,
                "client-not-allowed",
                format!("This service does not trade for this `{what}`"),
            )
        }),
    }
}

fn not_configured() -> Fault {
    Fault::new(Category::Refused, "exchange-not-configured", "This service is not set up to trade tokens")
        .hint("its host must show it `AZURE_TENANT_ID` and `AZURE_CLIENT_ID`")
}

/// A JSON object with known members.
struct Body(Map<String, Value>);

impl Body {
    fn read(incoming: &Incoming, members: &[&str]) -> Result<Self, Fault> {
        let Ok(Value::Object(object)) = serde_json::from_slice(&incoming.body) else {
            return Err(Fault::new(Category::Usage, "body-not-json", "The body is not a JSON object"));
        };
        match object.keys().find(|name| !members.contains(&name.as_str())) {
            Some(name) => Err(Fault::new(
                Category::Usage,
                "member-unknown",
                format!("The body has a member `{}` that is not known here", name.escape_debug()),
            )
            .hint(format!("known members: {}", members.join(", ")))),
            None => Ok(Self(object)),
        }
    }

    fn token(&self) -> Result<Token, Fault> {
        let text = self.text("token")?.ok_or_else(|| self.missing("token"))?;
        Token::parse(text).map_err(|malformed| Fault::new(Category::Usage, malformed.code, malformed.message))
    }

    fn text(&self, name: &str) -> Result<Option<&str>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(wrong_type(name, "a string")),
        }
    }

    fn texts(&self, name: &str) -> Result<Vec<&str>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(Vec::new()),
            Some(Value::Array(items)) => {
                items.iter().map(|item| item.as_str().ok_or_else(|| wrong_type(name, "a list of strings"))).collect()
            }
            Some(_) => Err(wrong_type(name, "a list of strings")),
        }
    }

    fn seconds(&self, name: &str) -> Result<Option<i64>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value.as_i64().map(Some).ok_or_else(|| wrong_type(name, "a whole number of seconds")),
        }
    }

    /// A JSON document, written as such or as a string that holds it.
    fn document(&self, name: &str) -> Result<Option<String>, Fault> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(value @ (Value::Object(_) | Value::Array(_))) => Ok(Some(value.to_string())),
            Some(_) => Err(wrong_type(name, "JSON")),
        }
    }

    fn missing(&self, name: &str) -> Fault {
        Fault::new(Category::Usage, "member-missing", format!("The body has no `{name}`"))
    }
}

fn wrong_type(name: &str, wanted: &str) -> Fault {
    Fault::new(Category::Usage, "member-type", format!("The member `{name}` must be {wanted}"))
}

fn wrong_method(allowed: &'static str) -> Reply {
    let mut reply = problem(405, "method-not-allowed", &format!("This path takes {allowed} only"), &[]);
    reply.headers.push(("allow", allowed));
    reply
}

fn json_reply(status: u16, value: &Value) -> Reply {
    let headers = vec![("content-type", "application/json"), ("cache-control", "no-store")];
    Reply { status, headers, body: json_text(value) }
}

/// Problem details (RFC 9457).
fn problem(status: u16, code: &str, detail: &str, hints: &[String]) -> Reply {
    let body = object(vec![
        ("title", code.into()),
        ("status", status.into()),
        ("detail", detail.into()),
        ("code", code.into()),
        ("hints", hints.into()),
    ]);
    let headers = vec![("content-type", "application/problem+json"), ("cache-control", "no-store")];
    Reply { status, headers, body: json_text(&body) }
}
