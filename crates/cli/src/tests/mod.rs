//! The definition as a whole: what lines mean, what is said of those that mean nothing, and that the table, the structs and the help are one.

use super::*;

mod bad_lines;
mod good_lines;
mod properties;
mod table;

/// The words of a line; `~` is an empty one, and `LONG` one that is too long to be repeated.
fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(|word| word.replace('~', "").replace("LONG", &"x".repeat(81))).collect()
}

fn read(line: &str) -> Cli {
    parse(&words(line)).unwrap_or_else(|unread| panic!("{line}: {unread:?}"))
}

fn help(line: &str) -> String {
    match parse(&words(line)) {
        Err(Unread::Help(text)) => text,
        other => panic!("{line}: {other:?}"),
    }
}

fn refused(line: &str) -> Fault {
    match parse(&words(line)) {
        Err(Unread::Usage(fault)) => fault,
        other => panic!("{line}: {other:?}"),
    }
}
