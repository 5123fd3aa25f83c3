//! `check`: predicts whether Entra would accept an ID token for some federated identity
//! credentials.

use azure_oidc_cli::{CheckArgs, Form, failure};
use azure_oidc_core::{Category, Fault};
use azure_oidc_jobs::check::{self, Answer, OneCredential, Request, Verdict};
use azure_oidc_jobs::{Document, Interface, json};

use super::id_token::{self, Wanted};
use super::text::{self, Paint};
use super::{Context, Outcome, read_bytes, read_text};

pub(super) fn run(
    args: &CheckArgs,
    allowed_hosts: &[String],
    paint: Paint,
    context: Context<'_>,
) -> Result<Outcome, Fault> {
    let credentials = args.credential.as_deref().map(|name| read_bytes(context, name, "--credential")).transpose()?;
    let jwks = args.jwks.as_deref().map(|name| read_text(context, name, "--jwks")).transpose()?;
    let token = match args.token_issuer {
        Some(_) => None,
        None => Some(id_token::obtain(&Wanted::by(&args.token, &args.platform), context)?.token),
    };
    let by_hand = args.issuer.clone().zip(args.subject.clone());
    let request = Request {
        token: token.map(Into::into),
        issuer: args.token_issuer.clone(),
        subject: args.token_subject.clone(),
        audience: args.token_audience.clone(),
        claims: Some(args.token_claim.iter().map(|(name, value)| (name.clone(), value.as_str().into())).collect()),
        credentials: credentials.map(Document::Bytes).unwrap_or_default(),
        credential: by_hand.map(|(issuer, subject)| OneCredential { issuer, subject, audience: args.audience.clone() }),
        jwks: jwks.map(Document::Text),
        interface: Interface::CommandLine,
        discover: args.discover,
        allowed_hosts: allowed_hosts.to_vec(),
        cloud: Some(args.cloud.clone()),
        now: args.now,
        skew: Some(u32::try_from(args.skew.as_secs()).unwrap_or(u32::MAX)),
        shell: Some(args.shell.chosen(context.ports.env)),
    };
    let answer = check::run(request, context.ports)?;
    let exit_code = match answer.verdict {
        Verdict::Match => 0,
        Verdict::NoMatch | Verdict::InvalidToken => Category::Negative.exit_code(),
    };
    let stdout = match args.output {
        Form::Json => json::line(&answer),
        Form::Text => render(&answer, paint),
    };
    Ok(Outcome { exit_code, stderr: text::notes(&answer.notes), ..Outcome::printed(stdout) })
}

fn render(answer: &Answer, paint: Paint) -> String {
    let (color, mut out) = match (answer.verdict, &answer.matched) {
        (Verdict::Match, matched) => {
            let name = matched.as_ref().map(|name| format!(" for the credential `{name}`")).unwrap_or_default();
            (text::GREEN, format!("match: Entra would accept this token{name}"))
        }
        (Verdict::NoMatch, _) => (text::RED, "no match: Entra would refuse this token".to_owned()),
        (Verdict::InvalidToken, _) => {
            (text::RED, "invalid token: Entra would not take this for an ID token".to_owned())
        }
    };
    if let Some(code) = answer.predicted_error {
        out += &format!(", with {code}");
    }
    out = paint.line(color, &failure::harmless(&out));
    for finding in &answer.findings {
        out += "\n";
        out += &text::finding(finding, paint);
    }
    out
}
