//! Tests the start and the end of the native service.

use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use azure_oidc_emulator::Injection;
use azure_oidc_emulator::injections::Kind;
use azure_oidc_tests::http::send;
use azure_oidc_tests::serve::Serve;
use azure_oidc_tests::{Job, Stage};
use serde_json::json;

use crate::limits::{busy, exchange_again, trading};

/// Much less than the default time that it waits for requests.
const SOON: Duration = Duration::from_secs(15);

#[test]
fn it_prints_its_address_and_whether_it_trades() {
    let stage = Stage::new();
    let (plain, trading) = (Serve::start(&[], &[]), trading(&stage, &[]));
    assert_eq!(plain.ready(), &json!({ "listening": format!("http://{}", plain.address()), "exchange": false }));
    assert_eq!(trading.ready()["exchange"], true);
    assert!(!plain.address().ends_with(":0"), "the port is the real one");
}

#[test]
fn a_signal_stops_it_at_once_without_running_requests() {
    for signal in ["TERM", "INT"] {
        let service = Serve::start(&[], &[]);
        // An idle connection is not a request in progress.
        let idle = TcpStream::connect(service.address()).unwrap();
        assert_eq!(send(service.address(), "GET", "/healthz", &[], "").status(), 200);
        let since = Instant::now();
        service.signal(signal);
        let ended = service.finish();
        assert_eq!(ended.code, 0, "{signal}: {}", ended.stderr);
        assert!(since.elapsed() < SOON, "{signal}: {:?}", since.elapsed());
        drop(idle);
    }
}

#[test]
fn running_requests_are_finished_and_new_ones_refused() {
    let stage = Stage::new();
    stage.inject(Injection { milliseconds: Some(2000), ..Injection::new(Kind::Delay) });
    let service = trading(&stage, &["--max-concurrency", "1"]);
    let address = service.address().to_owned();
    let ended = thread::scope(|scope| {
        let traded = scope.spawn(|| exchange_again(&address, &stage.id_token()));
        busy(&address);
        service.signal("TERM");
        let since = Instant::now();
        while TcpStream::connect(&address).is_ok() {
            assert!(since.elapsed() < Duration::from_secs(1), "it still takes connections");
        }
        let answer = traded.join().unwrap();
        assert_eq!(answer.status(), 200, "{answer:?}");
        service.finish()
    });
    assert_eq!((ended.code, ended.stderr.lines().count()), (0, 1), "{}", ended.stderr);
}

#[test]
fn the_grace_period_limits_the_wait_for_running_requests() {
    let stage = Stage::new();
    stage.inject(Injection { times: Some(0), ..Injection::new(Kind::Hang) });
    for (arguments, signals) in [(&["--grace", "1s"][..], 1), (&[], 2)] {
        stage.emulator.clear_requests();
        let service = trading(&stage, arguments);
        let mut stream = TcpStream::connect(service.address()).unwrap();
        ask(&mut stream, &stage.id_token());
        stage.wait_for_a_request();
        let since = Instant::now();
        for _ in 0..signals {
            service.signal("TERM");
            // Two signals at the same time count as one.
            while signals == 2 && TcpStream::connect(service.address()).is_ok() {}
        }
        let ended = service.finish();
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert!(ended.stderr.contains("warning: requests were cut off"), "{}", ended.stderr);
        assert!(since.elapsed() < SOON, "{:?}", since.elapsed());
    }
}

fn ask(stream: &mut TcpStream, id_token: &str) {
    let head = "POST /v1/exchange HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n";
    std::io::Write::write_all(stream, format!("{head}authorization: Bearer {id_token}\r\n\r\n{{}}").as_bytes())
        .expect("the service takes the request");
}

#[test]
fn a_start_that_fails_is_reported_before_anything_is_served() {
    let taken = Serve::start(&[], &[]);
    for (arguments, code) in [
        (&["--listen", taken.address()][..], "address-not-usable"),
        (&["--listen", "example.com:80"], "listen-malformed"),
        (&["--max-concurrency", "0"], "max-concurrency-out-of-range"),
        (&["--max-concurrency", "1001"], "max-concurrency-out-of-range"),
        (&["--timeout", "1ms"], "timeout-too-short"),
        (&["--max-compute", "0s"], "max-compute-too-short"),
        (&["--ca-file", "/nonexistent"], "ca-file-unusable"),
        (&["--allow-host", "a b"], "allow-host-malformed"),
    ] {
        let ran = Job::host(&["serve", "--output", "json"]).args(arguments).run().expect(2);
        assert_eq!(ran.error()["code"], code, "{}", ran.printed());
    }
}

#[test]
fn a_stock_host_says_how_it_serves() {
    let ran = azure_oidc_tests::stock::run(&[], &["serve"]).run();
    assert_eq!(ran.code, 1);
    assert!(ran.stderr.contains("wasmtime serve -S cli azure_oidc.wasm"), "{}", ran.stderr);
}
