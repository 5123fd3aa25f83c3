//! Container registries and the cluster of AKS.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use form_urlencoded::Serializer;
use http::Request;
use serde_json::json;

use super::support::*;

const ACR: &str = "https://containerregistry.azure.net/.default";
const AKS: &str = "6dae42f8-4368-4678-94ff-3960e28e3630/.default";
const USER: &str = "00000000-0000-0000-0000-000000000000";

fn form(fixture: &Fixture, path: &str, fields: &[(&str, &str)]) -> Answer {
    let request = Request::post(format!("{}{path}", fixture.emulator.url()))
        .header("content-type", "application/x-www-form-urlencoded");
    let body = Serializer::new(String::new()).extend_pairs(fields).finish();
    fixture.send(request.body(body).unwrap()).unwrap()
}

fn get(fixture: &Fixture, path: &str, authorization: &str) -> Answer {
    let request = Request::get(format!("{}{path}", fixture.emulator.url())).header("authorization", authorization);
    fixture.send(request.body(String::new()).unwrap()).unwrap()
}

fn service(fixture: &Fixture) -> String {
    fixture.emulator.url().trim_start_matches("https://").to_owned()
}

fn exchange(fixture: &Fixture, scope: &str, tenant: &str) -> Answer {
    let token = fixture.post(&fixture.github().with("scope", scope)).text("access_token").to_owned();
    let fields =
        [("grant_type", "access_token"), ("service", &service(fixture)), ("tenant", tenant), ("access_token", &token)];
    form(fixture, "/oauth2/exchange", &fields)
}

#[test]
fn a_client_goes_from_the_challenge_to_the_image() {
    let fixture = start();
    let challenge = fixture.get("/v2/team/app/manifests/1.0");
    let service = service(&fixture);
    let expected = format!(
        "Bearer realm=\"https://{service}/oauth2/token\",service=\"{service}\",scope=\"repository:team/app:pull\""
    );
    assert_eq!((challenge.status, challenge.header("www-authenticate")), (401, Some(expected.as_str())));
    assert_eq!(fixture.get("/v2/").status, 401);

    let refresh = exchange(&fixture, ACR, TENANT).text("refresh_token").to_owned();
    let scope = "repository:team/app:pull";
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("{USER}:{refresh}")));
    let tokens = [
        form(
            &fixture,
            "/oauth2/token",
            &[("grant_type", "refresh_token"), ("refresh_token", &refresh), ("scope", scope)],
        ),
        form(
            &fixture,
            "/oauth2/token",
            &[("grant_type", "password"), ("username", USER), ("password", &refresh), ("scope", scope)],
        ),
        get(&fixture, &format!("/oauth2/token?scope={scope}"), &basic),
    ];
    for answer in tokens {
        let bearer = format!("Bearer {}", answer.text("access_token"));
        assert_eq!(get(&fixture, "/v2/", &bearer).status, 200);
        let manifest = get(&fixture, "/v2/team/app/manifests/1.0", &bearer);
        let layer = manifest.json["layers"][0]["digest"].as_str().unwrap();
        assert_eq!(get(&fixture, &format!("/v2/team/app/blobs/{layer}"), &bearer).response.body().len(), 1024);
        assert_eq!(get(&fixture, "/v2/other/app/manifests/1.0", &bearer).status, 401, "another repository");
    }
    let all = [("grant_type", "refresh_token"), ("refresh_token", &refresh), ("scope", "repository:*:*")];
    let bearer = format!("Bearer {}", form(&fixture, "/oauth2/token", &all).text("access_token"));
    assert_eq!(get(&fixture, "/v2/team/app/manifests/1.0", &bearer).status, 401, "a pattern is ignored");
}

#[test]
fn a_token_of_another_kind_audience_or_tenant_is_refused() {
    let fixture = start();
    for (scope, tenant) in [(ARM, TENANT), (ACR, "fabrikam.example"), (AKS, TENANT)] {
        let refused = exchange(&fixture, scope, tenant);
        assert_eq!(
            (refused.status, &refused.json["errors"][0]["code"]),
            (401, &json!("UNAUTHORIZED")),
            "{scope} {tenant}"
        );
    }
    assert_eq!(exchange(&fixture, ACR, "contoso.example").status, 200);
    assert_eq!(exchange(&fixture, ACR, "").status, 200, "the tenant may be left out");
    let other = start_with(&format!(
        "{}\n[[registry]]\nhost = \"127.0.0.1\"\ntenant = \"{BARE}\"",
        azure_oidc_emulator::config::DEFAULT
    ));
    assert_eq!(exchange(&other, ACR, TENANT).status, 200, "another host");
}

#[test]
fn a_cluster_knows_the_bearer_of_a_token_for_aks_and_no_other() {
    let fixture = start();
    let bearer =
        |scope: &str| format!("Bearer {}", fixture.post(&fixture.github().with("scope", scope)).text("access_token"));
    assert_eq!(get(&fixture, "/version", &bearer(AKS)).json["gitVersion"], "v1.32.0-emulator");
    assert_eq!(get(&fixture, "/version", &bearer(ARM)).status, 401);
    assert_eq!(fixture.get("/version").status, 401);
    assert_eq!(get(&fixture, "/api/v1/pods", &bearer(AKS)).status, 403);
}
