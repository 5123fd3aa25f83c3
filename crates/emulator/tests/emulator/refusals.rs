//! Entra's refusals: the answer to each, and which of two reasons comes first.

use azure_oidc_emulator::Order;
use http::{Method, Request};
use serde_json::{Value, json};

use super::support::*;

/// A description, a wrong request, and status, `error` and code of the answer.
type Case = (&'static str, fn(&Fixture) -> Ask, u16, &'static str, u64);

fn github(order: Order) -> Order {
    Order { issuer: "github".into(), ..order }
}

/// In the order of Entra's checks; each case has one reason to be refused.
const CASES: &[Case] = &[
    ("a tenant that can't be one", |p| p.github().tenant("contoso"), 400, "invalid_request", 900023),
    ("a tenant that is shared", |p| p.github().tenant("common"), 400, "invalid_request", 9001023),
    ("a tenant nobody has", |p| p.github().tenant("fabrikam.example"), 400, "invalid_request", 90002),
    ("no grant type", |p| p.github().without("grant_type"), 400, "invalid_request", 900144),
    ("another grant", |p| p.github().with("grant_type", "password"), 400, "unsupported_grant_type", 70003),
    ("no client id", |p| p.github().without("client_id"), 400, "invalid_request", 900144),
    ("a resource as in v1", |p| p.github().with("resource", "x"), 400, "invalid_request", 901002),
    ("no scope", |p| p.github().without("scope"), 400, "invalid_request", 900144),
    ("no assertion", |p| p.github().without("client_assertion"), 401, "invalid_client", 7000218),
    ("no type of assertion", |p| p.github().without("client_assertion_type"), 400, "invalid_request", 900144),
    (
        "a secret in place of it",
        |p| p.github().without("client_assertion").with("client_secret", "x"),
        401,
        "invalid_client",
        7000215,
    ),
    ("a client nobody knows", |p| p.github().with("client_id", TENANT), 400, "unauthorized_client", 700016),
    ("a client that is disabled", |p| p.github().with("client_id", RETIRED), 401, "invalid_client", 7000112),
    ("no JWT at all", |p| p.github().with("client_assertion", "ghp_x"), 400, "invalid_request", 50027),
    ("another type of token", |p| p.ask(&Order::of("github").header("typ", "at+jwt")), 400, "invalid_request", 5002727),
    (
        "another algorithm",
        |p| p.ask(&github(Order { sign_with: Some("ec-1".into()), ..Order::default() })),
        401,
        "invalid_client",
        5002738,
    ),
    ("no signature", |p| p.ask(&Order::of("github").header("alg", "none")), 401, "invalid_client", 5002738),
    ("no key id", |p| p.ask(&Order::of("github").header("kid", Value::Null)), 401, "invalid_client", 5002723),
    ("no subject", |p| p.ask(&Order::of("github").claim("sub", Value::Null)), 400, "invalid_request", 90014),
    ("no credential at all", |p| p.github().with("client_id", BARE), 401, "invalid_client", 70025),
    (
        "an issuer with a slash",
        |p| p.ask(&Order::of("github").claim("iss", "https://token.actions.githubusercontent.com/")),
        401,
        "invalid_client",
        700211,
    ),
    (
        "a key nobody published",
        |p| p.ask(&github(Order { sign_with: Some("stray".into()), ..Order::default() })),
        401,
        "invalid_client",
        7000272,
    ),
    (
        "a broken signature",
        |p| p.ask(&github(Order { sign_with: Some("garbled".into()), ..Order::default() })),
        401,
        "invalid_client",
        7000274,
    ),
    (
        "an expired token",
        |p| p.ask(&github(Order { age_seconds: Some(1000), ..Order::default() })),
        401,
        "invalid_client",
        700024,
    ),
    (
        "a token of tomorrow",
        |p| p.ask(&github(Order { age_seconds: Some(-86_400), ..Order::default() })),
        401,
        "invalid_client",
        700024,
    ),
    (
        "a token for a month",
        |p| p.ask(&github(Order { lifetime_seconds: Some(2_592_000), ..Order::default() })),
        400,
        "invalid_request",
        70023,
    ),
    (
        "another subject",
        |p| p.ask(&Order::of("gitlab").claim("sub", "project_path:other/project:ref_type:branch:ref:main")),
        401,
        "invalid_client",
        700213,
    ),
    (
        "another subject beside an expression",
        |p| p.ask(&Order::of("github").claim("sub", "repo:octo-org/octo-repo:pull_request")),
        401,
        "invalid_client",
        7002131,
    ),
    (
        "a subject in other letters",
        |p| p.ask(&Order::of("github").claim("sub", "repo:Octo-Org/octo-repo:ref:refs/heads/main")),
        401,
        "invalid_client",
        7002138,
    ),
    (
        "another audience",
        |p| p.ask(&github(Order { audience: Some("https://github.com/octo-org".into()), ..Order::default() })),
        401,
        "invalid_client",
        700212,
    ),
    (
        "a scope without /.default",
        |p| p.github().with("scope", "https://management.azure.com"),
        400,
        "invalid_scope",
        1002012,
    ),
    ("a malformed scope", |p| p.github().with("scope", "a\\b"), 400, "invalid_scope", 70011),
    (
        "two resources",
        |p| p.github().with("scope", "https://graph.microsoft.com/.default https://vault.azure.net/.default"),
        400,
        "invalid_request",
        700022,
    ),
    ("a resource nobody knows", |p| p.github().with("scope", "api://nobody/.default"), 400, "invalid_resource", 500011),
];

