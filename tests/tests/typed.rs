//! The typed functions in Node, through jco: the same answers as the command line's JSON, without promises, and without a call of
//! any import.

use azure_oidc_emulator::Order;
use azure_oidc_tests::node::{Question, ask, s64};
use azure_oidc_tests::{Job, Stage, tokens};
use serde_json::{Value, json};

const SUBJECT: &str = "project_path:my-group/my-project:ref_type:branch:ref:main";

#[test]
fn inspect_answers_as_the_command_line_does() {
    let stage = Stage::new();
    for issuer in ["harness", "gitlab", "kubernetes", "local"] {
        let id_token = stage.mint(&Order::of(issuer));
        let typed = ok(ask(&[Question::new("inspect", json!([id_token]))]).remove(0));
        let said = command_line(&["inspect"], &id_token);
        for (field, member) in
            [("platform", "platform"), ("issuer", "issuer"), ("subject", "subject"), ("subjectParts", "subject_parts")]
        {
            assert_eq!(typed[field], said[member], "{issuer}: {field}");
        }
        for field in ["alg", "typ", "kid"] {
            assert_eq!(typed[field], said["header"][field], "{issuer}: {field}");
        }
        for (field, claim) in [("issuedAt", "iat"), ("notBefore", "nbf"), ("expiresAt", "exp")] {
            assert_eq!(typed[field], said["claims"][claim], "{issuer}: {field}");
        }
        let claims: Value = serde_json::from_str(typed["claimsJson"].as_str().unwrap()).unwrap();
        assert_eq!(claims, said["claims"]);
        let audience = &said["audience"];
        assert_eq!(typed["audiences"], if audience.is_array() { audience.clone() } else { json!([audience]) });
    }
}

#[test]
fn check_answers_as_the_command_line_does() {
    let stage = Stage::new();
    let credentials = json!([{ "name": "main", "issuer": "https://gitlab.com", "subject": SUBJECT, "audiences": ["api://AzureADTokenExchange"] }]);
    let file = stage.write("fics.json", &credentials.to_string());
    let orders = [
        Order::of("gitlab"),
        Order::of("gitlab").claim("sub", SUBJECT.replace("main", "Main")),
        Order::of("github"),
        Order::of("gitlab").header("alg", "HS256"),
    ];
    for (order, outcome) in orders.iter().zip(["match", "no-match", "no-match", "invalid-token"]) {
        let id_token = stage.mint(order);
        let now = tokens::claims(&id_token)["iat"].as_i64().unwrap();
        let question = json!([{ "token": id_token, "credentials": credentials.to_string(), "now": s64(now) }]);
        let typed = ok(ask(&[Question::new("check", question)]).remove(0));
        let said = command_line(&["check", "--credential", &file, "--now", &now.to_string()], &id_token);
        assert_eq!((&typed["outcome"], &said["verdict"]), (&json!(outcome), &json!(outcome)));
        assert_eq!(typed["matched"], said["matched"]);
        assert_eq!(aadsts(&typed["predictedAadsts"]), said["predicted_error"]);
        let typed: Vec<_> = typed["findings"].as_array().unwrap().iter().map(finding).collect();
        // What the command line did not look at, and which of its options would.
        let said =
            said["findings"].as_array().unwrap().iter().filter(|finding| finding["code"] != "signature-not-checked");
        assert_eq!(typed, said.cloned().collect::<Vec<_>>());
    }
}

#[test]
fn verify_answers_as_the_command_line_does() {
    let stage = Stage::new();
    let jwks = key_set(&stage);
    let file = stage.write("jwks.json", &jwks);
    for key in ["ci-1", "stray", "none", "garbled"] {
        let id_token = stage.mint(&Order { sign_with: Some(key.into()), ..Order::of("local") });
        let typed = ok(ask(&[Question::new("verify", json!([id_token, jwks]))]).remove(0));
        let said = command_line(&["verify", "--jwks", &file], &id_token);
        assert_eq!(typed["valid"] == json!(true), said["signature"] == json!("valid"), "{key}");
        for (field, member) in [("reason", "reason"), ("alg", "alg"), ("kid", "kid"), ("keyIndex", "key_index")] {
            assert_eq!(typed[field], said[member], "{key}: {field}");
        }
    }
}

