//! Parses the arguments.
//!
//! The first pass reads options of the host and stops at the name of the command. The second pass
//! builds that command and reads the rest. An option that the first pass does not know belongs to
//! `exchange`, whose name may be left out.

use std::iter;
use std::time::Duration;

use azure_oidc_core::{Category, Fault};
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, FromArgMatches};

use crate::command::{Cli, Command};
use crate::definition::{Definition, Lazy, NAME, program, start};
use crate::options::{ExchangeArgs, HostOptions, TokenSource};
use crate::usage;

const DEFAULT: &str = "exchange";

/// Why there is no command to run.
#[derive(Debug)]
pub enum Unread {
    /// `--help` or `--version`: print this text to standard output and exit with 0.
    Help(String),
    /// Wrong usage.
    Usage(Fault),
}

impl From<Fault> for Unread {
    fn from(fault: Fault) -> Self {
        Self::Usage(fault)
    }
}

/// Parses arguments that do not begin with a program's name. Without a command, `exchange` is
/// meant.
pub fn parse(arguments: &[String]) -> Result<Cli, Unread> {
    // A step that is set up by variables has no arguments. To build the definition for that takes as
    // long as all else that the component does for one exchange.
    if matches!(arguments, []) || matches!(arguments, [name] if name == DEFAULT) {
        return Ok(Cli { command: Command::Exchange(ExchangeArgs::default()), host: HostOptions::default() });
    }
    read(arguments)
}

fn read(arguments: &[String]) -> Result<Cli, Unread> {
    let mut program = program(arguments);
    let line = match Line::read(arguments) {
        Ok(line) => line,
        // The first pass parses without subcommands, so its own help would list none.
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            return Err(Unread::Help(program.render_help().to_string()));
        }
        Err(error) => return Err(unread(&error, &mut program, "", arguments)),
    };

    let known = |name: &str| name == "help" || program.find_subcommand(name).is_some();
    let name = match &line.command {
        Some(name) if known(name) => name,
        Some(word) => return Err(unknown_command(word, &mut program)),
        None => match arguments.iter().find(|argument| known(argument)) {
            // Its name was taken for a value, or follows options of `exchange`. No token may be
            // traded by accident.
            Some(command) => return Err(usage::misplaced_command(command).into()),
            None => DEFAULT,
        },
    };

    let words = [NAME, name].into_iter().chain(line.rest.iter().map(String::as_str));
    let read = program.try_get_matches_from_mut(words).and_then(|matches| cli(matches, line.before));
    match read {
        Ok(cli) => one_standard_input(cli),
        Err(error) => match usage::bare_word(&error).filter(|_| line.command.is_none()) {
            Some(word) => Err(unknown_command(word, &mut program)),
            None => Err(unread(&error, &mut program, name, &line.rest)),
        },
    }
}

/// A time limit as the options take it. A part of a millisecond is a whole one, and so is no time:
/// a limit of zero is refused.
pub(crate) fn in_milliseconds(limit: Duration) -> String {
    format!("{}ms", limit.as_millis().max(1))
}

/// The arguments of `exchange` with this in place of `--timeout`, for a host that has spent some of
/// the time. Arguments after which there can be no option stay as they are.
pub fn with_timeout(arguments: &[String], timeout: Duration) -> Vec<String> {
    const NAME: &str = "--timeout";
    if arguments.iter().any(|argument| argument == "--") {
        return arguments.to_vec();
    }
    let mut rest = arguments.iter();
    let mut changed = Vec::new();
    while let Some(argument) = rest.next() {
        if argument == NAME {
            rest.next();
        } else if !argument.starts_with("--timeout=") {
            changed.push(argument.clone());
        }
    }
    changed.push(format!("{NAME}={}", in_milliseconds(timeout)));
    changed
}

/// The arguments after the first pass.
struct Line {
    /// Options of the host before the command.
    before: Option<ArgMatches>,
    /// The first word that is no option, unless an option of `exchange` comes first.
    command: Option<String>,
    /// What follows the command.
    rest: Vec<String>,
}

impl Line {
    fn read(arguments: &[String]) -> Result<Self, clap::Error> {
        // The usual case needs no first pass.
        match arguments {
            [first, rest @ ..] if !first.starts_with('-') => {
                return Ok(Self { before: None, command: Some(first.clone()), rest: rest.to_vec() });
            }
            _ => {}
        }
        let words = iter::once(NAME).chain(arguments.iter().map(String::as_str));
        match start().try_get_matches_from(words) {
            Ok(mut before) => {
                let (command, rest) = match before.remove_subcommand() {
                    Some((name, mut rest)) => {
                        (Some(name), rest.remove_many("").map(Iterator::collect).unwrap_or_default())
                    }
                    None => (None, Vec::new()),
                };
                Ok(Self { before: Some(before), command, rest })
            }
            Err(error) if error.kind() == ErrorKind::UnknownArgument => {
                Ok(Self { before: None, command: None, rest: arguments.to_vec() })
            }
            Err(error) => Err(error),
        }
    }
}

