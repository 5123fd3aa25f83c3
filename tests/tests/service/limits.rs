//! Tests the native service's limits, and its answers to invalid requests.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use azure_oidc_emulator::Injection;
use azure_oidc_emulator::injections::Kind;
use azure_oidc_tests::http::{Message, post, send};
use azure_oidc_tests::serve::Serve;
use azure_oidc_tests::{APPLICATION, Stage, TENANT, secrets};
use serde_json::json;

/// Much longer than any answer here takes.
pub(crate) const GENEROUS: Duration = Duration::from_secs(30);

/// A service that trades at the emulator.
pub(crate) fn trading(stage: &Stage, arguments: &[&str]) -> Serve {
    let variables = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", APPLICATION),
        ("AZURE_AUTHORITY_HOST", stage.emulator.url()),
        ("SSL_CERT_FILE", stage.emulator.ca_file().to_str().expect("a path of ours is text")),
    ];
    Serve::start(&variables, arguments)
}

/// Trades a token.
pub(crate) fn exchange(address: &str, id_token: &str) -> Message {
    let authorization = format!("Bearer {id_token}");
    let headers = [("content-type", "application/json"), ("authorization", authorization.as_str())];
    send(address, "POST", "/v1/exchange", &headers, "{}")
}

/// Trades a token at a service that is also used by others. Retries while it is busy.
pub(crate) fn exchange_again(address: &str, id_token: &str) -> Message {
    loop {
        let answer = exchange(address, id_token);
        if answer.status() != 503 {
            return answer;
        }
    }
}

/// Sends these bytes and returns everything until the other side closes the connection.
pub(crate) fn raw(address: &str, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).expect("the service listens");
    stream.set_read_timeout(Some(GENEROUS)).expect("a time-out above zero");
    stream.write_all(bytes).expect("the service reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the service closes what it will not answer");
    String::from_utf8_lossy(&answer).into_owned()
}

/// Sends exchanges without a token until all places for exchanges are taken. Returns the answer for
/// a busy service.
pub(crate) fn busy(address: &str) -> Message {
    let since = Instant::now();
    loop {
        let answer = post(address, "/v1/exchange", &json!({}));
        if answer.status() == 503 {
            return answer;
        }
        assert_eq!(answer.status(), 401, "{answer:?}");
        assert!(since.elapsed() < GENEROUS, "it is not busy");
    }
}

pub(crate) fn is_well(service: &Serve) {
    assert_eq!(send(service.address(), "GET", "/healthz", &[], "").status(), 200);
}

#[test]
fn bytes_that_are_not_http_are_refused() {
    let service = Serve::start(&[], &[]);
    let long = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "x".repeat(200 * 1024));
    let many = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(200));
    for (bytes, status) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS hello\r\n\r\n"[..], "400"),
        (b"GET\r\n\r\n", "400"),
        (b"GET /healthz HTTP/9.9\r\n\r\n", "400"),
        (b"POST /v1/check HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n", "400"),
        (b"POST /v1/check HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}", "400"),
        (long.as_bytes(), "431"),
        (many.as_bytes(), "431"),
    ] {
        let answer = raw(service.address(), bytes);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
    }
    is_well(&service);
}

#[test]
fn a_caller_without_a_host_header_is_answered() {
    let service = Serve::start(&[], &[]);
    let answer = raw(service.address(), b"GET /healthz HTTP/1.0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.0 200 ") && answer.contains("\"status\":\"ok\""), "{answer}");
}

