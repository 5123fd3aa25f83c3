//! `azure-oidc:federation/claims`: the offline functions. They call no import.

use azure_oidc_core::authority::cloud_by_name;
use azure_oidc_core::check::{self, Question as CoreQuestion};
use azure_oidc_core::cloud;
use azure_oidc_core::credential::forms;
use azure_oidc_core::credential::write::Format;
use azure_oidc_core::explain;
use azure_oidc_core::jwks::{self, KeySet};
use azure_oidc_core::token::{Jws, Token};
use azure_oidc_core::{Category, Fault as CoreFault};

use super::convert;
use crate::bindings::Component;
use crate::bindings::azure_oidc::federation::types::Fault;
use crate::bindings::exports::azure_oidc::federation::claims::{
    CredentialRequest, Explanation, Guest, Inspection, Question, Verdict, Verification,
};
use crate::commands::{Wish, advice, owner_of, written};

const DEFAULT_SKEW: u32 = 300;

impl Guest for Component {
    fn inspect(token: String) -> Result<Inspection, Fault> {
        Ok(convert::inspection(&parse(&token)?))
    }

    fn check(question: Question) -> Result<Verdict, Fault> {
        let token = parse(&question.token)?;
        let credentials = forms::parse(&question.credentials)?;
        let keys = question.jwks.as_deref().map(KeySet::parse).transpose()?;
        let cloud = match &question.cloud {
            Some(name) => cloud_by_name(name, "`cloud`")?,
            None => cloud::PUBLIC,
        };
        Ok(convert::verdict(check::check(&CoreQuestion {
            token: &token,
            credentials: &credentials,
            client_id: None,
            cloud,
            now: question.now,
            skew: question.skew.unwrap_or(DEFAULT_SKEW).into(),
            keys: keys.as_ref(),
        })))
    }

    fn verify(jws: String, jwks: String) -> Result<Verification, Fault> {
        let keys = KeySet::parse(&jwks)?;
        let jws = Jws::parse(&jws).map_err(|malformed| convert::malformed(&malformed))?;
        let verification = jwks::verify(&jws, &keys);
        Ok(Verification {
            valid: verification.valid,
            reason: verification.reason.map(ToOwned::to_owned),
            alg: verification.alg,
            kid: verification.kid,
            key_index: verification.key_index.and_then(|index| u32::try_from(index).ok()),
        })
    }

    fn explain(text: String, token: Option<String>) -> Result<Vec<Explanation>, Fault> {
        let token = token.as_deref().map(parse).transpose()?;
        let found = explain::explain(&text);
        Ok(found
            .into_iter()
            .map(|one| Explanation {
                aadsts: one.code,
                name: one.entry.map(|entry| entry.name.to_owned()),
                advice: advice(&one, &text, token.as_ref(), &[], None),
                cause: one.entry.map(|entry| entry.cause.to_owned()),
                remedy: one.entry.map(|entry| entry.remedy.to_owned()),
                message: one.message,
            })
            .collect())
    }

    fn credential(request: CredentialRequest) -> Result<String, Fault> {
        let token = request.token.as_deref().map(parse).transpose()?;
        let format = format(request.format.as_deref())?;
        Ok(written(&Wish {
            token: token.as_ref(),
            issuer: request.issuer.as_deref(),
            subject: request.subject.as_deref(),
            audience: request.audience.as_deref(),
            name: request.name.as_deref(),
            owner: owner_of(format, None, None),
            format,
        })?)
    }
}

fn parse(token: &str) -> Result<Token, Fault> {
    Token::parse(token).map_err(|malformed| convert::malformed(&malformed))
}

fn format(name: Option<&str>) -> Result<Format, CoreFault> {
    match name.unwrap_or("graph") {
        "graph" => Ok(Format::GraphJson),
        "arm" => Ok(Format::ArmJson),
        "az" => Ok(Format::Az),
        "az-identity" => Ok(Format::AzIdentity),
        "terraform" => Ok(Format::Terraform),
        "bicep" => Ok(Format::Bicep),
        other => Err(CoreFault::new(
            Category::Usage,
            "format-unknown",
            format!("The format `{}` is not known", other.escape_debug()),
        )
        .hint("known formats: graph, arm, az, az-identity, terraform, bicep")),
    }
}
