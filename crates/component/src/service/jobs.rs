//! The jobs that need no network.

use azure_oidc_core::authority::cloud_by_name;
use azure_oidc_core::check::{self, Presented, Question};
use azure_oidc_core::cloud::{Cloud, PUBLIC};
use azure_oidc_core::credential::pipeline::Pipeline;
use azure_oidc_core::credential::write::Format;
use azure_oidc_core::explain;
use azure_oidc_core::jwks::KeySet;
use azure_oidc_core::ports::Ports;
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault};
use serde_json::Map;

use super::body::{Body, missing};
use super::{Head, Problem};
use crate::commands::{SKEW, advice, named_platform, owner_of, written};
use crate::report::{self, line, object};

pub(super) fn check(_: &Head, body: &Body, ports: Ports<'_>) -> Result<String, Problem> {
    let body = body.with_members(&[
        "token",
        "issuer",
        "subject",
        "audience",
        "claims",
        "credentials",
        "jwks",
        "cloud",
        "now",
        "skew",
    ])?;
    let cloud = cloud_of(body)?;
    let credentials = body.credentials()?.ok_or_else(|| missing("credentials"))?;
    let keys = body.document("jwks")?.as_deref().map(KeySet::parse).transpose()?;
    let now = body.seconds("now")?.unwrap_or_else(|| ports.clock.now());
    let skew = body.skew()?.unwrap_or(SKEW);
    let presented = Presented {
        token: body.text("token")?,
        issuer: body.text("issuer")?,
        subject: body.text("subject")?,
        audience: body.text("audience")?,
        claims: body.object("claims")?,
    };
    let token = match presented.read(cloud)? {
        Ok(token) => token,
        Err(malformed) => return Ok(line(&report::verdict(&malformed.into(), &credentials, &Map::new()))),
    };
    let verdict = check::check(&Question {
        token: &token,
        credentials: &credentials,
        client_id: None,
        cloud,
        now,
        skew,
        keys: keys.as_ref(),
    });
    Ok(line(&report::verdict(&verdict, &credentials, &token.claims().raw)))
}

pub(super) fn inspect(_: &Head, body: &Body, _: Ports<'_>) -> Result<String, Problem> {
    let token = parsed(body.with_members(&["token"])?.required("token")?)?;
    Ok(line(&report::inspection(&token)))
}

pub(super) fn explain(_: &Head, body: &Body, ports: Ports<'_>) -> Result<String, Problem> {
    let body = body.with_members(&["text", "token", "credentials"])?;
    let text = body.required("text")?;
    let token = body.text("token")?.map(parsed).transpose()?;
    let credentials = body.credentials()?.unwrap_or_default();
    let found = explain::explain(text);
    if found.is_empty() {
        let fault = Fault::new(Category::Usage, "no-aadsts-code", "There is no AADSTS code in `text`");
        return Err(fault
            .hint("give a code such as AADSTS700213, Entra's JSON answer, or a log that holds one")
            .into());
    }
    let advice: Vec<_> =
        found.iter().map(|one| advice(one, text, token.as_ref(), &credentials, Some(ports.clock.now()))).collect();
    Ok(line(&report::explanations(&found, &advice)))
}

pub(super) fn credential(_: &Head, body: &Body, _: Ports<'_>) -> Result<String, Problem> {
    let body = body.with_members(&[
        "token",
        "issuer",
        "subject",
        "audience",
        "name",
        "format",
        "platform",
        "parts",
        "flexible",
        "cloud",
        "client_id",
        "identity_name",
        "resource_group",
    ])?;
    let token = body.text("token")?.map(parsed).transpose()?;
    let name = body.text("format")?;
    let format = name.map_or(Some(Format::GraphJson), Format::by_name).ok_or_else(|| {
        Fault::new(Category::Usage, "format-unknown", "The member `format` names no known format")
            .hint(format!("known formats: {}", Format::ALL.map(Format::name).join(", ")))
    })?;
    let parts = body.parts("parts")?;
    let pipeline = Pipeline {
        platform: named_platform(body.text("platform")?)?,
        parts: &parts,
        claims: token.as_ref().map(Token::claims),
        issuer: body.text("issuer")?,
        subject: body.text("subject")?,
        audience: body.text("audience")?,
        name: body.text("name")?,
        flexible: body.flag("flexible")?,
        cloud: cloud_of(body)?,
    };
    let (identity, group) = (body.text("identity_name")?, body.text("resource_group")?);
    let identity = (identity.is_some() || group.is_some()).then_some((identity, group));
    let (text, notes) = written(&pipeline, format, owner_of(format, identity, body.text("client_id")?))?;
    Ok(line(&object(vec![
        ("format", format.name().into()),
        ("text", text.into()),
        ("notes", notes.lines().collect::<Vec<_>>().into()),
    ])))
}

fn parsed(text: &str) -> Result<Token, Fault> {
    Token::parse(text).map_err(|malformed| Fault::new(Category::Usage, malformed.code(), malformed.message))
}

fn cloud_of(body: &Body) -> Result<&'static Cloud, Fault> {
    body.text("cloud")?.map_or(Ok(PUBLIC), |name| cloud_by_name(name, "`cloud`"))
}