/// The fault for a word in the place of a command.
fn unknown_command(word: &str, program: &mut clap::Command) -> Unread {
    // After `--`, clap takes no word for an option.
    match program.try_get_matches_from_mut([NAME, "--", word]) {
        Err(error) => unread(&error, program, "", &[]),
        Ok(_) => usage::misplaced_command(word).into(),
    }
}

fn unread(error: &clap::Error, program: &mut clap::Command, command: &str, words: &[String]) -> Unread {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        return Unread::Help(error.to_string());
    }
    // A user who asks for help on a line with a wrong value wants to see the possible ones.
    if usage::is_wrong_value(error)
        && words.iter().any(|word| word == "-h" || word == "--help")
        && let Some(command) = program.find_subcommand_mut(command)
    {
        return Unread::Help(command.render_help().to_string());
    }
    Unread::Usage(usage::fault(error, program, command, words))
}

/// Takes the values out of what clap read: a copy of all of it would cost as much as reading.
fn cli(mut matches: ArgMatches, before: Option<ArgMatches>) -> Result<Cli, clap::Error> {
    let is_given = |after: &ArgMatches| after.value_source("color") == Some(ValueSource::CommandLine);
    let has_color = matches.subcommand().is_some_and(|(_, after)| is_given(after));
    let (command, mut host) = match Definition::from_arg_matches_mut(&mut matches)? {
        Definition::Exchange(Lazy(mut args, host)) => {
            if args.verbose {
                args.log_level = Some("debug".to_owned());
            }
            (Command::Exchange(args), host)
        }
        Definition::Check(Lazy(args, host)) => (Command::Check(args), host),
        Definition::Verify(Lazy(args, host)) => (Command::Verify(args), host),
        Definition::Inspect(Lazy(args, host)) => (Command::Inspect(args), host),
        Definition::Explain(Lazy(args, host)) => (Command::Explain(args), host),
        Definition::Credential(Lazy(args, host)) => (Command::Credential(args), host),
        Definition::Setup(Lazy(args, host)) => (Command::Setup(args), host),
        Definition::Audit(Lazy(args, host)) => (Command::Audit(args), host),
        Definition::Doctor(Lazy(args, host)) => (Command::Doctor(args), host),
        Definition::Exec(Lazy(args, host)) => (Command::Exec(args), host),
        Definition::Broker(Lazy(args, host)) => (Command::Broker(args), host),
        Definition::Login(Lazy(args, host)) => (Command::Login(args), host),
        Definition::Logout(Lazy(args, host)) => (Command::Logout(args), host),
        Definition::DockerCredential(Lazy(args, host)) => (Command::DockerCredential(args), host),
        Definition::KubernetesCredential(Lazy(args, host)) => (Command::KubernetesCredential(args), host),
        Definition::GitCredential(Lazy(args, host)) => (Command::GitCredential(args), host),
        Definition::IdToken(Lazy(args, host)) => (Command::IdToken(args), host),
        Definition::Serve(Lazy(args, host)) => (Command::Serve(args), host),
        Definition::Component(Lazy(args, host)) => (Command::Component(args), host),
        Definition::Link(Lazy(args, host)) => (Command::Link(args), host),
        Definition::Completions(Lazy(args, host)) => (Command::Completions(args), host),
    };
    // An option of the host may stand on both sides of the command; the later one counts.
    if let Some(mut before) = before {
        let earlier = HostOptions::from_arg_matches_mut(&mut before)?;
        host = HostOptions {
            ca_file: host.ca_file.or(earlier.ca_file),
            allow_host: [earlier.allow_host, host.allow_host].concat(),
            allow_program: earlier.allow_program || host.allow_program,
            color: if has_color { host.color } else { earlier.color },
            timings: earlier.timings || host.timings,
        };
    }
    Ok(Cli { command, host })
}

/// Refuses a command line that names standard input for more than one thing.
fn one_standard_input(cli: Cli) -> Result<Cli, Unread> {
    let is_token = |token: &TokenSource| token.id_token.is_some();
    let is_file = |name: &Option<String>| name.as_deref() == Some("-");
    let uses = match &cli.command {
        Command::Exchange(args) => vec![is_token(&args.token), is_file(&args.credential)],
        Command::Check(args) => vec![is_token(&args.token), is_file(&args.credential), is_file(&args.jwks)],
        Command::Verify(args) => vec![is_token(&args.token), is_file(&args.jwks)],
        Command::Explain(args) => vec![is_token(&args.token), is_file(&args.credential), args.what == "-"],
        Command::Audit(args) => args.credential.iter().map(|name| name == "-").collect(),
        _ => Vec::new(),
    };
    if uses.into_iter().filter(|used| *used).count() < 2 {
        return Ok(cli);
    }
    let message = "Standard input is named for two inputs, but it can be read only once";
    Err(Fault::new(Category::Usage, "stdin-named-twice", message).hint("put one of them into a file").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_options_has_the_defaults_of_the_definition() {
        let exchange = [DEFAULT.to_owned()];
        let defined = format!("{:?}", read(&exchange).unwrap());
        for line in [&[], &exchange[..]] {
            assert_eq!(format!("{:?}", parse(line).unwrap()), defined);
        }
    }
}
