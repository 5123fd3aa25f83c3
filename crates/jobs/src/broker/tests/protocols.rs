//! Tests the protocols, request by request.

use super::*;

fn with_token(offer: Offer) -> Play {
    let mut play = Play::running(&Setting { offer, scopes: &["arm"], ..ENDLESS }, 60 * MINUTE, 60 * MINUTE);
    play.succeed(60 * MINUTE, 60 * MINUTE);
    play
}

#[test]
fn app_service_answers_with_strings_and_repeats_the_resource() {
    let mut play = with_token(ENDLESS.offer);
    let id = play.get(ARM);
    assert_eq!(
        play.body(id),
        json!({
            "access_token": "access-1",
            "client_id": CLIENT,
            "expires_on": ((START + 60 * MINUTE) / 1000).to_string(),
            "not_before": (START / 1000).to_string(),
            "resource": ARM,
            "token_type": "Bearer",
        })
    );
    assert_eq!(play.replies[&id].retry_after, None);
}

#[test]
fn an_application_gets_the_token_of_the_one_identity_and_of_no_other() {
    let mut play = with_token(ENDLESS.offer);
    let upper = CLIENT.to_uppercase();
    let own = [String::new(), format!("&client_id={CLIENT}"), format!("&client_id={upper}"), "&client_id=".to_owned()];
    let other = ["client_id=33333333-3333-4333-8333-333333333333", "object_id=x", "principal_id=x", "mi_res_id=x"];
    let mut ask = |more: &str| {
        let target = format!("/msi/token?resource={ARM}&api-version=2019-08-01{more}");
        let id = play.send(&request("GET", &target, &[("x-identity-header", "header-secret")]));
        (play.status(id), play.body(id))
    };
    for more in own {
        assert_eq!(ask(&more).0, Some(200), "{more}");
    }
    for more in other.iter().map(|more| format!("&{more}")).chain([format!("&client_id={CLIENT}&client_id=x")]) {
        let (status, body) = ask(&more);
        assert_eq!(status, Some(400), "{more}");
        assert!(body["message"].as_str().unwrap().contains(CLIENT), "{body}");
        assert_eq!(body["message"], body["error_description"]);
    }
    assert_eq!(play.exchanges, 1);
}

#[test]
fn one_path_answers_github_and_azure_devops() {
    let mut play = with_token(ENDLESS.offer);
    let token = id_token(START, 60 * MINUTE);
    for (method, query) in [
        ("GET", ""),
        ("GET", "?audience=api://AzureADTokenExchange"),
        ("GET", "?audience=api%3A%2F%2FAzureADTokenExchange"),
        ("POST", "?audience=api://AzureADTokenExchange&api-version=7.1&serviceConnectionId=x"),
    ] {
        let id = play.send(&id_token_request(method, query));
        assert_eq!(play.body(id), json!({"count": 1, "value": token.reveal(), "oidcToken": token.reveal()}));
    }
    let small = request("GET", "/oidc/token", &[("authorization", "bearer request-secret")]);
    let id = play.send(&small);
    assert_eq!(play.status(id), Some(200));
    let id = play.send(&id_token_request("GET", "?audience=sigstore"));
    assert_eq!((play.status(id), play.mints), (Some(403), 1));
}

#[test]
fn the_endpoint_of_a_virtual_machine_is_there_when_asked_for_and_known_by_its_path() {
    let target = format!("/path-secret/metadata/identity/oauth2/token?api-version=2018-02-01&resource={ARM}");
    let metadata = request("GET", &target, &[("metadata", "true")]);
    let mut play = with_token(Offer { imds: true, ..ENDLESS.offer });
    let id = play.send(&metadata);
    assert_eq!((play.status(id), &play.body(id)["expires_in"]), (Some(200), &json!("3600")));
    let without = request("GET", &target, &[]);
    let wrong = request("GET", &target.replace("path-secret", "path-guess"), &[("metadata", "true")]);
    for denied in [without, wrong] {
        let id = play.send(&denied);
        assert_eq!(play.status(id), Some(400));
    }
    let mut play = with_token(ENDLESS.offer);
    let id = play.send(&metadata);
    assert_eq!(play.status(id), Some(400));
}

