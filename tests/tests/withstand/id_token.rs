//! Tests that tokens which Entra would certainly refuse are found before anything is sent.

use azure_oidc_emulator::Order;
use azure_oidc_tests::{Stage, tokens};
use serde_json::Value;

use crate::case::{Case, STEP};

#[test]
fn a_token_that_entra_would_never_accept_is_refused_before_anything_is_sent() {
    for case in CASES {
        case.check();
    }
}

#[test]
fn without_preflight_a_well_formed_token_is_sent_anyway() {
    let args = &["--no-preflight", "--replication-wait", "0s"];
    let sent = Case { args, exit: 4, code: "entra-refused", requests: 1, ..STEP };
    for case in [
        Case { name: "expired", id_token: expired, names: &["AADSTS700024"], ..sent },
        Case { name: "not yet valid", id_token: early, names: &["AADSTS700024"], ..sent },
        Case {
            name: "of a type that Entra does not take",
            id_token: of_another_type,
            names: &["AADSTS5002727"],
            ..sent
        },
        Case { name: "without the name of a key", id_token: without_key_id, names: &["AADSTS5002723"], ..sent },
    ] {
        case.check();
    }
}

#[test]
fn without_preflight_a_malformed_token_is_still_not_sent() {
    for (name, id_token, code) in NO_TOKENS {
        Case { name, id_token: *id_token, args: &["--no-preflight"], exit: 3, code, ..STEP }.check();
    }
}

const FOUND: Case = Case { exit: 3, names: &["PLUGIN_OIDC_TOKEN_ID"], ..STEP };

const CASES: &[Case] = &[
    Case {
        name: "expired",
        id_token: expired,
        code: "token-expired",
        names: &["PLUGIN_OIDC_TOKEN_ID", "expired 1", "--no-preflight"],
        ..FOUND
    },
    Case { name: "not yet valid", id_token: early, code: "token-not-yet-valid", ..FOUND },
    Case { name: "of a type that Entra does not take", id_token: of_another_type, code: "type-not-accepted", ..FOUND },
    Case {
        name: "of an algorithm that Entra does not take",
        id_token: |stage| stage.mint(&Order { sign_with: Some("ec-1".into()), ..Order::of("harness") }),
        code: "algorithm-not-accepted",
        ..FOUND
    },
    Case {
        name: "not signed",
        id_token: |stage| {
            stage.mint(&Order { sign_with: Some("none".into()), ..Order::of("harness").header("alg", "none") })
        },
        code: "algorithm-not-accepted",
        ..FOUND
    },
    Case { name: "without the name of a key", id_token: without_key_id, code: "key-id-missing", ..FOUND },
    Case {
        name: "without a subject",
        id_token: |stage| stage.mint(&Order::of("harness").claim("sub", Value::Null)),
        code: "claim-missing",
        ..FOUND
    },
    Case { name: "not a JWT", id_token: |_| OPAQUE.into(), code: "token-opaque", ..FOUND },
    Case { name: "a claim twice", id_token: duplicate, code: "token-duplicate-member", ..FOUND },
];

const OPAQUE: &str = "glpat-0123456789abcdefghij";

type Mint = fn(&Stage) -> String;

/// Texts that are not a JWT, with the fault codes.
const NO_TOKENS: &[(&str, Mint, &str)] = &[
    ("not a JWT", |_| OPAQUE.into(), "token-opaque"),
    ("a claim twice", duplicate, "token-duplicate-member"),
    ("masked", |_| "***".into(), "token-masked"),
    ("an expression that was not replaced", |_| "<+pipeline.variables.token>".into(), "token-placeholder"),
    ("with a space before it", |stage| format!(" {}", stage.id_token()), "token-white-space"),
    ("quoted", |stage| format!("\"{}\"", stage.id_token()), "token-quoted"),
    ("with its scheme", |stage| format!("Bearer {}", stage.id_token()), "token-bearer-prefix"),
    ("cut", |stage| stage.id_token().split('.').take(2).collect::<Vec<_>>().join("."), "token-not-three-segments"),
    (
        "far too long",
        |stage| {
            tokens::with_payload(&stage.id_token(), |text| {
                text.replacen('{', &format!("{{\"x\":\"{}\",", "x".repeat(60_000)), 1)
            })
        },
        "token-too-large",
    ),
    ("not JSON", |stage| tokens::with_payload(&stage.id_token(), |text| text.replace('{', "[")), "token-not-json"),
];

fn expired(stage: &Stage) -> String {
    stage.mint(&Order { age_seconds: Some(9000), ..Order::of("harness") })
}

fn early(stage: &Stage) -> String {
    let later = azure_oidc_tests::tokens::claims(&stage.id_token())["iat"].as_i64().unwrap_or_default() + 2000;
    stage.mint(&Order { age_seconds: Some(-2000), ..Order::of("harness").claim("nbf", later) })
}

fn of_another_type(stage: &Stage) -> String {
    stage.mint(&Order::of("harness").header("typ", "at+jwt"))
}

fn without_key_id(stage: &Stage) -> String {
    stage.mint(&Order::of("harness").header("kid", Value::Null))
}

fn duplicate(stage: &Stage) -> String {
    tokens::with_duplicate_subject(&stage.id_token())
}
