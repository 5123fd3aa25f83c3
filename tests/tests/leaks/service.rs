//! Searches the answers of the HTTP service, its log and its standard error for secrets.

use azure_oidc_emulator::Injection;
use azure_oidc_emulator::injections::{Encoding, Kind};
use azure_oidc_tests::http::{Message, post, send};
use azure_oidc_tests::hunt::Hunt;
use azure_oidc_tests::serve::Serve;
use azure_oidc_tests::{APPLICATION, Stage, TENANT};
use serde_json::{Value, json};

use crate::shapes;

fn trading(stage: &Stage) -> Serve {
    let variables = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", APPLICATION),
        ("AZURE_AUTHORITY_HOST", stage.emulator.url()),
        ("SSL_CERT_FILE", stage.emulator.ca_file().to_str().expect("a path of ours is text")),
    ];
    Serve::start(&variables, &["--access-log"])
}

fn text(answer: &Message) -> String {
    format!("{answer:?}\n{}", String::from_utf8_lossy(&answer.body))
}

#[test]
fn no_answer_of_an_exchange_and_no_log_has_what_the_authority_repeats() {
    let stage = Stage::new();
    let service = trading(&stage);
    let id_token = stage.id_token();
    let hunt = Hunt::of(&[&id_token]);
    let bearer = format!("Bearer {id_token}");
    for encoding in [Encoding::Plain, Encoding::Url, Encoding::Json, Encoding::Base64, Encoding::Wrapped] {
        for status in [200, 302, 400, 503] {
            stage.emulator.clear_injections();
            let (status, encoding) = (Some(status), Some(encoding));
            stage.inject(Injection { status, encoding, times: Some(0), ..Injection::new(Kind::Echo) });
            let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
            let answer = send(service.address(), "POST", "/v1/exchange", &headers, "{}");
            assert_ne!(answer.status(), 200);
            let what = format!("{status:?} {encoding:?}");
            hunt.assert_absent(&what, &text(&answer));
        }
    }
    hunt.assert_absent("the log", &service.terminate().stderr);
}

#[test]
fn no_endpoint_repeats_a_secret_in_the_wrong_member_or_path() {
    let stage = Stage::new();
    let service = trading(&stage);
    let mut all = Hunt::default();
    for (shape, secret) in shapes::all() {
        let hunt = Hunt::of(&[&secret]);
        all.add(&secret);
        let good = |members: Value| {
            let mut body = json!({ "credentials": [], "token": stage.id_token() });
            body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
            body
        };
        let bodies = [
            ("/v1/inspect", json!({ "token": secret })),
            ("/v1/inspect", json!({ secret.as_str(): 1 })),
            ("/v1/inspect", json!({ "token": [secret] })),
            ("/v1/verify", json!({ "token": secret, "jwks": secret })),
            ("/v1/check", good(json!({ "cloud": secret }))),
            ("/v1/check", good(json!({ "credentials": secret }))),
            ("/v1/check", good(json!({ "now": secret }))),
            ("/v1/explain", json!({ "text": secret })),
            ("/v1/credential", json!({ "platform": secret })),
            ("/v1/credential", json!({ "platform": "github", "parts": { "repo": "a" }, "format": secret })),
            ("/v1/credential", json!({ "platform": "github", "cloud": secret })),
            ("/v1/audit", json!({ "documents": secret })),
            ("/v1/exchange", json!({ "client_id": secret })),
            ("/v1/exchange", json!({ "scopes": [secret] })),
        ];
        for (path, body) in bodies {
            let headers =
                [("content-type", "application/json"), ("authorization", &format!("Bearer {}", stage.id_token()))];
            let headers = headers.map(|(name, value)| (name, value.to_owned()));
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = send(service.address(), "POST", path, &headers, &body.to_string());
            hunt.assert_absent(&format!("{shape}: {path} {}", answer.status()), &text(&answer));
        }
        let path = secret.replace('\n', "");
        hunt.assert_absent(shape, &text(&send(service.address(), "GET", &format!("/v1/{path}?x={path}"), &[], "")));
        hunt.assert_absent(
            shape,
            &text(&send(
                service.address(),
                "POST",
                "/v1/exchange",
                &[("authorization", &format!("Bearer {path}")), ("content-type", "application/json")],
                "{}",
            )),
        );
        hunt.assert_absent(
            shape,
            &text(&post(
                service.address(),
                "/v1/explain",
                &json!({ "text": format!("AADSTS700027 {secret}"), "token": path }),
            )),
        );
    }
    all.assert_absent("the log", &service.terminate().stderr);
}
