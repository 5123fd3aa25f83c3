//! A thread that speaks HTTP/1.1 on the connections it is given and runs the component for them. There is one for each processor;
//! a connection stays with its thread.

use std::io;
use std::net::TcpStream as Accepted;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};

use super::request::{self, Desk};

/// For the head of a request to arrive whole, and for the next one to begin; less when a request as a whole has less.
const HEAD: Duration = Duration::from_secs(30);
/// The longest head, in bytes: a token of the largest size that CI systems have fits many times.
const MAX_HEAD: usize = 64 << 10;
/// How often a thread shows that it is not stuck.
pub(super) const BEAT: Duration = Duration::from_secs(1);

/// A connection, and its place among those that may be open.
type Connection = (Accepted, OwnedSemaphorePermit);

/// The other end of a thread.
pub(super) struct Worker {
    connections: mpsc::UnboundedSender<Connection>,
    /// Counts up while the thread is not stuck.
    beats: Arc<AtomicU64>,
}

impl Worker {
    /// Starts a thread. `ending` says when connections are to be closed after the request that is under way.
    pub(super) fn start(desk: Arc<Desk>, ending: watch::Receiver<bool>) -> io::Result<Self> {
        let (connections, given) = mpsc::unbounded_channel();
        let beats = Arc::new(AtomicU64::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let heart = Arc::clone(&beats);
        let work = move || {
            runtime.block_on(async {
                tokio::spawn(beat(heart));
                serve(desk, given, ending).await;
            });
        };
        thread::Builder::new().name("worker".to_owned()).spawn(work)?;
        Ok(Self { connections, beats })
    }

    /// Hands over a connection. One that cannot be handed over is closed.
    pub(super) fn give(&self, connection: Connection) {
        self.connections.send(connection).ok();
    }

    /// How often it has shown that it is not stuck.
    pub(super) fn beats(&self) -> u64 {
        self.beats.load(Relaxed)
    }
}

async fn beat(beats: Arc<AtomicU64>) {
    loop {
        beats.fetch_add(1, Relaxed);
        tokio::time::sleep(BEAT).await;
    }
}

async fn serve(desk: Arc<Desk>, mut given: mpsc::UnboundedReceiver<Connection>, ending: watch::Receiver<bool>) {
    while let Some((stream, place)) = given.recv().await {
        let (desk, ending) = (Arc::clone(&desk), ending.clone());
        tokio::spawn(async move {
            if let Ok(stream) = TcpStream::from_std(stream) {
                converse(stream, desk, ending).await;
            }
            drop(place);
        });
    }
}

/// A caller who hangs up or speaks no HTTP has been told by the connection itself, and is nobody's concern else.
async fn converse(stream: TcpStream, desk: Arc<Desk>, mut ending: watch::Receiver<bool>) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD.min(desk.time)).max_buf_size(MAX_HEAD);
    let service = service_fn(move |request| request::answer(Arc::clone(&desk), request));
    let mut connection = std::pin::pin!(http.serve_connection(TokioIo::new(stream), service));
    tokio::select! {
        _ = connection.as_mut() => return,
        // An error means that the whole program ends.
        _ = ending.wait_for(|ending| *ending) => connection.as_mut().graceful_shutdown(),
    }
    connection.await.ok();
}
