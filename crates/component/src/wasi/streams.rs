//! Standard streams and message bodies: reading to the end within a limit, writing whole.

use crate::bindings::wasi::cli::{stderr::get_stderr, stdin::get_stdin, stdout::get_stdout};
use crate::bindings::wasi::io::streams::{InputStream, OutputStream, StreamError};

const CHUNK: u64 = 64 * 1024;

/// Why a stream could not be read whole.
#[derive(Debug, PartialEq, Eq)]
pub enum ReadError {
    /// It is longer than allowed.
    TooLong,
    /// It broke.
    Broken,
}

/// Reads standard input to its end, at most `limit` bytes.
pub fn read_stdin(limit: usize) -> Result<Vec<u8>, ReadError> {
    read(&get_stdin(), limit)
}

/// Reads a stream to its end, at most `limit` bytes.
pub fn read(stream: &InputStream, limit: usize) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    loop {
        match stream.blocking_read(CHUNK) {
            Ok(chunk) => bytes.extend_from_slice(&chunk),
            Err(StreamError::Closed) => return Ok(bytes),
            Err(StreamError::LastOperationFailed(_)) => return Err(ReadError::Broken),
        }
        if bytes.len() > limit {
            return Err(ReadError::TooLong);
        }
    }
}

/// Writes to standard output. False when nobody reads it.
pub fn print(bytes: &[u8]) -> bool {
    write(&get_stdout(), bytes)
}

/// Writes to standard error; there is nothing to do when nobody reads it.
pub fn note(bytes: &[u8]) {
    write(&get_stderr(), bytes);
}

/// Writes all bytes. False when the stream ended before.
pub fn write(stream: &OutputStream, bytes: &[u8]) -> bool {
    let mut rest = bytes;
    while !rest.is_empty() {
        // As much as the host takes, and not in pages of 4 KiB each of which it hands on before the next.
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