#[test]
fn explain_answers_as_the_command_line_does() {
    for text in ["700213", "AADSTS700016 and AADSTS700024", "AADSTS99999999"] {
        let typed = ok(ask(&[Question::new("explain", json!([text]))]).remove(0));
        let said = Job::host(&["explain", text, "--output", "json"]).run().expect(0).json();
        let said = said["explanations"].as_array().unwrap();
        assert_eq!(typed.as_array().unwrap().len(), said.len());
        for (typed, said) in typed.as_array().unwrap().iter().zip(said) {
            assert_eq!(aadsts(&typed["aadsts"]), said["code"]);
            for field in ["name", "message", "cause", "remedy", "advice"] {
                assert_eq!(typed[field], said[field], "{text}: {field}");
            }
        }
    }
}

#[test]
fn credential_answers_as_the_command_line_does() {
    let stage = Stage::new();
    let id_token = stage.mint(&Order::of("gitlab"));
    for format in ["graph", "arm", "az", "az-identity", "terraform", "bicep"] {
        let typed = ok(ask(&[Question::new("credential", json!([{ "token": id_token, "format": format }]))]).remove(0));
        let said =
            Job::host(&["credential", "--id-token-env", "T", "--format", format]).env("T", &id_token).run().expect(0);
        assert_eq!(typed.as_str().unwrap(), said.stdout, "{format}");
    }
}

#[test]
fn a_fault_is_a_record_with_the_code_that_the_command_line_gives() {
    let questions = [
        Question::new("inspect", json!(["not a token"])),
        Question::new("verify", json!(["a.b.c", "no keys"])),
        Question::new("credential", json!([{ "issuer": "https://gitlab.com" }])),
        Question::new("credential", json!([{ "issuer": "https://gitlab.com", "subject": "x", "format": "yaml" }])),
    ];
    let answers = ask(&questions);
    let said = command_line(&["inspect"], "not a token");
    assert_eq!(answers[0]["err"]["code"], said["error"]["code"]);
    let codes: Vec<_> =
        answers.iter().map(|answer| (answer["err"]["code"].clone(), answer["err"]["exitCode"].clone())).collect();
    assert_eq!(codes[0].1, 3);
    for (code, exit) in &codes[1..] {
        assert!(code.is_string() && *exit == json!(2), "{codes:?}");
    }
}

/// What the command line says in JSON, with the token in a variable.
fn command_line(arguments: &[&str], id_token: &str) -> Value {
    Job::host(arguments).args(&["--id-token-env", "T", "--output", "json"]).env("T", id_token).run().json()
}

#[track_caller]
fn ok(answer: Value) -> Value {
    assert!(answer.get("err").is_none(), "{answer}");
    answer["ok"].clone()
}

/// JavaScript leaves out what is not there.
fn aadsts(number: &Value) -> Value {
    if number.is_null() { Value::Null } else { format!("AADSTS{number}").into() }
}

/// A typed finding, in the words of the command line.
fn finding(typed: &Value) -> Value {
    let mut said: serde_json::Map<String, Value> =
        ["code", "severity", "claim", "expected", "actual", "position", "message", "remedy"]
            .iter()
            .map(|field| ((*field).to_owned(), typed[*field].clone()))
            .collect();
    said.insert("aadsts".to_owned(), aadsts(&typed["aadsts"]));
    said.into()
}

/// The keys of the emulator's own issuer.
fn key_set(stage: &Stage) -> String {
    let issuer = stage.issuer("local");
    stage.get(&format!("{issuer}/.well-known/jwks"))
}
