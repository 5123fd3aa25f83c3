//! Tests the command line as a whole: valid lines, errors of invalid lines, and the help.

use azure_oidc_core::Fault;

use super::*;

mod bad_lines;
mod good_lines;
mod help;
#[cfg(feature = "native")]
mod native;
mod properties;

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
