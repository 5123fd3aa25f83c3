//! Tests the documents of Azure's tools and Terraform that hold credentials.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::credential::{Identity, Matcher};

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const AUDIENCE: &str = "api://AzureADTokenExchange";

fn exact(name: &str, subject: &str) -> Credential {
    Credential {
        name: name.into(),
        issuer: GITHUB.into(),
        matcher: Matcher::Subject(subject.into()),
        audiences: vec![AUDIENCE.into()],
        description: None,
        application: None,
        identity: None,
    }
}

fn of_identity(credential: Credential, name: Option<&str>, group: Option<&str>) -> Credential {
    let (name, resource_group) = (name.map(str::to_owned), group.map(str::to_owned));
    Credential { identity: Some(Identity { name, resource_group, subscription: None }), ..credential }
}

fn flexible(name: &str, value: &str) -> Credential {
    let matcher = Matcher::Expression { value: value.into(), language_version: 1 };
    Credential { matcher, ..exact(name, "") }
}

fn read(document: &Value) -> Vec<Credential> {
    parse(&document.to_string()).unwrap()
}

fn refused(text: &str) -> Fault {
    parse(text).unwrap_err()
}

#[test]
fn the_array_of_the_azure_cli_is_read() {
    let document = json!([
        {"audiences": [AUDIENCE], "description": null, "id": "8b0b57f8-7a2e-4b0c-a7b3-3d2a1c7b9d10", "issuer": GITHUB,
         "name": "main", "subject": "repo:contoso/web:ref:refs/heads/main"},
        {"audiences": [AUDIENCE], "description": "pull requests", "id": "1b0b57f8-7a2e-4b0c-a7b3-3d2a1c7b9d10",
         "issuer": GITHUB, "name": "pr", "subject": "repo:contoso/web:pull_request"},
    ]);
    let pr = Credential { description: Some("pull requests".into()), ..exact("pr", "repo:contoso/web:pull_request") };
    assert_eq!(read(&document), [exact("main", "repo:contoso/web:ref:refs/heads/main"), pr]);
    assert_eq!(read(&json!([])), [], "an application may have none");
}

#[test]
fn graphs_list_is_read_with_flexible_credentials() {
    let document = json!({
        "@odata.context": "https://graph.microsoft.com/beta/$metadata#applications('x')/federatedIdentityCredentials",
        "value": [
            {"@odata.id": "x", "id": "1", "name": "main", "issuer": GITHUB, "subject": "repo:contoso/web:pull_request",
             "description": "", "audiences": [AUDIENCE], "claimsMatchingExpression": null},
            {"id": "2", "name": "any", "issuer": GITHUB, "subject": null, "audiences": [AUDIENCE],
             "claimsMatchingExpression": {"value": "claims['sub'] matches 'repo:contoso/*'", "languageVersion": 1}},
        ],
    });
    let any = flexible("any", "claims['sub'] matches 'repo:contoso/*'");
    assert_eq!(read(&document), [exact("main", "repo:contoso/web:pull_request"), any]);
}

#[test]
fn one_object_is_one_credential() {
    let document = json!({"name": "main", "issuer": GITHUB, "subject": "s", "audiences": [AUDIENCE]});
    assert_eq!(read(&document), [exact("main", "s")]);
}

#[test]
fn resource_managers_form_is_read_nested_and_flat() {
    let id = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id/\
              federatedIdentityCredentials/gh";
    let nested = json!({
        "id": id, "name": "gh", "type": "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials",
        "properties": {"issuer": GITHUB, "subject": "s", "audiences": [AUDIENCE]},
    });
    let flat = json!({"id": id, "name": "gh", "resourceGroup": "rg", "systemData": null, "issuer": GITHUB, "subject": "s",
                      "audiences": [AUDIENCE]});
    for document in [nested.clone(), json!({"value": [nested]}), json!([flat])] {
        assert_eq!(read(&document), [of_identity(exact("gh", "s"), Some("id"), Some("rg"))]);
    }
    let any = json!({"name": "any", "properties": {"issuer": GITHUB, "audiences": [AUDIENCE],
        "claimsMatchingExpression": {"languageVersion": 1, "value": "claims['sub'] eq 's'"}}});
    assert_eq!(read(&any), [of_identity(flexible("any", "claims['sub'] eq 's'"), None, None)]);
}

#[test]
fn the_capital_letters_of_powershell_are_read() {
    let azure = json!({"Audience": [AUDIENCE], "Description": null, "Id": "1", "Issuer": GITHUB, "Name": "main", "Subject": "s"});
    let one_text = json!({"Audience": AUDIENCE, "Issuer": GITHUB, "Name": "main", "Subject": "s"});
    let graph = json!([{"Audiences": [AUDIENCE], "ClaimsMatchingExpression": {"LanguageVersion": null, "Value": null},
                        "Issuer": GITHUB, "Name": "main", "Subject": "s", "AdditionalProperties": {}}]);
    for document in [azure, one_text, graph] {
        assert_eq!(read(&document), [exact("main", "s")]);
    }
}

