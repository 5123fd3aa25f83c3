//! Good callers: each keeps its connection, pauses between two requests, and opens a new connection
//! when the service has closed the old one, as every HTTP client does.

use std::collections::BTreeSet;
use std::io::{self, BufReader, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::bench_service::{self, load};

pub(super) const CALLERS: usize = 50;
const PAUSE: Duration = Duration::from_millis(100);
/// After this time a caller gives up.
const TIME_LIMIT: Duration = Duration::from_secs(10);

/// The requests of good callers.
pub(super) struct Requests {
    address: String,
    requests: [Vec<u8>; 4],
}

/// What all callers saw.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) times: Vec<Duration>,
    pub(super) failed: usize,
    /// The first few different reasons.
    pub(super) reasons: BTreeSet<String>,
}

impl Requests {
    pub(super) fn new(address: &str, token: &str) -> Result<Self> {
        let health = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec();
        let explain = post("/v1/explain", "", r#"{"text":"AADSTS700213"}"#);
        let exchange = post("/v1/exchange", &format!("authorization: Bearer {token}\r\n"), "{}");
        let requests = [health, bench_service::request()?, explain, exchange];
        Ok(Self { address: address.to_owned(), requests })
    }
}

pub(super) fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{headers}");
    format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// All callers, for this time.
pub(super) fn run(requests: &Arc<Requests>, time: Duration) -> Seen {
    let until = Instant::now() + time;
    let callers: Vec<_> = (0..CALLERS)
        .map(|number| {
            let requests = Arc::clone(requests);
            thread::spawn(move || call(&requests, number, until))
        })
        .collect();
    let mut all = Seen::default();
    for caller in callers {
        let seen = caller.join().expect("a caller does not panic");
        all.times.extend(seen.times);
        all.failed += seen.failed;
        all.reasons.extend(seen.reasons.into_iter().take(3));
    }
    all
}

fn call(requests: &Requests, number: usize, until: Instant) -> Seen {
    let mut seen = Seen::default();
    let mut connection = None;
    // They do not all begin at once.
    thread::sleep(PAUSE * u32::try_from(number).unwrap_or_default() / u32::try_from(CALLERS).unwrap_or(1));
    // One in ten exchanges tokens.
    let kinds = if number.is_multiple_of(10) { 3..4 } else { 0..3 };
    for kind in kinds.cycle() {
        if Instant::now() > until {
            break;
        }
        let since = Instant::now();
        match ask(&mut connection, &requests.address, &requests.requests[kind]) {
            Ok(()) => seen.times.push(since.elapsed()),
            Err(error) => {
                seen.failed += 1;
                seen.reasons.insert(format!("request {kind}: {error:#}"));
                connection = None;
            }
        }
        thread::sleep(PAUSE);
    }
    seen
}

/// Sends a request, on a new connection if there is none or the service has closed it.
fn ask(connection: &mut Option<BufReader<TcpStream>>, address: &str, request: &[u8]) -> Result<()> {
    if let Some(kept) = connection.as_mut().filter(|kept| is_open(kept.get_ref())) {
        kept.get_mut().write_all(request).ok();
        match load::answer(kept, &mut Vec::new()) {
            Err(error) if error.downcast_ref::<io::Error>().is_some_and(is_closed) => {}
            Err(error) if error.to_string().ends_with("was: ") => {}
            done => return done,
        }
    }
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(TIME_LIMIT))?;
    stream.write_all(request)?;
    let stream = connection.insert(BufReader::new(stream));
    load::answer(stream, &mut Vec::new())
}

/// Whether the service has not closed a kept connection.
fn is_open(stream: &TcpStream) -> bool {
    stream.set_nonblocking(true).ok();
    let peeked = stream.peek(&mut [0]);
    stream.set_nonblocking(false).ok();
    matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

fn is_closed(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof)
}
