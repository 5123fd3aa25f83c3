//! The table is whole: every row reaches its field, what it names is there, and the help has it.

use insta::assert_snapshot;

use super::*;
use crate::commands::{COMMANDS, Definition};
use crate::table::{Kind, Row};

/// What was given with these words, of which nothing else is asked.
fn taken(line: &str) -> Given {
    let mut given = Given::new();
    given.take(&words(line)).expect("words that are in the table");
    given
}

fn commands() -> impl Iterator<Item = (&'static Definition, Vec<Row>)> {
    COMMANDS.iter().map(|command| (command, taken(command.name).rows))
}

/// A value that the option can have and that is not its default.
fn example(row: &Row) -> &'static str {
    match (row.name, row.value, row.choices) {
        (_, _, [.., last]) => last,
        ("format", ..) => "bicep",
        ("platform", ..) => "gitlab",
        (_, "TIME" | "N", _) if row.default.is_empty() => "17",
        (_, "TIME", _) => "17s",
        (_, "N", _) => "17",
        (_, "-", _) => "-",
        (_, "NAME=VALUE", _) => "a=b",
        _ => "other",
    }
}

#[test]
fn every_row_reaches_its_field() {
    for (command, rows) in commands() {
        let shown_of = |line: &str| format!("{:?}", cli(&taken(line)).expect("values that can be"));
        let without = shown_of(command.name);
        for row in rows.iter().filter(|row| row.kind != Kind::Word) {
            let line = match row.kind {
                Kind::Switch => format!("{} --{}", command.name, row.name),
                _ => format!("{} --{}={}", command.name, row.name, example(row)),
            };
            let with = shown_of(&line);
            assert_ne!(with, without, "{line}");
            assert!(row.kind == Kind::Switch || with.contains(&shown(example(row))), "{line}: {with}");
        }
    }
}

/// How the example is shown by `Debug`, whatever its type.
fn shown(example: &str) -> String {
    match example {
        "-" => "StandardInput".to_owned(),
        "a=b" => r#"("a", "b")"#.to_owned(),
        "17s" => example.to_owned(),
        "json" | "bicep" | "both" | "never" => format!(": {}{}", example[..1].to_uppercase(), &example[1..]),
        other => other.to_owned(),
    }
}

#[test]
fn names_are_unique_and_what_a_row_names_is_there() {
    for (command, rows) in commands() {
        let there = |name: &str| rows.iter().any(|row| row.name == name);
        for (at, row) in rows.iter().enumerate() {
            assert!(rows[..at].iter().all(|other| other.name != row.name), "{} {}", command.name, row.name);
            assert!(row.needs.is_empty() || there(row.needs), "{} {}", command.name, row.name);
            assert!(row.excludes.iter().all(|other| there(other)), "{} {}", command.name, row.name);
            assert!(!row.excludes.contains(&row.name), "{} {}", command.name, row.name);
            assert!(row.choices.is_empty() || row.choices.contains(&row.default), "{} {}", command.name, row.name);
            assert!(!["help", "version"].contains(&row.name));
            assert!(row.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{}", row.name);
        }
        assert!(command.one_of.iter().all(|name| there(name)), "{}", command.name);
    }
}

#[test]
fn every_option_is_in_the_help_with_what_it_is_for() {
    for (command, rows) in commands() {
        let help = help(&format!("{} --help", command.name));
        for row in &rows {
            let label = match row.kind {
                Kind::Part => format!("  `{}`", row.name),
                _ => format!("  {} ", usage::label(row)),
            };
            let line = help.lines().find(|line| line.contains(&label));
            assert!(line.is_some_and(|line| line.contains(row.help.trim())), "{} {}", command.name, row.name);
            assert!(!row.help.trim().is_empty(), "{} {}", command.name, row.name);
        }
    }
}

#[test]
fn the_help_of_the_program_has_every_command() {
    let help = help("--help");
    for command in &COMMANDS {
        assert!(help.contains(&format!("\n  {}", command.name)) && help.contains(command.about), "{}", command.name);
    }
}

/// The others are compared where the program is run.
#[test]
fn the_help_of_the_other_commands() {
    let lines =
        ["verify -h", "inspect -h", "explain -h", "credential --platform pulumi -h", "doctor -h", "component -h"];
    assert_snapshot!("help", lines.map(|line| format!("$ azure-oidc {line}\n{}", help(line))).join("\n"));
}
