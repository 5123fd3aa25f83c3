//! Exports `wasi:cli/run`: the command line for stock hosts, which offer standard streams only.

use std::time::Duration;

use ::wasi::cli::environment::get_arguments;
use ::wasi::exports::cli::run::Guest;
use azure_oidc_cli::WITHOUT_OPTION;
use azure_oidc_cli::grants::STANDARD_INPUT;
use azure_oidc_core::platform::Publication;

use crate::bindings::Component;
use crate::commands::{self, Context, Files, HostKind};
use crate::wasi::{Wasi, streams};

/// The most bytes of standard input. Tokens, credentials and logs are far shorter.
const MAX_INPUT: usize = 1024 * 1024;

impl Guest for Component {
    fn run() -> Result<(), ()> {
        let wasi = Wasi::new();
        // The first argument is the program's name.
        let arguments: Vec<_> = get_arguments().into_iter().skip(1).collect();
        let context =
            Context { ports: wasi.ports(), files: &StandardInput { arguments: &arguments }, host: HostKind::Stock };
        let outcome = commands::run(&arguments, context);
        let lines: String = outcome.publish.iter().map(Publication::text).collect();
        streams::note(outcome.stderr.as_bytes());
        let printed = streams::print((outcome.masks + &outcome.stdout + &lines).as_bytes());
        if printed && outcome.exit_code == 0 { Ok(()) } else { Err(()) }
    }
}

/// Standard input, which is the only file under a stock host.
struct StandardInput<'a> {
    arguments: &'a [String],
}

impl StandardInput<'_> {
    /// How long it may take: as long as the command.
    fn time_limit(&self) -> Duration {
        azure_oidc_cli::parse(self.arguments).map_or(WITHOUT_OPTION, |cli| cli.command.time_limit().0)
    }
}

impl Files for StandardInput<'_> {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        if name != STANDARD_INPUT {
            return Err(
                "cannot be read here: this host gives the component no files; name `-` and redirect it to standard \
                        input, or use the native host"
                    .to_owned(),
            );
        }
        let time = self.time_limit();
        streams::read_stdin(MAX_INPUT, time).map_err(|error| match error {
            streams::ReadError::TooLong => format!("is longer than {MAX_INPUT} bytes"),
            streams::ReadError::Broken => "ended with an error".to_owned(),
            streams::ReadError::TooSlow => {
                format!("did not end within {}; close it, or redirect a file to it", humantime::format_duration(time))
            }
        })
    }
}
