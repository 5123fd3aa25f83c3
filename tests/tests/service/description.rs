//! Compares the OpenAPI document with the service: schemas are those of the command line, and
//! examples give the documented answers.

use std::fs;
use std::path::Path;

use azure_oidc_tests::http::{post, send};
use azure_oidc_tests::serve::Serve;
use serde_json::Value;

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_served_document_is_the_one_in_the_repository() {
    let service = Serve::start(&[], &[]);
    let document = read("openapi.json");
    assert_eq!(send(service.address(), "GET", "/openapi.json", &[], "").json(), document);
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn its_schemas_are_those_of_the_command_line() {
    let document = read("openapi.json");
    for (name, file) in [
        ("Audit", "audit"),
        ("Check", "check"),
        ("Inspection", "inspect"),
        ("Explanations", "explain"),
        ("Exchange", "exchange"),
    ] {
        let mut schema = read(&format!("{file}.schema.json"));
        for member in ["$schema", "title"] {
            schema.as_object_mut().unwrap().remove(member);
        }
        assert_eq!(document["components"]["schemas"][name], schema, "{name}");
    }
    let problem = &document["components"]["schemas"]["Problem"]["properties"];
    for (name, schema) in read("error.schema.json")["properties"]["error"]["properties"].as_object().unwrap() {
        if !["code", "message", "hint"].contains(&name.as_str()) {
            assert_eq!(&problem[name], schema, "{name}");
        }
    }
}

#[test]
fn each_example_of_a_request_gets_the_example_of_its_answer() {
    let service = Serve::start(&[], &[]);
    let document = read("openapi.json");
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let Some(request) = item.pointer("/post/requestBody/content/application~1json/example") else { continue };
        let answer = post(service.address(), path, request);
        let example = |status: &str| {
            let responses = &item["post"]["responses"];
            responses[status]["content"]["application/json"]["example"].clone()
        };
        if path == "/v1/exchange" {
            assert_eq!(answer.status(), 401, "the example has no token");
            continue;
        }
        assert_eq!(answer.json(), example("200"), "{path}");
        seen += 1;
    }
    assert_eq!(seen, 6);
}

#[test]
fn each_example_of_a_problem_is_described_by_a_response() {
    let document = read("openapi.json");
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        let problem = &response["content"]["application/problem+json"]["example"];
        for member in document["components"]["schemas"]["Problem"]["required"].as_array().unwrap() {
            assert!(problem.get(member.as_str().unwrap()).is_some(), "{name}: {member}");
        }
    }
}
