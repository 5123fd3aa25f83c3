//! Turns clap's errors into the project's faults. A word in an error can be a token that was pasted
//! in the wrong place, so long words are not repeated.

use std::error::Error as _;

use azure_oidc_core::{Category, Fault};
use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Arg, ArgAction, Command, Error};

use crate::definition::NAME;

const LONGEST_SHOWN: usize = 80;

/// The fault for an error of clap. `command` is the name of the command, empty for the program
/// itself.
pub(crate) fn fault(error: &Error, program: &mut Command, command: &str, words: &[String]) -> Fault {
    let argument = text(error, ContextKind::InvalidArg);
    let value = text(error, ContextKind::InvalidValue);
    let fault = match error.kind() {
        ErrorKind::UnknownArgument => {
            let fault = usage(format!("unexpected argument {} found", quoted(argument)));
            with_way_out(fault, error, program, command, words)
        }
        ErrorKind::InvalidSubcommand => unknown_command(error, program),
        ErrorKind::InvalidValue if value.is_empty() => {
            let fault = usage(format!("a value is required for '{argument}' but none was supplied"));
            let option = argument.split(' ').next().unwrap_or_default();
            let is_followed = words.windows(2).any(|pair| pair[0] == option && pair[1].starts_with('-'));
            let fault = with_values(fault, error);
            if is_followed { with_equals(fault, option) } else { fault }
        }
        ErrorKind::InvalidValue => {
            let code = if argument.starts_with("--cloud ") { "cloud-unknown" } else { "usage" };
            let message = format!("invalid value {} for '{argument}'", quoted(value));
            with_values(Fault::new(Category::Usage, code, message), error)
        }
        ErrorKind::ValueValidation => {
            let why = error.source().map(|source| format!(": {source}")).unwrap_or_default();
            usage(format!("invalid value {} for '{argument}'{why}", quoted(value)))
        }
        ErrorKind::TooManyValues => {
            usage(format!("unexpected value {} for '{argument}' found; no more were expected", quoted(value)))
        }
        ErrorKind::ArgumentConflict => {
            let others = texts(error, ContextKind::PriorArg);
            match others.iter().any(|other| other == argument) {
                true => usage(format!("the argument '{argument}' cannot be used multiple times")),
                false => usage(format!("the argument '{argument}' cannot be used with '{}'", others.join("' or '"))),
            }
        }
        ErrorKind::MissingRequiredArgument => {
            let missing: Vec<_> = texts(error, ContextKind::InvalidArg).iter().map(|one| alternatives(one)).collect();
            usage(format!("the following required arguments were not provided: {}", missing.join(", ")))
        }
        kind => usage(kind.to_string()),
    };
    let is_about_program = error.kind() == ErrorKind::MissingRequiredArgument || bare_word(error).is_some();
    let fault = match command {
        "exec" if is_about_program => fault.hint(format!("the program stands after `--`: `{NAME} exec -- CMD`")),
        _ => fault,
    };
    let command = if command.is_empty() || command == "help" { String::new() } else { format!(" {command}") };
    fault.hint(format!("`{NAME}{command} --help` shows every option with examples"))
}

/// The fault for a command after options that are not the host's.
pub(crate) fn misplaced_command(command: &str) -> Fault {
    usage(format!("the command '{command}' must stand before its options"))
        .hint(format!("write `{NAME} {command} ...`"))
        .hint(format!("`{NAME} --help` shows every option with examples"))
}

/// The unknown word of an error, if it is no option.
pub(crate) fn bare_word(error: &Error) -> Option<&str> {
    let word = text(error, ContextKind::InvalidArg);
    (error.kind() == ErrorKind::UnknownArgument && !word.starts_with('-')).then_some(word)
}

/// Whether a value was given that its option cannot have.
pub(crate) fn is_wrong_value(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::InvalidValue | ErrorKind::ValueValidation)
        && !text(error, ContextKind::InvalidValue).is_empty()
}

fn unknown_command(error: &Error, program: &Command) -> Fault {
    let fault = usage(format!("unrecognized command {}", quoted(text(error, ContextKind::InvalidSubcommand))));
    match texts(error, ContextKind::SuggestedSubcommand).as_slice() {
        [] => {
            let names: Vec<_> = program.get_subcommands().map(Command::get_name).collect();
            fault.hint(format!("commands: {}", names.join(", ")))
        }
        similar => {
            // clap names the nearest one last.
            let nearest_first: Vec<_> = similar.iter().rev().map(String::as_str).collect();
            fault.hint(format!("a similar command exists: '{}'", nearest_first.join("', '")))
        }
    }
}

