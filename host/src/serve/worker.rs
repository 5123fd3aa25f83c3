//! A thread that serves HTTP/1.1 connections. There is one for each processor, and a connection
//! stays on its thread.

use std::future::pending;
use std::io;
use std::sync::Arc;
use std::thread;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::bounds::{HEAD_TIMEOUT, MAX_HEAD};
use super::connections::{Admitted, Connections};
use super::request::{self, ServeContext};

/// Connections that a thread has not begun to serve. The others wait in the system's queue.
const QUEUE: usize = 16;

/// An accepted connection.
pub(super) struct Accepted {
    pub(super) stream: std::net::TcpStream,
    /// Closes the connection after its current request when the service shuts down.
    pub(super) watcher: Watcher,
}

/// A handle to a worker thread.
pub(super) struct Worker {
    accepted: mpsc::Sender<Accepted>,
}

impl Worker {
    /// Starts a thread.
    pub(super) fn start(context: Arc<ServeContext>, connections: Arc<Connections>) -> io::Result<Self> {
        let (accepted, receiver) = mpsc::channel(QUEUE);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        thread::Builder::new()
            .name("worker".to_owned())
            .spawn(move || runtime.block_on(serve(context, connections, receiver)))?;
        Ok(Self { accepted })
    }

    /// Hands a connection to the thread, and waits while the thread is behind. The connection is
    /// closed if the thread has ended.
    pub(super) async fn handle(&self, accepted: Accepted) {
        self.accepted.send(accepted).await.ok();
    }
}

async fn serve(context: Arc<ServeContext>, connections: Arc<Connections>, mut accepted: mpsc::Receiver<Accepted>) {
    while let Some(Accepted { stream, watcher }) = accepted.recv().await {
        // Only now: a connection must not be closed because this thread was behind. Without a place
        // all connections wait for the component, and this one can only be closed.
        let (Some(admitted), Ok(stream)) = (connections.admit(), TcpStream::from_std(stream)) else { continue };
        tokio::spawn(serve_connection(Arc::clone(&context), stream, admitted, watcher));
    }
    pending::<()>().await;
}

async fn serve_connection(context: Arc<ServeContext>, stream: TcpStream, admitted: Admitted, watcher: Watcher) {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_TIMEOUT.min(context.timeout)).max_buf_size(MAX_HEAD);
    let connection = Arc::clone(&admitted.connection);
    let service = service_fn(move |request| request::answer(Arc::clone(&context), Arc::clone(&connection), request));
    tokio::select! {
        biased;
        () = admitted.connection.closed() => {}
        // Connection errors are ignored: the client has seen them already.
        _ = watcher.watch(http.serve_connection(TokioIo::new(stream), service)) => {}
    }
}
