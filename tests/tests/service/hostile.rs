//! Tests that a hostile or broken caller does not block the others.

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use azure_oidc_emulator::Injection;
use azure_oidc_emulator::injections::Kind;
use azure_oidc_tests::Stage;
use azure_oidc_tests::http::{post, send};
use azure_oidc_tests::serve::Serve;
use serde_json::{Value, json};

use crate::limits::{GENEROUS, busy, exchange_again, is_well, raw, trading};

const HEAD: &str = "POST /v1/explain HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

/// Opens connections and sends these bytes on each, as far as the service takes them at once.
fn open(service: &Serve, count: usize, bytes: &[u8]) -> Vec<TcpStream> {
    let connect = || {
        let mut stream = TcpStream::connect(service.address()).expect("the service listens");
        stream.set_nonblocking(true).expect("a socket can be non-blocking");
        let mut rest = bytes;
        while let Ok(written @ 1..) = stream.write(rest) {
            rest = &rest[written..];
        }
        stream
    };
    (0..count).map(|_| connect()).collect()
}

/// Good callers are served: the health, a small request, and an exchange without a token.
fn is_serving(service: &Serve) {
    is_well(service);
    let explained = post(service.address(), "/v1/explain", &json!({ "text": "AADSTS700213" }));
    assert_eq!(explained.status(), 200, "{explained:?}");
    assert_eq!(post(service.address(), "/v1/exchange", &json!({})).status(), 401);
}

#[test]
fn idle_connections_and_slow_callers_keep_nobody_out() {
    let service = Serve::start(&[], &[]);
    let slow_chunks = format!("{HEAD}transfer-encoding: chunked\r\n\r\n1\r\n{{\r\n");
    for bytes in
        ["", "POST /v1/explain HTTP/1.1\r\nhost: x\r\nx: ", &format!("{HEAD}content-length: 9\r\n\r\n{{"), &slow_chunks]
    {
        let held = open(&service, 500, bytes.as_bytes());
        is_serving(&service);
        drop(held);
    }
}

#[test]
fn callers_that_never_read_hold_neither_the_service_nor_its_end() {
    let service = Serve::start(&[], &[]);
    let pipelined = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n".repeat(200);
    let held = open(&service, 256, pipelined.as_bytes());
    is_serving(&service);
    let since = Instant::now();
    let ended = service.terminate();
    // Half of `--grace`, after which everything is cut off in any case.
    assert!(since.elapsed() < Duration::from_secs(15), "{:?}", since.elapsed());
    assert_eq!((ended.code, ended.stderr.lines().count()), (0, 1), "{}", ended.stderr);
    drop(held);
}

#[test]
fn bodies_that_do_not_end_fill_the_memory_only_up_to_a_bound() {
    const LENGTH: usize = 250 << 10;
    const BOUND: usize = 32 << 20;
    let service = Serve::start(&[], &[]);
    is_serving(&service);
    let start = memory(&service);
    let head = format!("{HEAD}content-length: {}\r\n\r\n", LENGTH + 1);
    let held: Vec<_> = (0..BOUND / LENGTH + 20)
        .map(|_| {
            let mut stream = TcpStream::connect(service.address()).unwrap();
            stream.set_write_timeout(Some(GENEROUS)).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            // Refused callers may find the connection closed.
            stream.write_all(&[b' '; LENGTH]).ok();
            stream
        })
        .collect();
    let refused = held.iter().filter(|stream| is_answered(stream)).count();
    assert!((1..40).contains(&refused), "{refused} were refused");
    is_serving(&service);

    assert!(memory(&service) > start + BOUND / 2, "the bodies take memory");
    drop(held);
    let since = Instant::now();
    while memory(&service) > start + BOUND / 4 {
        assert!(since.elapsed() < GENEROUS, "the system does not get the memory back: {} of {start}", memory(&service));
        thread::sleep(Duration::from_millis(100));
    }
}

/// The memory that the service has of the system, in bytes.
fn memory(service: &Serve) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", service.id())).expect("the service runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("a process has memory");
    line.trim().trim_end_matches(" kB").parse::<usize>().expect("a number of KiB") << 10
}

/// Whether the service answers or closes within a moment.
fn is_answered(stream: &TcpStream) -> bool {
    stream.set_read_timeout(Some(Duration::from_millis(20))).expect("a time-out above zero");
    !matches!(stream.peek(&mut [0]), Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()))
}

