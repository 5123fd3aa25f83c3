//! Tests network errors: transient ones are retried, the timeout always holds, and none is a
//! success.

use std::io::Write;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use azure_oidc_emulator::Injection;
use azure_oidc_emulator::injections::Kind;
use azure_oidc_tests::Stage;

use crate::case::{Case, STEP};

/// Much longer than the `--timeout` of each case here. A program that takes longer hangs.
const GENEROUS: Duration = Duration::from_secs(60);

#[test]
fn each_kind_of_failed_answer_fails_in_time() {
    for case in CASES {
        case.check();
    }
}

#[test]
fn an_authority_that_never_answers_is_tried_twice_and_times_out() {
    run_in_time(&NEVER);
}

#[test]
fn a_late_answer_times_out() {
    run_in_time(&TOO_LATE);
}

#[test]
fn a_certificate_that_is_not_trusted_ends_it_before_anything_is_sent() {
    let case = Case {
        name: "untrusted",
        exit: 5,
        code: "certificate-untrusted",
        names: &["--ca-file", "SSL_CERT_FILE"],
        ..STEP
    };
    case.check_with(&Stage::new(), |job| job.without("SSL_CERT_FILE"));
}

#[test]
fn a_certificate_for_another_name_is_not_trusted() {
    let stage = Stage::new();
    let elsewhere = stage.emulator.url().replace("localhost", "127.0.0.2");
    let case = Case { name: "another name", args: &["--retries", "0"], exit: 5, ..STEP };
    let ran = stage.harness(&stage.id_token()).args(case.args).env("PLUGIN_AZURE_AUTHORITY_HOST", elsewhere).run();
    assert_eq!(ran.code, case.exit, "{}", ran.printed());
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn an_authority_that_does_not_listen_is_unreachable() {
    // The port was bound and released, so it is free and nothing listens on it.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let case = Case {
        name: "nobody listens",
        args: &["--retries", "1"],
        exit: 5,
        code: "authority-unreachable",
        names: &["HTTPS_PROXY"],
        ..STEP
    };
    case.check_with(&Stage::new(), |job| job.env("PLUGIN_AZURE_AUTHORITY_HOST", format!("https://localhost:{port}")));
}

