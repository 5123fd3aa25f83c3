//! Tests that a remedy names the application or managed identity that owns the credentials.

use serde_json::{Value, json};

use super::case::{NOW, token};
use crate::check::{Question, SKEW, check, preflight};
use crate::cloud::PUBLIC;
use crate::credential::forms;
use crate::explain::{Refused, advise};
use crate::shell::Shell;

const ISSUER: &str = "https://gitlab.com";
const SUBJECT: &str = "project_path:g/p:ref_type:branch:ref:main";
const AUDIENCE: &str = "api://AzureADTokenExchange";
const IDENTITY: &str =
    "/subscriptions/0/resourcegroups/rg-ci/providers/Microsoft.ManagedIdentity/userAssignedIdentities/ci";

fn presented(sub: &str) -> crate::token::Token {
    let header = json!({"alg": "RS256", "kid": "k"});
    token(&header, &json!({"iss": ISSUER, "sub": sub, "aud": AUDIENCE, "iat": NOW - 10, "exp": NOW + 290}))
}

fn remedies(document: &Value, sub: &str) -> Vec<String> {
    in_shell(document, sub, Shell::Bash)
}

fn in_shell(document: &Value, sub: &str, shell: Shell) -> Vec<String> {
    let (token, credentials) = (presented(sub), forms::parse(&document.to_string()).unwrap());
    let question = Question {
        token: &token,
        credentials: &credentials,
        client_id: None,
        cloud: PUBLIC,
        now: NOW,
        skew: SKEW,
        keys: None,
        shell,
    };
    let refused = Refused {
        code: 700213,
        description: "",
        token: Some(&token),
        credentials: &credentials,
        client_id: None,
        cloud: PUBLIC,
        now: NOW,
        shell,
    };
    let found = check(&question).findings.into_iter().filter_map(|finding| finding.remedy.clone());
    found.chain(advise(&refused)).filter(|text| text.contains("federated-credential")).collect()
}

