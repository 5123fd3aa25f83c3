//! A load generator: each connection sends the same request again as soon as it has the answer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// The time of each request.
pub(crate) type Times = Vec<Duration>;

/// When to stop.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After this number of requests on each connection.
    Sent(usize),
}

/// Sends requests to `host:port`. Each answer must have status 200.
pub(crate) fn run(address: &str, request: &[u8], connections: usize, until: Until) -> Result<Times> {
    thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(|| connection(address, request, until))).collect();
        let mut all = Times::new();
        for thread in threads {
            all.extend(thread.join().map_err(|_| anyhow::anyhow!("a connection panicked"))??);
        }
        Ok(all)
    })
}

fn connection(address: &str, request: &[u8], until: Until) -> Result<Times> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let (mut times, mut body, start) = (Times::new(), Vec::new(), Instant::now());
    loop {
        let is_over = match until {
            Until::Elapsed(time) => start.elapsed() >= time,
            Until::Sent(count) => times.len() >= count,
        };
        if is_over {
            return Ok(times);
        }
        let since = Instant::now();
        stream.write_all(request)?;
        answer(&mut reader, &mut body)?;
        times.push(since.elapsed());
    }
}

/// Reads an answer with `Content-Length` or in chunks (RFC 9112 §7.1).
pub(crate) fn answer(reader: &mut impl BufRead, body: &mut Vec<u8>) -> Result<()> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    ensure!(line.starts_with("HTTP/1.1 200 "), "the answer was: {line}");
    let mut length = None;
    loop {
        line.clear();
        ensure!(reader.read_line(&mut line)? > 0, "the answer ended early");
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse()?);
        }
    }
    if let Some(length) = length {
        return read(reader, body, length);
    }
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        let length = usize::from_str_radix(line.trim_end(), 16).context("a chunk has no length")?;
        read(reader, body, length + 2)?;
        if length == 0 {
            return Ok(());
        }
    }
}

fn read(reader: &mut impl Read, body: &mut Vec<u8>, length: usize) -> Result<()> {
    body.resize(length, 0);
    Ok(reader.read_exact(body)?)
}