#[test]
fn a_body_without_a_length_is_read_up_to_the_limit() {
    let service = Serve::start(&[], &[]);
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let head = "POST /v1/explain HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
                transfer-encoding: chunked\r\n\r\n";
    for (chunks, status) in [(4, "400"), (5, "413"), (16, "413")] {
        let answer = raw(service.address(), format!("{head}{}0\r\n\r\n", chunk.repeat(chunks)).as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{chunks}: {answer}");
    }
}

#[test]
fn an_incomplete_request_times_out() {
    let service = Serve::start(&[], &["--timeout", "1s"]);
    let since = Instant::now();
    let (one, other) = thread::scope(|scope| {
        let head = scope.spawn(|| raw(service.address(), b"POST /v1/check HTTP/1.1\r\nhost: x\r\n"));
        let body = scope.spawn(|| {
            let half =
                b"POST /v1/check HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{";
            raw(service.address(), half)
        });
        is_well(&service);
        (head.join().unwrap(), body.join().unwrap())
    });
    assert!(one.is_empty() || one.starts_with("HTTP/1.1 408 "), "{one}");
    assert!(other.starts_with("HTTP/1.1 408 ") && other.contains("\"code\":\"request-timeout\""), "{other}");
    assert!(since.elapsed() < GENEROUS);
}

#[test]
fn further_requests_get_503_with_retry_after() {
    let stage = Stage::new();
    stage.inject(Injection { milliseconds: Some(3000), ..Injection::new(Kind::Delay) });
    let service = trading(&stage, &["--max-concurrency", "1"]);
    thread::scope(|scope| {
        let traded = scope.spawn(|| exchange_again(service.address(), &stage.id_token()));
        let busy = busy(service.address());
        assert_eq!((busy.status(), busy.header("retry-after")), (503, Some("1")));
        assert_eq!(busy.header("content-type"), Some("application/problem+json"));
        assert_eq!((&busy.json()["code"], &busy.json()["status"]), (&json!("busy"), &json!(503)));
        assert_eq!(traded.join().unwrap().status(), 200);
    });
    is_well(&service);
}

#[test]
fn the_allowed_number_of_requests_runs_at_the_same_time() {
    let stage = Stage::new();
    stage.inject(Injection { milliseconds: Some(1500), times: Some(0), ..Injection::new(Kind::Delay) });
    let service = trading(&stage, &["--max-concurrency", "16"]);
    let since = Instant::now();
    thread::scope(|scope| {
        let exchanges: Vec<_> =
            (0..16).map(|_| scope.spawn(|| exchange(service.address(), &stage.id_token()).status())).collect();
        assert!(exchanges.into_iter().all(|status| status.join().unwrap() == 200));
    });
    assert!(since.elapsed() < Duration::from_secs(12), "one after the other would take 24 s: {:?}", since.elapsed());
}

#[test]
fn a_request_that_takes_too_long_is_stopped_and_frees_its_slot() {
    let stage = Stage::new();
    stage.inject(Injection { times: Some(0), ..Injection::new(Kind::Hang) });
    let service = trading(&stage, &["--max-concurrency", "1", "--timeout", "1s"]);
    let late = exchange(service.address(), &stage.id_token());
    assert_eq!((late.status(), &late.json()["code"]), (504, &json!("request-deadline")));
    is_well(&service);
}

#[test]
fn a_denied_destination_is_reported_with_the_way_to_grant_it() {
    let stage = Stage::new();
    let variables = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", APPLICATION),
        ("AZURE_AUTHORITY_HOST", "https://169.254.169.254"),
    ];
    let service = Serve::start(&variables, &[]);
    let denied = exchange(service.address(), &stage.id_token());
    assert_eq!((denied.status(), &denied.json()["code"]), (502, &json!("destination-denied")));
    let hints = denied.json()["hints"].to_string();
    for way in ["--allow-host", "allowed_outbound_hosts", "allowedHosts"] {
        assert!(hints.contains(way), "{way}: {hints}");
    }
}

#[test]
fn the_access_log_names_the_request_and_no_secret() {
    let stage = Stage::new();
    let service = trading(&stage, &["--access-log"]);
    let id_token = stage.id_token();
    assert_eq!(exchange(service.address(), &id_token).status(), 200);
    assert_eq!(exchange(service.address(), &id_token[1..]).status(), 401);
    send(service.address(), "GET", &format!("/healthz?token={id_token}"), &[], "");
    send(service.address(), "GET", &format!("/v1/{id_token}"), &[], "");
    let ended = service.terminate();
    secrets::assert_none(&ended.stderr, &id_token);
    let lines: Vec<_> = ended.stderr.lines().skip(1).map(|line| line.split(' ').take(3).collect::<Vec<_>>()).collect();
    let expected = ["POST /v1/exchange 200", "POST /v1/exchange 401", "GET /healthz 200", "GET unknown 404"];
    assert_eq!(lines.iter().map(|words| words.join(" ")).collect::<Vec<_>>(), expected);
    assert!(ended.stderr.lines().skip(1).all(|line| line.ends_with(" B")), "{}", ended.stderr);
}

#[test]
fn a_closed_connection_frees_its_slot() {
    let stage = Stage::new();
    stage.inject(Injection { ..Injection::new(Kind::Hang) });
    let service = trading(&stage, &["--max-concurrency", "1"]);
    let mut stream = TcpStream::connect(service.address()).unwrap();
    write!(
        stream,
        "POST /v1/exchange HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\
         authorization: Bearer {}\r\n\r\n{{}}",
        stage.id_token()
    )
    .unwrap();
    stage.wait_for_a_request();
    drop(stream);
    let since = Instant::now();
    // The service notices the closed connection a moment later.
    while post(service.address(), "/v1/exchange", &json!({})).status() == 503 {
        assert!(since.elapsed() < Duration::from_secs(10), "its place is still taken");
    }
}