#[test]
fn a_page_with_a_next_page_has_a_note() {
    let item = json!({"name": "main", "issuer": GITHUB, "subject": "s", "audiences": [AUDIENCE]});
    for link in ["nextLink", "@odata.nextLink"] {
        let parsed = parse_with_notes(&json!({"value": [item], link: "https://x/?$skiptoken=y"}).to_string()).unwrap();
        assert_eq!(parsed.credentials.len(), 1);
        assert_eq!(parsed.notes[0].code, "credentials-more-pages");
        let last = parse_with_notes(&json!({"value": [item], link: null}).to_string()).unwrap();
        assert_eq!(last.notes, []);
    }
}

#[test]
fn terraforms_json_configuration_is_read() {
    let document = json!({
        "resource": {
            "azuread_application": {"app": {"display_name": "x"}},
            "azuread_application_federated_identity_credential": {"main": {
                "application_id": "${azuread_application.app.id}", "display_name": "main", "issuer": GITHUB,
                "audiences": [AUDIENCE], "subject": "s$${x}"}},
            "azuread_application_flexible_federated_identity_credential": [{"any": [{
                "application_id": "${azuread_application.app.id}", "display_name": "any", "issuer": GITHUB,
                "audience": AUDIENCE, "claims_matching_expression": "claims['sub'] eq 's'"}]}],
            "azurerm_federated_identity_credential": {"gh": {
                "name": "gh", "issuer": GITHUB, "audience": [AUDIENCE], "subject": "s",
                "parent_id": "${azurerm_user_assigned_identity.x.id}", "resource_group_name": "rg"}},
        }
    });
    let gh = of_identity(exact("gh", "s"), None, Some("rg"));
    let of_app = |one| Credential { application: Some("${azuread_application.app.id}".to_owned()), ..one };
    let (main, any) = (exact("main", "s${x}"), flexible("any", "claims['sub'] eq 's'"));
    assert_eq!(read(&document), [of_app(main), of_app(any), gh]);
}

#[test]
fn plans_and_states_of_terraform_are_read_through_all_modules() {
    let main = json!({"issuer": GITHUB, "display_name": "main", "audiences": [AUDIENCE], "subject": "s${x}"});
    let gh = json!({"issuer": GITHUB, "name": "gh", "audience": [AUDIENCE], "subject": "s"});
    let root = json!({"root_module": {
        "resources": [
            {"address": "azuread_application_federated_identity_credential.main", "mode": "managed",
             "type": "azuread_application_federated_identity_credential", "values": main},
            {"address": "data.azuread_client_config.c", "mode": "data", "type": "azuread_client_config", "values": {}},
        ],
        "child_modules": [{"child_modules": [{"resources": [
            {"address": "module.a.module.b.azurerm_federated_identity_credential.gh[\"x\"]", "mode": "managed",
             "type": "azurerm_federated_identity_credential", "values": gh},
        ]}]}],
    }});
    let state = json!({"version": 4, "terraform_version": "1.9.8", "resources": [
        {"mode": "managed", "type": "azuread_application_federated_identity_credential", "name": "main",
         "instances": [{"attributes": main}]},
        {"mode": "managed", "type": "azurerm_federated_identity_credential", "name": "gh",
         "instances": [{"index_key": 0, "attributes": gh}]},
    ]});
    for document in [
        json!({"format_version": "1.0", "terraform_version": "1.9.8", "values": root}),
        json!({"format_version": "1.2", "planned_values": root, "values": {"root_module": {}}}),
        state,
    ] {
        assert_eq!(read(&document), [exact("main", "s${x}"), exact("gh", "s")]);
    }
}

