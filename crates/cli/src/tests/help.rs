//! Tests the help of every command, at 100 columns.

use insta::assert_snapshot;

use super::*;
use crate::definition::program;

fn commands() -> Vec<clap::Command> {
    let mut program = program(&[]);
    program.build();
    program.get_subcommands().filter(|command| command.get_name() != "help").cloned().collect()
}

#[test]
fn the_definition_is_sound() {
    program(&[]).debug_assert();
}

#[test]
fn the_help_of_the_program() {
    let help = help("--help");
    assert!(help.starts_with("Trade a CI job's OIDC ID token"), "{help}");
    assert_snapshot!("program", help);
}

#[test]
fn the_help_of_each_command() {
    for command in commands() {
        let name = command.get_name();
        let platform = if matches!(name, "credential" | "setup") { " --platform pulumi" } else { "" };
        assert_snapshot!(name, help(&format!("{name}{platform} --help")));
    }
}

#[test]
fn every_form_of_asking_for_help_gives_the_same() {
    for command in commands() {
        let name = command.get_name();
        let expected = help(&format!("{name} --help"));
        for line in [format!("{name} -h"), format!("help {name}")] {
            assert_eq!(help(&line), expected, "{line}");
        }
    }
    assert_eq!(help("help"), help("--help"));
}

#[test]
fn no_line_is_wider_than_100_columns() {
    for line in commands().iter().map(clap::Command::get_name).chain([""]) {
        for row in help(&format!("{line} --help")).lines() {
            let is_one_word = !row.trim().contains(' ');
            assert!(is_one_word || row.chars().count() <= 100, "{line}: {row}");
        }
    }
}

#[test]
fn every_option_says_what_it_is_for() {
    for command in commands() {
        for option in command.get_arguments().filter(|option| !option.is_hide_set()) {
            assert!(option.get_help().is_some(), "{} {option}", command.get_name());
            assert!(option.get_long_help().is_none(), "{} {option}: two texts", command.get_name());
        }
    }
}
