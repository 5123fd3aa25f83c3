//! Tests refusals of Entra: the message is shown completely, with an explanation and remedies.

use azure_oidc_emulator::injections::Kind;
use azure_oidc_emulator::{Injection, Order, config};
use azure_oidc_tests::Stage;

use crate::case::{Case, STEP};

#[test]
fn a_refusal_is_shown_completely_with_code_ids_and_explanation() {
    for case in CASES {
        case.check();
        assert_ids(case, &Stage::new());
    }
}

#[test]
fn refusals_in_the_wording_of_earlier_years_are_understood_too() {
    let stage = Stage::with_config(&config::DEFAULT.replace("# style = \"2024\"", "style = \"legacy\""));
    let case = Case {
        id_token: of_another_project,
        names: &["AADSTS70021", "No matching federated identity record", "az ad app"],
        ..REFUSED
    };
    case.check_with(&stage, |job| job);
    assert_ids(&case, &stage);
}

#[test]
fn a_policy_of_the_tenant_is_explained() {
    for (code, words) in
        [(53003, "Conditional Access"), (700223, "constrained"), (650057, "AADSTS650057"), (90009, "AADSTS90009")]
    {
        let stage = Stage::new();
        stage.inject(Injection { code: Some(code), ..Injection::new(Kind::EntraError) });
        let ran = stage.harness(&stage.id_token()).run().expect(4);
        assert!(ran.stderr.contains(&format!("AADSTS{code}")) && ran.stderr.contains(words), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
    }
}

/// Entra's support asks for these ids. One of them is the one that was sent.
fn assert_ids(case: &Case, stage: &Stage) {
    stage.emulator.clear_requests();
    let job = case.set.iter().fold(stage.harness(&(case.id_token)(stage)), |job, (name, value)| job.env(name, value));
    let error = job.args(case.args).args(&["--output", "json"]).run().expect(4).error();
    let sent = stage.only_request();
    assert_eq!(error["correlation_id"], sent.headers["client-request-id"].as_str(), "{}", case.name);
    assert_eq!(error["trace_id"].as_str().map(str::len), Some(36), "{}", case.name);
    assert_eq!(
        error["aadsts"].as_str().map(str::to_owned),
        sent.aadsts.map(|code| format!("AADSTS{code}")),
        "{}",
        case.name
    );
    assert!(error["message"].as_str().is_some_and(|message| message.contains("Trace ID")), "{}: {error}", case.name);
    assert!(error["hint"].as_str().is_some_and(|hint| hint.lines().count() > 1), "{}: {error}", case.name);
}

const REFUSED: Case = Case { args: &["--replication-wait", "0s"], exit: 4, code: "entra-refused", requests: 1, ..STEP };

const CASES: &[Case] = &[
    Case {
        name: "no credential has this subject",
        id_token: of_another_project,
        names: &["AADSTS700213", "project/Another", "az ad app federated-credential create"],
        ..REFUSED
    },
    Case {
        name: "no credential has this issuer",
        id_token: |stage| {
            let issuer = "https://app.harness.io/ng/api/oidc/account/AAAAAAAAAAAAAAAAAAAAAA";
            stage.mint(&Order::of("harness").claim("iss", issuer))
        },
        names: &["AADSTS700211", "account/AAAAAAAAAAAAAAAAAAAAAA"],
        ..REFUSED
    },
    Case {
        name: "no credential has this audience",
        id_token: |stage| stage.mint(&Order { audience: Some("api://other".into()), ..Order::of("harness") }),
        names: &["AADSTS700212", "api://other", "api://AzureADTokenExchange"],
        ..REFUSED
    },
    Case {
        name: "only the case of a letter differs",
        id_token: |stage| {
            stage.mint(
                &Order::of("harness").claim("sub", "account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/oidc_Test"),
            )
        },
        names: &["AADSTS7002138", "case"],
        ..REFUSED
    },
    Case {
        name: "an application without credentials",
        set: &[("PLUGIN_CLIENT_ID", "77777777-7777-4777-8777-777777777777")],
        names: &["AADSTS70025"],
        ..REFUSED
    },
    Case {
        name: "an application that is switched off",
        set: &[("PLUGIN_CLIENT_ID", "88888888-8888-4888-8888-888888888888")],
        names: &["AADSTS7000112", "retired"],
        ..REFUSED
    },
    Case {
        name: "an application that is not there",
        set: &[("PLUGIN_CLIENT_ID", "99999999-9999-4999-8999-999999999999")],
        names: &["AADSTS700016", "99999999-9999-4999-8999-999999999999"],
        ..REFUSED
    },
    Case {
        name: "a tenant that is not there",
        set: &[("PLUGIN_TENANT_ID", "99999999-9999-4999-8999-999999999999")],
        names: &["AADSTS90002", "99999999-9999-4999-8999-999999999999"],
        ..REFUSED
    },
    Case {
        name: "a resource that is not there",
        args: &["--scope", "api://nobody/.default"],
        names: &["AADSTS500011", "api://nobody"],
        ..REFUSED
    },
    Case {
        name: "a key that the issuer does not publish",
        id_token: |stage| stage.mint(&Order { sign_with: Some("stray".into()), ..Order::of("harness") }),
        names: &["AADSTS7000272"],
        ..REFUSED
    },
    Case {
        name: "a signature that is broken",
        id_token: |stage| stage.mint(&Order { sign_with: Some("garbled".into()), ..Order::of("harness") }),
        names: &["AADSTS7000274"],
        ..REFUSED
    },
];

fn of_another_project(stage: &Stage) -> String {
    stage.mint(&Order::of("harness").claim("sub", "account/Hue1lBsaSx2APlXjzVEPIg:org/default:project/Another"))
}