#[test]
fn every_refusal_has_its_code_error_and_status() {
    let fixture = start();
    for (what, ask, status, error, code) in CASES {
        let answer = fixture.post(&ask(&fixture));
        assert_eq!(
            (answer.status, answer.text("error"), answer.aadsts()),
            (*status, *error, *code),
            "{what}: {}",
            answer.json
        );
        assert_eq!(fixture.last_request().aadsts.map(u64::from), Some(*code), "{what}");
    }
}

#[test]
fn what_is_not_a_post_of_a_form_is_refused_before_anything_else() {
    let fixture = start();
    let url = fixture.token_url("nowhere");
    let send = |method: Method, content_type: &str, body: String| {
        fixture
            .send(Request::builder().method(method).uri(&url).header("content-type", content_type).body(body).unwrap())
            .unwrap()
    };
    let form = "application/x-www-form-urlencoded; charset=utf-8";
    assert_eq!(send(Method::GET, form, String::new()).aadsts(), 900561);
    assert_eq!(send(Method::POST, "application/json", "{}".into()).aadsts(), 9002313);
    assert_eq!(send(Method::POST, form, "x=".to_owned() + &"y".repeat(64 * 1024)).aadsts(), 9002313);
    assert_eq!(send(Method::POST, form, String::new()).aadsts(), 900023, "then comes the tenant");
}

#[test]
fn of_two_reasons_the_earlier_one_is_reported() {
    let fixture = start();
    let everything = |order: Order| fixture.ask(&order).with("scope", "nonsense");
    let all_wrong = || {
        Order::of("github")
            .header("typ", "at+jwt")
            .claim("iss", "https://nowhere.example")
            .claim("sub", "x")
            .claim("exp", 1)
            .header("kid", "x")
    };
    let well_shaped = || all_wrong().header("typ", "JWT");
    let known_issuer = || Order { claims: Default::default(), ..well_shaped() }.claim("sub", "x").claim("exp", 1);
    let good_key = || Order { header: Default::default(), ..known_issuer() };
    let in_time = || Order::of("github").claim("sub", "x").claim("aud", "y");
    let steps = [
        (everything(all_wrong()).tenant("x").with("client_id", RETIRED), 900023),
        (everything(all_wrong()).with("client_id", RETIRED), 7000112),
        (everything(all_wrong()).with("client_id", BARE), 5002727),
        (everything(well_shaped()).with("client_id", BARE), 70025),
        (everything(well_shaped()), 700211),
        (everything(known_issuer()), 7000272),
        (everything(good_key()), 700024),
        (everything(in_time()), 7002131),
        (everything(Order::of("github").claim("aud", "y")), 700212),
        (everything(Order::of("github")), 1002012),
    ];
    for (ask, code) in steps {
        assert_eq!(fixture.post(&ask).aadsts(), code);
    }
}

