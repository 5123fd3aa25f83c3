//! Serves plain HTTP on loopback and forwards to the emulator, for hosts that cannot be given the
//! emulator's certificate.

use std::io::{self, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use azure_oidc_emulator::Running;
use azure_oidc_emulator::client::Client;

use crate::http::Message;

/// A relay that runs until the test ends.
pub struct Relay {
    url: String,
}

impl Relay {
    /// Starts a relay to this emulator on a free port.
    pub fn before(emulator: &Running) -> Self {
        let client = Client::trusting(emulator.ca_file()).unwrap_or_else(|error| panic!("{error}"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let url = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (client, base) = (Arc::new(client), emulator.url().to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (client, base) = (Arc::clone(&client), base.clone());
                thread::spawn(move || relay(stream, &client, &base));
            }
        });
        Self { url }
    }

    /// The authority of the relay: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

fn relay(stream: TcpStream, client: &Client, base: &str) -> io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    while let Some(message) = Message::read(&mut reader)? {
        let mut words = message.first.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut request = http::Request::builder().method(method).uri(format!("{base}{path}"));
        for (name, value) in message.headers.iter().filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str())) {
            request = request.header(name, value);
        }
        let body = String::from_utf8_lossy(&message.body).into_owned();
        let answer = client.send(request.body(body).map_err(io::Error::other)?)?;
        let mut head = format!("HTTP/1.1 {}\r\ncontent-length: {}\r\n", answer.status(), answer.body().len());
        for (name, value) in answer.headers().iter().filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str())) {
            head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
        }
        (&stream).write_all(format!("{head}\r\n").as_bytes())?;
        (&stream).write_all(answer.body())?;
    }
    Ok(())
}

/// Headers that belong to the connection and are not forwarded (RFC 9110 §7.6.1).
const OF_THE_CONNECTION: [&str; 5] = ["host", "connection", "content-length", "transfer-encoding", "keep-alive"];
