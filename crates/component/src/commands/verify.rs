//! `verify`: verifies the signature of a token with a set of keys.

use azure_oidc_cli::{Form, VerifyArgs};
use azure_oidc_core::token::Jws;
use azure_oidc_core::{Category, Fault};
use azure_oidc_jobs::verify::{self, Answer, Request, Signature};
use azure_oidc_jobs::{Document, json};

use super::id_token::{self, Wanted};
use super::{Context, Outcome, id_token_of, read_text};

pub(super) fn run(args: &VerifyArgs, allowed_hosts: &[String], context: Context<'_>) -> Result<Outcome, Fault> {
    let obtained = id_token::obtain(&Wanted::by(&args.token, &args.platform), context)?;
    let answer = match &args.jwks {
        Some(name) => {
            Jws::parse(obtained.token.reveal()).map_err(|malformed| obtained.malformed(&malformed))?;
            let jwks = Document::Text(read_text(context, name, "--jwks")?);
            verify::run(&Request { token: obtained.token.into(), jwks })?
        }
        None => verify::with_issuer_keys(&id_token_of(obtained)?, allowed_hosts, context.ports)?,
    };
    let exit_code = match answer.signature {
        Signature::Valid => 0,
        Signature::Invalid => Category::Negative.exit_code(),
    };
    let stdout = match args.output {
        Form::Json => json::line(&answer),
        Form::Text => render(&answer),
    };
    Ok(Outcome { exit_code, ..Outcome::printed(stdout) })
}

fn render(answer: &Answer) -> String {
    match answer.reason {
        None => {
            let notes: String = answer.notes.iter().map(|note| format!("{note}\n")).collect();
            format!("valid: signed with {} by {}\n{notes}", answer.alg, key(answer))
        }
        Some(reason) => format!("invalid: {} ({reason})\n", answer.sentence.unwrap_or(reason)),
    }
}

fn key(answer: &Answer) -> String {
    match (&answer.kid, answer.key_index) {
        (Some(kid), Some(index)) => format!("key `{}`, number {} of the set", kid.escape_debug(), index + 1),
        (None, Some(index)) => format!("key number {} of the set", index + 1),
        (_, None) => "a key of the set".to_owned(),
    }
}
