//! Reads and writes whole streams: standard streams and bodies of HTTP messages.

use std::time::Duration;

use ::wasi::cli::{stderr::get_stderr, stdin::get_stdin, stdout::get_stdout};
use ::wasi::clocks::monotonic_clock::subscribe_duration;
use ::wasi::io::poll::poll;
use ::wasi::io::streams::{InputStream, OutputStream, StreamError};

const CHUNK: u64 = 64 * 1024;

/// Why a stream could not be read to its end.
#[derive(Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It is longer than the limit.
    TooLong,
    /// It ended with an error.
    Broken,
    /// It did not end in time.
    TooSlow,
}

/// Reads standard input to its end, at most `limit` bytes, in at most this time.
pub fn read_stdin(limit: usize, time: Duration) -> Result<Vec<u8>, ReadError> {
    read(&get_stdin(), limit, time)
}

/// Reads a stream to its end, at most `limit` bytes, in at most this time.
pub fn read(stream: &InputStream, limit: usize, time: Duration) -> Result<Vec<u8>, ReadError> {
    let mut deadline = None;
    let mut bytes = Vec::new();
    loop {
        match stream.read(CHUNK) {
            Ok(chunk) if chunk.is_empty() => {
                let deadline = deadline.get_or_insert_with(|| subscribe_duration(super::nanoseconds(time)));
                if poll(&[deadline, &stream.subscribe()]).contains(&0) {
                    return Err(ReadError::TooSlow);
                }
            }
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(ReadError::Broken),
        }
        if bytes.len() > limit {
            return Err(ReadError::TooLong);
        }
    }
}

/// Writes to standard output. Returns false if the stream was closed.
pub fn print(bytes: &[u8]) -> bool {
    write(&get_stdout(), bytes)
}

/// Writes to standard error and ignores a closed stream, because nothing is left to report it to.
pub fn note(bytes: &[u8]) {
    write(&get_stderr(), bytes);
}

/// Writes all bytes. Returns false if the stream was closed before the end.
pub fn write(stream: &OutputStream, bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while !rest.is_empty() {
        // `blocking-write-and-flush` would take 4 KiB at most and flush each time.
        let Ok(room) = stream.check_write() else { return false };
        if room == 0 {
            stream.subscribe().block();
            continue;
        }
        let (now, later) = rest.split_at(rest.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
        if stream.write(now).is_err() {
            return false;
        }
        rest = later;
    }
    stream.blocking_flush().is_ok()
}
