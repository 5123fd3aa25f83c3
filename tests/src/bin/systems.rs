//! Prints the tables of programs for other processors and systems, and writes them as Markdown to the
//! given file. After it come a name, a program and what runs it, as often as there are programs.
//! `cargo xtask systems` runs this program.

use std::process::ExitCode;
use std::{env, fs};

use azure_oidc_tests::conformance::{Foreign, run_systems};

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    let Some((path, programs)) = words.split_first().filter(|(_, rest)| !rest.is_empty() && rest.len() % 3 == 0) else {
        eprintln!("usage: systems FILE (NAME PROGRAM RUNNER)...");
        return ExitCode::FAILURE;
    };
    let programs: Vec<_> = programs
        .chunks(3)
        .map(|words| Foreign { name: words[0].clone(), program: (&words[1]).into(), runner: (&words[2]).into() })
        .collect();
    let report = run_systems(&programs);
    let text = format!("{}\n{}", report.summary(), report.markdown());
    println!("{text}");
    if let Err(error) = fs::write(path, text) {
        eprintln!("{path}: {error}");
        return ExitCode::FAILURE;
    }
    if report.differences().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
