//! `check`: would Entra accept this ID token for these federated identity credentials?

use azure_oidc_cli::{CheckArgs, Form};
use azure_oidc_core::authority::cloud_by_name;
use azure_oidc_core::check::{self, Outcome as Checked, Question, Verdict};
use azure_oidc_core::cloud::{self, Cloud};
use azure_oidc_core::credential::{Credential, Matcher, forms};
use azure_oidc_core::jwks::KeySet;
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault};

use super::id_token::{self, Wanted};
use super::{Context, Outcome, read_text, text};
use crate::{discovery, report};

pub(super) fn run(args: &CheckArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let cloud = cloud_by_name(&args.cloud, "--cloud")?;
    let credentials = credentials(args, cloud, context)?;
    let token = id_token::obtain(&Wanted::by(&args.token, &args.platform), context)?.parse()?;
    let keys = keys(args, &token, context)?;
    let verdict = check::check(&Question {
        token: &token,
        credentials: &credentials,
        client_id: None,
        cloud,
        now: args.now.unwrap_or_else(|| context.world.clock.now()),
        skew: i64::try_from(args.skew.as_secs()).unwrap_or(i64::MAX),
        keys: keys.as_ref(),
    });
    let exit_code = match verdict.verdict {
        Checked::Match => 0,
        Checked::NoMatch | Checked::InvalidToken => Category::Negative.exit_code(),
    };
    let stdout = match args.output {
        Form::Json => report::line(&report::verdict(&verdict, token.claims())),
        Form::Text => told(&verdict, keys.is_some()),
    };
    Ok(Outcome { exit_code, stdout, ..Outcome::default() })
}

fn credentials(args: &CheckArgs, cloud: &Cloud, context: Context<'_>) -> Result<Vec<Credential>, Fault> {
    let mut credentials = match &args.credential {
        Some(name) => forms::parse(&read_text(context, name, "--credential")?)?,
        None => Vec::new(),
    };
    if let (Some(issuer), Some(subject)) = (&args.issuer, &args.subject) {
        let audience = args.audience.as_deref().or(cloud.exchange_audience).or(cloud::PUBLIC.exchange_audience);
        credentials.push(Credential {
            name: "command line".to_owned(),
            issuer: issuer.clone(),
            matcher: Matcher::Subject(subject.clone()),
            audiences: audience.map(ToOwned::to_owned).into_iter().collect(),
            description: None,
        });
    }
    Ok(credentials)
}

fn keys(args: &CheckArgs, token: &Token, context: Context<'_>) -> Result<Option<KeySet>, Fault> {
    match &args.jwks {
        Some(name) => KeySet::parse(&read_text(context, name, "--jwks")?).map(Some),
        None if args.discover => discovery::keys(token.claims(), context.world).map(Some),
        None => Ok(None),
    }
}

fn told(verdict: &Verdict, verified: bool) -> String {
    let mut out = match (&verdict.verdict, &verdict.matched) {
        (Checked::Match, Some(name)) => format!("match: Entra would accept this token for the credential `{name}`\n"),
        (Checked::Match, None) => "match: Entra would accept this token\n".to_owned(),
        (Checked::NoMatch, _) => "no match: Entra would refuse this token".to_owned(),
        (Checked::InvalidToken, _) => "invalid token: Entra would not take this for an ID token".to_owned(),
    };
    if verdict.verdict != Checked::Match {
        out.push_str(
            &verdict.predicted_error.map(|code| format!(" with {}", report::aadsts(code))).unwrap_or_default(),
        );
        out.push('\n');
    }
    for finding in &verdict.findings {
        out.push('\n');
        out.push_str(&text::finding(finding));
    }
    if !verified {
        out.push_str("\nThe signature was not checked; `--discover` or `--jwks FILE` does that.\n");
    }
    out
}
