//! Tests which callers may ask the broker, and how many at the same time.

use std::io::Write;
use std::net::TcpStream;
use std::thread;

use azure_oidc_tests::{Stage, http, programs};

use crate::{ARM, ARM_SCOPE, UNTIL_STOP, ask, ask_with, endpoint, environment, exchanges, exec, wait_until_closed};

const VAULT: &str = "https://vault.azure.net";

#[test]
fn a_hundred_callers_for_one_scope_are_one_exchange() {
    let stage = Stage::new();
    let running = exec(&stage, &["--scope", ARM_SCOPE], UNTIL_STOP).start();
    let environment = environment(&stage);
    let answers: Vec<_> = thread::scope(|scope| {
        let callers: Vec<_> = (0..100).map(|_| scope.spawn(|| ask(&environment, VAULT))).collect();
        callers.into_iter().map(|caller| caller.join().expect("it asks")).collect()
    });
    for answer in &answers {
        assert_eq!(answer.status(), 200, "{answer:?}");
        assert_eq!(answer.json(), answers[0].json());
    }
    assert_eq!(exchanges(&stage, VAULT), 1);
    let answer = answers[0].json();
    assert_eq!(answer["resource"], VAULT);
    assert!(answer["expires_on"].is_string(), "{answer}");
    stage.write("stop", "");
    running.finish().expect(0);
    wait_until_closed(&endpoint(&environment).0);
}

#[test]
fn pages_strangers_and_other_names_of_this_machine_are_refused() {
    let stage = Stage::new();
    let running = exec(&stage, &["--scope", ARM_SCOPE], UNTIL_STOP).start();
    let environment = environment(&stage);
    let secret = ("x-identity-header", &*environment["IDENTITY_HEADER"]);
    for headers in [
        &[][..],
        &[("x-identity-header", "wrong")],
        &[("x-identity-header", &environment["ARM_OIDC_REQUEST_TOKEN"])],
        &[secret, ("origin", "https://evil.example")],
        &[secret, ("origin", "null")],
        &[secret, ("x-forwarded-for", "10.0.0.1")],
        &[secret, ("sec-fetch-site", "cross-site")],
    ] {
        let answer = ask_with(&environment, ARM, headers);
        assert!((400..=403).contains(&answer.status()), "{headers:?}: {answer:?}");
        assert!(answer.json()["access_token"].is_null(), "{answer:?}");
    }
    let (address, path) = endpoint(&environment);
    for host in ["rebound.evil.example", "localhost.evil.example", "127.0.0.1:1", ""] {
        let mut stream = TcpStream::connect(&address).expect("it listens");
        write!(stream, "GET {path}?api-version=2019-08-01&resource={ARM} HTTP/1.1\r\nhost: {host}\r\nx-identity-header: {}\r\n\r\n", secret.1)
            .expect("it reads");
        let answer =
            http::Message::read(&mut std::io::BufReader::new(stream)).expect("it answers").expect("it answers");
        assert!((400..=403).contains(&answer.status()), "{host}: {answer:?}");
    }
    assert_eq!(ask(&environment, ARM).status(), 200);
    stage.write("stop", "");
    running.finish().expect(0);
}

#[test]
fn callers_are_answered_whatever_others_on_the_machine_do() {
    let stage = Stage::new();
    let running = exec(&stage, &["--scope", ARM_SCOPE], UNTIL_STOP).start();
    let environment = environment(&stage);
    let (address, path) = endpoint(&environment);
    // Connections that say nothing, half a request, no HTTP, and endless heads and bodies.
    let starts = [
        String::new(),
        format!("GET {path} HTTP/1.1\r\nhost: x\r\n"),
        "\u{16}\u{3}\u{1}".to_owned(),
        format!("GET {path}?{} HTTP/1.1\r\n\r\n", "x".repeat(100_000)),
        format!("POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: 999999999\r\n\r\n{}", "x".repeat(100_000)),
    ];
    let mut held = Vec::new();
    for at in 0..1000 {
        if let Ok(mut stream) = TcpStream::connect(&address) {
            stream.write_all(starts[at % starts.len()].as_bytes()).ok();
            held.push(stream);
        }
        if at % 100 == 0 {
            assert_eq!(ask(&environment, ARM).status(), 200);
        }
    }
    assert_eq!(ask(&environment, ARM).status(), 200);
    stage.write("stop", "");
    running.finish().expect(0);
    assert_eq!(exchanges(&stage, ARM), 1);
}

#[test]
fn azure_oidc_within_exec_needs_no_other_credentials() {
    let stage = Stage::new();
    let script = format!(
        "'{}' exchange --scope https://graph.microsoft.com/.default --output json --authority-host '{}' --ca-file '{}'",
        programs::host().display(),
        stage.emulator.url(),
        stage.emulator.ca_file().display()
    );
    let ran = exec(&stage, &["--scope", ARM_SCOPE], &script).run().expect(0);
    assert!(ran.json()["tokens"][0]["access_token"].is_string(), "{}", ran.stdout);
}

#[test]
fn brokers_beside_and_within_each_other_do_not_meet() {
    let stage = Stage::new();
    let script = format!(
        "echo $IDENTITY_ENDPOINT; '{}' exec --authority-host '{}' --ca-file '{}' -- /bin/sh -c 'echo $IDENTITY_ENDPOINT'",
        programs::host().display(),
        stage.emulator.url(),
        stage.emulator.ca_file().display()
    );
    let (one, other) = (exec(&stage, &[], &script).start(), exec(&stage, &[], &script).start());
    let (one, other) = (one.finish().expect(0), other.finish().expect(0));
    let mut endpoints: Vec<_> = one.stdout.lines().chain(other.stdout.lines()).collect();
    endpoints.sort_unstable();
    endpoints.dedup();
    assert_eq!(endpoints.len(), 4, "{endpoints:?}");
}
