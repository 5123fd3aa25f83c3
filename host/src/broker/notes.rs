//! Prints lines on standard error without blocking the broker when nobody reads them. A thread of
//! its own prints them. While it waits, a few lines are kept, and further lines are dropped and
//! counted.

use std::fmt;
use std::io::{self, Write};
use std::mem;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use crate::print;

/// How many texts may wait.
const QUEUE: usize = 64;
/// How long the start of a program waits for what was said before.
const PATIENCE: Duration = Duration::from_millis(250);

/// The way to standard error.
pub(super) struct Notes {
    printer: Printer,
    /// How many texts were dropped since the last one.
    dropped: u32,
}

enum Printer {
    /// Nothing was printed yet.
    Idle(Box<dyn Write + Send>),
    Busy(SyncSender<Note>),
    /// The system starts no thread, so nothing is printed.
    None,
}

enum Note {
    Text(Vec<u8>),
    /// To be told that everything before this was printed.
    Mark(SyncSender<()>),
}

impl Default for Notes {
    fn default() -> Self {
        Self::on(io::stderr())
    }
}

impl fmt::Debug for Notes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notes").field("dropped", &self.dropped).finish_non_exhaustive()
    }
}

impl Notes {
    fn on(out: impl Write + Send + 'static) -> Self {
        Self { printer: Printer::Idle(Box::new(out)), dropped: 0 }
    }

    /// Prints whole lines without secrets, or drops them.
    pub(super) fn say(&mut self, text: &str) {
        let mut text = print::hidden(text.to_owned());
        if self.dropped > 0 {
            let dropped = self.dropped;
            text.insert_str(
                0,
                &format!("azure-oidc: nobody read standard error, so {dropped} messages are missing here\n"),
            );
        }
        match self.pass(text.into_bytes()) {
            true => self.dropped = 0,
            false => self.dropped += 1,
        }
    }

    /// Prints bytes as they are, or drops them. Returns whether they are on their way.
    pub(super) fn pass(&mut self, bytes: Vec<u8>) -> bool {
        if let Printer::Idle(out) = &mut self.printer {
            let mut out = mem::replace(out, Box::new(io::sink()));
            let (sender, notes) = sync_channel(QUEUE);
            let print = move || {
                for note in notes {
                    match note {
                        Note::Text(text) => drop(out.write_all(&text)),
                        Note::Mark(printed) => drop(printed.send(())),
                    }
                }
            };
            let started = thread::Builder::new().name("notes".to_owned()).spawn(print);
            self.printer = if started.is_ok() { Printer::Busy(sender) } else { Printer::None };
        }
        matches!(&self.printer, Printer::Busy(printer) if printer.try_send(Note::Text(bytes)).is_ok())
    }

    /// Waits until everything is printed, but not for long.
    pub(super) fn wait(&self) {
        let Printer::Busy(printer) = &self.printer else { return };
        let (printed, is_printed) = sync_channel(1);
        if printer.try_send(Note::Mark(printed)).is_ok() {
            is_printed.recv_timeout(PATIENCE).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Instant;

    use super::*;

    /// Waits for a permission after each text.
    struct Slow(Receiver<()>, Sender<String>);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1.send(String::from_utf8_lossy(bytes).into_owned()).unwrap();
            self.0.recv().ok();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn nobody_waits_for_a_reader_and_what_is_dropped_is_counted() {
        let ((permit, permits), (sender, printed)) = (channel(), channel());
        let mut notes = Notes::on(Slow(permits, sender));
        notes.say("the first\n");
        assert_eq!(printed.recv().unwrap(), "the first\n");
        let since = Instant::now();
        for number in 0..QUEUE + 40 {
            notes.say(&format!("{number}\n"));
        }
        notes.wait();
        assert!(since.elapsed() < Duration::from_secs(5), "it waited for {:?}", since.elapsed());
        assert_eq!(notes.dropped, 40);
        drop(permit);
        let waited: Vec<_> = printed.iter().take(QUEUE).collect();
        assert_eq!(waited, (0..QUEUE).map(|number| format!("{number}\n")).collect::<Vec<_>>());
        notes.say("the next\n");
        drop(notes);
        let expected = "azure-oidc: nobody read standard error, so 40 messages are missing here\nthe next\n";
        assert_eq!(printed.iter().collect::<Vec<_>>(), [expected]);
    }

    #[test]
    fn a_secret_is_not_printed() {
        let (sender, printed) = channel();
        let (_, permits) = channel();
        let mut notes = Notes::on(Slow(permits, sender));
        notes.say("error: the location is ghp_16C7e42F292c6912E7710c838347Ae178B4a\n");
        notes.wait();
        assert_eq!(printed.recv().unwrap(), "error: the location is [secret]\n");
    }
}
