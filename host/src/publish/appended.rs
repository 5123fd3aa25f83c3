//! Lines that are appended to a file, and taken back when another result cannot be published.
//!
//! Several jobs can append to one file at the same time, and the CI system or a step can replace or
//! delete it. So the file is opened only to write, the writer checks afterwards that the path still
//! names what it wrote, and whoever fails removes its own bytes only.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use super::place::{folder_of, followed, for_owner, is_at, not_a_file, prove_folder};
use crate::deadline::Deadline;

/// How often a file is opened anew because it was replaced or deleted meanwhile.
const ATTEMPTS: usize = 50;
/// How long to wait for a program that locks the file.
const MAX_WAIT: Duration = Duration::from_secs(1);
/// How long to wait for it when lines are taken back: the time may be up, and without the lock they
/// are overwritten.
const MAX_WAIT_AT_THE_END: Duration = Duration::from_millis(100);

/// Lines in a file.
#[derive(Debug)]
pub(super) struct Appended {
    /// The path in the words of the user.
    path: PathBuf,
    /// Where that led to.
    followed: PathBuf,
    file: File,
    was_created: bool,
    /// Where the lines begin in the file.
    start: u64,
    text: Vec<u8>,
}

impl Appended {
    /// Finds out whether lines can be appended to the file, or whether it can be created. Leaves
    /// nothing behind.
    pub(super) fn prove(path: &Path) -> io::Result<()> {
        let path = followed(path)?;
        let appended = fs::metadata(&path).and_then(|metadata| match metadata.is_file() {
            true => OpenOptions::new().append(true).open(&path).map(drop),
            false => Err(not_a_file(metadata.file_type())),
        });
        match appended {
            // Another job can remove the file at any time.
            Err(error) if error.kind() == io::ErrorKind::NotFound => prove_folder(folder_of(&path)).map(drop),
            appended => appended,
        }
    }

    /// Appends whole lines in one write, so that lines of other processes cannot come between them.
    /// A new file is for its owner only; the mode of an existing file stays as it is. If only a part
    /// fits, it is taken back.
    pub(super) fn write(path: &Path, lines: &[u8], deadline: Deadline) -> io::Result<Self> {
        let followed = followed(path)?;
        let (mut file, was_created) = open(&followed, deadline)?;
        let mut text = Vec::with_capacity(lines.len() + 1);
        if last_line_is_unfinished(&mut file) {
            text.push(b'\n');
        }
        text.extend(lines);

        let result = file.write(&text);
        let written = *result.as_ref().unwrap_or(&0);
        let end = file.stream_position().unwrap_or_default();
        let length = text.len();
        text.truncate(written);
        let path = path.to_owned();
        let appended = Self { path, followed, file, was_created, start: end.saturating_sub(written as u64), text };
        if written == length {
            appended.file.unlock().ok();
            return Ok(appended);
        }
        appended.remove();
        Err(result.err().unwrap_or_else(|| {
            let message = format!("only {written} of {length} bytes could be written");
            io::Error::new(io::ErrorKind::WriteZero, message)
        }))
    }

    /// Whether the file that the path names now holds the lines.
    pub(super) fn is_in_place(&self) -> bool {
        let names_the_same = followed(&self.path).is_ok_and(|path| is_at(&self.file, &path));
        names_the_same && self.holds_text()
    }

    /// Removes the lines from the file, and the file if it was created for them and holds nothing
    /// else.
    pub(super) fn take_back(self) {
        self.remove();
    }

    fn remove(&self) {
        let is_locked = lock(&self.file, MAX_WAIT_AT_THE_END);
        let is_at_path = is_at(&self.file, &self.followed);
        if self.holds_text() {
            self.erase(is_locked, is_at_path);
        }
        let is_empty = || self.file.metadata().is_ok_and(|metadata| metadata.len() == 0);
        if self.was_created && is_locked && is_at_path && is_empty() {
            fs::remove_file(&self.followed).ok();
        }
        self.file.unlock().ok();
    }

    /// Cuts the lines off if they are the last ones. Otherwise others have written since, and the
    /// lines are overwritten by empty ones.
    fn erase(&self, is_locked: bool, is_at_path: bool) {
        // The file itself is open for appending only.
        let writable = || OpenOptions::new().write(true).open(&self.followed).ok().filter(|_| is_at_path);
        let is_last = self.file.metadata().is_ok_and(|metadata| metadata.len() == self.end());
        if is_locked && is_last {
            match writable() {
                Some(file) => file.set_len(self.start).ok(),
                None => self.file.set_len(self.start).ok(),
            };
        } else if let Some(mut file) = writable() {
            let empty = vec![b'\n'; self.text.len()];
            file.seek(SeekFrom::Start(self.start)).and_then(|_| file.write_all(&empty)).ok();
        }
    }

    fn end(&self) -> u64 {
        self.start + self.text.len() as u64
    }

    /// Whether the lines are still where they were written. Only the length counts in a file that
    /// cannot be read.
    fn holds_text(&self) -> bool {
        let mut file = &self.file;
        let mut text = vec![0; self.text.len()];
        match file.seek(SeekFrom::Start(self.start)).and_then(|_| file.read_exact(&mut text)) {
            Ok(()) => text == self.text,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => false,
            Err(_) => self.file.metadata().is_ok_and(|metadata| metadata.len() >= self.end()),
        }
    }
}

/// Opens the file or creates it, and locks it against other runs of this program. The path named it
/// after it was locked, so nobody who holds the lock can have removed it before.
fn open(path: &Path, deadline: Deadline) -> io::Result<(File, bool)> {
    for _ in 0..ATTEMPTS {
        let mut options = OpenOptions::new();
        let opened = match options.read(true).append(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => OpenOptions::new().append(true).open(path),
            opened => opened,
        };
        let (file, was_created) = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => match for_owner(&mut options).open(path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                created => (created?, true),
            },
            opened => (opened?, false),
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(not_a_file(metadata.file_type()));
        }
        lock(&file, MAX_WAIT.min(deadline.left()));
        if is_at(&file, path) {
            return Ok((file, was_created));
        }
    }
    Err(io::Error::other("another program keeps replacing it"))
}

/// Locks the file, unless somebody else holds a lock for long: the job itself may do so, and waits
/// for this process. On Windows nobody could write to a locked file.
fn lock(file: &File, patience: Duration) -> bool {
    const PAUSE: Duration = Duration::from_millis(5);
    if cfg!(windows) {
        return true;
    }
    let since = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return true,
            Err(fs::TryLockError::WouldBlock) if since.elapsed() < patience => thread::sleep(PAUSE),
            Err(_) => return false,
        }
    }
}

/// Whether the file's last line has no line end. An unreadable file counts as well-formed.
fn last_line_is_unfinished(file: &mut File) -> bool {
    let mut last = [0];
    let read = file.seek(SeekFrom::End(-1)).and_then(|_| file.read_exact(&mut last));
    read.is_ok() && last != *b"\n"
}
