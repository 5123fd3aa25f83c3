//! `id-token`: hands over the platform's own ID token, for a relying party that is not Entra.

use std::time::Duration;

use azure_oidc_core::plan::{Endpoint, HandOver, HostKind, TokenInputs, TokenPlan};
use azure_oidc_core::platform::Publication;
use azure_oidc_core::token::Claims;
use azure_oidc_core::{Category, Fault, Secret};
use serde::Serialize;

use crate::exchange::fitting;
use crate::json::{self, Audience};
use crate::{Context, Deadline};

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Order<'a> {
    /// Where the token is, and its audience.
    pub source: TokenInputs<'a>,
    /// How it is handed over.
    pub form: &'a HandOver,
    /// How long to try.
    pub timeout: Duration,
}

/// The ID token and what it says. Holds a secret.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Answer {
    /// `aud`: a list where the token has one.
    audience: Audience,
    /// When the token ends, in RFC 3339.
    #[serde(serialize_with = "json::optional_time")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", inner(regex(pattern = json::RFC_3339))))]
    expires_on: Option<i64>,
    /// The token.
    #[serde(serialize_with = "json::revealed")]
    #[cfg_attr(feature = "schema", schemars(with = "String"))]
    id_token: Secret,
    /// `iss`.
    issuer: Option<String>,
    /// `sub`.
    subject: Option<String>,
}

/// What Google's libraries read from an executable.
#[derive(Serialize)]
struct Executable<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_time: Option<i64>,
    id_token: &'a str,
    success: bool,
    token_type: &'static str,
    version: u8,
}

/// Obtains the token, and says how to hand it over.
///
/// # Errors
///
/// When the platform gives no token, one that has expired, or one without the audience.
pub fn hand_over(order: &Order<'_>, context: Context<'_>) -> Result<Publication, Fault> {
    let env = context.ports.env;
    if let (HandOver::File(_), HostKind::Stock) = (order.form, context.host) {
        let message = "This host writes no files, so the token cannot go to one";
        return Err(Fault::new(Category::Publish, "output-not-writable", message)
            .hint("leave `--output` out and redirect standard output to a file for its owner only"));
    }
    let cloud = Endpoint::find(None, None, env).ok().and_then(|endpoint| endpoint.cloud);
    let plan = TokenPlan::resolve(&order.source, cloud, env).map_err(fitting)?;
    let deadline = Deadline::after(order.timeout, context.ports.clock);
    let obtained = super::obtain(&plan, deadline, context).map_err(fitting)?;
    let token = obtained.parse()?;
    let claims = token.claims();
    if token.header().alg.eq_ignore_ascii_case("none") || token.jws().signature().is_empty() {
        let message = format!("The ID token from {} has no signature, so nobody can trust it", obtained.place);
        return Err(Fault::new(Category::IdToken, "token-unsigned", message)
            .hint("take the token that the platform signs, as a whole"));
    }
    if let Some(wanted) = order.source.audience {
        require_audience(wanted, claims, &obtained.place, &plan)?;
    }
    if let Some(exp) = claims.exp.filter(|exp| *exp <= context.ports.clock.now()) {
        let message = format!("The ID token from {} expired at {}", obtained.place, json::rfc3339(exp));
        return Err(Fault::new(Category::IdToken, "token-expired", message)
            .hint("ask for it later in the job's life: start the job, or the step, again"));
    }
    let text = match order.form {
        HandOver::Text => format!("{}\n", obtained.token.reveal()),
        HandOver::Json => json::line(&Answer {
            audience: claims.into(),
            expires_on: claims.exp,
            id_token: obtained.token,
            issuer: claims.iss.clone(),
            subject: claims.sub.clone(),
        }),
        HandOver::GcpExecutable => json::line(&Executable {
            expiration_time: claims.exp,
            id_token: obtained.token.reveal(),
            success: true,
            token_type: "urn:ietf:params:oauth:token-type:jwt",
            version: 1,
        }),
        HandOver::File(path) => return Ok(Publication::Write { path: path.clone(), contents: obtained.token }),
    };
    Ok(Publication::Print(Secret::new(text)))
}

/// Refuses a token for somebody else, and names the audience that it has.
fn require_audience(wanted: &str, claims: &Claims, place: &str, plan: &TokenPlan) -> Result<(), Fault> {
    if claims.aud.iter().any(|audience| audience == wanted) {
        return Ok(());
    }
    let actual = claims.aud.join("`, `");
    let message =
        format!("The ID token from {place} has the audience `{actual}`, and `{}` was asked for", wanted.escape_debug());
    let way = if plan.named == plan.platform.name() {
        format!("set the audience where {} is configured", plan.platform.title())
    } else {
        format!("leave `{}` out where the platform can issue a token for `{}`", plan.named, wanted.escape_debug())
    };
    Err(Fault::new(Category::IdToken, "audience-fixed", message).hint(format!(
        "{way}, or let the other side accept `{actual}`: AWS calls it the client id of the identity provider, Google an allowed \
         audience, Vault a bound audience"
    )))
}