#[test]
fn a_request_without_the_secret_or_with_that_of_the_other_path_is_refused() {
    let mut play = with_token(ENDLESS.offer);
    let access = format!("/msi/token?resource={ARM}");
    for (target, headers) in [
        (access.as_str(), vec![]),
        (&access, vec![("x-identity-header", "")]),
        (&access, vec![("x-identity-header", "header-secret2")]),
        (&access, vec![("x-identity-header", "header-secre")]),
        (&access, vec![("x-identity-header", "request-secret")]),
        (&access, vec![("authorization", "Bearer header-secret")]),
        ("/oidc/token", vec![]),
        ("/oidc/token", vec![("authorization", "request-secret")]),
        ("/oidc/token", vec![("authorization", "Basic request-secret")]),
        ("/oidc/token", vec![("authorization", "Bearer header-secret")]),
        ("/oidc/token", vec![("x-identity-header", "header-secret")]),
    ] {
        let id = play.send(&request("GET", target, &headers));
        assert_eq!(play.status(id), Some(401), "{target} {headers:?}");
        assert!(!play.replies[&id].body.reveal().contains("-secret"));
    }
}

#[test]
fn pages_in_a_browser_and_proxies_are_refused() {
    let mut play = with_token(ENDLESS.offer);
    let mut with = |more: &[(&str, &str)]| {
        let mut request = managed_identity(ARM);
        request.headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let id = play.send(&request);
        play.status(id)
    };
    assert_eq!(with(&[("metadata", "true"), ("user-agent", "az"), ("content-type", "x")]), Some(200));
    assert_eq!(with(&[("sec-fetch-mode", "cors")]), Some(200), "Node's fetch");
    for header in [
        ("origin", "http://127.0.0.1:4000"),
        ("cookie", "a=b"),
        ("sec-fetch-site", "none"),
        ("sec-fetch-mode", "navigate"),
        ("sec-fetch-dest", "document"),
        ("x-forwarded-for", "10.0.0.1"),
        ("forwarded", "for=10.0.0.1"),
        ("via", "1.1 proxy"),
        ("host", "127.0.0.1:4000"),
    ] {
        assert_eq!(with(&[header]), Some(403), "{header:?}");
    }
    for host in
        ["evil.example:4000", "127.0.0.1", "127.0.0.1:4001", "127.0.0.1:14000", "localhost.evil.example:4000", ""]
    {
        let mut request = managed_identity(ARM);
        request.headers[0].1 = host.to_owned();
        let id = play.send(&request);
        assert_eq!(play.status(id), Some(403), "{host}");
    }
    let mut request = managed_identity(ARM);
    request.headers[0].1 = "LocalHost:4000".to_owned();
    let id = play.send(&request);
    assert_eq!(play.status(id), Some(200));
}

#[test]
fn every_answer_is_json_and_a_wrong_request_is_not_repeated() {
    let mut play = with_token(ENDLESS.offer);
    let secret = [("x-identity-header", "header-secret")];
    let long = format!("/msi/token?resource={}", "a".repeat(9_000));
    let big = format!("/msi/token?resource=https://{}", "a".repeat(1_100));
    for (method, target, status) in [
        ("GET", "/", 400),
        ("GET", "/metadata/identity/oauth2/token", 400),
        ("POST", "/msi/token?resource=x", 405),
        ("HEAD", "/msi/token?resource=x", 405),
        ("DELETE", "/oidc/token", 405),
        ("GET", "/msi/token", 400),
        ("GET", "/msi/token?resource=", 400),
        ("GET", "/msi/token?resource=a%20b", 400),
        ("GET", "/msi/token?resource=a%0d%0ab", 400),
        ("GET", "/msi/token?resource=a&resource=b", 400),
        ("GET", "/msi/token?resource=a&api-version=2017-09-01", 400),
        ("GET", &long, 400),
        ("GET", &big, 400),
    ] {
        let id = play.send(&request(method, target, &secret));
        assert_eq!(play.status(id), Some(status), "{method} {target}");
        let body = play.body(id);
        assert_eq!(body["statusCode"], status);
        assert!(["message", "error", "error_description"].iter().all(|name| body[*name].is_string()), "{body}");
    }
    assert_eq!(play.exchanges, 1);
}
