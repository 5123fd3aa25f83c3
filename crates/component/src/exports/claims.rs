//! `azure-oidc:federation/claims`: the offline functions. They call no import.

use azure_oidc_core::authority::cloud_by_name;
use azure_oidc_core::check::{self, Presented, Question as CoreQuestion};
use azure_oidc_core::cloud::{Cloud, PUBLIC};
use azure_oidc_core::credential::forms;
use azure_oidc_core::credential::pipeline::Pipeline;
use azure_oidc_core::credential::write::Format;
use azure_oidc_core::explain;
use azure_oidc_core::jwks::{self, KeySet};
use azure_oidc_core::platform;
use azure_oidc_core::token::{Jws, Token};
use azure_oidc_core::{Category, Fault as CoreFault};

use super::convert;
use crate::bindings::Component;
use crate::bindings::exports::azure_oidc::federation::claims::{
    CredentialRequest, Explanation, Guest, Inspection, Platform, Question, Verdict, Verification,
};
use crate::bindings::exports::azure_oidc::federation::types::Fault;
use crate::commands::{advice, named_platform, owner_of, written};

const DEFAULT_SKEW: u32 = 300;

impl Guest for Component {
    fn inspect(token: String) -> Result<Inspection, Fault> {
        Ok(convert::inspection(&Token::parse(&token)?))
    }

    fn check(question: Question) -> Result<Verdict, Fault> {
        let cloud = cloud_of(question.cloud.as_deref())?;
        let presented = Presented {
            token: question.token.as_deref(),
            issuer: question.issuer.as_deref(),
            subject: question.subject.as_deref(),
            audience: question.audience.as_deref(),
            claims: question.claims_json.as_deref().map(check::claims_object).transpose()?.unwrap_or_default(),
        };
        let token = presented.read(cloud)?;
        let credentials = forms::parse(&question.credentials)?;
        let keys = question.jwks.as_deref().map(KeySet::parse).transpose()?;
        let token = match token {
            Ok(token) => token,
            Err(malformed) => return Ok(convert::verdict(malformed.into(), credentials)),
        };
        let verdict = check::check(&CoreQuestion {
            token: &token,
            credentials: &credentials,
            client_id: None,
            cloud,
            now: question.now,
            skew: question.skew.unwrap_or(DEFAULT_SKEW).into(),
            keys: keys.as_ref(),
        });
        Ok(convert::verdict(verdict, credentials))
    }

    fn verify(jws: String, jwks: String) -> Result<Verification, Fault> {
        let keys = KeySet::parse(&jwks)?;
        let jws = Jws::parse(&jws)?;
        let verification = jwks::verify(&jws, &keys);
        Ok(Verification {
            valid: verification.valid,
            reason: verification.reason.map(|reason| reason.code().to_owned()),
            alg: verification.alg,
            kid: verification.kid,
            key_index: verification.key_index.and_then(|index| u32::try_from(index).ok()),
        })
    }

    fn explain(text: String, token: Option<String>) -> Result<Vec<Explanation>, Fault> {
        let token = token.as_deref().map(Token::parse).transpose()?;
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
        let token = request.token.as_deref().map(Token::parse).transpose()?;
        let format = match request.format.as_deref() {
            Some(name) => Format::by_name(name).ok_or_else(|| format_unknown(name))?,
            None => Format::GraphJson,
        };
        let parts: Vec<_> = request.parts.into_iter().flatten().map(|part| (part.name, part.value)).collect();
        let pipeline = Pipeline {
            platform: named_platform(request.platform.as_deref())?,
            parts: &parts,
            claims: token.as_ref().map(Token::claims),
            issuer: request.issuer.as_deref(),
            subject: request.subject.as_deref(),
            audience: request.audience.as_deref(),
            name: request.name.as_deref(),
            flexible: request.flexible.unwrap_or_default(),
            cloud: cloud_of(request.cloud.as_deref())?,
        };
        let (name, group) = (request.identity_name.as_deref(), request.resource_group.as_deref());
        let identity = (name.is_some() || group.is_some()).then_some((name, group));
        Ok(written(&pipeline, format, owner_of(format, identity, request.client_id.as_deref()))?.0)
    }

    fn platforms() -> Vec<Platform> {
        platform::ALL.iter().map(|platform| convert::platform(*platform)).collect()
    }
}

fn cloud_of(name: Option<&str>) -> Result<&'static Cloud, CoreFault> {
    name.map_or(Ok(PUBLIC), |name| cloud_by_name(name, "`cloud`"))
}

fn format_unknown(name: &str) -> CoreFault {
    let message = format!("The format `{}` is not known", name.escape_debug());
    let known = Format::ALL.map(Format::name).join(", ");
    CoreFault::new(Category::Usage, "format-unknown", message).hint(format!("known formats: {known}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::exports::azure_oidc::federation::claims::Part;

    fn request(parts: &[(&str, &str)]) -> CredentialRequest {
        let part = |(name, value): &(&str, &str)| Part { name: (*name).to_owned(), value: (*value).to_owned() };
        CredentialRequest {
            token: None,
            issuer: None,
            subject: None,
            audience: None,
            name: None,
            format: None,
            platform: Some("github".to_owned()),
            parts: Some(parts.iter().map(part).collect()),
            flexible: None,
            cloud: Some("usgov".to_owned()),
            client_id: None,
            identity_name: None,
            resource_group: None,
        }
    }

    #[test]
    fn credentials_are_made_of_parts() {
        let written = Component::credential(request(&[("repo", "o/r"), ("branch", "main")])).unwrap();
        let credential = &forms::parse(&written).unwrap()[0];
        assert_eq!(credential.matcher.text(), "repo:o/r:ref:refs/heads/main");
        assert_eq!(credential.audience(), Some("api://AzureADTokenExchangeUSGov"));
        let flexible = CredentialRequest { flexible: Some(true), ..request(&[("repo", "o/r"), ("owner-id", "7")]) };
        assert!(Component::credential(flexible).unwrap().contains("claims['repository_owner_id'] eq '7'"));
    }

    #[test]
    fn a_wrong_request_is_a_fault_with_a_way_out() {
        let missing = Component::credential(request(&[("branch", "main")])).unwrap_err();
        assert_eq!((missing.code.as_str(), missing.exit_code), ("subject-part-missing", 2));
        assert!(missing.hints[0].contains("`repo`, needed"), "{:?}", missing.hints);
        for (request, code) in [
            (CredentialRequest { platform: Some("teamcity".to_owned()), ..request(&[]) }, "platform-unknown"),
            (CredentialRequest { format: Some("yaml".to_owned()), ..request(&[]) }, "format-unknown"),
            (CredentialRequest { cloud: Some("moon".to_owned()), ..request(&[]) }, "cloud-unknown"),
        ] {
            assert_eq!(Component::credential(request).unwrap_err().code, code);
        }
    }

    #[test]
    fn what_is_no_token_is_a_fault_with_entras_code() {
        let fault = Component::inspect("a.b".to_owned()).unwrap_err();
        assert_eq!((fault.code.as_str(), fault.aadsts), ("token-not-three-segments", Some(50027)));
    }
}
