//! Prints the session's lines on standard error, which may belong to somebody who does not read. So
//! they are printed from a thread of their own, and dropped while that one waits.

use std::io::{self, Write};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

/// How many texts may wait.
const QUEUE: usize = 64;

/// The way to standard error.
#[derive(Debug, Default)]
pub(super) struct Notes(Option<SyncSender<String>>);

impl Notes {
    /// Prints whole lines, or drops them.
    pub(super) fn say(&mut self, text: String) {
        let sender = self.0.get_or_insert_with(|| {
            let (sender, texts) = sync_channel::<String>(QUEUE);
            let print = move || texts.iter().for_each(|text| drop(io::stderr().write_all(text.as_bytes())));
            // Without a thread nothing is printed.
            thread::Builder::new().name("notes".to_owned()).spawn(print).ok();
            sender
        });
        sender.try_send(text).ok();
    }
}
