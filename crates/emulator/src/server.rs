//! Listens, and serves routes over TLS, over plain HTTP and over a Unix socket.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener as StdListener};
use std::sync::Arc;

use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use crate::routes;
use crate::state::EmulatorState;

/// Sockets that are bound and not served yet.
pub(crate) struct Sockets {
    tls: Vec<StdListener>,
    plain: StdListener,
}

impl Sockets {
    /// Binds the https port and a free port for plain HTTP.
    pub(crate) fn bind(listen: IpAddr, port: u16) -> io::Result<Self> {
        Ok(Self { tls: bind(listen, port)?, plain: StdListener::bind((Ipv4Addr::LOCALHOST, 0))? })
    }

    /// The https port.
    pub(crate) fn port(&self) -> io::Result<u16> {
        Ok(self.tls[0].local_addr()?.port())
    }

    /// The address for plain HTTP.
    pub(crate) fn plain(&self) -> io::Result<SocketAddr> {
        self.plain.local_addr()
    }

    /// Serves all sockets in tasks of the current runtime.
    pub(crate) fn serve(self, acceptor: &TlsAcceptor, state: &Arc<EmulatorState>) -> io::Result<()> {
        for tcp in self.tls {
            let (acceptor, handshakes) = (acceptor.clone(), JoinSet::new());
            let listener = TlsListener { tcp: asynchronous(tcp)?, acceptor, handshakes };
            tokio::spawn(axum::serve(listener, routes::over_tls(state)).into_future());
        }
        tokio::spawn(axum::serve(asynchronous(self.plain)?, routes::plain(state)).into_future());
        #[cfg(unix)]
        if let Some(socket) = &state.addresses.socket {
            // An emulator that was killed can have left its socket in a directory that is kept.
            let _ = std::fs::remove_file(socket);
            let listener = tokio::net::UnixListener::bind(socket)?;
            tokio::spawn(axum::serve(listener, routes::plain(state)).into_future());
        }
        Ok(())
    }
}

/// Accepts TLS connections. `axum::serve` has no TLS of its own.
///
/// Handshakes run in tasks, so that a client that sends nothing does not delay the others.
struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
    handshakes: JoinSet<io::Result<TlsStream<TcpStream>>>,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = ();

    async fn accept(&mut self) -> (Self::Io, ()) {
        loop {
            tokio::select! {
                (stream, _) = Listener::accept(&mut self.tcp) => {
                    let _ = stream.set_nodelay(true);
                    self.handshakes.spawn(self.acceptor.accept(stream));
                }
                // The client reports a failed handshake; often it does not trust the certificate.
                Some(done) = self.handshakes.join_next() => if let Ok(Ok(stream)) = done {
                    return (stream, ());
                },
            }
        }
    }

    fn local_addr(&self) -> io::Result<()> {
        Ok(())
    }
}

/// Some clients resolve `localhost` to 127.0.0.1, others to ::1, so both have the same port.
fn bind(listen: IpAddr, port: u16) -> io::Result<Vec<StdListener>> {
    const ATTEMPTS: usize = 20;
    let mut taken = None;
    for _ in 0..ATTEMPTS {
        let first = StdListener::bind(SocketAddr::new(listen, port))?;
        if listen != Ipv4Addr::LOCALHOST {
            return Ok(vec![first]);
        }
        match StdListener::bind((Ipv6Addr::LOCALHOST, first.local_addr()?.port())) {
            Ok(second) => return Ok(vec![first, second]),
            // Another program has this port there and would get our requests.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => taken = Some(error),
            Err(_) => return Ok(vec![first]),
        }
        if port != 0 {
            break;
        }
    }
    Err(taken.unwrap_or_else(|| io::ErrorKind::AddrInUse.into()))
}

fn asynchronous(listener: StdListener) -> io::Result<TcpListener> {
    listener.set_nonblocking(true)?;
    TcpListener::from_std(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_means_both_families_on_one_port() {
        let listeners = bind(Ipv4Addr::LOCALHOST.into(), 0).unwrap();
        let mut ports: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect();
        ports.dedup();
        assert_eq!(ports.len(), 1);
    }
}
