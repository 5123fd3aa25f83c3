//! A file that lines are appended to.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::sandbox::Publication;

/// A file that is open for appending.
#[derive(Debug)]
pub(super) struct Appended {
    /// The variable that names the file; none if the command line does.
    pub(super) variable: Option<&'static str>,
    pub(super) path: PathBuf,
    file: File,
    /// Whether opening created the file and nothing was written to it. It is removed when dropped.
    is_unused: bool,
}

impl Appended {
    /// Opens the file, or creates it for its owner only. The mode of an existing file stays as it
    /// is.
    pub(super) fn open(variable: Option<&'static str>, path: PathBuf) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.append(true);
        let (file, is_unused) = match options.open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                options.create(true);
                #[cfg(unix)]
                std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
                (options.open(&path)?, true)
            }
            opened => (opened?, false),
        };
        Ok(Self { variable, path, file, is_unused })
    }

    pub(super) fn is_target_of(&self, publication: &Publication) -> bool {
        match &publication.variable {
            Some(variable) => self.variable == Some(variable),
            None => self.variable.is_none() && self.path == Path::new(&publication.path),
        }
    }

    /// Appends whole lines in one write, so that lines of other processes cannot come between them.
    /// If only a part fits, the file is cut back to its old length.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let mut text = Vec::with_capacity(lines.len() + 1);
        if last_line_is_unfinished(&self.path) {
            text.push(b'\n');
        }
        text.extend(lines);
        let written = self.file.write(&text)?;
        if written == text.len() {
            self.is_unused = false;
            return Ok(());
        }
        if let Ok(metadata) = self.file.metadata()
            && metadata.is_file()
        {
            self.file.set_len(metadata.len().saturating_sub(written as u64))?;
        }
        let message = format!("only {written} of {} bytes could be written", text.len());
        Err(io::Error::new(io::ErrorKind::WriteZero, message))
    }
}

impl Drop for Appended {
    fn drop(&mut self) {
        let is_empty = || self.file.metadata().is_ok_and(|metadata| metadata.len() == 0);
        // Behind a symbolic link, the file was created and not the link.
        if self.is_unused
            && is_empty()
            && let Ok(path) = self.path.canonicalize()
        {
            std::fs::remove_file(path).ok();
        }
    }
}

/// Whether the file's last line has no line end. An unreadable file counts as well-formed.
fn last_line_is_unfinished(path: &Path) -> bool {
    let last_byte = || {
        let mut file = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|metadata| metadata.is_file()))?;
        file.seek(SeekFrom::End(-1)).ok()?;
        let mut last = [0];
        file.read_exact(&mut last).ok()?;
        Some(last[0])
    };
    last_byte().is_some_and(|last| last != b'\n')
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixDatagram;

    #[test]
    fn all_lines_of_a_publication_are_written_at_once() {
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let (file, path) = (File::from(OwnedFd::from(ours)), "/nonexistent".into());
        let mut output = Appended { variable: None, path, file, is_unused: false };
        output.append(b"A=1\nB=2\n").unwrap();
        // One write is one datagram.
        let mut received = [0; 64];
        let length = theirs.recv(&mut received).unwrap();
        assert_eq!(&received[..length], b"A=1\nB=2\n");
    }
}
