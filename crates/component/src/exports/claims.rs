//! Exports `azure-oidc:federation/claims`: the offline functions. They call no import.

use azure_oidc_core::Secret;
use azure_oidc_core::check::claims_object;
use azure_oidc_core::platform;
use azure_oidc_core::ports::fixed::Offline;
use azure_oidc_core::secret::KnownSecrets;
use azure_oidc_core::shell::Shell;
use azure_oidc_jobs::{Document, Interface, audit, check, credential, explain, inspect, verify};

use super::{convert, hiding};
use crate::bindings::Component;
use crate::bindings::exports::azure_oidc::federation::claims::{
    AuditReport, AuditRequest, CredentialRequest, ExplainRequest, Explained, Explanation, Guest, Inspection, Platform,
    Question, Verdict, Verification, WrittenCredentials,
};
use crate::bindings::exports::azure_oidc::federation::types::Fault;

impl Guest for Component {
    fn inspect(token: String) -> Result<Inspection, Fault> {
        let secrets = secrets(Some(&token), []);
        hiding::answer(inspect::run(&inspect::Request { token: Secret::new(token).into() }), &secrets)
    }

    fn check(question: Question) -> Result<Verdict, Fault> {
        let Question { token, issuer, subject, audience, cloud, .. } = &question;
        let secrets = secrets(token.as_ref(), [issuer, subject, audience, cloud].map(Option::as_ref));
        let claims = question.claims_json.as_deref().map(claims_object).transpose();
        let request = |claims| check::Request {
            token: question.token.map(|token| Secret::new(token).into()),
            issuer: question.issuer,
            subject: question.subject,
            audience: question.audience,
            claims,
            credentials: Document::Text(question.credentials),
            jwks: question.jwks.map(Document::Text),
            cloud: question.cloud,
            now: Some(question.now),
            skew: question.skew,
            shell: question.shell.map(Shell::from),
            interface: Interface::Typed,
            ..check::Request::default()
        };
        let offline = Offline { now: question.now };
        hiding::answer(claims.and_then(|claims| check::run(request(claims), offline.ports())), &secrets)
    }

    fn verify(jws: String, jwks: String) -> Result<Verification, Fault> {
        let secrets = secrets(Some(&jws), []);
        let request = verify::Request { token: Secret::new(jws).into(), jwks: Document::Text(jwks) };
        hiding::answer(verify::run(&request), &secrets)
    }

    fn explain(text: String, token: Option<String>) -> Result<Vec<Explanation>, Fault> {
        let request = ExplainRequest { text, token, credentials: None, now: None, shell: None };
        Ok(Self::explain_refusal(request)?.explanations)
    }

    fn explain_refusal(request: ExplainRequest) -> Result<Explained, Fault> {
        let ExplainRequest { text, token, credentials, now, shell } = request;
        let secrets = secrets(token.as_ref(), []);
        let (token, credentials) = (token.map(|token| Secret::new(token).into()), credentials.map(Document::Text));
        let shell = shell.map(Shell::from);
        hiding::answer(
            explain::run(&explain::Request { text, token, credentials, now, shell, interface: Interface::Typed }, None),
            &secrets,
        )
    }

    fn credential(request: CredentialRequest) -> Result<String, Fault> {
        Ok(Self::write_credentials(request)?.text)
    }

    fn write_credentials(request: CredentialRequest) -> Result<WrittenCredentials, Fault> {
        let CredentialRequest { platform, token, issuer, subject, audience, name, format, client_id, cloud, .. } =
            &request;
        let fields = [platform, issuer, subject, audience, name, format, client_id, cloud].map(Option::as_ref);
        let parts = request.parts.iter().flatten().map(|part| Some(&part.value));
        let secrets = secrets(token.as_ref(), fields.into_iter().chain(parts));
        hiding::answer(credential::run(&request.into()), &secrets)
    }

    fn audit(request: AuditRequest) -> Result<AuditReport, Fault> {
        let secrets = secrets(None, request.replace.iter().flat_map(|one| [Some(&one.old), Some(&one.new)]));
        hiding::answer(audit::run(&request.into()), &secrets)
    }

    fn platforms() -> Vec<Platform> {
        platform::ALL.iter().map(|platform| convert::platform(*platform)).collect()
    }
}

fn secrets<'a>(token: Option<&'a String>, fields: impl IntoIterator<Item = Option<&'a String>>) -> KnownSecrets {
    let secrets = KnownSecrets::default();
    hiding::learn(&secrets, token, fields);
    secrets
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
    fn a_fault_does_not_repeat_a_secret_in_the_wrong_field() {
        for secret in ["0.AbCdE1fG2hI3jK4lM5nO6pQ7rS8tU9v", "eyAiYWxnIjogIlJTMjU2\nIiB9.eyAic3ViIjogIngiIH0.c2ln"] {
            let platform = CredentialRequest { platform: Some(secret.to_owned()), ..request(&[]) };
            let cloud = CredentialRequest { cloud: Some(secret.to_owned()), ..request(&[("repo", "o/r")]) };
            for wrong in [platform, cloud, request(&[("repo", secret)])] {
                let fault = Component::credential(wrong).unwrap_err();
                let shown = format!("{fault:?}");
                assert!(!shown.contains(&secret[..19]) && !shown.contains(&secret[secret.len() - 9..]), "{shown}");
            }
        }
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
