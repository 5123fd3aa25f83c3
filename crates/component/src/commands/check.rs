//! `check`: would Entra accept this ID token for these federated identity credentials?

use azure_oidc_cli::{CheckArgs, Form};
use azure_oidc_core::authority::cloud_by_name;
use azure_oidc_core::check::{self, Outcome as Checked, Presented, Question, Verdict};
use azure_oidc_core::cloud::Cloud;
use azure_oidc_core::credential::{Credential, Matcher};
use azure_oidc_core::jwks::KeySet;
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault};
use serde_json::Map;

use super::id_token::{self, Wanted};
use super::text::{self, Paint};
use super::{Context, Outcome, read_credentials, read_text};
use crate::{discovery, report};

pub(super) fn run(args: &CheckArgs, paint: Paint, context: Context<'_>) -> Result<Outcome, Fault> {
    let cloud = cloud_by_name(&args.cloud, "--cloud")?;
    let (mut credentials, stderr) = read_credentials(context, args.credential.as_deref())?;
    credentials.extend(by_hand(args, cloud));
    let obtained = match args.token_issuer {
        Some(_) => None,
        None => Some(id_token::obtain(&Wanted::by(&args.token, &args.platform), context)?),
    };
    let presented = Presented {
        token: obtained.as_ref().map(|obtained| obtained.token.reveal()),
        issuer: args.token_issuer.as_deref(),
        subject: args.token_subject.as_deref(),
        audience: args.token_audience.as_deref(),
        claims: args.token_claim.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect(),
    };
    let (verdict, claims) = match presented.read(cloud)? {
        Ok(token) => (verdict(args, &token, &credentials, cloud, context)?, token.claims().raw.clone()),
        Err(malformed) => (malformed.into(), Map::new()),
    };
    let exit_code = match verdict.verdict {
        Checked::Match => 0,
        Checked::NoMatch | Checked::InvalidToken => Category::Negative.exit_code(),
    };
    let stdout = match args.output {
        Form::Json => report::line(&report::verdict(&verdict, &credentials, &claims)),
        Form::Text => told(&verdict, paint),
    };
    Ok(Outcome { exit_code, stderr, ..Outcome::printed(stdout) })
}

/// The credential that the options spell out.
fn by_hand(args: &CheckArgs, cloud: &Cloud) -> Option<Credential> {
    let audience = args.audience.as_deref().unwrap_or(cloud.usual_audience());
    Some(Credential {
        name: "command-line".to_owned(),
        issuer: args.issuer.clone()?,
        matcher: Matcher::Subject(args.subject.clone()?),
        audiences: vec![audience.to_owned()],
        description: None,
        identity: None,
    })
}

fn verdict(
    args: &CheckArgs,
    token: &Token,
    credentials: &[Credential],
    cloud: &'static Cloud,
    context: Context<'_>,
) -> Result<Verdict, Fault> {
    let keys = keys(args, token, context)?;
    let question = Question {
        token,
        credentials,
        client_id: None,
        cloud,
        now: args.now.unwrap_or_else(|| context.ports.clock.now()),
        skew: i64::try_from(args.skew.as_secs()).unwrap_or(i64::MAX),
        keys: keys.as_ref().and_then(|keys| keys.as_ref().ok()),
    };
    Ok(match &keys {
        Some(Err(why)) => check::check_unreachable(&question, why),
        _ => check::check(&question),
    })
}

/// The issuer's keys, if they are wanted; or why they could not be had, from which follows what Entra would say. It follows not when
/// it was only this host that let nothing through.
fn keys(args: &CheckArgs, token: &Token, context: Context<'_>) -> Result<Option<Result<KeySet, String>>, Fault> {
    if let Some(name) = &args.jwks {
        return KeySet::parse(&read_text(context, name, "--jwks")?).map(|keys| Some(Ok(keys)));
    }
    if !args.discover || token.claims().iss.is_none() {
        return Ok(None);
    }
    match discovery::keys(token.claims(), context.ports) {
        Ok(keys) => Ok(Some(Ok(keys))),
        Err(fault) if fault.code == discovery::DENIED => Err(fault),
        Err(fault) => {
            let facts: String = fault.facts.iter().map(|(name, value)| format!(", {name}: {value}")).collect();
            Ok(Some(Err(fault.message.replacen("The", "the", 1) + &facts)))
        }
    }
}

fn told(verdict: &Verdict, paint: Paint) -> String {
    let (color, mut out) = match (&verdict.verdict, &verdict.matched) {
        (Checked::Match, matched) => {
            let name = matched.as_ref().map(|name| format!(" for the credential `{name}`")).unwrap_or_default();
            (text::GREEN, format!("match: Entra would accept this token{name}"))
        }
        (Checked::NoMatch, _) => (text::RED, "no match: Entra would refuse this token".to_owned()),
        (Checked::InvalidToken, _) => {
            (text::RED, "invalid token: Entra would not take this for an ID token".to_owned())
        }
    };
    if let Some(code) = verdict.predicted_error {
        out += &format!(", with {}", report::aadsts(code));
    }
    out = paint.line(color, &azure_oidc_cli::failure::harmless(&out));
    for finding in &verdict.findings {
        out += "\n";
        out += &text::finding(finding, paint);
    }
    out
}
