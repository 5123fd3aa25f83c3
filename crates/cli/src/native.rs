//! Renders shell completions and man pages from the definition of the command line.

use std::iter;

use clap_complete::Shell as Target;
use clap_mangen::Man;

use crate::definition::{NAME, program};
use crate::options::Shell;

/// The script that completes the command line in a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let target = match shell {
        Shell::Bash => Target::Bash,
        Shell::Zsh => Target::Zsh,
        Shell::Fish => Target::Fish,
        Shell::Powershell => Target::PowerShell,
        Shell::Elvish => Target::Elvish,
    };
    let mut script = Vec::new();
    clap_complete::generate(target, &mut program(&[]), NAME, &mut script);
    script
}

/// Man pages of the program and of each command, with the names of their files.
pub fn man_pages() -> Vec<(String, Vec<u8>)> {
    let mut program = program(&["credential".to_owned(), "setup".to_owned()]);
    program.build();
    let commands = program.get_subcommands().filter(|command| command.get_name() != "help");
    let page = |command: &clap::Command| {
        let man = Man::new(command.clone());
        let mut page = Vec::new();
        man.render(&mut page).expect("a vector takes every byte");
        (man.get_filename(), page)
    };
    iter::once(&program).chain(commands).map(page).collect()
}