#[test]
fn an_answer_has_all_the_members_of_entras() {
    let fixture = start();
    let answer =
        fixture.post(&fixture.ask(&Order::of("gitlab").claim("sub", "project_path:a/b:ref_type:branch:ref:main")));
    let members: Vec<_> = answer.json.as_object().unwrap().keys().map(String::as_str).collect();
    let expected =
        ["correlation_id", "error", "error_codes", "error_description", "error_uri", "timestamp", "trace_id"];
    assert_eq!(members, expected);
    let mut description = answer.text("error_description").to_owned();
    for varies in ["trace_id", "correlation_id", "timestamp"] {
        description = description.replace(answer.text(varies), &format!("<{varies}>"));
    }
    let words: Vec<_> = description.split(". ").collect();
    insta::assert_snapshot!(words.join(".\n"), @r"
    AADSTS700213: No matching federated identity record found for presented assertion subject 'project_path:a/b:ref_type:branch:ref:main'.
    Check your federated identity credential Subject, Audience and Issuer against the presented assertion.
    https://learn.microsoft.com/entra/workload-id/workload-identity-federation Trace ID: <trace_id> Correlation ID: <correlation_id> Timestamp: <timestamp>
    ");
    assert_eq!(answer.text("error_uri"), format!("{}/error?code=700213", fixture.emulator.url()));
    let [date, time] = answer.text("timestamp").split(' ').collect::<Vec<_>>()[..] else { panic!("{}", answer.json) };
    assert_eq!((date.len(), time.len(), time.ends_with('Z')), (10, 9, true));
}

#[test]
fn some_answers_have_no_error_uri_and_conditional_access_has_more_members() {
    let fixture = start();
    let bare = fixture.post(&fixture.github().with("client_id", BARE));
    assert!(bare.json.get("error_uri").is_none());
    assert!(bare.text("error_description").contains("'77777777-7777-4777-8777-777777777777'(bare)"));
    let injection = json!({ "kind": "entra-error", "code": 53003 });
    fixture.emulator.inject(serde_json::from_value(injection).unwrap()).unwrap();
    let blocked = fixture.post(&fixture.github());
    assert_eq!(
        (blocked.status, blocked.text("error"), blocked.text("suberror")),
        (400, "invalid_grant", "message_only")
    );
    assert!(blocked.text("claims").contains("capolids"));
}

#[test]
fn the_legacy_style_has_one_code_for_every_mismatch() {
    let fixture = start_with(&azure_oidc_emulator::config::DEFAULT.replace("# style = \"2024\"", "style = \"legacy\""));
    let wrong = [
        Order::of("github").claim("sub", "repo:x/y:pull_request"),
        Order::of("github").claim("iss", "https://nowhere.example"),
        Order::of("github").claim("aud", "x"),
    ];
    for order in wrong {
        let answer = fixture.post(&fixture.ask(&order));
        assert_eq!((answer.status, answer.text("error"), answer.aadsts()), (400, "invalid_request", 70021));
        let description = answer.text("error_description");
        assert!(description.contains("Assertion Issuer: '") && description.contains("\r\nTrace ID: "), "{description}");
    }
    let expired = fixture.post(&fixture.ask(&github(Order { age_seconds: Some(1000), ..Order::default() })));
    assert_eq!(expired.aadsts(), 700024, "other codes stay");
}

#[test]
fn an_issuer_whose_documents_cannot_be_fetched_is_refused_until_they_can() {
    let fixture = start();
    for path in ["/issuers/github/.well-known/openid-configuration", "/issuers/github/.well-known/jwks"] {
        let injection = json!({ "kind": "server-error", "path": path });
        fixture.emulator.inject(serde_json::from_value(injection).unwrap()).unwrap();
        let stranger = Order::of("github").claim("iss", "https://nowhere.example");
        assert_eq!(fixture.post(&fixture.ask(&stranger)).aadsts(), 700211, "not fetched for nothing");
        assert_eq!(fixture.post(&fixture.github()).aadsts(), 501661);
        assert_eq!(fixture.post(&fixture.github()).status, 200);
    }
}

#[test]
fn a_tenant_can_insist_on_its_own_github_enterprise() {
    let fixture =
        start_with(&azure_oidc_emulator::config::DEFAULT.replace("# github_enterprises", "github_enterprises"));
    assert_eq!(fixture.post(&fixture.github()).aadsts(), 7002381);
    assert_eq!(fixture.post(&fixture.ask(&Order::of("github").claim("enterprise", "acme"))).status, 200);
}

#[test]
fn an_access_token_is_no_id_token() {
    let fixture = start();
    let access_token = fixture.post(&fixture.github()).text("access_token").to_owned();
    let answer = fixture.post(&fixture.github().with("client_assertion", access_token));
    assert_eq!(answer.aadsts(), 700211, "no credential has that issuer");
}