#[test]
fn a_server_without_tls_is_refused() {
    let speaks = server(|stream| stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"));
    let silent = server(|stream| stream.write_all(b""));
    for authority in [speaks, silent] {
        let stage = Stage::new();
        let since = Instant::now();
        let job = stage.harness(&stage.id_token()).env("PLUGIN_AZURE_AUTHORITY_HOST", authority);
        job.args(&["--timeout", "2s", "--retries", "1"]).run().expect(5);
        assert!(since.elapsed() < GENEROUS);
    }
}

fn run_in_time(case: &Case) {
    let since = Instant::now();
    case.check();
    assert!(since.elapsed() < GENEROUS, "{}", case.name);
}

/// A server that sends a greeting and then keeps its connections open.
fn server(greet: fn(&mut dyn Write) -> std::io::Result<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let url = format!("https://{}", listener.local_addr().expect("it is bound"));
    thread::spawn(move || {
        let mut open = Vec::new();
        for mut stream in listener.incoming().flatten() {
            greet(&mut stream).ok();
            open.push(stream);
        }
    });
    url
}

const FAILED: Case = Case { args: &["--retries", "1"], exit: 5, ..STEP };

fn every(kind: Kind) -> Injection {
    Injection { times: Some(0), ..Injection::new(kind) }
}

fn answer(status: u16, body: &str) -> Vec<Injection> {
    vec![Injection { status: Some(status), body: Some(body.to_owned()), ..every(Kind::Answer) }]
}

const CASES: &[Case] = &[
    Case {
        name: "throttled to the end",
        injections: || vec![Injection { retry_after: Some("0".into()), ..every(Kind::Throttle) }],
        code: "authority-throttles",
        names: &["429", "AADSTS90055"],
        requests: 2,
        ..FAILED
    },
    Case {
        name: "asked to wait longer than there is time",
        injections: || vec![Injection { retry_after: Some("60".into()), ..every(Kind::Throttle) }],
        code: "authority-throttles",
        names: &["asks to wait 60s"],
        requests: 1,
        ..FAILED
    },
    Case {
        name: "unavailable to the end",
        injections: || vec![every(Kind::ServerError)],
        code: "authority-unavailable",
        names: &["503", "AADSTS90033"],
        requests: 2,
        ..FAILED
    },
    Case {
        name: "cut before the answer",
        injections: || vec![every(Kind::Cut)],
        code: "answer-cut",
        requests: 2,
        ..FAILED
    },
    Case {
        name: "cut within the answer",
        injections: || vec![every(Kind::CutBody)],
        code: "answer-cut",
        requests: 2,
        ..FAILED
    },
    Case {
        name: "a page of a proxy",
        injections: || vec![every(Kind::Html)],
        code: "answer-not-json",
        names: &["text/html", "HTTPS_PROXY"],
        requests: 1,
        ..FAILED
    },
    Case {
        name: "a page of a proxy that says no",
        injections: || vec![Injection { status: Some(403), ..every(Kind::Html) }],
        code: "answer-not-json",
        names: &["403", "text/html"],
        requests: 1,
        ..FAILED
    },
    Case {
        name: "a page of a gateway",
        injections: || vec![Injection { status: Some(502), ..every(Kind::Html) }],
        code: "authority-unavailable",
        names: &["502"],
        requests: 2,
        ..FAILED
    },
    Case {
        name: "64 MiB",
        injections: || vec![every(Kind::Oversized)],
        code: "answer-too-large",
        requests: 1,
        ..FAILED
    },
    Case {
        name: "somewhere else",
        injections: || vec![every(Kind::Redirect)],
        code: "redirect-refused",
        names: &["307", "was not sent there"],
        requests: 1,
        ..FAILED
    },
    Case {
        name: "no token",
        injections: || vec![every(Kind::NoToken)],
        code: "answer-unusable",
        requests: 1,
        ..FAILED
    },
    Case {
        name: "an empty token",
        injections: || vec![every(Kind::EmptyToken)],
        code: "answer-unusable",
        requests: 1,
        ..FAILED
    },
    Case { name: "an empty answer", injections: || answer(200, ""), code: "answer-not-json", requests: 1, ..FAILED },
    Case {
        name: "another success than 200",
        injections: || answer(201, r#"{"access_token":"x","token_type":"Bearer","expires_in":3599}"#),
        code: "answer-not-json",
        requests: 1,
        ..FAILED
    },
    Case {
        name: "a token with a line break",
        injections: || answer(200, r#"{"access_token":"x\nPATH=/tmp","token_type":"Bearer","expires_in":3599}"#),
        code: "answer-unusable",
        requests: 1,
        ..FAILED
    },
    Case {
        name: "a token of another type",
        injections: || answer(200, r#"{"access_token":"x","token_type":"mac","expires_in":3599}"#),
        code: "answer-unusable",
        names: &["token_type"],
        requests: 1,
        ..FAILED
    },
    Case {
        name: "a token without an end",
        injections: || answer(200, r#"{"access_token":"x","token_type":"Bearer"}"#),
        code: "answer-unusable",
        names: &["expires_in"],
        requests: 1,
        ..FAILED
    },
    Case {
        name: "an error without words",
        injections: || answer(400, "{}"),
        code: "answer-not-json",
        requests: 1,
        ..FAILED
    },
];

const NEVER: Case = Case {
    name: "never answered",
    injections: || vec![every(Kind::Hang)],
    code: "authority-timeout",
    names: &["--timeout"],
    requests: 2,
    args: &["--retries", "1", "--timeout", "5s"],
    ..FAILED
};

const TOO_LATE: Case = Case {
    name: "answered too late",
    injections: || vec![Injection { milliseconds: Some(600_000), ..every(Kind::Delay) }],
    code: "authority-timeout",
    names: &["--timeout"],
    // The emulator logs a request with its answer, for which this program does not wait.
    requests: 0,
    args: &["--retries", "1", "--timeout", "5s"],
    ..FAILED
};
