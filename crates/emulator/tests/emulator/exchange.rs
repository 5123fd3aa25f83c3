//! Successful exchanges: access tokens that are real JWTs, in answers with Entra's headers.

use azure_oidc_core::jwks::{self, KeySet};
use azure_oidc_core::token::Token;
use azure_oidc_emulator::{Change, Order};
use serde_json::json;

use super::support::*;

fn issued(played: &Played, ask: &Ask) -> Token {
    let answer = played.post(ask);
    assert_eq!(answer.status, 200, "{}", answer.json);
    Token::parse(answer.text("access_token")).unwrap()
}

#[test]
fn an_id_token_that_fits_a_credential_becomes_an_access_token() {
    let played = play();
    let answer = played.post(&played.github());
    assert_eq!(answer.status, 200);
    assert_eq!(answer.text("token_type"), "Bearer");
    assert_eq!((answer.json["expires_in"].as_i64(), answer.json["ext_expires_in"].as_i64()), (Some(3599), Some(3599)));
    assert!(answer.json.get("refresh_token").is_none() && answer.json.get("id_token").is_none());
    let entry = played.last_request();
    assert_eq!((entry.status, entry.credential.as_deref()), (Some(200), Some("github-main")));
}

#[test]
fn the_access_token_is_signed_by_the_tenants_keys_and_names_application_tenant_and_resource() {
    let played = play();
    let token = issued(&played, &played.github());
    let keys = played.get(&format!("/{TENANT}/discovery/v2.0/keys"));
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
    let played = play();
    let token = issued(&played, &played.github().with("scope", "api://my-api/.default"));
    assert_eq!(token.claims().aud, ["api://my-api"]);
    assert_eq!(token.claims().iss.as_deref(), Some(format!("{}/{TENANT}/v2.0", played.emulator.url()).as_str()));
    assert_eq!((token.claims().text("azp"), token.claims().text("appid")), (Some(DEPLOYER), None));
}

#[test]
fn a_managed_identity_takes_the_same_request_and_its_tokens_say_what_it_is() {
    let played = play();
    let token = issued(&played, &played.ask(&Order::of("kubernetes")).with("client_id", BUILDER));
    assert!(token.claims().text("xms_mirid").unwrap().ends_with("/userAssignedIdentities/builder"));
}

#[test]
fn every_issuer_of_the_default_configuration_gets_a_token() {
    let played = play();
    for (issuer, credential) in [
        ("github", "github-main"),
        ("gitlab", "gitlab-main"),
        ("harness", "harness"),
        ("circleci", "circleci"),
        ("pulumi", "pulumi-update"),
        ("azure-pipelines", "azure-pipelines"),
        ("local", "local"),
    ] {
        assert_eq!(played.post(&played.ask(&Order::of(issuer))).status, 200, "{issuer}");
        assert_eq!(played.last_request().credential.as_deref(), Some(credential));
    }
}

#[test]
fn an_expression_chooses_tokens_by_their_claims() {
    let played = play();
    let production = Order::of("github").claim("sub", "repo:octo-org/octo-repo:environment:production");
    issued(&played, &played.ask(&production));
    assert_eq!(played.last_request().credential.as_deref(), Some("github-environments"));
}

#[test]
fn what_sdks_append_to_the_scope_and_fields_nobody_knows_change_nothing() {
    let played = play();
    let scope = format!("{ARM} openid offline_access profile");
    issued(
        &played,
        &played.github().with("scope", scope).with("client_info", "1").with("x-client-SKU", "msal.js.node"),
    );
    let slash = issued(&played, &played.github().with("scope", "https://management.azure.com//.default"));
    assert_eq!(slash.claims().aud, ["https://management.azure.com/"]);
}

#[test]
fn a_tenant_answers_to_its_domains_too() {
    let played = play();
    let token = issued(&played, &played.github().tenant("contoso.example"));
    assert_eq!(token.claims().text("tid"), Some(TENANT));
}

#[test]
fn answers_have_entras_headers() {
    let played = play();
    for answer in [played.post(&played.github()), played.post(&played.github().without("scope"))] {
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
    let played = play();
    let request = http::Request::post(played.token_url(TENANT))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("client-request-id", ID)
        .header("return-client-request-id", "true");
    let answer = played.send(request.body(played.github().without("scope").body()).unwrap()).unwrap();
    assert_eq!((answer.text("correlation_id"), answer.header("client-request-id")), (ID, Some(ID)));
    assert!(answer.text("error_description").contains(&format!("Correlation ID: {ID} ")));
    assert_eq!(Some(answer.text("trace_id")), answer.header("x-ms-request-id"));

    let in_the_body = played.post(&played.github().without("scope").with("client-request-id", ID));
    assert_eq!(in_the_body.text("correlation_id"), ID);
    let no_guid = played.post(&played.github().without("scope").with("client-request-id", "<script>"));
    assert_eq!(no_guid.text("correlation_id").len(), 36);
}

#[test]
fn a_token_of_a_true_issuer_is_taken_when_its_keys_are_given() {
    let directory = tempfile::tempdir().unwrap();
    let other = play();
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
    let played = Played { emulator, client };

    let ask = other.ask(&Order::of("gitlab"));
    assert_eq!(played.post(&ask).status, 200);
    let fault = played.emulator.mint(&Order::of("true")).unwrap_err();
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
fn a_managed_identitys_token_is_taken_for_an_application_but_not_a_second_time() {
    let played = play_config(CHAIN);
    issued(&played, &played.ask(&Order::of("identity")));
    for (order, code) in [
        (Order::of("identity").claim("xms_ficinfo", "x"), 700231),
        (Order::of("identity").claim("scp", "user_impersonation"), 700229),
        (Order::of("identity").claim("aud", "https://management.azure.com"), 7002206),
    ] {
        assert_eq!(played.post(&played.ask(&order)).aadsts(), code);
    }
}

#[test]
fn the_cloud_of_a_tenant_decides_which_resources_it_knows() {
    let played =
        play_config(&azure_oidc_emulator::config::DEFAULT.replace("# cloud = \"public\"", "cloud = \"usgov\""));
    issued(&played, &played.github().with("scope", "https://management.usgovcloudapi.net/.default"));
    assert_eq!(played.post(&played.github()).aadsts(), 500011);
}

#[test]
fn a_credential_made_a_moment_ago_is_not_there_yet() {
    let played = play();
    let credential = json!([{ "name": "new", "issuer": "${issuer.local}", "subject": "job:new", "audiences": ["api://AzureADTokenExchange"] }]);
    let change = Change {
        client_id: BARE.to_owned(),
        credentials: credential,
        replication_delay_requests: Some(2),
        ..Change::default()
    };
    played.emulator.set_credentials(&change).unwrap();
    let ask = played.ask(&Order::of("local").claim("sub", "job:new")).with("client_id", BARE);
    let statuses: Vec<_> = (0..3).map(|_| played.post(&ask).status).collect();
    assert_eq!(statuses, [401, 401, 200]);
    assert_eq!(played.emulator.requests()[0].aadsts, Some(70025));
}
