//! `explain`: what an AADSTS answer means, why it happens, what mends it.

use azure_oidc_cli::failure::harmless;
use azure_oidc_cli::grants::STANDARD_INPUT;
use azure_oidc_cli::{ExplainArgs, Form, PlatformArgs};
use azure_oidc_core::cloud::{self, Cloud};
use azure_oidc_core::credential::Credential;
use azure_oidc_core::explain::{self, Explanation, Refused};
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault};

use super::id_token::{self, Wanted};
use super::{Context, Outcome, read_credentials, read_text};
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
    let (credentials, stderr) = read_credentials(context, args.credential.as_deref())?;
    let found = explain::explain(&text);
    if found.is_empty() {
        return Err(none_found(args.what == STANDARD_INPUT));
    }
    let advice: Vec<_> = found
        .iter()
        .map(|one| advice(one, &text, token.as_ref(), &credentials, Some(context.ports.clock.now())))
        .collect();
    let stdout = match args.output {
        Form::Json => report::line(&report::explanations(&found, &advice)),
        Form::Text => found.iter().zip(&advice).map(|(one, advice)| told(one, advice)).collect::<Vec<_>>().join("\n"),
    };
    Ok(Outcome { stderr, ..Outcome::printed(stdout) })
}

fn none_found(in_log: bool) -> Fault {
    let place = if in_log { "standard input" } else { "the argument" };
    Fault::new(Category::Usage, "no-aadsts-code", format!("There is no AADSTS code in {place}"))
        .hint("give a code such as AADSTS700213 or 700213, Entra's JSON answer, or a log that holds one")
}

/// What to do about one code: what its catalogue entry says, or what follows from the claims of a token, or from those that the text
/// names, and from the credentials. Without the time, nothing is said of a token's lifetime.
pub(crate) fn advice(
    one: &Explanation,
    text: &str,
    token: Option<&Token>,
    credentials: &[Credential],
    now: Option<i64>,
) -> Vec<String> {
    if token.is_none() && credentials.is_empty() {
        return one.hints.clone();
    }
    let claims = token.map(Token::claims);
    let time = claims.and_then(|claims| claims.iat.or(claims.nbf).or(claims.exp));
    let audience = claims.and_then(|claims| claims.aud.first());
    explain::advise(&Refused {
        code: one.code,
        description: text,
        token,
        credentials,
        client_id: None,
        cloud: audience.and_then(|audience| Cloud::by_exchange_audience(audience)).unwrap_or(cloud::PUBLIC),
        now: now.or(time).unwrap_or_default(),
    })
}

fn told(one: &Explanation, advice: &[String]) -> String {
    let mut out = match one.entry {
        Some(entry) => format!("{}: {}\n  why: {}\n", report::aadsts(one.code), entry.name, entry.cause),
        None => {
            let words = one.quoted.as_ref().map(|words| format!("\n  Entra says: {}", harmless(words)));
            format!("{}{}\n", harmless(&one.message), words.unwrap_or_default())
        }
    };
    for (name, value) in &one.facts {
        out += &format!("  {}: {}\n", name.replace('_', " "), harmless(value));
    }
    for hint in advice {
        out += &format!("do:  {}\n", hint.lines().map(harmless).collect::<Vec<_>>().join("\n     "));
    }
    out
}