#[test]
fn a_slow_authority_stops_neither_liveness_nor_other_requests() {
    let stage = Stage::new();
    stage.inject(Injection { times: Some(0), ..Injection::new(Kind::Hang) });
    let service = trading(&stage, &["--max-concurrency", "4", "--timeout", "10s"]);
    thread::scope(|scope| {
        // One that comes while a request of `busy` has the last place comes again.
        let fakes: Vec<_> =
            (0..4).map(|_| scope.spawn(|| exchange_again(service.address(), &stage.id_token()).status())).collect();
        assert_eq!(busy(service.address()).json()["code"], "busy");
        is_well(&service);
        assert_eq!(post(service.address(), "/v1/explain", &json!({ "text": "AADSTS700213" })).status(), 200);
        for fake in fakes {
            assert_eq!(fake.join().unwrap(), 504);
        }
    });
}

/// A request that computes for longer than it may, sent until it is caught at that: how fast a
/// machine is decides how often it must be sent.
#[test]
fn a_request_that_computes_for_too_long_is_stopped_alone() {
    let service = Serve::start(&[], &["--max-compute", "1ms"]);
    let mut other = TcpStream::connect(service.address()).unwrap();
    other.write_all(b"GET /healthz HTTP/1.1\r\n").unwrap();
    let text = json!({ "text": "AADSTS700213: no matching credential. ".repeat(6000) });
    let since = Instant::now();
    let stopped = loop {
        let answer = post(service.address(), "/v1/explain", &text);
        if answer.status() != 200 {
            break answer;
        }
        assert!(since.elapsed() < 2 * GENEROUS, "it is never stopped");
    };
    assert_eq!((stopped.status(), &stopped.json()["code"]), (503, &json!("request-interrupted")), "{stopped:?}");
    assert_eq!(stopped.header("content-type"), Some("application/problem+json"));
    other.write_all(b"host: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    std::io::Read::read_to_string(&mut other, &mut answer).unwrap();
    assert!(answer.contains("HTTP/1.1 200 ") || answer.contains("request-interrupted"), "{answer}");
    let ended = service.terminate();
    assert_eq!((ended.code, ended.stderr.lines().count()), (0, 1), "{}", ended.stderr);
}

#[test]
fn a_missing_repeated_or_invalid_host_is_a_bad_request() {
    let service = Serve::start(&[], &[]);
    for hosts in ["", "host: a\r\nhost: b\r\n", "host: a\r\nHost: a\r\n", "host: a b\r\n", "host: u@a\r\n", "host:\r\n"]
    {
        let answer = raw(service.address(), format!("GET /healthz HTTP/1.1\r\n{hosts}\r\n").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\"host-invalid\""), "{hosts}: {answer}");
    }
    is_well(&service);
}

#[test]
fn a_malformed_chunk_is_a_bad_request() {
    let service = Serve::start(&[], &[]);
    for chunks in ["x\r\n{}\r\n0\r\n\r\n", "2\r\n{}xx0\r\n\r\n", "-2\r\n{}\r\n", "fffffffffffffffff\r\n{}\r\n"] {
        let answer = raw(service.address(), format!("{HEAD}transfer-encoding: chunked\r\n\r\n{chunks}").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("\"body-malformed\""), "{chunks}: {answer}");
    }
    is_well(&service);
}

#[test]
fn few_file_descriptors_are_enough_for_good_callers() {
    let service = Serve::start_with_files(48, &[], &[]);
    let held = open(&service, 300, b"GET /");
    is_serving(&service);
    drop(held);
    assert_eq!(service.terminate().code, 0);
}

#[test]
fn pipelined_requests_are_answered_in_their_order() {
    let service = Serve::start(&[], &[]);
    let requests = format!(
        "{}GET /nowhere HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n".repeat(50)
    );
    let answers = raw(service.address(), requests.as_bytes());
    assert_eq!(answers.matches("HTTP/1.1 200 ").count(), 50);
    assert!(answers.ends_with("}\n") && answers.contains("HTTP/1.1 404 "), "{answers}");
}

#[test]
fn the_health_is_the_same_on_a_busy_service() {
    let service = Serve::start(&[], &[]);
    let answer = send(service.address(), "GET", "/healthz", &[], "").json();
    assert_eq!(answer, json!({ "status": "ok", "version": Value::from(env!("CARGO_PKG_VERSION")) }));
}
