//! A thread that serves HTTP/1.1 connections. There is one for each processor, and a connection
//! stays on its thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::sleep;

use super::request::{self, ServeContext};

/// Time limit for the head of a request, and for the next request to begin; less if `--timeout` is
/// less.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest head, in bytes, which is several times the longest token of a CI system.
const MAX_HEAD: usize = 64 << 10;
/// How often a worker that is not blocked counts a heartbeat.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(1);

/// An accepted connection.
pub(super) struct Connection {
    pub(super) stream: std::net::TcpStream,
    /// Counts the connection among the open ones.
    pub(super) permit: OwnedSemaphorePermit,
    /// Closes the connection after its current request when the service shuts down.
    pub(super) watcher: Watcher,
}

/// A handle to a worker thread.
pub(super) struct Worker {
    connections: mpsc::UnboundedSender<Connection>,
    /// Counts up while the thread is not blocked.
    heartbeats: Arc<AtomicU64>,
}

impl Worker {
    /// Starts a thread.
    pub(super) fn start(context: Arc<ServeContext>) -> io::Result<Self> {
        let (connections, receiver) = mpsc::unbounded_channel();
        let heartbeats = Arc::new(AtomicU64::new(0));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let count = Arc::clone(&heartbeats);
        let work = move || {
            runtime.block_on(async {
                tokio::spawn(async move {
                    loop {
                        count.fetch_add(1, Relaxed);
                        sleep(HEARTBEAT).await;
                    }
                });
                serve(context, receiver).await;
            });
        };
        thread::Builder::new().name("worker".to_owned()).spawn(work)?;
        Ok(Self { connections, heartbeats })
    }

    /// Hands a connection to the thread. It is closed if the thread has ended.
    pub(super) fn handle(&self, connection: Connection) {
        self.connections.send(connection).ok();
    }

    /// The number of heartbeats so far.
    pub(super) fn heartbeats(&self) -> u64 {
        self.heartbeats.load(Relaxed)
    }
}

async fn serve(context: Arc<ServeContext>, mut connections: mpsc::UnboundedReceiver<Connection>) {
    while let Some(Connection { stream, permit, watcher }) = connections.recv().await {
        let context = Arc::clone(&context);
        tokio::spawn(async move {
            let _permit = permit;
            let Ok(stream) = TcpStream::from_std(stream) else { return };
            let mut http = http1::Builder::new();
            http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT.min(context.timeout)).max_buf_size(MAX_HEAD);
            let service = service_fn(move |request| request::answer(Arc::clone(&context), request));
            // Connection errors are ignored: the client has seen them already.
            watcher.watch(http.serve_connection(TokioIo::new(stream), service)).await.ok();
        });
    }
}
