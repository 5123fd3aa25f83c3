//! The parts of a pipeline as options of `credential`, such as `--org contoso`: whatever the platforms take.

use azure_oidc_core::{Fault, platform};

use crate::reader::Given;
use crate::table::{Kind, Row, part};

/// Names and values, in the order in which they were given.
#[derive(Debug, Clone, Default)]
pub struct Parts(pub Vec<(String, String)>);

impl Parts {
    pub(crate) fn read(given: &Given, _name: &'static str) -> Result<Self, Fault> {
        let mut parts = Vec::new();
        for (name, value) in given.all() {
            if given.row(name).kind == Kind::Part {
                parts.push(((*name).to_owned(), value.clone()));
            }
        }
        Ok(Self(parts))
    }
}

/// Adds a row for each part of each platform, unless an option of the command has its name, such as `--issuer`.
pub(crate) fn add_rows(rows: &mut Vec<Row>) {
    for platform in platform::ALL {
        for one in platform.parts() {
            if rows.iter().all(|row| row.name != one.name) {
                rows.push(part().of(one.name, one.meaning));
            }
        }
    }
}

/// What each platform takes, for the end of the help; of one platform when the words name it.
pub(crate) fn help(words: &[String], out: &mut String) {
    let is_named = |name: &str| words.iter().any(|word| word.strip_prefix("--platform=").unwrap_or(word) == name);
    let named = platform::ALL.iter().find(|platform| is_named(platform.name()));
    out.push_str("\nParts of each platform, to be given as options, such as `--org contoso`:\n");
    for one in named.map_or(platform::ALL, std::slice::from_ref) {
        if !one.parts().is_empty() {
            out.push_str(one.name());
            out.push_str(":\n");
            out.push_str(&platform::listed(one.parts()));
        }
    }
}