#[test]
fn faults_name_the_member() {
    let base = json!({"name": "main", "issuer": GITHUB, "subject": "s", "audiences": [AUDIENCE]});
    let with = |name: &str, value: Value| {
        let mut changed = base.clone();
        changed[name] = value;
        json!([base, base, changed])
    };
    for (document, code, message) in [
        (with("issuer", json!(null)), "credential-member-missing", "`[2]` has no member `issuer`"),
        (with("subject", json!(null)), "credential-member-missing", "`[2]` has no member `subject`"),
        (with("name", json!(7)), "credential-member-type", "`[2].name` must be a string, but is a number"),
        (
            with("audiences", json!(AUDIENCE)),
            "credential-member-type",
            "`[2].audiences` must be an array with one string, [\"api://AzureADTokenExchange\"], but is a string",
        ),
        (
            with("audiences", json!([1])),
            "credential-member-type",
            "`[2].audiences[0]` must be a string, but is a number",
        ),
        (
            with("claimsMatchingExpression", json!({"value": "claims['sub'] eq 's'", "languageVersion": 1})),
            "credential-subject-and-expression",
            "`[2]` has both `subject` and `claimsMatchingExpression`, and Entra allows only one",
        ),
        (
            with("claimsMatchingExpression", json!("claims['sub'] eq 's'")),
            "credential-member-type",
            "`[2].claimsMatchingExpression` must be an object, {\"value\": \"claims['sub'] ...\", \"languageVersion\": 1}, \
             but is a string",
        ),
        (
            with("claimsMatchingExpression", json!({"value": "x", "languageVersion": "1"})),
            "credential-member-type",
            "`[2].claimsMatchingExpression.languageVersion` must be the number 1, but is a string",
        ),
        (
            with("claimsMatchingExpression", json!({"value": "x"})),
            "credential-member-missing",
            "`[2]` has no member `claimsMatchingExpression.languageVersion`",
        ),
        (json!({"value": [base, 1]}), "credential-member-type", "`value[1]` must be an object, but is a number"),
        (
            json!({"value": [{"name": "x", "properties": {"subject": "s"}}]}),
            "credential-member-missing",
            "`value[0]` has no member `issuer`",
        ),
        (
            json!({"resource": {"azurerm_federated_identity_credential": {"gh": {"name": "gh", "issuer": "${local.x}"}}}}),
            "credential-computed",
            "`azurerm_federated_identity_credential.gh.issuer` is a Terraform expression, whose value is not in this file",
        ),
        (json!({"resource": 1}), "credential-member-type", "`resource` must be an object, but is a number"),
    ] {
        let fault = refused(&document.to_string());
        assert_eq!((fault.code, fault.message.as_str()), (code, message));
    }
}

#[test]
fn a_list_that_graph_v1_broke_off_leads_to_beta() {
    let context = "https://graph.microsoft.us/v1.0/$metadata#applications('8b0b57f8-7a2e-4b0c-a7b3-3d2a1c7b9d10')/\
                   federatedIdentityCredentials";
    let cut = format!(
        "{{\"@odata.context\":\"{context}\",\"value\":[{{\"id\":\"1\",\"name\":\"FlexFic1\",\"issuer\":\"https://gitlab.com\"\
         {{\"error\":{{\"code\":\"InternalServerError\",\"message\":\"The property 'subject[Nullable=False]' of type \
         'Edm.String' has a null value, which is not allowed.\",\"innerError\":{{}}}}}}"
    );
    let fault = refused(&cut);
    assert_eq!(fault.code, "credential-graph-v1");
    assert_eq!(
        fault.hints,
        ["az rest --url \"https://graph.microsoft.us/beta/applications/8b0b57f8-7a2e-4b0c-a7b3-3d2a1c7b9d10/\
          federatedIdentityCredentials\""]
    );
    let hostile = cut.replace("8b0b57f8-7a2e-4b0c-a7b3-3d2a1c7b9d10", "$(id)").replace(".us/v1.0", ".test/v1.0");
    assert_eq!(
        refused(&hostile).hints,
        [
            "az rest --url \"https://graph.microsoft.com/beta/applications/$(az ad app show --id CLIENT_ID --query id --output tsv)/federatedIdentityCredentials\""
        ]
    );
    let whole =
        json!({"error": {"code": "InternalServerError", "message": "The property 'subject[Nullable=False]' is null"}});
    assert_eq!(refused(&whole.to_string()).code, "credential-graph-v1");
}

