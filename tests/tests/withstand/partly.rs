//! Tests several scopes: if one fails, nothing is published.

use azure_oidc_emulator::Injection;
use azure_oidc_emulator::injections::Kind;
use azure_oidc_tests::Stage;
use azure_oidc_tests::stage::{ARM, GRAPH};

use crate::case::{Case, STEP};

const BOTH: &[&str] =
    &["--scope", "https://management.azure.com/.default,https://graph.microsoft.com/.default", "--retries", "0"];

#[test]
fn when_one_scope_fails_nothing_is_published() {
    for case in [
        Case { name: "the second is refused", injections: || vec![refusal(GRAPH)], names: &["AADSTS53003"], ..FAILED },
        Case { name: "the first is refused", injections: || vec![refusal(ARM)], names: &["AADSTS53003"], ..FAILED },
        Case {
            name: "one fails, the other is refused: the refusal says more",
            injections: || {
                vec![refusal(ARM), Injection { scope: Some(GRAPH.into()), ..Injection::new(Kind::ServerError) }]
            },
            names: &["AADSTS53003"],
            ..FAILED
        },
        Case {
            name: "the second never works",
            injections: || {
                vec![Injection { scope: Some(GRAPH.into()), times: Some(0), ..Injection::new(Kind::ServerError) }]
            },
            exit: 5,
            code: "authority-unavailable",
            ..FAILED
        },
    ] {
        case.check();
    }
}

#[test]
fn a_failed_scope_is_named() {
    let stage = Stage::new();
    stage.inject(refusal(GRAPH));
    let ran = stage.harness(&stage.id_token()).args(BOTH).run().expect(4);
    assert!(ran.stderr.contains(&format!("scope: {GRAPH}")) && !ran.stderr.contains(ARM), "{}", ran.stderr);
}

#[test]
fn only_the_scope_with_a_transient_failure_is_retried() {
    let stage = Stage::new();
    stage.inject(Injection { scope: Some(GRAPH.into()), ..Injection::new(Kind::ServerError) });
    stage.harness(&stage.id_token()).args(&BOTH[..2]).run().expect(0);
    let mut scopes: Vec<_> = stage.requests().iter().map(|request| request.form["scope"].clone()).collect();
    scopes.sort();
    assert_eq!(scopes, [GRAPH, GRAPH, ARM], "a token that is there is not asked for again");
    assert_eq!(stage.read("secrets").lines().count(), 2);
}

const FAILED: Case = Case { args: BOTH, exit: 4, code: "entra-refused", requests: 2, ..STEP };

fn refusal(scope: &str) -> Injection {
    Injection { code: Some(53003), scope: Some(scope.into()), ..Injection::new(Kind::EntraError) }
}
