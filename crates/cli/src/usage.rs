//! What is wrong with a command line: which word, why, what to do. A word can be a token that was pasted in the wrong place, so long ones
//! are not repeated.

use azure_oidc_core::{Category, Fault};

use crate::commands::{self, COMMANDS, Definition};
use crate::table::{Kind, Row};

/// A word that the command has no use for.
pub(crate) fn unexpected(rows: &[Row], word: &str) -> Fault {
    let fault = fault(&["unexpected argument ", &quoted(word), " found"]);
    let takes_words = rows.iter().any(|row| row.kind == Kind::Word);
    match takes_words && word.starts_with('-') && word.len() <= LONGEST_SHOWN {
        true => fault.hint(joined(&["to pass '", word, "' as a value, use '-- ", word, "'"])),
        false => fault,
    }
}

/// An option that the command does not have.
pub(crate) fn unexpected_option(rows: &[Row], name: &str) -> Fault {
    let fault = unexpected(rows, &joined(&["--", name]));
    let options = rows.iter().filter(|row| row.kind != Kind::Word);
    if let Some(similar) = nearest(name, &mut options.map(|row| row.name)) {
        return fault.hint(joined(&["a similar argument exists: '--", similar, "'"]));
    }
    let mut owners = Vec::new();
    for command in &COMMANDS {
        if has(command.rows, name) {
            owners.push(joined(&["`", command.name, "`"]));
        }
    }
    match owners.is_empty() {
        true => fault,
        false => fault.hint(joined(&["`--", name, "` is an option of ", &owners.join(", ")])),
    }
}

/// A first word that is no command, or a command that comes after its options.
pub(crate) fn unknown_command(word: &str) -> Fault {
    if let Some(command) = commands::named(word) {
        let fault = fault(&["the command '", command.name, "' comes before its options"]);
        return fault.hint(joined(&["write `azure-oidc ", command.name, " ...`"]));
    }
    let fault = fault(&["unrecognized command ", &quoted(word)]);
    match nearest(word, &mut COMMANDS.iter().map(|command| command.name)) {
        Some(similar) => fault.hint(joined(&["a similar command exists: '", similar, "'"])),
        None => fault.hint(joined(&["commands: ", &COMMANDS.each_ref().map(|command| command.name).join(", ")])),
    }
}

/// An option that was given twice.
pub(crate) fn repeated(row: &Row) -> Fault {
    fault(&["the argument '", &label(row), "' cannot be used multiple times"])
}

/// An option without its value.
pub(crate) fn no_value(row: &Row, is_last: bool) -> Fault {
    let fault = with_choices(fault(&["a value is required for '", &label(row), "' but none was supplied"]), row);
    match is_last {
        true => fault,
        false => fault.hint(joined(&["write `--", row.name, "=VALUE` if the value begins with `-`"])),
    }
}

/// A value for an option that takes none.
pub(crate) fn needless_value(name: &str, value: &str) -> Fault {
    fault(&["unexpected value ", &quoted(value), " for '--", name, "' found; no more were expected"])
}

/// A value that its option cannot have.
pub(crate) fn invalid(row: &Row, value: &str, why: &str) -> Fault {
    fault(&["invalid value ", &quoted(value), " for '", &label(row), "': ", why])
}

/// A value that is not among the choices of its option.
pub(crate) fn no_choice(row: &Row, value: &str) -> Fault {
    let fault = with_choices(fault(&["invalid value ", &quoted(value), " for '", &label(row), "'"]), row);
    match nearest(value, &mut row.choices.iter().copied()) {
        Some(similar) => fault.hint(joined(&["a similar value exists: '", similar, "'"])),
        None => fault,
    }
}

/// Options that cannot be together.
pub(crate) fn conflict(row: &Row, others: &[String]) -> Fault {
    fault(&["the argument '", &label(row), "' cannot be used with '", &others.join("' or '"), "'"])
}

/// Options that must be there and are not, and which of the given ones need them.
pub(crate) fn missing(missing: &[String], reasons: &[(&Row, &Row)]) -> Fault {
    let mut fault = fault(&["the following required arguments were not provided: ", &missing.join(", ")]);
    for (row, needed) in reasons {
        fault = fault.hint(joined(&["'", &label(row), "' needs '", &label(needed), "'"]));
    }
    fault
}

/// An option as the help writes it.
pub(crate) fn label(row: &Row) -> String {
    match row.kind {
        Kind::Word => joined(&["<", row.value, ">"]),
        Kind::Switch => joined(&["--", row.name]),
        _ => joined(&["--", row.name, " <", row.value, ">"]),
    }
}

/// The options of which a command wants one.
pub(crate) fn one_of(command: &Definition, rows: &[Row], between: &str) -> String {
    let wanted = rows.iter().filter(|row| command.one_of.contains(&row.name));
    wanted.map(label).collect::<Vec<_>>().join(between)
}

/// What a command is called with; without its name while none is known.
pub(crate) fn called(command: &Definition) -> String {
    joined(&["azure-oidc", if command.name.is_empty() { "" } else { " " }, command.name])
}

/// The last hint of each of these faults.
pub(crate) fn with_help(fault: Fault, command: &Definition) -> Fault {
    fault.hint(joined(&["`", &called(command), " --help` shows every option with examples"]))
}

fn with_choices(fault: Fault, row: &Row) -> Fault {
    match row.choices {
        [] => fault,
        choices => fault.hint(joined(&["possible values: ", &choices.join(", ")])),
    }
}

fn fault(message: &[&str]) -> Fault {
    Fault::new(Category::Usage, "usage", message.concat())
}

fn joined(pieces: &[&str]) -> String {
    pieces.concat()
}

fn has(rows: &[Row], name: &str) -> bool {
    rows.iter().any(|row| match row.kind {
        Kind::Group => has(row.rows, name),
        _ => row.name == name && row.kind != Kind::Word,
    })
}

const LONGEST_SHOWN: usize = 80;

fn quoted(word: &str) -> String {
    match word.len() > LONGEST_SHOWN {
        true => "(a long value)".to_owned(),
        false => joined(&["'", word, "'"]),
    }
}

/// The name that was probably meant: it differs in few letters, or it is longer or shorter.
fn nearest(word: &str, names: &mut dyn Iterator<Item = &'static str>) -> Option<&'static str> {
    if word.len() > LONGEST_SHOWN {
        return None;
    }
    let word = word.trim_start_matches('-').to_ascii_lowercase();
    let mut best = None;
    for name in names {
        let edits = distance(word.as_bytes(), name.as_bytes());
        let steps = if edits * 3 <= word.len().max(name.len()) {
            edits
        } else if word.len() > 1 && name.starts_with(&word) || name.len() > 3 && word.starts_with(name) {
            name.len()
        } else {
            continue;
        };
        if best.is_none_or(|(least, _)| steps < least) {
            best = Some((steps, name));
        }
    }
    best.map(|(_, name)| name)
}

/// How many letters must be put in, left out or changed to make one of the other (Levenshtein's distance).
fn distance(left: &[u8], right: &[u8]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, a) in left.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], above + 1);
        for (at, b) in right.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[right.len()]
}
