//! An HTTP proxy that opens tunnels (RFC 9110 §9.3.6) and records their destinations.

use std::io::{self, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::http::Message;

/// A proxy that runs until the test ends.
pub struct Proxy {
    address: String,
    opened: Arc<Mutex<Vec<String>>>,
}

impl Default for Proxy {
    fn default() -> Self {
        Self::start()
    }
}

impl Proxy {
    /// Starts a proxy on a free port. It connects to the requested destinations.
    pub fn start() -> Self {
        Self::tunnelling(None)
    }

    /// Starts a proxy that connects to the server at this URL, whatever the requested destination
    /// is.
    pub fn leading_to(url: &str) -> Self {
        Self::tunnelling(url.split_once("://").map(|(_, address)| address.to_owned()))
    }

    fn tunnelling(leads_to: Option<String>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = listener.local_addr().expect("it is bound").to_string();
        let opened = Arc::new(Mutex::new(Vec::new()));
        let notes = Arc::clone(&opened);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (notes, leads_to) = (Arc::clone(&notes), leads_to.clone());
                thread::spawn(move || tunnel(stream, leads_to, &notes));
            }
        });
        Self { address, opened }
    }

    /// The value for `HTTPS_PROXY`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The destinations of the tunnels so far, as `host:port`.
    pub fn opened(&self) -> Vec<String> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn tunnel(client: TcpStream, leads_to: Option<String>, notes: &Mutex<Vec<String>>) -> io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let Some(request) = Message::read(&mut reader)? else { return Ok(()) };
    let destination =
        request.first.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap_or_default();
    notes.lock().unwrap_or_else(PoisonError::into_inner).push(destination.to_owned());
    let server = TcpStream::connect(leads_to.as_deref().unwrap_or(destination))?;
    (&client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client);
    let back = thread::spawn(move || {
        io::copy(&mut from_server, &mut to_client).ok();
        to_client.shutdown(Shutdown::Both).ok();
    });
    io::copy(&mut reader, &mut &server).ok();
    server.shutdown(Shutdown::Both).ok();
    back.join().ok();
    Ok(())
}