/// Adds what an unknown argument probably is: the value of the option before it, an option of
/// another command, or a misspelt option.
fn with_way_out(fault: Fault, error: &Error, program: &mut Command, command: &str, words: &[String]) -> Fault {
    let argument = text(error, ContextKind::InvalidArg);
    program.build();
    let option = |command: &Command, word: &str| {
        let is_it = |option: &&Arg| option.get_long().is_some_and(|name| word.strip_prefix("--") == Some(name));
        command.get_arguments().find(is_it).cloned()
    };
    if let Some(current) = program.find_subcommand(command) {
        let takes_value = |word: &str| option(current, word).is_some_and(|option| option.get_action().takes_values());
        if let Some(pair) = words.windows(2).find(|pair| pair[1] == argument && takes_value(&pair[0])) {
            return with_equals(fault, &pair[0]);
        }
        if option(current, argument).is_some() {
            return fault;
        }
        if let Some(hint) = one_dash(current, argument, words).or_else(|| bare_file_or_value(current, argument, words))
        {
            return fault.hint(hint);
        }
    }
    let owners = program.get_subcommands().filter(|command| option(command, argument).is_some());
    let owners: Vec<_> = owners.map(|command| format!("`{}`", command.get_name())).collect();
    if !owners.is_empty() {
        return fault.hint(format!("`{argument}` is an option of {}", owners.join(", ")));
    }
    if let [similar] = texts(error, ContextKind::SuggestedArg).as_slice() {
        return fault.hint(format!("a similar argument exists: '{similar}'"));
    }
    fault
}

/// The hint for a long option with one dash: clap reads `-scope` as `-s`.
fn one_dash(command: &Command, argument: &str, words: &[String]) -> Option<String> {
    let word = words.iter().find(|word| word.len() > 2 && !word.starts_with("--") && word.starts_with(argument))?;
    let name = word.strip_prefix('-')?.split('=').next()?;
    let is_known = command.get_arguments().any(|option| option.get_long() == Some(name));
    is_known.then(|| format!("write `--{name}`: long options begin with two dashes"))
}

/// The hint for a word without an option: another value for the option before it, or a file with
/// credentials.
fn bare_file_or_value(command: &Command, argument: &str, words: &[String]) -> Option<String> {
    if argument.starts_with('-') {
        return None;
    }
    let long = |word: &str| {
        let name = word.strip_prefix("--")?.split('=').next()?;
        command.get_arguments().find(|option| option.get_long() == Some(name))
    };
    let place = words.iter().position(|word| word == argument)?;
    let before = words[..place].iter().rev().take(2).find_map(|word| long(word));
    match before {
        Some(option) if matches!(option.get_action(), ArgAction::Append) => {
            let name = option.get_long()?;
            Some(format!("for more than one value repeat the option: `--{name} VALUE --{name} VALUE`"))
        }
        Some(_) => None,
        None => command
            .get_arguments()
            .any(|option| option.get_long() == Some("credential") && argument.contains(['.', '/', '\\']))
            .then(|| "name a file with credentials with `--credential FILE`".to_owned()),
    }
}

fn with_equals(fault: Fault, option: &str) -> Fault {
    fault.hint(format!("write `{option}=VALUE` if the value begins with `-`"))
}

/// Adds the possible values, and the one that is similar.
fn with_values(fault: Fault, error: &Error) -> Fault {
    let fault = match texts(error, ContextKind::ValidValue).as_slice() {
        [] => fault,
        values => fault.hint(format!("possible values: {}", values.join(", "))),
    };
    // Jenkins is the one documented CI system without a name here.
    let fault = match text(error, ContextKind::InvalidValue).eq_ignore_ascii_case("jenkins") {
        true => fault.hint(
            "Jenkins needs no `--platform`: in a job give `--id-token-env NAME`; for `credential` and `setup` give \
             `--issuer` and `--subject`",
        ),
        false => fault,
    };
    match text(error, ContextKind::SuggestedValue) {
        "" => fault,
        similar => fault.hint(format!("a similar value exists: '{similar}'")),
    }
}

/// `<--jwks <FILE>|--discover>` in words.
fn alternatives(missing: &str) -> String {
    match missing.strip_prefix("<--").and_then(|rest| rest.strip_suffix('>')) {
        Some(options) => format!("--{}", options.replace("|--", " or --")),
        None => missing.to_owned(),
    }
}

fn usage(message: String) -> Fault {
    Fault::new(Category::Usage, "usage", message)
}

fn quoted(word: &str) -> String {
    match word.len() > LONGEST_SHOWN {
        true => "(a long value)".to_owned(),
        false => format!("'{word}'"),
    }
}

fn text(error: &Error, kind: ContextKind) -> &str {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text,
        _ => "",
    }
}

fn texts(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(text)) => vec![text.clone()],
        Some(ContextValue::Strings(texts)) => texts.clone(),
        _ => Vec::new(),
    }
}