#[test]
fn other_documents_are_recognised() {
    for (text, code, part) in [
        ("", "credential-empty", "is empty"),
        (" \n", "credential-empty", "is empty"),
        ("[{\"name\":", "credential-not-json", "ends at line 1, column 9"),
        ("[\n{name: 1}]", "credential-not-json", "line 2, column 2"),
        ("eyJhbGciOiJSUzI1NiJ9.e30.c2ln", "credential-not-json", "looks like a token"),
        ("\"eyJhbGciOiJSUzI1NiJ9\"", "credential-form-unknown", "neither a JSON object nor an array"),
        ("- audiences:\n  - api://AzureADTokenExchange", "credential-not-json", "looks like YAML"),
        ("apiVersion: v1\nkind: List", "credential-not-json", "looks like YAML"),
        (include_str!("../../../testdata/cases/az-table/fics.json"), "credential-not-json", "--output table"),
        ("gh\thttps://issuer.example\trepo:a/b", "credential-not-json", "--output tsv"),
        ("https://issuer.example\trepo:a/b\n", "credential-not-json", "--output tsv"),
        ("{\t\"name\":\t1", "credential-not-json", "ends at line 1"),
        ("+------+--------+\n| Name | Issuer |", "credential-not-json", "--output table"),
        (
            "resource \"azurerm_federated_identity_credential\" \"gh\" {\n}",
            "credential-not-json",
            "is written in Terraform's language",
        ),
        (
            "resource x 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = {}",
            "credential-not-json",
            "is a Bicep file",
        ),
        ("{}", "credential-form-unknown", "is an empty object"),
        ("{\"iss\": \"a\", \"sub\": \"b\"}", "credential-form-unknown", "the claims of a token"),
        ("{\"appId\": \"a\", \"displayName\": \"b\"}", "credential-form-unknown", "without its credentials"),
        ("{\"a\": 1, \"b\": 2}", "credential-form-unknown", "has `a`, `b`, and no"),
        (
            "{\"error\": {\"code\": \"Request_ResourceNotFound\", \"message\": \"Resource 'x' does not exist\"}}",
            "credential-error-answer",
            "Request_ResourceNotFound: Resource 'x' does not exist",
        ),
        (
            "{\"$schema\": \"https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#\"}",
            "credential-none-found",
            "deployment template",
        ),
        ("{\"format_version\": \"1.0\", \"terraform_version\": \"1.9\"}", "credential-none-found", "no federated"),
        ("{\"resource\": {}}", "credential-none-found", "no federated"),
    ] {
        let fault = refused(text);
        assert_eq!(fault.code, code, "{text}");
        assert!(fault.message.contains(part), "{}", fault.message);
        assert!(!fault.hints.is_empty() && !fault.message.ends_with('.'), "{fault:?}");
        assert!(!format!("{fault:?}").contains("eyJ"), "a token must not be shown");
    }
}

#[test]
fn the_encodings_of_windows_are_read_or_explained() {
    let text = json!([{"name": "main", "issuer": GITHUB, "subject": "s", "audiences": [AUDIENCE]}]).to_string();
    let marked = format!("\u{FEFF}{text}");
    let utf16 = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    let utf16_be: Vec<u8> = marked.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [text.clone().into_bytes(), marked.clone().into_bytes(), utf16(&marked), utf16_be] {
        assert_eq!(parse_bytes(&bytes).unwrap().credentials, [exact("main", "s")]);
    }
    let garbled = utf16(&marked.replace("\"s\"", "\"Ã©\""));
    let odd = [utf16(&marked), vec![0]].concat();
    for bytes in [garbled, odd, utf16(&text), b"[\xE9]".to_vec()] {
        assert_eq!(parse_bytes(&bytes).unwrap_err().code, "credential-not-utf8");
    }
    assert_eq!(refused(&String::from_utf8_lossy(&utf16(&marked))).code, "credential-not-utf8");
}

#[test]
fn a_document_above_the_limit_is_not_read() {
    let text = format!("[{}]", " ".repeat(MAX_BYTES - 2));
    assert_eq!(parse(&text).unwrap(), []);
    assert_eq!(refused(&format!("{text} ")).code, "credential-too-large");
    assert_eq!(parse_bytes(&[b' '; MAX_BYTES + 1]).unwrap_err().code, "credential-too-large");
}

#[test]
fn deep_nesting_is_refused() {
    assert_eq!(refused(&"[".repeat(100_000)).code, "credential-not-json");
    assert_eq!(refused(&"{\"value\":[".repeat(50_000)).code, "credential-not-json");
}

proptest! {
    #[test]
    fn no_document_makes_it_panic(
        text in "([\\[{\\]},:]|\"(value|name|issuer|subject|audiences|properties|resource|error|é)\"|null|1|\"\"|\\PC){0,30}"
    ) {
        let _ = parse(&text);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), mark in prop::bool::ANY) {
        let bytes = if mark { [vec![0xFF, 0xFE], bytes].concat() } else { bytes };
        let _ = parse_bytes(&bytes);
    }
}

#[test]
fn a_token_that_is_wrapped_over_lines_is_masked_where_it_is_read() {
    let token =
        format!("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJ{}.{}", "pc3MiOiJodHRwczov".repeat(4), "c2ln".repeat(20));
    let wrapped = token.as_bytes().chunks(20).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>().join("\n");
    for subject in [wrapped.clone(), format!(" {wrapped}"), wrapped.replace('\n', " ")] {
        let document = json!([{ "name": "a", "issuer": GITHUB, "subject": subject, "audiences": [AUDIENCE] }]);
        assert_eq!(read(&document), [exact("a", "[secret]")], "{subject}");
    }
    let words = "organization:acme:project:Default Project:workspace:web:run_phase:plan";
    let document = json!([{ "name": "a", "issuer": GITHUB, "subject": words, "audiences": [AUDIENCE] }]);
    assert_eq!(read(&document), [exact("a", words)]);
}
