//! The table: a row for each case, a column for each host.

use std::fmt::Write as _;

/// What came of a case under a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// The same as everywhere.
    Ok,
    /// Something else, and what.
    Differs(String),
    /// This host has no way to do it, which was tried, and why.
    Cannot(String),
    /// The case is not asked this way.
    NotAsked,
}

/// One column: a host, and what came of each row.
#[derive(Debug)]
pub struct Column {
    /// The host, with its version.
    pub host: String,
    /// One for each row.
    pub cells: Vec<Cell>,
}

/// Rows and columns of one kind of host.
#[derive(Debug)]
pub struct Table {
    /// What they do.
    pub title: &'static str,
    /// The names of the cases.
    pub rows: Vec<String>,
    /// The hosts.
    pub columns: Vec<Column>,
}

/// All tables of one run.
#[derive(Debug)]
pub struct Report {
    /// SHA-256 of the component, which every host was seen to run.
    pub digest: String,
    /// The tables.
    pub tables: Vec<Table>,
    /// Hosts that were not found.
    pub missing: Vec<String>,
}

impl Cell {
    fn word(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Differs(_) => "differs",
            Self::Cannot(_) => "cannot",
            Self::NotAsked => "",
        }
    }
}

impl Report {
    /// Every cell that differs, as `host: case: what`.
    pub fn differences(&self) -> Vec<String> {
        self.noted(|cell| match cell {
            Cell::Differs(what) => Some(what),
            _ => None,
        })
    }

    fn noted(&self, note: impl Fn(&Cell) -> Option<&String>) -> Vec<String> {
        let mut notes = Vec::new();
        for table in &self.tables {
            for column in &table.columns {
                for (row, cell) in table.rows.iter().zip(&column.cells) {
                    notes.extend(note(cell).map(|what| format!("{}: {row}: {what}", column.host)));
                }
            }
        }
        notes
    }

    /// Everything, as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("SHA-256 of the component under every host: `{}`\n", self.digest);
        for table in &self.tables {
            // Nothing fails while a String is written to.
            let _ = write!(text, "\n### {}\n\n| case |", table.title);
            table.columns.iter().for_each(|column| text.push_str(&format!(" {} |", column.host)));
            text.push_str("\n|---|");
            text.push_str(&"---|".repeat(table.columns.len()));
            for (index, row) in table.rows.iter().enumerate() {
                let _ = write!(text, "\n| {row} |");
                for column in &table.columns {
                    let word = column.cells.get(index).map_or("", Cell::word);
                    let _ = write!(text, " {word} |");
                }
            }
            text.push('\n');
        }
        let cannot = self.noted(|cell| match cell {
            Cell::Cannot(why) => Some(why),
            _ => None,
        });
        for (title, notes) in
            [("cannot", cannot), ("differs", self.differences()), ("not found on this machine", self.missing.clone())]
        {
            if !notes.is_empty() {
                let _ = write!(text, "\n{title}:\n\n- {}\n", notes.join("\n- "));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_has_a_word_in_every_cell_and_the_reasons_below() {
        let cells = vec![Cell::Ok, Cell::Differs("it printed `x`".to_owned())];
        let other = vec![Cell::Cannot("no certificate of ours".to_owned()), Cell::NotAsked];
        let columns =
            vec![Column { host: "one 1.0".to_owned(), cells }, Column { host: "two 2.0".to_owned(), cells: other }];
        let table = Table { title: "Jobs", rows: vec!["a".to_owned(), "b".to_owned()], columns };
        let report = Report { digest: "00".to_owned(), tables: vec![table], missing: vec!["spin".to_owned()] };
        let text = report.markdown();
        assert!(
            text.contains("| case | one 1.0 | two 2.0 |\n|---|---|---|\n| a | ok | cannot |\n| b | differs |  |"),
            "{text}"
        );
        assert!(text.contains("- two 2.0: a: no certificate of ours\n"), "{text}");
        assert_eq!(report.differences(), ["one 1.0: b: it printed `x`"]);
    }
}
