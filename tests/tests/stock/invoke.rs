//! Compares `wasmtime run --invoke` of the typed functions with the command line.

use azure_oidc_emulator::Order;
use azure_oidc_tests::{Job, Stage, stock};
use serde_json::Value;

#[test]
fn inspect_answers_as_the_command_line_does() {
    let stage = Stage::new();
    let id_token = stage.mint(&Order::of("gitlab"));
    let typed = stock::invoke(&format!("inspect(\"{id_token}\")")).run().expect(0).stdout;
    let said =
        Job::host(&["inspect", "--id-token-env", "T", "--output", "json"]).env("T", &id_token).run().expect(0).json();
    for (field, value) in [
        ("platform", &said["platform"]),
        ("issuer", &said["issuer"]),
        ("subject", &said["subject"]),
        ("kid", &said["header"]["kid"]),
    ] {
        assert!(typed.contains(&format!("{field}: some({value})")), "{field}: {typed}");
    }
    assert!(typed.contains(&format!("audiences: [{}]", said["audience"])), "{typed}");
    assert!(typed.contains(&format!("expires-at: some({})", said["claims"]["exp"])), "{typed}");
    let parts = said["subject_parts"].as_array().unwrap();
    assert!(!parts.is_empty());
    for part in parts {
        assert!(typed.contains(&format!("{{name: {}, value: {}, ", part["name"], part["value"])), "{part}: {typed}");
    }
}

#[test]
fn explain_answers_as_the_command_line_does() {
    let typed = stock::invoke("explain(\"AADSTS700016\", none)").run().expect(0).stdout;
    let said = Job::host(&["explain", "700016", "--output", "json"]).run().expect(0).json();
    let said = &said["explanations"][0];
    assert!(typed.contains("aadsts: 700016"), "{typed}");
    for field in ["name", "cause", "remedy"] {
        assert!(typed.contains(&format!("{field}: some({})", said[field])), "{field}: {typed}");
    }
}

#[test]
fn a_fault_has_the_code_that_the_command_line_gives() {
    let typed = stock::invoke("inspect(\"not a token\")").run().stdout;
    let said =
        Job::host(&["inspect", "--id-token-env", "T", "--output", "json"]).env("T", "not a token").run().expect(3);
    let code: &Value = &said.error()["code"];
    assert!(typed.starts_with("err(") && typed.contains(&format!("code: {code}")), "{typed}");
    assert!(typed.contains("exit-code: 3"), "{typed}");
}
