//! The named parts from which a platform's subjects, issuer and audience are built.

use super::Platform;
use crate::fault::{Category, Fault};

/// A part that a platform accepts.
#[derive(Debug, PartialEq, Eq)]
pub struct PartName {
    /// The name, in kebab-case.
    pub name: &'static str,
    /// The meaning of the value.
    pub meaning: &'static str,
    /// Whether every subject needs it.
    pub required: bool,
    /// Whether it can be given several times, with one credential for each value.
    pub many: bool,
    /// An example of a value.
    pub example: &'static str,
}

impl PartName {
    /// A part that every subject needs.
    pub(super) const fn required(name: &'static str, meaning: &'static str, example: &'static str) -> Self {
        Self { name, meaning, required: true, many: false, example }
    }

    /// A part that can be left out.
    pub(super) const fn optional(name: &'static str, meaning: &'static str, example: &'static str) -> Self {
        Self { name, meaning, required: false, many: false, example }
    }

    /// The same part, which can be given several times.
    pub(super) const fn many(mut self) -> Self {
        self.many = true;
        self
    }
}

/// The given parts, checked against the parts that the platform accepts.
pub(super) struct Parts<'a> {
    title: &'static str,
    known: &'static [PartName],
    given: &'a [(String, String)],
}

impl<'a> Parts<'a> {
    /// Checks the names, the number of values and the values of the given parts.
    pub(super) fn read(platform: &dyn Platform, given: &'a [(String, String)]) -> Result<Self, Fault> {
        let parts = Self { title: platform.title(), known: platform.parts(), given };
        for (at, (name, value)) in given.iter().enumerate() {
            let quoted_name = name.escape_debug();
            let Some(known) = parts.known.iter().find(|part| part.name == name) else {
                return Err(parts.fault("subject-part-unknown", format!("{} has no part `{quoted_name}`", parts.title)));
            };
            if !known.many && given[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(parts.fault("subject-part-repeated", format!("The part `{quoted_name}` was given twice")));
            }
            if value.contains(char::is_control) {
                let message = format!("The part `{quoted_name}` has a control character in its value");
                return Err(parts.fault("subject-part-invalid", message));
            }
            if known.required && value.is_empty() {
                return Err(parts.fault("subject-part-missing", format!("The part `{quoted_name}` is empty")));
            }
        }
        Ok(parts)
    }

    /// The value of a part, which can be empty.
    pub(super) fn given(&self, name: &str) -> Option<&'a str> {
        self.given.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of a part; an empty one counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// The value of a part, or a fault that names the part.
    pub(super) fn require(&self, name: &str) -> Result<&'a str, Fault> {
        self.get(name).ok_or_else(|| self.missing(&format!("`{name}`")))
    }

    /// Every value of a part, without empty ones.
    pub(super) fn all(&self, name: &str) -> Vec<&'a str> {
        self.given
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// As [`all`](Self::all), or `every` when no value was given.
    pub(super) fn all_or(&self, name: &str, every: &[&'a str]) -> Vec<&'a str> {
        Some(self.all(name)).filter(|values| !values.is_empty()).unwrap_or_else(|| every.to_vec())
    }

    /// As [`all_or`](Self::all_or), where only the values in `every` are allowed.
    pub(super) fn some_of(&self, name: &str, every: &'static [&'static str]) -> Result<Vec<&'a str>, Fault> {
        let values = self.all_or(name, every);
        match values.iter().find(|value| !every.contains(value)) {
            None => Ok(values),
            Some(value) => Err(self.invalid(name, value, &format!("one of {}", quoted(every)))),
        }
    }

    /// The fault for a missing part. `what` names the part, or the parts of which one is needed.
    pub(super) fn missing(&self, what: &str) -> Fault {
        self.fault("subject-part-missing", format!("{} needs the part {what}", self.title))
    }

    /// The fault for a value that the part cannot have.
    pub(super) fn invalid(&self, name: &str, value: &str, expected: &str) -> Fault {
        let message = format!("The part `{name}` is `{}` and must be {expected}", value.escape_debug());
        self.fault("subject-part-invalid", message)
    }

    fn fault(&self, code: &'static str, message: String) -> Fault {
        let hint = match self.known {
            [] => "leave out the parts: this platform has none".to_owned(),
            known => format!("use the parts of {}:\n{}", self.title, listed(known).trim_end()),
        };
        Fault::new(Category::Usage, code, message).hint(hint)
    }
}

/// One line for each part: its name, its meaning and an example.
pub fn listed(parts: &[PartName]) -> String {
    let line = |PartName { name, meaning, required, many, example }: &PartName| {
        let needed = if *required { ", needed" } else { "" };
        let often = if *many { ", repeatable" } else { "" };
        format!("  `{name}`{needed}{often}: {meaning}, as in `{example}`\n")
    };
    parts.iter().map(line).collect()
}

/// The fault for a platform without parts.
pub(super) fn unsupported(title: &str, what: &str) -> Fault {
    Fault::new(
        Category::Usage,
        "subject-parts-unsupported",
        format!("The {what} of platform {title} cannot be built from parts"),
    )
    .hint("create the credential from a token of a job: `azure-oidc credential --from-token`")
    .hint("or give the values themselves: `--issuer` and `--subject`")
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
