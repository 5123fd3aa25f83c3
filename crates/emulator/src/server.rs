//! HTTP/1.1 over TLS: takes connections, reads requests, sends what the routes answer.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use hyper::body::Incoming as Streaming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::body::Answer;
use crate::routes;
use crate::world::World;

/// The largest body that is looked at, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// The largest body for the control plane, where lists of credentials arrive.
const MAX_CONTROL_BODY: usize = 1024 * 1024;
/// Larger bodies are read to their end up to here, so that the client comes to read the answer.
const MAX_DRAINED: usize = 4 * 1024 * 1024;
/// After a connection that could not be taken: too many open files, for instance, which passes.
const PAUSE: Duration = Duration::from_millis(50);

/// A request, read whole.
pub(crate) struct Incoming {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    /// Empty when it was too large.
    pub(crate) body: Bytes,
    /// How many bytes arrived.
    pub(crate) body_bytes: usize,
    pub(crate) too_large: bool,
    /// The fields, when the body is a form by its content type.
    pub(crate) form: Option<Vec<(String, String)>>,
}

/// The connection ends without an answer.
#[derive(Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is cut on purpose")
    }
}

impl std::error::Error for Cut {}

/// Which way a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Door {
    /// TLS: everything.
    Tls,
    /// Plain HTTP or a Unix socket: the token endpoints of platforms that jobs reach in this way.
    Plain,
}

/// Takes TLS connections until the future is dropped.
pub(crate) async fn accept_tls(listener: TcpListener, acceptor: TlsAcceptor, world: Arc<World>) -> Infallible {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let (acceptor, world) = (acceptor.clone(), world.clone());
        tokio::spawn(async move {
            let _ = stream.set_nodelay(true);
            // A client that doesn't trust the authority ends here, and says so itself.
            if let Ok(stream) = acceptor.accept(stream).await {
                converse(stream, Door::Tls, world).await;
            }
        });
    }
}

/// Takes plain connections until the future is dropped.
pub(crate) async fn accept_plain(listener: TcpListener, world: Arc<World>) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(converse(stream, Door::Plain, world.clone()))),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// Takes connections to a Unix socket until the future is dropped.
#[cfg(unix)]
pub(crate) async fn accept_socket(listener: tokio::net::UnixListener, world: Arc<World>) -> Infallible {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(converse(stream, Door::Plain, world.clone()))),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

async fn converse<S>(stream: S, door: Door, world: Arc<World>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request| {
        let world = world.clone();
        async move { answer(request, door, &world).await }
    });
    // A connection that the client or a fault ends is no error of the emulator.
    let _ = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Streaming>, door: Door, world: &World) -> Result<Answer, Cut> {
    let incoming = Incoming::read(request).await.ok_or(Cut)?;
    routes::answer(world, door, &incoming).await
}

impl Incoming {
    /// Reads a request; nothing when the client ends the connection meanwhile.
    async fn read(request: Request<Streaming>) -> Option<Self> {
        let (parts, mut stream) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let limit = if path.starts_with(routes::CONTROL) { MAX_CONTROL_BODY } else { MAX_BODY };
        let mut body = BytesMut::new();
        let mut body_bytes = 0;
        while let Some(frame) = stream.frame().await {
            let Ok(data) = frame.ok()?.into_data() else { continue };
            body_bytes += data.len();
            match body_bytes {
                fits if fits <= limit => body.extend_from_slice(&data),
                drained if drained <= MAX_DRAINED => body.clear(),
                _ => return None,
            }
        }
        let is_form = parts
            .headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok()?.split(';').next())
            .is_some_and(|essence| essence.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"));
        let too_large = body_bytes > limit;
        let body = if too_large { Bytes::new() } else { body.freeze() };
        Some(Self {
            method: parts.method,
            path,
            query: pairs(parts.uri.query().unwrap_or_default().as_bytes()),
            headers: parts.headers,
            form: (is_form && !too_large).then(|| pairs(&body)),
            body,
            body_bytes,
            too_large,
        })
    }

    /// The first header of that name, when it is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The first parameter of that name in the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first field of that name in the form.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.form.as_ref()?.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}
