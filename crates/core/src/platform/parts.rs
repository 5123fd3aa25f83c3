//! The named parts from which a platform's subjects, issuer and audience are put together.

use super::Platform;
use crate::fault::{Category, Fault};

/// A part that a platform takes.
#[derive(Debug, PartialEq, Eq)]
pub struct PartName {
    /// Its name, in kebab-case.
    pub name: &'static str,
    /// What it is, in plain words.
    pub meaning: &'static str,
    /// Whether no subject can be made without it.
    pub required: bool,
    /// Whether it may be given several times, each value for a credential of its own.
    pub many: bool,
    /// A value of the right form.
    pub example: &'static str,
}

impl PartName {
    /// A part that every subject needs.
    pub(super) const fn required(name: &'static str, meaning: &'static str, example: &'static str) -> Self {
        Self { name, meaning, required: true, many: false, example }
    }

    /// A part that may be left out.
    pub(super) const fn optional(name: &'static str, meaning: &'static str, example: &'static str) -> Self {
        Self { name, meaning, required: false, many: false, example }
    }

    /// The same part, given as often as there are values.
    pub(super) const fn many(mut self) -> Self {
        self.many = true;
        self
    }
}

/// What was given, checked against what the platform takes.
pub(super) struct Parts<'a> {
    title: &'static str,
    known: &'static [PartName],
    given: &'a [(String, String)],
}

impl<'a> Parts<'a> {
    /// Refuses parts that the platform does not take, that it takes only once, and values that no subject can hold.
    pub(super) fn read(platform: &dyn Platform, given: &'a [(String, String)]) -> Result<Self, Fault> {
        let parts = Self { title: platform.title(), known: platform.parts(), given };
        for (at, (name, value)) in given.iter().enumerate() {
            let shown = name.escape_debug();
            let Some(known) = parts.known.iter().find(|part| part.name == name) else {
                return Err(parts.fault("subject-part-unknown", format!("{} has no part `{shown}`", parts.title)));
            };
            if !known.many && given[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(parts.fault("subject-part-repeated", format!("The part `{shown}` was given twice")));
            }
            if value.contains(char::is_control) {
                let message = format!("The part `{shown}` has a control character in its value");
                return Err(parts.fault("subject-part-invalid", message));
            }
            if known.required && value.is_empty() {
                return Err(parts.fault("subject-part-missing", format!("The part `{shown}` is empty")));
            }
        }
        Ok(parts)
    }

    /// The value of a part as it was given, even when it is empty.
    pub(super) fn given(&self, name: &str) -> Option<&'a str> {
        self.given.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of a part; an empty one counts as absent.
    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.given(name).filter(|value| !value.is_empty())
    }

    /// The value of a part, or a fault that names it.
    pub(super) fn require(&self, name: &str) -> Result<&'a str, Fault> {
        self.get(name).ok_or_else(|| self.missing(&format!("`{name}`")))
    }

    /// Every value of a part that can be given several times.
    pub(super) fn all(&self, name: &str) -> Vec<&'a str> {
        self.given
            .iter()
            .filter(|(key, value)| key == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
            .collect()
    }

    /// As [`all`](Self::all), or these when none was given.
    pub(super) fn all_or(&self, name: &str, every: &[&'a str]) -> Vec<&'a str> {
        Some(self.all(name)).filter(|values| !values.is_empty()).unwrap_or_else(|| every.to_vec())
    }

    /// As [`all_or`](Self::all_or), where only these values can be.
    pub(super) fn some_of(&self, name: &str, every: &'static [&'static str]) -> Result<Vec<&'a str>, Fault> {
        let values = self.all_or(name, every);
        match values.iter().find(|value| !every.contains(value)) {
            None => Ok(values),
            Some(value) => Err(self.invalid(name, value, &format!("one of {}", quoted(every)))),
        }
    }

    /// The fault of a part that is wanted; `what` names it or says which one of several.
    pub(super) fn missing(&self, what: &str) -> Fault {
        self.fault("subject-part-missing", format!("{} needs the part {what}", self.title))
    }

    /// The fault of a value that a part cannot have.
    pub(super) fn invalid(&self, name: &str, value: &str, expected: &str) -> Fault {
        let message = format!("The part `{name}` is `{}`, and it must be {expected}", value.escape_debug());
        self.fault("subject-part-invalid", message)
    }

    fn fault(&self, code: &'static str, message: String) -> Fault {
        let hint = match self.known {
            [] => "it takes no parts".to_owned(),
            known => format!("parts of {}:\n{}", self.title, listed(known).trim_end()),
        };
        Fault::new(Category::Usage, code, message).hint(hint)
    }
}

/// What each part is, with an example: lines of their own.
pub fn listed(parts: &[PartName]) -> String {
    let line = |PartName { name, meaning, required, many, example }: &PartName| {
        let needed = if *required { ", needed" } else { "" };
        let often = if *many { ", repeatable" } else { "" };
        format!("  `{name}`{needed}{often}: {meaning}, as in `{example}`\n")
    };
    parts.iter().map(line).collect()
}

/// The fault of a platform whose subjects cannot be told from parts.
pub(super) fn unsupported(title: &str, what: &str) -> Fault {
    Fault::new(
        Category::Usage,
        "subject-parts-unsupported",
        format!("The {what} of {title} cannot be put together from parts"),
    )
    .hint("run `azure-oidc inspect` in a job to see what its token says, and write the credential from that")
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
