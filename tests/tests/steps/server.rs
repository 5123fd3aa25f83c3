//! A file server on the loopback interface. It can cut a file short.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, thread};

pub(crate) struct Server {
    pub(crate) address: String,
}

impl Server {
    /// Serves the files of a folder until the process ends. Of files whose name contains `cut`,
    /// only the first half is sent.
    pub(crate) fn start(folder: &Path, cut: Option<&'static str>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let folder: Arc<PathBuf> = Arc::new(folder.to_owned());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let folder = Arc::clone(&folder);
                thread::spawn(move || answer(&stream, &folder, cut));
            }
        });
        Self { address }
    }
}

/// Answers one request. Errors mean that the client has gone.
fn answer(mut stream: &TcpStream, folder: &Path, cut: Option<&str>) -> Option<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next()?.ok()?;
    lines.map_while(Result::ok).find(String::is_empty)?;
    let path = request.split(' ').nth(1)?.trim_start_matches('/').to_owned();
    let Ok(bytes) = fs::read(folder.join(&path)) else {
        return write!(stream, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
    };
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", bytes.len()).ok()?;
    let is_cut = cut.is_some_and(|cut| path.contains(cut));
    stream.write_all(&bytes[..if is_cut { bytes.len() / 2 } else { bytes.len() }]).ok()
}
