//! The documents that SDKs and verifiers fetch.

use azure_oidc_core::jwks::{self, KeySet};
use azure_oidc_core::token::Token;
use azure_oidc_emulator::Order;
use http::{Method, Request};

use super::support::*;

#[test]
fn every_issuers_tokens_can_be_verified_by_discovery() {
    let fixture = start();
    for issuer in ["github", "gitlab", "harness", "circleci", "pulumi", "azure-pipelines", "kubernetes", "local"] {
        let discovery = fixture.get(&format!("/issuers/{issuer}/.well-known/openid-configuration"));
        assert_eq!(Some(discovery.text("issuer")), fixture.emulator.issuer(issuer));
        let keys = fixture.get(discovery.text("jwks_uri"));
        let token = Token::parse(&fixture.mint(&Order::of(issuer))).unwrap();
        assert!(jwks::verify(token.jws(), &KeySet::parse(&keys.json.to_string()).unwrap()).valid, "{issuer}");
    }
    let own = fixture.emulator.issuer("local").unwrap();
    let discovery = fixture.get(&format!("{own}/.well-known/openid-configuration"));
    assert_eq!(discovery.text("issuer"), own, "an issuer without a URL of its own is at its URL");
}

#[test]
fn a_tenants_configuration_names_the_host_that_was_asked() {
    let fixture = start();
    let path = format!("/{TENANT}/v2.0/.well-known/openid-configuration");
    let document = fixture.get(&path);
    let base = fixture.emulator.url();
    assert_eq!(document.text("issuer"), format!("{base}/{TENANT}/v2.0"));
    assert_eq!(document.text("token_endpoint"), format!("{base}/{TENANT}/oauth2/v2.0/token"));
    assert!(document.text("authorization_endpoint").starts_with(base));
    assert_eq!(document.header("cache-control"), Some("max-age=86400, private"));
    assert_eq!(document.header("access-control-allow-origin"), Some("*"));

    let by_address = base.replace("localhost", "127.0.0.1");
    let document = fixture.get(&format!("{by_address}{path}"));
    assert_eq!(document.text("issuer"), format!("{by_address}/{TENANT}/v2.0"));
}

#[test]
fn an_unknown_tenant_is_an_invalid_tenant_here() {
    let fixture = start();
    let answer = fixture.get("/fabrikam.example/v2.0/.well-known/openid-configuration");
    assert_eq!((answer.status, answer.text("error"), answer.aadsts()), (400, "invalid_tenant", 90002));
    let shared = fixture.get("/organizations/v2.0/.well-known/openid-configuration");
    assert!(shared.text("issuer").ends_with("/{tenantid}/v2.0"));
}

#[test]
fn instance_discovery_knows_only_the_emulator() {
    let fixture = start();
    let ask = |host: &str| {
        fixture.get(&format!(
            "/common/discovery/instance?api-version=1.1&authorization_endpoint=https://{host}/{TENANT}/oauth2/v2.0/authorize"
        ))
    };
    let own = fixture.emulator.url().strip_prefix("https://").unwrap();
    let known = ask(own);
    assert_eq!(
        known.text("tenant_discovery_endpoint"),
        format!("https://{own}/{TENANT}/v2.0/.well-known/openid-configuration")
    );
    assert_eq!(known.json["metadata"][0]["preferred_network"], own);
    let unknown = ask("login.microsoftonline.com");
    assert_eq!((unknown.status, unknown.text("error"), unknown.aadsts()), (400, "invalid_instance", 50049));
}

#[test]
fn documents_can_only_be_read() {
    let fixture = start();
    let posted = fixture.call(Method::POST, "/issuers/github/jwks", "");
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET,HEAD")));
    assert_eq!(fixture.get("/issuers/nobody/jwks").status, 404);
    assert_eq!(fixture.get("/issuers/github/elsewhere").status, 404);
    assert_eq!(fixture.get("/").status, 404);
    let head = Request::head(format!("{}/issuers/github/jwks", fixture.emulator.url())).body(String::new()).unwrap();
    let head = fixture.send(head).unwrap();
    assert_eq!((head.status, head.response.body().len()), (200, 0));
}
