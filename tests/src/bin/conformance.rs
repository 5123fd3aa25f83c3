//! Prints the table of hosts and cases and writes it as Markdown to the given file. `cargo xtask
//! conformance` runs this program.

use std::process::ExitCode;
use std::{env, fs};

fn main() -> ExitCode {
    let report = azure_oidc_tests::conformance::run();
    let text = report.markdown();
    println!("{text}");
    if let Some(path) = env::args_os().nth(1)
        && let Err(error) = fs::write(&path, text)
    {
        eprintln!("{}: {error}", path.display());
        return ExitCode::FAILURE;
    }
    if report.differences().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
