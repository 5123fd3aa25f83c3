//! `explain`: what an AADSTS answer means, why it happens, what mends it.

use azure_oidc_cli::failure::harmless;
use azure_oidc_cli::grants::STANDARD_INPUT;
use azure_oidc_cli::{ExplainArgs, Form, PlatformArgs};
use azure_oidc_core::cloud::{self, Cloud};
use azure_oidc_core::credential::{Credential, forms};
use azure_oidc_core::explain::{self, Explanation, Refused};
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault};

use super::id_token::{self, Wanted};
use super::{Context, Outcome, read_text};
use crate::report;

pub(super) fn run(args: &ExplainArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let text = match args.what.as_str() {
        STANDARD_INPUT => read_text(context, STANDARD_INPUT, "explain -")?,
        given => given.to_owned(),
    };
    let token = match args.token.is_given() {
        true => {
            let anywhere = PlatformArgs { platform: Some("generic".to_owned()) };
            Some(id_token::obtain(&Wanted::by(&args.token, &anywhere), context)?.parse()?)
        }
        false => None,
    };
    let credentials = match &args.credential {
        Some(name) => forms::parse(&read_text(context, name, "--credential")?)?,
        None => Vec::new(),
    };
    let found = explain::explain(&text);
    if found.is_empty() {
        return Err(none_found(args.what == STANDARD_INPUT));
    }
    let advice: Vec<_> = found
        .iter()
        .map(|one| advice(one, &text, token.as_ref(), &credentials, Some(context.world.clock.now())))
        .collect();
    let stdout = match args.output {
        Form::Json => report::line(&report::explanations(&found, &advice)),
        Form::Text => found.iter().zip(&advice).map(|(one, advice)| told(one, advice)).collect::<Vec<_>>().join("\n"),
    };
    Ok(Outcome { stdout, ..Outcome::default() })
}

fn none_found(in_log: bool) -> Fault {
    let place = if in_log { "standard input" } else { "the argument" };
    Fault::new(Category::Usage, "no-aadsts-code", format!("There is no AADSTS code in {place}"))
        .hint("give a code such as AADSTS700213 or 700213, Entra's JSON answer, or a log that holds one")
}

/// What to do about one code. With a token, what its claims and the credentials add; without the time, nothing is said of its
/// lifetime.
pub(crate) fn advice(
    one: &Explanation,
    text: &str,
    token: Option<&Token>,
    credentials: &[Credential],
    now: Option<i64>,
) -> Vec<String> {
    let Some(token) = token else { return one.hints.clone() };
    let claims = token.claims();
    explain::advise(&Refused {
        code: one.code,
        description: one.quoted.as_deref().unwrap_or(text),
        token: Some(token),
        credentials,
        client_id: None,
        cloud: claims.aud.first().and_then(|audience| Cloud::by_exchange_audience(audience)).unwrap_or(cloud::PUBLIC),
        now: now.or(claims.iat).or(claims.nbf).or(claims.exp).unwrap_or_default(),
    })
}

fn told(one: &Explanation, advice: &[String]) -> String {
    let name = one.entry.map(|entry| format!(" {}", entry.name)).unwrap_or_default();
    let mut out = format!("{}{name}\n  {}\n", report::aadsts(one.code), harmless(&one.message));
    for (name, value) in &one.facts {
        out.push_str(&format!("  {name}: {}\n", harmless(value)));
    }
    if let Some(entry) = one.entry.filter(|entry| !one.message.contains(entry.cause)) {
        out.push_str(&format!("cause: {}\n", entry.cause));
    }
    for hint in advice {
        out.push_str("do:    ");
        out.push_str(&hint.lines().map(harmless).collect::<Vec<_>>().join("\n       "));
        out.push('\n');
    }
    out
}
