//! Tests authorities and token services that repeat in their answers what was sent to them.

use azure_oidc_emulator::Injection;
use azure_oidc_emulator::injections::{Encoding, Kind};
use azure_oidc_tests::hunt::Hunt;
use azure_oidc_tests::stage::{ARM, GRAPH};
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT};
use serde_json::{Value, json};

const ENCODINGS: [Encoding; 7] = [
    Encoding::Plain,
    Encoding::Url,
    Encoding::Json,
    Encoding::Base64,
    Encoding::Base64url,
    Encoding::Wrapped,
    Encoding::WrappedBase64,
];

/// Refusals, failures that pass, a redirect, and a success without a token.
const STATUSES: [u16; 6] = [200, 302, 400, 401, 429, 503];

fn echo(status: u16, encoding: Encoding) -> Injection {
    let (status, encoding) = (Some(status), Some(encoding));
    Injection { status, encoding, times: Some(0), path: Some("/*".to_owned()), ..Injection::new(Kind::Echo) }
}

/// Runs a job with text and with JSON output. It must fail and show nothing.
fn check(what: &str, stage: &Stage, hunt: &Hunt, job: impl Fn() -> Job) {
    for output in ["auto", "json"] {
        let ran = job().args(&["--output", output]).run();
        assert_ne!(ran.code, 0, "{what}: {}", ran.printed());
        hunt.assert_not_printed(what, &ran);
        hunt.assert_not_written(what, stage.folder(), &[]);
    }
}

#[test]
fn an_authority_that_repeats_the_assertion_in_any_form_does_not_have_it_printed() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    let hunt = Hunt::of(&[&id_token]);
    for encoding in ENCODINGS {
        for status in STATUSES {
            for content_type in [None, Some("text/html".to_owned())] {
                let what = format!("{encoding:?} {status} {content_type:?}");
                stage.emulator.clear_injections();
                stage.inject(Injection { content_type, ..echo(status, encoding) });
                let arguments = ["--retries", "0", "--replication-wait", "0s", "--log-level", "debug"];
                check(&what, &stage, &hunt, || stage.harness(&id_token).args(&arguments));
            }
        }
    }
}

#[test]
fn no_platforms_job_prints_what_the_authority_or_its_token_service_repeats() {
    let stage = Stage::new();
    let ready = stage.emulator.ready();
    let jobs = ready["jobs"].as_object().expect("the issuers have jobs");
    assert!(!jobs.is_empty(), "no issuer has a job");
    for (platform, variables) in jobs {
        let variables: Vec<_> = variables.as_object().expect("variables").iter().collect();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        // What the job authenticates itself with, and its own ID token, where it has one.
        let mut hunt = Hunt::of(&[stage.id_token()]);
        let secrets = variables.iter().filter(|(name, value)| is_secret(name, &text(value)));
        secrets.for_each(|(_, value)| hunt.add(&text(value)));
        for (path, encoding) in
            [("/*", Encoding::Plain), ("/*", Encoding::Wrapped), ("/*/oauth2/v2.0/token", Encoding::Url)]
        {
            for status in [400, 503] {
                stage.emulator.clear_injections();
                stage.inject(Injection { path: Some(path.to_owned()), ..echo(status, encoding) });
                let job = || {
                    let job = stage.job(&["--retries", "0", "--replication-wait", "0s"]);
                    let job = variables.iter().fold(job, |job, (name, value)| job.env(name, text(value)));
                    job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION)
                };
                check(&format!("{platform} {path} {encoding:?} {status}"), &stage, &hunt, job);
            }
        }
    }
}

fn is_secret(name: &str, value: &str) -> bool {
    value.len() >= 20 && (name.to_ascii_uppercase().ends_with("TOKEN") || value.starts_with("eyJ"))
}

#[test]
fn an_access_token_is_not_shown_when_the_next_scope_is_refused() {
    let access_token = crate::shapes::all().swap_remove(0).1;
    let body = json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": access_token }).to_string();
    let granted = Injection { scope: Some(ARM.to_owned()), body: Some(body), ..Injection::new(Kind::Answer) };
    let refused = Injection { scope: Some(GRAPH.to_owned()), path: None, ..echo(400, Encoding::Plain) };
    for output in ["auto", "json", "env", "text", "dotenv"] {
        let stage = Stage::new();
        let id_token = stage.id_token();
        let hunt = Hunt::of(&[&id_token, &access_token]);
        let job = |scopes: &[&str]| {
            let scopes = scopes.join(",");
            let options = ["--scope", &scopes, "--retries", "0", "--output", output, "--log-level", "debug"];
            stage.harness(&id_token).args(&options)
        };
        // Without the refusal it is printed or written: it is the token that the hunt looks for.
        stage.inject(granted.clone());
        let ran = job(&[ARM]).run().expect(0);
        assert!(hunt.finds(&ran.stdout) || hunt.finds(&stage.read("secrets")), "{output}: {}", ran.printed());
        std::fs::remove_file(stage.path("secrets")).ok();

        stage.inject(granted.clone());
        stage.inject(refused.clone());
        let ran = job(&[ARM, GRAPH]).run().expect(4);
        let answers = |scope: &str| -> Vec<_> {
            let requests = stage.requests();
            let asked = requests.iter().filter(|request| request.form.get("scope").is_some_and(|own| own == scope));
            asked.map(|request| request.status).collect()
        };
        assert_eq!(answers(ARM), [Some(200); 2], "{output}: the first scope was granted");
        assert_eq!(answers(GRAPH), [Some(400)], "{output}");
        hunt.assert_not_printed(output, &ran);
        hunt.assert_not_written(output, stage.folder(), &[]);
    }
}

#[test]
fn characters_that_change_the_direction_of_writing_are_shown_as_escapes() {
    let stage = Stage::new();
    let body = r#"{"error":"a\u202eb","error_description":"AADSTS1: \u2066x\u001b[31m\u200b","trace_id":"\u202e"}"#;
    for (status, output) in [(400, "auto"), (400, "json"), (503, "auto"), (503, "json")] {
        let (status, body) = (Some(status), Some(body.to_owned()));
        stage.inject(Injection { status, body, ..Injection::new(Kind::Answer) });
        let ran = stage.harness(&stage.id_token()).args(&["--retries", "0", "--output", output]).run();
        let is_raw = |c: char| matches!(c, '\u{202e}' | '\u{2066}' | '\u{200b}' | '\u{1b}');
        assert!(ran.code != 0 && !ran.printed().contains(is_raw), "{}", ran.printed());
    }
}

#[test]
fn long_answers_are_cut_with_a_note() {
    let stage = Stage::new();
    let long = "words ".repeat(20_000);
    let body = format!(r#"{{"error":"e","error_description":"AADSTS1: {long}","trace_id":"{long}"}}"#);
    for (status, output) in [(400, "auto"), (400, "json"), (503, "auto"), (503, "json")] {
        let (status, body) = (Some(status), Some(body.clone()));
        stage.inject(Injection { status, body, ..Injection::new(Kind::Answer) });
        let ran = stage.harness(&stage.id_token()).args(&["--retries", "0", "--output", output]).run();
        let printed = ran.printed();
        assert!(printed.len() < 20_000 && printed.contains("characters in all)"), "{} {printed}", printed.len());
    }
}
