//! Successful exchanges: access tokens that are real JWTs, in answers with Entra's headers.

use azure_oidc_core::jwks::{self, KeySet};
use azure_oidc_core::token::Token;
use azure_oidc_emulator::{Change, Order};
use serde_json::json;

use super::support::*;

fn issued(fixture: &Fixture, ask: &Ask) -> Token {
    let answer = fixture.post(ask);
    assert_eq!(answer.status, 200, "{}", answer.json);
    Token::parse(answer.text("access_token")).unwrap()
}

#[test]
fn an_id_token_that_fits_a_credential_becomes_an_access_token() {
    let fixture = start();
    let answer = fixture.post(&fixture.github());
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text("token_type"), "Bearer");
    assert_eq!((answer.json["expires_in"].as_i64(), answer.json["ext_expires_in"].as_i64()), (Some(3599), Some(3599)));
    assert!(answer.json.get("refresh_token").is_none() && answer.json.get("id_token").is_none());
    let entry = fixture.last_request();
    assert_eq!((entry.status, entry.credential.as_deref()), (Some(200), Some("github-main")));
}

#[test]
fn the_access_token_is_signed_by_the_tenants_keys_and_names_application_tenant_and_resource() {
    let fixture = start();
    let token = issued(&fixture, &fixture.github());
    let keys = fixture.get(&format!("/{TENANT}/discovery/v2.0/keys"));
    let keys = KeySet::parse(&keys.json.to_string()).unwrap();
    assert!(jwks::verify(token.jws(), &keys).valid);

    let claims = token.claims();
    assert_eq!(claims.aud, ["https://management.azure.com"]);
    assert_eq!(claims.iss.as_deref(), Some("https://sts.windows.net/11111111-1111-4111-8111-111111111111/"));
    assert_eq!(claims.text("appid"), Some(DEPLOYER));
    assert_eq!(
        (claims.text("tid"), claims.text("ver"), claims.text("idtyp")),
        (Some(TENANT), Some("1.0"), Some("app"))
    );
    assert_eq!(claims.text("oid"), claims.sub.as_deref());
    assert_eq!(claims.exp.unwrap() - claims.iat.unwrap(), 3599 + 300);
}

#[test]
fn a_resource_of_version_2_has_tokens_of_version_2() {
    let fixture = start();
    let token = issued(&fixture, &fixture.github().with("scope", "api://my-api/.default"));
    assert_eq!(token.claims().aud, ["api://my-api"]);
    assert_eq!(token.claims().iss.as_deref(), Some(format!("{}/{TENANT}/v2.0", fixture.emulator.url()).as_str()));
    assert_eq!((token.claims().text("azp"), token.claims().text("appid")), (Some(DEPLOYER), None));
}

#[test]
fn a_managed_identity_takes_the_same_request_and_its_tokens_say_what_it_is() {
    let fixture = start();
    let token = issued(&fixture, &fixture.ask(&Order::of("kubernetes")).with("client_id", BUILDER));
    assert!(token.claims().text("xms_mirid").unwrap().ends_with("/userAssignedIdentities/builder"));
}

#[test]
fn every_issuer_of_the_default_configuration_gets_a_token() {
    let fixture = start();
    for (issuer, credential) in [
        ("github", "github-main"),
        ("gitlab", "gitlab-main"),
        ("harness", "harness"),
        ("circleci", "circleci"),
        ("pulumi", "pulumi-update"),
        ("azure-pipelines", "azure-pipelines"),
        ("local", "local"),
    ] {
        assert_eq!(fixture.post(&fixture.ask(&Order::of(issuer))).status, 200, "{issuer}");
        assert_eq!(fixture.last_request().credential.as_deref(), Some(credential));
    }
}

#[test]
fn an_expression_chooses_tokens_by_their_claims() {
    let fixture = start();
    let production = Order::of("github").claim("sub", "repo:octo-org/octo-repo:environment:production");
    issued(&fixture, &fixture.ask(&production));
    assert_eq!(fixture.last_request().credential.as_deref(), Some("github-environments"));
}

#[test]
fn what_sdks_append_to_the_scope_and_unknown_fields_change_nothing() {
    let fixture = start();
    let scope = format!("{ARM} openid offline_access profile");
    issued(
        &fixture,
        &fixture.github().with("scope", scope).with("client_info", "1").with("x-client-SKU", "msal.js.node"),
    );
    let slash = issued(&fixture, &fixture.github().with("scope", "https://management.azure.com//.default"));
    assert_eq!(slash.claims().aud, ["https://management.azure.com/"]);
}

#[test]
fn a_tenant_answers_to_its_domains_too() {
    let fixture = start();
    let token = issued(&fixture, &fixture.github().tenant("contoso.example"));
    assert_eq!(token.claims().text("tid"), Some(TENANT));
}

