//! From words to what was given of a command's table, checked for what must not and what must be together.

use lexopt::{Arg, Parser};

use azure_oidc_core::Fault;

use crate::commands::{self, COMMANDS, Definition, PROGRAM};
use crate::options::HostOptions;
use crate::table::{Kind, Row, switch};
use crate::{Unread, help, parts, usage};

/// What was given, before it becomes a struct.
pub(crate) struct Given {
    /// The command; the program itself as long as none is known.
    pub(crate) command: &'static Definition,
    /// Whether its name was given. It is `exchange` when not.
    is_named: bool,
    /// Its options and those of the host.
    pub(crate) rows: Vec<Row>,
    values: Vec<(&'static str, String)>,
    /// Where the values begin that came after the command's name. An option of the host may be before it and after it, and the later
    /// one counts.
    after_command: usize,
}

impl Given {
    /// Nothing yet.
    pub(crate) fn new() -> Self {
        let (rows, values) = (Vec::new(), Vec::new());
        let mut given = Self { command: &PROGRAM, is_named: false, rows, values, after_command: 0 };
        given.enter(&PROGRAM);
        given
    }

    /// Reads all the words, and checks that what was given can be together.
    pub(crate) fn read(&mut self, words: &[String]) -> Result<(), Unread> {
        self.take(words)?;
        if let Some(word) = words.iter().find(|word| !self.is_named && commands::named(word).is_some()) {
            // It was taken for the value of an option before it, and nobody means to trade a token then.
            return Err(usage::unknown_command(word).into());
        }
        if self.is_program() {
            self.enter(&COMMANDS[0]);
        }
        self.nothing_excluded()?;
        self.nothing_missing()?;
        Ok(())
    }

    /// Reads all the words, each by itself.
    pub(crate) fn take(&mut self, words: &[String]) -> Result<(), Unread> {
        let mut parser = Parser::from_args(words.to_vec());
        // It fails over a value that nobody took, and there is none: switches refuse theirs.
        while let Some(word) = parser.next().map_err(|_| usage::unexpected(&self.rows, "="))? {
            match word {
                Arg::Short('h') => return Err(self.help(words)),
                Arg::Short('V') if self.is_program() => return Err(version()),
                Arg::Short(letter) => {
                    return Err(usage::unexpected(&self.rows, &String::from_iter(['-', letter])).into());
                }
                Arg::Long(name) => {
                    let name = name.to_owned();
                    if name == "help" {
                        no_value(&mut parser, &name)?;
                        return Err(self.help(words));
                    }
                    if name == "version" && self.is_program() {
                        no_value(&mut parser, &name)?;
                        return Err(version());
                    }
                    self.option(&name, &mut parser)?;
                }
                Arg::Value(word) => self.word(word.into_string().unwrap_or_default())?,
            }
        }
        Ok(())
    }

    fn help(&self, words: &[String]) -> Unread {
        Unread::Help(help::of(self.command, &self.rows, words))
    }

    /// The row of an option of the command.
    pub(crate) fn row(&self, name: &str) -> &Row {
        const NONE: &Row = &switch();
        let row = self.rows.iter().find(|row| row.name == name);
        debug_assert!(row.is_some(), "`{name}` is in the table of `{}`", self.command.name);
        row.unwrap_or(NONE)
    }

    /// Everything that was given, in its order.
    pub(crate) fn all(&self) -> &[(&'static str, String)] {
        &self.values
    }

    /// Whether an option was given.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        self.values.iter().any(|(given, _)| *given == name)
    }

    /// The value of an option, or its default. The last one, where there are two.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values(name).pop()
    }

