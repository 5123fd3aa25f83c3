//! Tests credentials in templates, states of Pulumi and objects of Kubernetes operators.

use serde_json::{Value, json};

use crate::credential::forms::{Parsed, parse, parse_with_notes};
use crate::credential::{Identity, Matcher};

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const AUDIENCE: &str = "api://AzureADTokenExchange";
const MAIN: &str = "repo:octo-org/web:ref:refs/heads/main";

macro_rules! input {
    ($case:literal) => {
        include_str!(concat!("../../../../testdata/cases/", $case, "/fics.json"))
    };
}

fn read(document: &Value) -> Parsed {
    parse_with_notes(&document.to_string()).unwrap()
}

/// Name, identity and subject or expression.
fn shown(parsed: &Parsed) -> Vec<(&str, Option<&str>, &str)> {
    let identity = |identity: &Option<Identity>| identity.clone().map(|identity| identity.name.unwrap_or_default());
    let leak = |text: String| &*Box::leak(text.into_boxed_str());
    parsed
        .credentials
        .iter()
        .map(|one| (one.name.as_str(), identity(&one.identity).map(leak), one.matcher.text()))
        .collect()
}

fn template(resources: &Value) -> Value {
    json!({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "parameters": {"repo": {"type": "string", "defaultValue": MAIN}, "asked": {"type": "string"}},
        "variables": {"aud": [AUDIENCE], "again": "[parameters('repo')]"}, "resources": resources})
}

fn resource(name: &str, subject: &str) -> Value {
    json!({"type": "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials", "name": name,
        "properties": {"issuer": GITHUB, "subject": subject, "audiences": [AUDIENCE]}})
}

#[test]
fn the_stack_of_pulumi_is_read_with_both_providers() {
    let parsed = parse_with_notes(input!("pulumi-stack-export")).unwrap();
    let main = "repo:octo-org/web:ref:refs/heads/Main";
    assert_eq!(shown(&parsed), [("gh", None, main), ("gh", Some("mi"), main)]);
    let none = json!({"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:a::b::c::d", "type": "pulumi:pulumi:Stack"}]}});
    let fault = parse(&none.to_string()).unwrap_err();
    assert!(fault.message.contains("state of Pulumi") && !fault.hints.is_empty(), "{fault:?}");
}

#[test]
fn flexible_credentials_and_inputs_of_pulumi_are_read() {
    let resource = json!({"urn": "urn:pulumi:dev::ci::azuread:index/x:ApplicationFlexibleFederatedIdentityCredential::flex",
        "type": "azuread:index/applicationFlexibleFederatedIdentityCredential:ApplicationFlexibleFederatedIdentityCredential",
        "inputs": {"displayName": "any", "issuer": GITHUB, "audience": AUDIENCE, "claimsMatchingExpression": "claims['sub'] matches 'repo:a/*'"}});
    let parsed = read(&json!({"deployment": {"resources": [resource]}}));
    assert_eq!(shown(&parsed), [("any", None, "claims['sub'] matches 'repo:a/*'")]);
    assert!(matches!(parsed.credentials[0].matcher, Matcher::Expression { language_version: 1, .. }));
}

#[test]
fn literal_values_of_a_template_are_read() {
    let parsed = parse_with_notes(input!("arm-template")).unwrap();
    assert_eq!((shown(&parsed), parsed.notes.len()), (vec![("gh", Some("mi"), MAIN)], 0));
}

#[test]
fn parameters_and_variables_with_literal_values_are_read() {
    let mut one = resource("mi/gh", "[parameters('repo')]");
    one["properties"]["audiences"] = json!("[variables('aud')]");
    for resources in [json!([one]), json!({"symbolic": one})] {
        assert_eq!(shown(&read(&template(&resources))), [("gh", Some("mi"), MAIN)]);
    }
    assert_eq!(shown(&read(&template(&json!([resource("a/gh", "[[x]")])))), [("gh", Some("a"), "[x]")]);
}