fn arm(id: &str) -> Value {
    let properties = json!({"issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]});
    json!({"id": id, "name": "gl", "properties": properties})
}

#[test]
fn a_credential_of_an_identity_is_corrected_there() {
    let document = arm(&format!("{IDENTITY}/federatedIdentityCredentials/gl"));
    let remedies = remedies(&document, &SUBJECT.replace("main", "Main"));
    assert_eq!(
        remedies[0],
        "az identity federated-credential update --identity-name ci --resource-group rg-ci --name gl --issuer \
         https://gitlab.com --subject project_path:g/p:ref_type:branch:ref:Main --audiences api://AzureADTokenExchange"
    );
    assert!(remedies.iter().all(|line| line.starts_with("az identity ")), "{remedies:?}");
}

#[test]
fn a_missing_credential_is_created_on_the_same_identity() {
    let resource = |values: &Value| {
        let resource = json!({"mode": "managed", "type": "azurerm_federated_identity_credential", "address": "a.b", "values": values});
        json!({"values": {"root_module": {"resources": [resource]}}})
    };
    let values =
        json!({"name": "gl", "issuer": ISSUER, "subject": SUBJECT, "audience": [AUDIENCE], "parent_id": IDENTITY});
    let newer = json!({"name": "gl", "issuer": ISSUER, "subject": SUBJECT, "audience": [AUDIENCE], "user_assigned_identity_id": IDENTITY});
    for document in [arm(IDENTITY), resource(&values), resource(&newer)] {
        let remedies = remedies(&document, "project_path:other/p:ref_type:branch:ref:main");
        assert!(!remedies.is_empty());
        for line in remedies {
            let start = "az identity federated-credential create --identity-name ci --resource-group rg-ci --name ";
            assert!(line.starts_with(start), "{line}");
        }
    }
}

#[test]
fn unknown_values_of_an_identity_become_variables() {
    let written = json!({"resource": {"azurerm_federated_identity_credential": {"gl": {"name": "gl", "issuer": ISSUER,
        "subject": SUBJECT, "audience": [AUDIENCE], "parent_id": "${azurerm_user_assigned_identity.ci.id}",
        "resource_group_name": "${var.group}"}}}});
    let first = remedies(&written, "other").remove(0);
    let start = "az identity federated-credential create --identity-name \"${IDENTITY_NAME:?}\" --resource-group \"${RESOURCE_GROUP:?}\"";
    assert!(first.starts_with(start), "{first}");
}

#[test]
fn without_an_identity_the_owner_is_an_application() {
    let graph = json!([{"id": "7d", "name": "gl", "issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}]);
    for sub in ["other", &SUBJECT.replace("main", "Main")] {
        let remedies = remedies(&graph, sub);
        assert!(!remedies.is_empty() && remedies.iter().all(|line| line.starts_with("az ad app ")), "{remedies:?}");
    }
}

#[test]
fn a_remedy_is_the_same_command_in_both_shells() {
    let graph = json!([{"id": "7d", "name": "gl", "issuer": ISSUER, "subject": SUBJECT, "audiences": [AUDIENCE]}]);
    for (document, sub) in [
        (&graph, "other"),
        (&graph, "project_path:g/p:ref_type:branch:ref:Main"),
        (&arm(&format!("{IDENTITY}/federatedIdentityCredentials/gl")), "project_path:g/p:ref_type:branch:ref:Main"),
    ] {
        let [bash, powershell] = [Shell::Bash, Shell::Powershell].map(|shell| in_shell(document, sub, shell));
        assert!(!bash.is_empty() && bash.len() == powershell.len(), "{bash:?}\n{powershell:?}");
        for (bash, powershell) in bash.iter().zip(&powershell) {
            let verb = |text: &str| {
                let (_, rest) = text.split_once(" federated-credential ").unwrap();
                rest.split(' ').next().unwrap().to_owned()
            };
            assert_eq!(verb(bash), verb(powershell));
            assert!(!powershell.contains(":?}") && powershell.contains('\''), "{powershell}");
        }
    }
}

#[test]
fn json_for_a_program_of_the_platform_passes_powershell() {
    let header = json!({"alg": "RS256", "kid": "k"});
    let aud = "aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa";
    let claims =
        json!({"iss": format!("https://oidc.circleci.com/org/{aud}"), "sub": "s", "aud": aud, "exp": NOW + 290});
    let remedy = |shell| {
        let findings = preflight(&token(&header, &claims), Some(PUBLIC), NOW, SKEW, shell);
        findings.into_iter().find(|one| one.code == "audience-platform-default").unwrap().remedy.clone().unwrap()
    };
    assert_eq!(remedy(Shell::Bash), r#"circleci run oidc get --claims '{"aud":"api://AzureADTokenExchange"}'"#);
    assert_eq!(
        remedy(Shell::Powershell),
        r#"circleci run oidc get --% --claims "{\"aud\":\"api://AzureADTokenExchange\"}""#
    );
}

#[test]
fn commands_are_for_the_subscription_of_the_identity() {
    let id = "0a1b2c3d-0000-4000-8000-0123456789ab";
    let document = arm(&IDENTITY.replace("/0/", &format!("/{id}/")));
    for sub in ["other", &SUBJECT.replace("main", "Main")] {
        let remedies = remedies(&document, sub);
        let word = format!(" --resource-group rg-ci --subscription {id} --name ");
        assert!(!remedies.is_empty() && remedies.iter().all(|line| line.contains(&word)), "{remedies:?}");
    }
}

#[test]
fn a_new_credential_overwrites_none() {
    let subject = "b0a8f5a0-6d0f-4d0e-9f57-0d4f0f1a2b3c";
    let mut existing = arm(&format!("{IDENTITY}/federatedIdentityCredentials/x"));
    existing["name"] = subject.to_uppercase().into();
    let mut second = existing.clone();
    second["name"] = format!("{subject}-2").into();
    second["properties"]["subject"] = "another".into();
    for (list, name) in
        [(json!([existing]), format!("{subject}-2")), (json!([existing, second]), format!("{subject}-3"))]
    {
        let remedies = remedies(&list, subject);
        assert!(!remedies.is_empty());
        for line in remedies {
            assert!(line.contains("create") && line.contains(&format!(" --name {name} ")), "{line}");
        }
    }
}

#[test]
fn no_credential_is_proposed_beyond_the_limit() {
    let one = |number: usize| {
        let mut one = arm(&format!("{IDENTITY}/federatedIdentityCredentials/x"));
        one["name"] = format!("gl-{number}").into();
        one["properties"]["subject"] = format!("project_path:g/p{number}x:ref_type:branch:ref:main").into();
        one
    };
    for (count, commands) in [(19, true), (20, false)] {
        let list: Value = (0..count).map(one).collect();
        assert_eq!(!remedies(&list, "another").is_empty(), commands, "{count}");
        let (token, credentials) = (presented("another"), forms::read(&list).unwrap().credentials);
        let shell = Shell::Bash;
        let (credentials, token) = (&credentials[..], &token);
        let found = check(&Question {
            token,
            credentials,
            client_id: None,
            cloud: PUBLIC,
            now: NOW,
            skew: SKEW,
            keys: None,
            shell,
        });
        let said = found.findings.iter().filter_map(|finding| finding.remedy.clone()).collect::<Vec<_>>().join("\n");
        let advice = advise(&Refused {
            code: 700213,
            description: "",
            token: Some(token),
            credentials,
            client_id: None,
            cloud: PUBLIC,
            now: NOW,
            shell,
        });
        for text in [said, advice.join("\n")] {
            assert_eq!(text.contains("at most 20"), !commands, "{text}");
        }
    }
}