#[test]
fn answers_have_entras_headers() {
    let fixture = start();
    for answer in [fixture.post(&fixture.github()), fixture.post(&fixture.github().without("scope"))] {
        for (name, value) in [
            ("cache-control", "no-store, no-cache"),
            ("pragma", "no-cache"),
            ("expires", "-1"),
            ("content-type", "application/json; charset=utf-8"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(answer.header(name), Some(value));
        }
        assert_eq!(answer.header("x-ms-request-id").map(str::len), Some(36));
        assert_eq!(answer.header("client-request-id"), None);
    }
}

#[test]
fn the_clients_request_id_comes_back_as_correlation_id() {
    const ID: &str = "0b1f8a7e-5c3d-4f7a-9e1b-2a3c4d5e6f70";
    let fixture = start();
    let request = http::Request::post(fixture.token_url(TENANT))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("client-request-id", ID)
        .header("return-client-request-id", "true");
    let answer = fixture.send(request.body(fixture.github().without("scope").body()).unwrap()).unwrap();
    assert_eq!((answer.text("correlation_id"), answer.header("client-request-id")), (ID, Some(ID)));
    assert!(answer.text("error_description").contains(&format!("Correlation ID: {ID} ")));
    assert_eq!(Some(answer.text("trace_id")), answer.header("x-ms-request-id"));

    let in_the_body = fixture.post(&fixture.github().without("scope").with("client-request-id", ID));
    assert_eq!(in_the_body.text("correlation_id"), ID);
    let no_guid = fixture.post(&fixture.github().without("scope").with("client-request-id", "<script>"));
    assert_eq!(no_guid.text("correlation_id").len(), 36);
}

#[test]
fn a_token_of_a_real_issuer_is_accepted_with_its_keys() {
    let directory = tempfile::tempdir().unwrap();
    let other = start();
    let keys = other.get("/issuers/gitlab/jwks").json;
    std::fs::write(directory.path().join("jwks.json"), keys.to_string()).unwrap();
    let credentials = json!({ "value": [
        { "name": "main", "issuer": "https://gitlab.com", "audiences": ["api://AzureADTokenExchange"],
          "subject": "project_path:my-group/my-project:ref_type:branch:ref:main", "@odata.type": "#microsoft.graph.x" }
    ]});
    std::fs::write(directory.path().join("fic.json"), credentials.to_string()).unwrap();
    let toml = format!(
        "[[issuer]]\nname = \"true\"\nurl = \"https://gitlab.com\"\njwks_file = \"jwks.json\"\n\
         [[tenant]]\nid = \"{TENANT}\"\n[[tenant.application]]\nclient_id = \"{DEPLOYER}\"\ncredentials_file = \"fic.json\"\n"
    );
    let config = azure_oidc_emulator::Config::parse(&toml, directory.path()).unwrap();
    let emulator = azure_oidc_emulator::Emulator::start(config).unwrap();
    let client = azure_oidc_emulator::client::Client::trusting(emulator.ca_file()).unwrap();
    let fixture = Fixture { emulator, client };

    let ask = other.ask(&Order::of("gitlab"));
    assert_eq!(fixture.post(&ask).status, 200);
    let fault = fixture.emulator.mint(&Order::of("true")).unwrap_err();
    assert_eq!(fault.code, "issuer-without-key");
}

/// An application that trusts a managed identity of its own tenant.
const CHAIN: &str = r#"
    [[issuer]]
    name = "identity"
    platform = "entra"
    url = "https://login.microsoftonline.com/11111111-1111-4111-8111-111111111111/v2.0"
    [[tenant]]
    id = "11111111-1111-4111-8111-111111111111"
    [[tenant.application]]
    client_id = "22222222-2222-4222-8222-222222222222"
    [[tenant.application.credential]]
    name = "identity"
    issuer = "${issuer.identity}"
    subject = "0e9d8c7b-6a5f-4e3d-8c2b-1a0f9e8d7c6b"
    audiences = ["api://AzureADTokenExchange"]
"#;

#[test]
fn a_managed_identitys_token_is_accepted_once_but_not_in_a_chain() {
    let fixture = start_with(CHAIN);
    issued(&fixture, &fixture.ask(&Order::of("identity")));
    for (order, code) in [
        (Order::of("identity").claim("xms_ficinfo", "x"), 700231),
        (Order::of("identity").claim("scp", "user_impersonation"), 700229),
        (Order::of("identity").claim("aud", "https://management.azure.com"), 7002206),
    ] {
        assert_eq!(fixture.post(&fixture.ask(&order)).aadsts(), code);
    }
}

#[test]
fn the_cloud_of_a_tenant_decides_which_resources_it_knows() {
    let fixture =
        start_with(&azure_oidc_emulator::config::DEFAULT.replace("# cloud = \"public\"", "cloud = \"usgov\""));
    issued(&fixture, &fixture.github().with("scope", "https://management.usgovcloudapi.net/.default"));
    assert_eq!(fixture.post(&fixture.github()).aadsts(), 500011);
}

#[test]
fn a_new_credential_is_visible_after_its_delay() {
    let fixture = start();
    let credential = json!([{ "name": "new", "issuer": "${issuer.local}", "subject": "job:new", "audiences": ["api://AzureADTokenExchange"] }]);
    let change = Change {
        client_id: BARE.to_owned(),
        credentials: credential,
        replication_delay_requests: Some(2),
        ..Change::default()
    };
    fixture.emulator.set_credentials(&change).unwrap();
    let ask = fixture.ask(&Order::of("local").claim("sub", "job:new")).with("client_id", BARE);
    let statuses: Vec<_> = (0..3).map(|_| fixture.post(&ask).status).collect();
    assert_eq!(statuses, [401, 401, 200]);
    assert_eq!(fixture.emulator.requests()[0].aadsts, Some(70025));
}

#[test]
fn a_client_that_connects_and_sends_nothing_does_not_delay_others() {
    let fixture = start();
    let address = fixture.emulator.url().strip_prefix("https://").unwrap();
    let _silent = std::net::TcpStream::connect(address).unwrap();
    assert_eq!(fixture.post(&fixture.github()).status, 200);
}