#[test]
fn a_computed_value_is_named_and_the_other_credentials_are_read() {
    for subject in ["[parameters('asked')]", "[format('repo:{0}', parameters('repo'))]", "[variables('again')]"] {
        let both = read(&template(&json!([resource("mi/gh", MAIN), resource("mi/other", subject)])));
        assert_eq!(shown(&both), [("gh", Some("mi"), MAIN)]);
        assert!(both.notes[0].message.contains("`resources[1].properties.subject` is computed"), "{:?}", both.notes);
        let fault = parse(&template(&json!([resource("mi/other", subject)])).to_string()).unwrap_err();
        assert_eq!((fault.code, fault.hints.len()), ("credential-computed", 1));
    }
}

#[test]
fn nested_templates_child_resources_and_graph_are_read() {
    let inner =
        json!({"parameters": {"sub": {"type": "string"}}, "resources": [resource("mi/gh", "[parameters('sub')]")]});
    let nested = json!({"type": "Microsoft.Resources/deployments", "name": "d",
        "properties": {"parameters": {"sub": {"value": MAIN}}, "template": inner}});
    let mut child = resource("gh", MAIN);
    child["type"] = json!("federatedIdentityCredentials");
    let identity =
        json!({"type": "Microsoft.ManagedIdentity/userAssignedIdentities", "name": "mi", "resources": [child]});
    let graph = json!({"type": "Microsoft.Graph/applications/federatedIdentityCredentials@v1.0",
        "properties": {"name": "app/gh", "issuer": GITHUB, "subject": MAIN, "audiences": [AUDIENCE]}});
    let parsed = read(&template(&json!([nested, identity, graph])));
    assert_eq!(shown(&parsed), [("gh", Some("mi"), MAIN), ("gh", Some(""), MAIN), ("gh", None, MAIN)]);
}

#[test]
fn objects_of_kubernetes_operators_are_read() {
    let service_operator = json!({"apiVersion": "managedidentity.azure.com/v1api20230131", "kind": "FederatedIdentityCredential",
        "metadata": {"name": "fic"}, "spec": {"azureName": "gh", "owner": {"name": "mi"}, "issuer": GITHUB, "subject": MAIN,
        "audiences": [AUDIENCE]}, "status": {}});
    let crossplane = json!({"apiVersion": "managedidentity.azure.upbound.io/v1beta1", "kind": "FederatedIdentityCredential",
        "metadata": {"name": "gh"}, "spec": {"forProvider": {"issuer": GITHUB, "subject": MAIN, "audience": [AUDIENCE],
        "parentId": "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mi"}}});
    for one in [&service_operator, &crossplane] {
        assert_eq!(shown(&read(one)), [("gh", Some("mi"), MAIN)]);
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [service_operator, {"kind": "ServiceAccount"}, crossplane]});
    assert_eq!(read(&list).credentials.len(), 2);
    let other = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}});
    assert!(parse(&other.to_string()).unwrap_err().message.contains("Kubernetes document"));
}

#[test]
fn a_terraform_state_with_azapi_is_read() {
    let parsed = parse_with_notes(input!("terraform-azapi-state")).unwrap();
    assert_eq!(shown(&parsed), [("gh", Some("mi"), "claims['sub'] matches 'repo:octo-org/web:ref:refs/heads/*'")]);

    let kind = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31";
    let parent = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/mi";
    let body = json!({"properties": {"issuer": GITHUB, "subject": MAIN, "audiences": [AUDIENCE]}});
    for body in [body.clone(), json!(body.to_string()), json!({"type": ["object", {}], "value": body})] {
        let values = json!({"name": "gh", "type": kind, "parent_id": parent, "body": body});
        let planned =
            json!({"address": "azapi_resource.gh", "mode": "managed", "type": "azapi_resource", "values": values});
        let plan = json!({"format_version": "1.2", "planned_values": {"root_module": {"resources": [planned]}}});
        let written = json!({"resource": {"azapi_resource": {"gh": values, "other": {"type": "Microsoft.Web/sites@1", "name": "x"}}}});
        for document in [plan, written] {
            assert_eq!(shown(&read(&document)), [("gh", Some("mi"), MAIN)], "{document}");
        }
    }
}
