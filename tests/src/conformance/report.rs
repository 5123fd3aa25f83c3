//! The table of results: one row for each case, one column for each host.

use std::fmt::Write as _;

/// The result of a case under a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// The expected result.
    Ok,
    /// Another result, which the text describes.
    Differs(String),
    /// The host does not support the case and failed, as expected, for this reason.
    Cannot(String),
    /// The case does not apply to this kind of host.
    NotApplicable,
}

/// A column: the results of one host.
#[derive(Debug)]
pub struct Column {
    /// The host, with its version.
    pub host: String,
    /// One result for each row.
    pub cells: Vec<Cell>,
}

/// The results of hosts of the same kind.
#[derive(Debug)]
pub struct Table {
    /// The title of the table.
    pub title: &'static str,
    /// The names of the cases.
    pub rows: Vec<String>,
    /// The hosts.
    pub columns: Vec<Column>,
}

/// The tables of one run.
#[derive(Debug)]
pub struct Report {
    /// SHA-256 of the component that all hosts ran.
    pub digest: String,
    /// The tables.
    pub tables: Vec<Table>,
    /// Hosts that are not on this machine.
    pub missing: Vec<String>,
}

impl Cell {
    fn word(&self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Differs(_) => "differs",
            Self::Cannot(_) => "cannot",
            Self::NotApplicable => "",
        }
    }
}

impl Report {
    /// All cells that differ, as `host: case: difference`.
    pub fn differences(&self) -> Vec<String> {
        self.collect_notes(|cell| match cell {
            Cell::Differs(what) => Some(what),
            _ => None,
        })
    }

    fn collect_notes(&self, note: impl Fn(&Cell) -> Option<&String>) -> Vec<String> {
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

    /// How many cases each host passes, one row for each host. All tables have the same hosts.
    pub fn summary(&self) -> String {
        let mut text = "| |".to_owned();
        self.tables.iter().for_each(|table| text.push_str(&format!(" {} |", table.title)));
        text.push_str(&format!("\n|---|{}\n", "---|".repeat(self.tables.len())));
        let hosts = self.tables.last().map(|table| table.columns.as_slice()).unwrap_or_default();
        for (index, column) in hosts.iter().enumerate() {
            let count = |table: &Table| {
                let cells = table.columns.get(index).map(|column| column.cells.as_slice()).unwrap_or_default();
                let passed = cells.iter().filter(|cell| **cell == Cell::Ok).count();
                let applicable = cells.iter().filter(|cell| **cell != Cell::NotApplicable).count();
                format!(" {passed} of {applicable} |")
            };
            let counts: String = self.tables.iter().map(count).collect();
            text.push_str(&format!("| {} |{counts}\n", column.host));
        }
        text
    }

    /// The tables as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!("SHA-256 of the component under every host: `{}`\n", self.digest);
        for table in &self.tables {
            // Writing to a String cannot fail.
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
        let cannot = self.collect_notes(|cell| match cell {
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
    fn a_table_has_the_reasons_below_its_cells() {
        let cells = vec![Cell::Ok, Cell::Differs("it printed `x`".to_owned())];
        let other = vec![Cell::Cannot("no certificate of ours".to_owned()), Cell::NotApplicable];
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
        assert_eq!(report.summary(), "| | Jobs |\n|---|---|\n| one 1.0 | 1 of 2 |\n| two 2.0 | 0 of 1 |\n");
    }
}
