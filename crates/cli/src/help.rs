//! The help, from the table.

use crate::commands::{COMMANDS, Definition};
use crate::table::{Kind, Row};
use crate::{parts, usage};

/// The help of a command or of the program. `rows` are the options of the command and of the host; `words` may name the platform whose
/// parts are of interest.
pub(crate) fn of(command: &Definition, rows: &[Row], words: &[String]) -> String {
    let is_program = command.name.is_empty();
    let mut out = command.about.to_owned();
    out.push_str("\n\nUsage: ");
    out.push_str(&usage::called(command));
    out.push_str(if is_program { " [OPTIONS] <COMMAND>" } else { " [OPTIONS]" });
    for row in rows.iter().filter(|row| row.kind == Kind::Word) {
        out.push(' ');
        out.push_str(&usage::label(row));
    }
    if !command.one_of.is_empty() {
        out.push_str(" <");
        out.push_str(&usage::one_of(command, rows, "|"));
        out.push('>');
    }
    out.push('\n');

    if is_program {
        section("Commands", COMMANDS.iter().map(Line::of_command).collect(), &mut out);
    }
    let words_alone: Vec<_> = rows.iter().filter(|row| row.kind == Kind::Word).map(Line::of_option).collect();
    if !words_alone.is_empty() {
        section("Arguments", words_alone, &mut out);
    }
    let mut headings = vec![""];
    for row in rows {
        if !headings.contains(&row.heading) {
            headings.push(row.heading);
        }
    }
    for heading in headings {
        let is_here = |row: &&Row| row.heading == heading && !matches!(row.kind, Kind::Word | Kind::Part);
        let mut lines: Vec<_> = rows.iter().filter(is_here).map(Line::of_option).collect();
        if heading.is_empty() {
            lines.push(Line { left: "  -h, --help".to_owned(), right: "Print help", default: "" });
            if is_program {
                lines.push(Line { left: "  -V, --version".to_owned(), right: "Print version", default: "" });
            }
        }
        section(if heading.is_empty() { "Options" } else { heading }, lines, &mut out);
    }

    if !command.ending.is_empty() {
        out.push('\n');
        out.push_str(command.ending);
        out.push('\n');
    }
    if rows.iter().any(|row| row.kind == Kind::Part) {
        parts::help(words, &mut out);
    }
    out
}

struct Line {
    left: String,
    right: &'static str,
    default: &'static str,
}

impl Line {
    fn of_command(command: &Definition) -> Self {
        Self { left: "  ".to_owned() + command.name, right: command.about, default: "" }
    }

    fn of_option(row: &Row) -> Self {
        // As far in as where a short name, such as `-h, `, would end.
        let indent = if row.kind == Kind::Word { "  " } else { "      " };
        Self { left: indent.to_owned() + &usage::label(row), right: row.help.trim_start(), default: row.default }
    }
}

fn section(title: &str, lines: Vec<Line>, out: &mut String) {
    let width = lines.iter().map(|line| line.left.len()).max().unwrap_or_default();
    out.push('\n');
    out.push_str(title);
    out.push_str(":\n");
    for Line { left, right, default } in lines {
        out.push_str(&left);
        for _ in left.len()..width + 2 {
            out.push(' ');
        }
        out.push_str(right);
        if !default.is_empty() {
            out.push_str(" [default: ");
            out.push_str(default);
            out.push(']');
        }
        out.push('\n');
    }
}
