//! `verify`: is the signature of a token good for these keys?

use azure_oidc_cli::{Form, VerifyArgs};
use azure_oidc_core::check::decision::ALGORITHMS;
use azure_oidc_core::jwks::{self, KeySet};
use azure_oidc_core::token::{Jws, Token};
use azure_oidc_core::{Category, Fault};

use super::id_token::{self, Wanted};
use super::{Context, Outcome, read_text};
use crate::{discovery, report};

pub(super) fn run(args: &VerifyArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let obtained = id_token::obtain(&Wanted::by(&args.token, &args.platform), context)?;
    let jws = Jws::parse(obtained.token.reveal()).map_err(|malformed| obtained.malformed(&malformed))?;
    let keys = match &args.jwks {
        Some(name) => KeySet::parse(&read_text(context, name, "--jwks")?)?,
        None => {
            let token = Token::parse(obtained.token.reveal()).map_err(|malformed| obtained.malformed(&malformed))?;
            discovery::keys(token.claims(), context.ports)?
        }
    };
    let verification = jwks::verify(&jws, &keys);
    let exit_code = if verification.valid { 0 } else { Category::Negative.exit_code() };
    let stdout = match args.output {
        Form::Json => report::line(&report::verification(&verification)),
        Form::Text => match verification.reason {
            None => format!(
                "valid: signed with {} by {}\n{}",
                verification.alg,
                key(&verification),
                refused(&verification.alg)
            ),
            Some(reason) => format!("invalid: {} ({})\n", reason.sentence(), reason.code()),
        },
    };
    Ok(Outcome { exit_code, ..Outcome::printed(stdout) })
}

fn key(verification: &jwks::Verification) -> String {
    match (&verification.kid, verification.key_index) {
        (Some(kid), Some(index)) => format!("key `{}`, number {} of the set", kid.escape_debug(), index + 1),
        (None, Some(index)) => format!("key number {} of the set", index + 1),
        (_, None) => "a key of the set".to_owned(),
    }
}

/// A good signature of a kind that Entra takes none of is of no use to an exchange.
fn refused(alg: &str) -> String {
    match ALGORITHMS.contains(&alg) {
        true => String::new(),
        false => format!("note: Entra takes no token that is signed with {alg}; it answers AADSTS5002738\n"),
    }
}
