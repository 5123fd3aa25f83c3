//! The nine floods. Each runs until a point in time, and ignores what happens to its connections.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::good::post;

/// Whom to flood.
pub(super) struct Target {
    pub(super) address: String,
    /// A good ID token, to make bad ones from.
    pub(super) token: String,
}

type Flood = fn(&Target, Instant);

/// All floods by their names.
pub(super) const FLOODS: [(&str, Flood); 9] = [
    ("slow headers", slow_headers),
    ("slow bodies", slow_bodies),
    ("no reading", no_reading),
    ("pipelining", pipelining),
    ("largest bodies", largest_bodies),
    ("fake tokens", fake_tokens),
    ("connection churn", connection_churn),
    ("TLS garbage", tls_garbage),
    ("bad chunks", bad_chunks),
];

const SLOW_CONNECTIONS: usize = 500;
const UNREAD_CONNECTIONS: usize = 256;
const THREADS: usize = 16;
/// The service's limit.
const LARGEST_BODY: usize = 256 << 10;
const JSON: &str = "host: localhost\r\ncontent-type: application/json\r\n";

fn slow_headers(target: &Target, until: Instant) {
    slowly(target, until, b"POST /v1/check HTTP/1.1\r\nhost: localhost\r\nx: ");
}

fn slow_bodies(target: &Target, until: Instant) {
    let fixed = format!("POST /v1/check HTTP/1.1\r\n{JSON}content-length: {LARGEST_BODY}\r\n\r\n");
    slowly(target, until, fixed.as_bytes());
}

/// Keeps many connections open and sends a byte on each now and then.
fn slowly(target: &Target, until: Instant, start: &[u8]) {
    let mut connections: Vec<Option<TcpStream>> = (0..SLOW_CONNECTIONS).map(|_| None).collect();
    while Instant::now() < until {
        for connection in &mut connections {
            let is_open = connection.as_mut().is_some_and(|stream| stream.write(b"x").is_ok());
            if !is_open {
                *connection = connect(target).and_then(|mut stream| {
                    stream.write_all(start).ok()?;
                    stream.set_nonblocking(true).ok()?;
                    Some(stream)
                });
            }
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn no_reading(target: &Target, until: Instant) {
    let request = "GET /openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(50);
    let mut connections: Vec<Option<TcpStream>> = (0..UNREAD_CONNECTIONS).map(|_| None).collect();
    while Instant::now() < until {
        for connection in &mut connections {
            let is_open = connection.as_mut().is_some_and(|stream| match stream.write(request.as_bytes()) {
                Ok(_) => true,
                Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
            });
            if !is_open {
                *connection = connect(target).filter(|stream| stream.set_nonblocking(true).is_ok());
            }
        }
        thread::sleep(Duration::from_millis(50));
    }
}

fn pipelining(target: &Target, until: Instant) {
    let request = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100);
    in_threads(until, |until| {
        let Some(mut stream) = connect(target) else { return };
        let Ok(mut reader) = stream.try_clone() else { return };
        thread::scope(|scope| {
            scope.spawn(move || drain(&mut reader));
            while Instant::now() < until && stream.write_all(request.as_bytes()).is_ok() {}
            stream.shutdown(Shutdown::Both).ok();
        });
    });
}

fn largest_bodies(target: &Target, until: Instant) {
    let text = "AADSTS700213: ".repeat((LARGEST_BODY - 100) / 14);
    let request = post("/v1/explain", "connection: close\r\n", &format!("{{\"text\":\"{text}\"}}"));
    in_threads(until, |_| ask(target, &request));
}

fn fake_tokens(target: &Target, until: Instant) {
    // Another payload under the same signature, and an issuer that is not allowed.
    let segments: Vec<&str> = target.token.split('.').collect();
    let forged = format!("{}.{}.{}", segments[0], segments[1], "A".repeat(segments[2].len()));
    let foreign = format!("{}.{}.{}", segments[0], "eyJpc3MiOiJodHRwczovL2V4YW1wbGUuY29tIn0", segments[2]);
    let requests = [forged, foreign].map(|token| {
        let headers = format!("authorization: Bearer {token}\r\nconnection: close\r\n");
        post("/v1/exchange", &headers, "{}")
    });
    in_threads(until, |_| requests.iter().for_each(|request| ask(target, request)));
}

fn connection_churn(target: &Target, until: Instant) {
    in_threads(until, |_| {
        drop(connect(target));
        if let Some(mut stream) = connect(target) {
            stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").ok();
        }
    });
}

fn tls_garbage(target: &Target, until: Instant) {
    let mut hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec();
    hello.extend((0..506_u32).map(|number| u8::try_from(number * 7 % 256).unwrap_or_default()));
    in_threads(until, |_| ask(target, &hello));
}

fn bad_chunks(target: &Target, until: Instant) {
    let request = format!("POST /v1/check HTTP/1.1\r\n{JSON}transfer-encoding: chunked\r\n\r\n2\r\n{{}}no chunk\r\n");
    in_threads(until, |_| ask(target, request.as_bytes()));
}

fn in_threads(until: Instant, attack: impl Fn(Instant) + Sync) {
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while Instant::now() < until {
                    attack(until);
                }
            });
        }
    });
}

/// Sends a request and reads until the service closes the connection.
fn ask(target: &Target, request: &[u8]) {
    if let Some(mut stream) = connect(target) {
        stream.write_all(request).ok();
        drain(&mut stream);
    }
}

fn drain(stream: &mut TcpStream) {
    let mut buffer = [0; 16 << 10];
    while stream.read(&mut buffer).is_ok_and(|read| read > 0) {}
}

fn connect(target: &Target) -> Option<TcpStream> {
    let Ok(stream) = TcpStream::connect(&target.address) else {
        // No ports or descriptors are left: a moment later there are.
        thread::sleep(Duration::from_millis(10));
        return None;
    };
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream.set_write_timeout(Some(Duration::from_secs(5))).ok()?;
    Some(stream)
}
