//! Azure Resource Manager, as far as sign-in needs it.

use azure_oidc_emulator::Order;
use http::Request;

use super::support::*;

fn get(fixture: &Fixture, path: &str, token: Option<&str>) -> Answer {
    let request = Request::get(format!("{}{path}", fixture.emulator.url()));
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    fixture.send(request.body(String::new()).unwrap()).unwrap()
}

fn access_token(fixture: &Fixture, scope: &str) -> String {
    fixture.post(&fixture.github().with("scope", scope)).text("access_token").to_owned()
}

#[test]
fn a_token_for_resource_manager_sees_its_tenant_and_subscription() {
    let fixture = start();
    for scope in ["https://management.azure.com/.default", "https://management.core.windows.net//.default"] {
        let token = access_token(&fixture, scope);
        let tenants = get(&fixture, "/tenants?api-version=2022-12-01", Some(&token));
        assert_eq!((tenants.status, &tenants.json["value"][0]["tenantId"]), (200, &TENANT.into()), "{}", tenants.json);
        let subscriptions = get(&fixture, "/subscriptions?api-version=2022-12-01", Some(&token));
        let [one] = subscriptions.json["value"].as_array().unwrap().as_slice() else {
            panic!("{}", subscriptions.json)
        };
        assert_eq!((&one["tenantId"], &one["state"]), (&TENANT.into(), &"Enabled".into()));
        let path = one["id"].as_str().unwrap();
        assert_eq!(get(&fixture, path, Some(&token)).json, *one);
        let groups = get(&fixture, &format!("{path}/resourcegroups"), Some(&token));
        assert_eq!((groups.status, &groups.json["value"]), (200, &serde_json::json!([])));
    }
}

#[test]
fn other_tokens_and_other_subscriptions_are_refused() {
    let fixture = start();
    let (arm, vault) = (access_token(&fixture, ARM), access_token(&fixture, "https://vault.azure.net/.default"));
    let ended = start_with(
        &azure_oidc_emulator::config::DEFAULT
            .replace("[[tenant.resource]]", "access_token_seconds = -1\n[[tenant.resource]]"),
    );
    let late = ended.post(&ended.github()).text("access_token").to_owned();
    let other = "/subscriptions/33333333-3333-4333-8333-333333333333";
    for (path, token, status, code) in [
        ("/subscriptions", None, 401, "AuthenticationFailed"),
        ("/subscriptions", Some(&*vault), 401, "InvalidAuthenticationTokenAudience"),
        ("/subscriptions", Some(&*fixture.mint(&Order::of("github"))), 401, "InvalidAuthenticationToken"),
        ("/subscriptions", Some(&arm[..arm.len() - 8]), 401, "InvalidAuthenticationToken"),
        ("/subscriptions", Some(&*late), 401, "ExpiredAuthenticationToken"),
        (other, Some(&*arm), 404, "SubscriptionNotFound"),
    ] {
        let answer = get(&fixture, path, token);
        assert_eq!((answer.status, answer.json["error"]["code"].as_str()), (status, Some(code)), "{}", answer.json);
        assert_eq!(answer.header("www-authenticate").is_some(), status == 401);
    }
}
