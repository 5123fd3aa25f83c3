//! `inspect`: decodes a token and prints its claims. It verifies nothing.

use azure_oidc_cli::failure::harmless;
use azure_oidc_cli::{Form, InspectArgs};
use azure_oidc_core::{Fault, platform};
use azure_oidc_jobs::inspect::{self, Answer, Request};
use azure_oidc_jobs::json::{self, Audience};

use super::id_token::{self, Wanted};
use super::{Context, Outcome, id_token_of};

pub(super) fn run(args: &InspectArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let obtained = id_token::obtain(&Wanted::by(&args.token, &args.platform), context)?;
    let is_decoded = inspect::is_decoded(obtained.token.reveal());
    let token = if is_decoded { obtained.token } else { id_token_of(obtained)? };
    let answer = inspect::run(&Request { token: token.into() })?;
    let stdout = match args.output {
        Form::Json => json::line(&answer),
        Form::Text => render(&answer, context.ports.clock.now(), is_decoded),
    };
    Ok(Outcome::printed(stdout))
}

fn render(answer: &Answer, now: i64, is_decoded: bool) -> String {
    let mut out = String::new();
    let mut row = |name: &str, value: &str| out.push_str(&format!("{name:<12}{}\n", harmless(value)));
    row(
        "platform",
        answer
            .platform
            .and_then(platform::by_name)
            .map_or("unknown: this issuer is not one of a platform that azure-oidc knows", |known| known.title()),
    );
    row("issuer", answer.issuer.as_deref().unwrap_or("missing"));
    row("subject", answer.subject.as_deref().unwrap_or("missing"));
    row(
        "audience",
        &match &answer.audience {
            Audience::One(audience) => audience.clone(),
            Audience::List(audiences) if !audiences.is_empty() => audiences.join(", "),
            Audience::List(_) | Audience::Missing => "missing".to_owned(),
        },
    );
    let times = [("issued", answer.issued_at), ("not before", answer.not_before), ("expires", answer.expires_at)];
    for (name, time) in times {
        if let Some(time) = time {
            row(name, &format!("{} ({})", json::rfc3339(time), relative(time - now)));
        }
    }
    let kid = answer.header.kid.as_deref().map(|kid| format!(", key {kid}")).unwrap_or_default();
    match is_decoded {
        true => row("signed", "not known: this is a decoded token, without its signature"),
        false => row(
            "signed",
            &format!("{}{kid}; not verified, `azure-oidc verify --discover` does that", answer.header.alg),
        ),
    }

    if let Some(form) = answer.subject_form {
        out.push_str(&format!("\nThe parts of the subject ({form}):\n"));
        for part in &answer.subject_parts {
            let varies = if part.varies { "; changes from run to run" } else { "" };
            out.push_str(&format!("  {}: {} - {}{varies}\n", part.name, harmless(&part.value), part.meaning));
        }
    }
    let shown = ["iss", "sub", "aud", "iat", "nbf", "exp"];
    let claims = &answer.claims.claims().raw;
    let others: Vec<_> = claims.iter().filter(|(name, _)| !shown.contains(&name.as_str())).collect();
    if !others.is_empty() {
        out.push_str("\nOther claims:\n");
    }
    for (name, value) in others {
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        out.push_str(&format!("  {}: {}\n", harmless(name), harmless(&value)));
    }
    out
}

/// `in 5m` or `5m ago`. Spans over an hour are rounded to minutes.
fn relative(seconds: i64) -> String {
    let distance = seconds.unsigned_abs();
    let rounded = if distance > 3600 { distance / 60 * 60 } else { distance };
    let words = humantime::format_duration(std::time::Duration::from_secs(rounded));
    if seconds < 0 { format!("{words} ago") } else { format!("in {words}") }
}