    /// The values of an option, or its default.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let mut values = Vec::new();
        for (given, value) in &self.values {
            if *given == name {
                values.push(value.as_str());
            }
        }
        let default = self.row(name).default;
        if values.is_empty() && !default.is_empty() {
            values.push(default);
        }
        values
    }

    fn is_program(&self) -> bool {
        self.command.name.is_empty()
    }

    /// From here on, it is this command.
    fn enter(&mut self, command: &'static Definition) {
        self.command = command;
        self.rows.clear();
        spread(command.rows, &mut self.rows);
        spread(HostOptions::ROWS, &mut self.rows);
    }

    fn find(&self, name: &str) -> Option<Row> {
        self.rows.iter().find(|row| row.name == name && row.kind != Kind::Word).copied()
    }

    fn option(&mut self, name: &str, parser: &mut Parser) -> Result<(), Fault> {
        if self.is_program() && self.find(name).is_none() {
            self.enter(&COMMANDS[0]);
        }
        let Some(row) = self.find(name) else { return Err(usage::unexpected_option(&self.rows, name)) };
        let is_repeated = self.values[self.after_command..].iter().any(|(given, _)| *given == row.name);
        if is_repeated && matches!(row.kind, Kind::Switch | Kind::One) {
            return Err(usage::repeated(&row));
        }
        if row.kind == Kind::Switch {
            self.values.push((row.name, String::new()));
            return no_value(parser, name);
        }
        // A word that begins with `-` is an option, and `-` alone is a value.
        let Some(value) = parser.values().ok().and_then(|mut values| values.next()) else {
            let is_last = parser.try_raw_args().is_none_or(|rest| rest.as_slice().is_empty());
            return Err(usage::no_value(&row, is_last));
        };
        let value = value.into_string().unwrap_or_default();
        match row.kind {
            Kind::List => self.values.extend(value.split(',').map(|one| (row.name, one.to_owned()))),
            _ => self.values.push((row.name, value)),
        }
        Ok(())
    }

    fn word(&mut self, word: String) -> Result<(), Fault> {
        if self.is_program()
            && let Some(command) = commands::named(&word)
        {
            (self.is_named, self.after_command) = (true, self.values.len());
            self.enter(command);
            return Ok(());
        }
        match self.rows.iter().find(|row| row.kind == Kind::Word && !self.is_given(row.name)) {
            Some(row) => self.values.push((row.name, word)),
            None if self.is_named => return Err(usage::unexpected(&self.rows, &word)),
            None => return Err(usage::unknown_command(&word)),
        }
        Ok(())
    }

    fn nothing_excluded(&self) -> Result<(), Fault> {
        for row in &self.rows {
            let mut excluded = Vec::new();
            for other in row.excludes {
                if self.is_given(row.name) && self.is_given(other) {
                    excluded.push(usage::label(self.row(other)));
                }
            }
            if !excluded.is_empty() {
                return Err(usage::conflict(row, &excluded));
            }
        }
        Ok(())
    }

    fn nothing_missing(&self) -> Result<(), Fault> {
        let (mut missing, mut reasons) = (Vec::new(), Vec::new());
        for row in &self.rows {
            if row.kind == Kind::Word && !self.is_given(row.name) {
                missing.push(usage::label(row));
            }
        }
        // What is needed may need something itself.
        let mut wanted: Vec<&str> = self.values.iter().map(|(name, _)| *name).collect();
        let mut at = 0;
        while let Some(name) = wanted.get(at) {
            let row = self.row(name);
            if !row.needs.is_empty() && !wanted.contains(&row.needs) {
                let needed = self.row(row.needs);
                wanted.push(needed.name);
                missing.push(usage::label(needed));
                reasons.push((row, needed));
            }
            at += 1;
        }
        let one_of = self.command.one_of;
        if !one_of.is_empty() && !one_of.iter().any(|name| wanted.contains(name)) {
            missing.push(usage::one_of(self.command, &self.rows, " or "));
        }
        match missing.is_empty() {
            true => Ok(()),
            false => Err(usage::missing(&missing, &reasons)),
        }
    }
}

fn version() -> Unread {
    Unread::Help(concat!("azure-oidc ", env!("CARGO_PKG_VERSION"), "\n").to_owned())
}

fn no_value(parser: &mut Parser, name: &str) -> Result<(), Fault> {
    match parser.optional_value() {
        None => Ok(()),
        Some(value) => Err(usage::needless_value(name, &value.into_string().unwrap_or_default())),
    }
}

/// The rows, with those of a group in the place of the group.
fn spread(rows: &'static [Row], into: &mut Vec<Row>) {
    for row in rows {
        match row.kind {
            Kind::Group => spread(row.rows, into),
            Kind::Parts => parts::add_rows(into),
            _ => into.push(*row),
        }
    }
}
