//! Listens on a free port of 127.0.0.1, and reads requests within limits. A caller that is slow,
//! sends too much or opens too many connections is cut off.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use crate::serve::connections::{Admitted, Connection, Connections, Phase};
use crate::serve::descriptors;

/// The most open connections. When there are more, the one that has waited longest for its caller
/// is closed.
const MAX_CONNECTIONS: usize = 512;
/// The longest head, in bytes. The largest header is a secret of this program.
const MAX_HEAD: usize = 16 << 10;
/// The longest body, in bytes. No protocol here needs one.
const MAX_BODY: usize = 16 << 10;
/// Time limit for the head of a request, and for the next request to begin.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// Time limit for the body.
const BODY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often overdue connections are looked for.
const SWEEP: Duration = Duration::from_secs(1);

/// What answers the requests.
pub(super) trait Answers: 'static {
    /// Answers a request that was read completely.
    fn answer(self: Arc<Self>, request: Request<Bytes>) -> impl Future<Output = Response<Bytes>> + Send;
}

/// Takes a free port.
pub(super) async fn bind() -> io::Result<TcpListener> {
    TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).await
}

/// Answers requests until this is dropped.
pub(super) async fn serve<A: Answers + Send + Sync>(listener: TcpListener, answers: Arc<A>) {
    let limit = usize::try_from(descriptors::raise(2 * MAX_CONNECTIONS as u64)).unwrap_or(usize::MAX) / 2;
    let connections = Arc::new(Connections::new(MAX_CONNECTIONS.min(limit)));
    let accept = async {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    // Without a place all connections wait for an answer, and this one is closed.
                    let Some(admitted) = connections.admit() else { continue };
                    stream.set_nodelay(true).ok();
                    tokio::spawn(converse(stream, admitted, Arc::clone(&answers)));
                }
                Err(_) => {
                    // Most often there are too many open files. Closing a connection mends that.
                    connections.close_longest_waiting();
                    sleep(Duration::from_millis(10)).await;
                }
            }
        }
    };
    let sweep = async {
        loop {
            sleep(SWEEP).await;
            connections.close_overdue();
        }
    };
    tokio::join!(accept, sweep);
}

async fn converse<A: Answers + Send + Sync>(stream: TcpStream, admitted: Admitted, answers: Arc<A>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT).max_buf_size(MAX_HEAD);
    let connection = Arc::clone(&admitted.connection);
    let service = service_fn(move |request| {
        let (answers, connection) = (Arc::clone(&answers), Arc::clone(&connection));
        async move { Ok::<_, Infallible>(respond(answers, connection, request).await) }
    });
    tokio::select! {
        biased;
        () = admitted.connection.closed() => {}
        // The caller has seen an error of its connection itself.
        _ = http.serve_connection(TokioIo::new(stream), service) => {}
    }
}

async fn respond<A: Answers>(
    answers: Arc<A>,
    connection: Arc<Connection>,
    request: Request<Incoming>,
) -> Response<Full<Bytes>> {
    connection.enter(Phase::Body);
    let (head, body) = request.into_parts();
    let response = match timeout(BODY_TIMEOUT, Limited::new(body, MAX_BODY).collect()).await {
        Ok(Ok(body)) => {
            connection.enter(Phase::Answer);
            answers.answer(Request::from_parts(head, body.to_bytes())).await
        }
        Ok(Err(_)) => refusal(StatusCode::BAD_REQUEST, "The request body is malformed or too long"),
        Err(_) => refusal(StatusCode::REQUEST_TIMEOUT, "The request body did not arrive in time"),
    };
    response.map(|bytes| Full::new(Bytes::from_owner(connection.sending(bytes, ()))))
}

/// A response of the host's own, in the form of the endpoints. Closes the connection, because the
/// rest of the body would be read as the next request.
fn refusal(status: StatusCode, message: &str) -> Response<Bytes> {
    let mut response = failure(status, message);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A response of the host's own, in the form of the endpoints.
pub(super) fn failure(status: StatusCode, message: &str) -> Response<Bytes> {
    let body = serde_json::json!({
        "statusCode": status.as_u16(), "message": message, "error": "broker", "error_description": message,
    });
    let mut response = Response::new(body.to_string().into());
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(http::header::CONTENT_TYPE, json);
    response
}
