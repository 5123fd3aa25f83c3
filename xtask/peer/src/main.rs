//! The service without WebAssembly: the component's code compiled natively, behind hyper. It
//! listens on a free port of loopback and prints the address. It does not trade tokens.

use std::convert::Infallible;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use azure_oidc_component::service::{self, Head, Unread};
use azure_oidc_core::ports::fixed::Offline;
use azure_oidc_core::ports::{Clock, Ports};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

/// No variables and no network.
static OFFLINE: Offline = Offline { now: 0 };

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread().enable_io().build()?.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        println!("http://{}", listener.local_addr()?);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)));
        }
    })
}

async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let head = Head {
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        content_type: header(CONTENT_TYPE),
        content_length: header(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
        ..Head::default()
    };
    let body = body.collect().await.map(|body| body.to_bytes().to_vec());
    let mut body = Some(body.map_err(|_| Unread::Cut));
    let ports = Ports { clock: &SystemClock, ..OFFLINE.ports() };
    let reply = service::answer(&head, &mut || body.take().unwrap_or(Err(Unread::Cut)), ports);
    let mut response = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let response = response.body(Full::new(Bytes::from(reply.body)));
    Ok(response.unwrap_or_else(|_| Response::new(Full::default())))
}

/// The clock of this machine.
struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> i64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    }

    fn monotonic(&self) -> Duration {
        static START: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        START.elapsed()
    }

    fn sleep(&self, time: Duration) {
        std::thread::sleep(time);
    }
}
