//! `inspect`: what a token says of itself. It never verifies.

use azure_oidc_cli::failure::harmless;
use azure_oidc_cli::{Form, InspectArgs};
use azure_oidc_core::Fault;
use azure_oidc_core::platform;
use azure_oidc_core::token::Token;

use super::id_token::{self, Wanted};
use super::{Context, Outcome};
use crate::report;

pub(super) fn run(args: &InspectArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let token = id_token::obtain(&Wanted::by(&args.token, &args.platform), context)?.parse()?;
    let stdout = match args.output {
        Form::Json => report::line(&report::inspection(&token)),
        Form::Text => told(&token, context.ports.clock.now()),
    };
    Ok(Outcome::printed(stdout))
}

fn told(token: &Token, now: i64) -> String {
    let (header, claims) = (token.header(), token.claims());
    let platform = claims.iss.as_deref().and_then(|issuer| platform::identify(issuer, claims.sub.as_deref()));
    let mut out = String::new();
    let mut row = |name: &str, value: &str| out.push_str(&format!("{name:<12}{}\n", harmless(value)));
    row(
        "platform",
        platform.map_or("unknown: this issuer is not one of a platform that azure-oidc knows", |known| known.title()),
    );
    row("issuer", claims.iss.as_deref().unwrap_or("missing"));
    row("subject", claims.sub.as_deref().unwrap_or("missing"));
    row("audience", &if claims.aud.is_empty() { "missing".to_owned() } else { claims.aud.join(", ") });
    for (name, time) in [("issued", claims.iat), ("not before", claims.nbf), ("expires", claims.exp)] {
        if let Some(time) = time {
            row(name, &format!("{} ({})", report::rfc3339(time), relative(time - now)));
        }
    }
    let kid = header.kid.as_deref().map(|kid| format!(", key {kid}")).unwrap_or_default();
    row("signed", &format!("{}{kid}; not verified, `azure-oidc verify --discover` does that", header.alg));

    if let Some(subject) = platform.zip(claims.sub.as_deref()).and_then(|(known, subject)| known.subject(subject)) {
        out.push_str(&format!("\nThe parts of the subject ({}):\n", subject.form));
        for part in &subject.parts {
            let varies = if part.varies { "; changes from run to run" } else { "" };
            out.push_str(&format!("  {}: {} - {}{varies}\n", part.name, harmless(&part.value), part.meaning));
        }
    }
    let shown = ["iss", "sub", "aud", "iat", "nbf", "exp"];
    let others: Vec<_> = claims.raw.iter().filter(|(name, _)| !shown.contains(&name.as_str())).collect();
    if !others.is_empty() {
        out.push_str("\nOther claims:\n");
    }
    for (name, value) in others {
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        out.push_str(&format!("  {}: {}\n", harmless(name), harmless(&value)));
    }
    out
}

/// `in 5m` or `5m ago`, to the minute beyond an hour.
fn relative(seconds: i64) -> String {
    let distance = seconds.unsigned_abs();
    let rounded = if distance > 3600 { distance / 60 * 60 } else { distance };
    let words = humantime::format_duration(std::time::Duration::from_secs(rounded));
    if seconds < 0 { format!("{words} ago") } else { format!("in {words}") }
}
