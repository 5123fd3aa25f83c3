//! Exports `azure-oidc:federation/claims`: the offline functions. They call no import.

use azure_oidc_core::Secret;
use azure_oidc_core::check::claims_object;
use azure_oidc_core::platform;
use azure_oidc_core::ports::fixed::Offline;
use azure_oidc_core::shell::Shell;
use azure_oidc_jobs::{Document, Door, audit, check, credential, explain, inspect, verify};

use super::convert;
use crate::bindings::Component;
use crate::bindings::exports::azure_oidc::federation::claims::{
    AuditReport, AuditRequest, CredentialRequest, ExplainRequest, Explained, Explanation, Guest, Inspection, Platform,
    Question, Verdict, Verification, WrittenCredentials,
};
use crate::bindings::exports::azure_oidc::federation::types::Fault;

impl Guest for Component {
    fn inspect(token: String) -> Result<Inspection, Fault> {
        Ok(inspect::run(&inspect::Request { token: Secret::new(token).into() })?.into())
    }

    fn check(question: Question) -> Result<Verdict, Fault> {
        let request = check::Request {
            token: question.token.map(|token| Secret::new(token).into()),
            issuer: question.issuer,
            subject: question.subject,
            audience: question.audience,
            claims: question.claims_json.as_deref().map(claims_object).transpose()?,
            credentials: Document::Text(question.credentials),
            jwks: question.jwks.map(Document::Text),
            cloud: question.cloud,
            now: Some(question.now),
            skew: question.skew,
            shell: question.shell.map(Shell::from),
            door: Door::Typed,
            ..check::Request::default()
        };
        Ok(check::run(request, Offline { now: question.now }.ports())?.into())
    }

    fn verify(jws: String, jwks: String) -> Result<Verification, Fault> {
        let request = verify::Request { token: Secret::new(jws).into(), jwks: Document::Text(jwks) };
        Ok(verify::run(&request)?.into())
    }

    fn explain(text: String, token: Option<String>) -> Result<Vec<Explanation>, Fault> {
        let request = ExplainRequest { text, token, credentials: None, now: None, shell: None };
        Ok(Self::explain_refusal(request)?.explanations)
    }

    fn explain_refusal(request: ExplainRequest) -> Result<Explained, Fault> {
        let ExplainRequest { text, token, credentials, now, shell } = request;
        let (token, credentials) = (token.map(|token| Secret::new(token).into()), credentials.map(Document::Text));
        let shell = shell.map(Shell::from);
        Ok(explain::run(&explain::Request { text, token, credentials, now, shell }, None)?.into())
    }

    fn credential(request: CredentialRequest) -> Result<String, Fault> {
        Ok(Self::write_credentials(request)?.text)
    }

    fn write_credentials(request: CredentialRequest) -> Result<WrittenCredentials, Fault> {
        Ok(credential::run(&request.into())?.into())
    }

    fn audit(request: AuditRequest) -> Result<AuditReport, Fault> {
        Ok(audit::run(&request.into())?.into())
    }

    fn platforms() -> Vec<Platform> {
        platform::ALL.iter().map(|platform| convert::platform(*platform)).collect()
    }
}

#[cfg(test)]
mod tests {
    use azure_oidc_core::credential::forms;

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
            shell: None,
        }
    }

    #[test]
    fn credentials_are_written_from_parts() {
        let written = Component::credential(request(&[("repo", "o/r"), ("branch", "main")])).unwrap();
        let credential = &forms::parse(&written).unwrap()[0];
        assert_eq!(credential.matcher.text(), "repo:o/r:ref:refs/heads/main");
        assert_eq!(credential.audience(), Some("api://AzureADTokenExchangeUSGov"));
        let flexible = CredentialRequest { flexible: Some(true), ..request(&[("repo", "o/r"), ("owner-id", "7")]) };
        assert!(Component::credential(flexible).unwrap().contains("claims['repository_owner_id'] eq '7'"));
    }

    #[test]
    fn a_wrong_request_is_a_fault_with_a_hint() {
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
    fn a_malformed_token_is_a_fault_with_entras_code() {
        let fault = Component::inspect("a.b".to_owned()).unwrap_err();
        assert_eq!((fault.code.as_str(), fault.aadsts), ("token-not-three-segments", Some(50027)));
    }

    #[test]
    fn a_refusal_is_explained_with_the_credential_that_differs() {
        let request = |credentials: Option<&str>| ExplainRequest {
            text: "AADSTS700213: No matching federated identity record found for presented assertion subject 'x:Y'."
                .to_owned(),
            token: None,
            credentials: credentials.map(str::to_owned),
            now: None,
            shell: None,
        };
        let bare = Component::explain_refusal(request(None)).unwrap().explanations;
        assert_eq!(bare[0].advice.len(), 3, "{:?}", bare[0].advice);
        let list = r#"{"value": [{"name": "main", "issuer": "https://gitlab.com", "subject": "x:y",
            "audiences": ["api://AzureADTokenExchange"]}], "@odata.nextLink": "https://graph.microsoft.com/next"}"#;
        let explained = Component::explain_refusal(request(Some(list))).unwrap();
        let advice = &explained.explanations[0].advice;
        assert!(advice[0].contains("the credential `main` only in upper and lower case"), "{advice:?}");
        assert!(explained.notes[0].starts_with("warning: the document is one page"), "{:?}", explained.notes);
    }

    #[test]
    fn credentials_are_written_with_notes() {
        let request = request(&[("repo", "o/r"), ("branch", "main")]);
        let written = Component::write_credentials(CredentialRequest { format: None, ..request }).unwrap();
        assert_eq!((written.format.as_str(), written.notes), ("graph", Vec::new()));
    }
}
