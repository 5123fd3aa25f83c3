//! The command line, defined once. The component executes it; the native host reads from the same definition what a
//! command needs ([`grants`]) and shows its own failures in the same form ([`failure`]).
//!
//! An option is one field of a struct in `options` or `questions`, and nothing else: `table` says what can be said of it. `commands` lists
//! the commands, `reader` takes the words, `values` makes types of them, `usage` says what is wrong, `help` prints the table.

pub mod failure;
pub mod grants;

mod commands;
mod help;
mod options;
mod parts;
mod plan;
mod questions;
mod reader;
mod table;
mod usage;
mod values;

use azure_oidc_core::{Category, Fault};

use crate::reader::Given;

pub use options::*;
pub use parts::Parts;
pub use questions::*;

/// What was asked for.
#[derive(Debug)]
pub struct Cli {
    /// What to do; `exchange` when nothing is said.
    pub command: Command,
    /// What only the native host understands.
    pub host: HostOptions,
}

/// The commands, each with its options.
#[derive(Debug)]
pub enum Command {
    /// Obtain the ID token, check it, trade it, publish the access token.
    Exchange(ExchangeArgs),
    /// Would Entra accept it?
    Check(CheckArgs),
    /// Is its signature good?
    Verify(VerifyArgs),
    /// What does it say?
    Inspect(InspectArgs),
    /// What does an answer of Entra's mean?
    Explain(ExplainArgs),
    /// Write the credential that a pipeline needs.
    Credential(CredentialArgs),
    /// What is missing here?
    Doctor(DoctorArgs),
    /// Answer over HTTP.
    Serve(ServeArgs),
    /// Hand out the component.
    Component(ComponentArgs),
}

/// What came of reading the arguments when there is nothing to run.
#[derive(Debug)]
pub enum Unread {
    /// `--help` or `--version`: print this to stdout and end well.
    Help(String),
    /// Wrong usage.
    Usage(Fault),
}

impl From<Fault> for Unread {
    fn from(fault: Fault) -> Self {
        Self::Usage(fault)
    }
}

/// Reads arguments that do not begin with a program's name. Without a command, `exchange` is meant.
pub fn parse(arguments: &[String]) -> Result<Cli, Unread> {
    let mut given = Given::new();
    let cli = given.read(arguments).and_then(|()| Ok(cli(&given)?)).map_err(|unread| match unread {
        Unread::Usage(fault) => Unread::Usage(usage::with_help(fault, given.command)),
        Unread::Help(text) => Unread::Help(text),
    })?;
    match standard_input_uses(&cli) {
        0 | 1 => Ok(cli),
        _ => {
            let message = "Standard input was named for two things, and it can be read for one";
            Err(Fault::new(Category::Usage, "stdin-named-twice", message).hint("put one of them into a file").into())
        }
    }
}

fn cli(given: &Given) -> Result<Cli, Fault> {
    Ok(Cli { command: (given.command.read)(given)?, host: HostOptions::read(given, "")? })
}

/// Whether the arguments ask for JSON, as far as can be told when they could not be read.
pub fn wants_json(arguments: &[String]) -> bool {
    arguments.windows(2).any(|pair| pair[0] == "--output" && pair[1] == "json")
        || arguments.iter().any(|argument| argument == "--output=json")
}

/// For how many things standard input is to be read.
fn standard_input_uses(cli: &Cli) -> usize {
    let (first, second) = match &cli.command {
        Command::Exchange(args) => (&args.credential, &None),
        Command::Check(args) => (&args.credential, &args.jwks),
        Command::Verify(args) => (&args.jwks, &None),
        Command::Explain(args) => (&args.credential, &Some(args.what.clone())),
        _ => (&None, &None),
    };
    let token = grants::token_options(cli).is_some_and(|(source, _)| source.id_token.is_some());
    let files = [first, second].into_iter().filter(|name| name.as_deref() == Some(grants::STANDARD_INPUT)).count();
    files + usize::from(token)
}

#[cfg(test)]
mod tests;
