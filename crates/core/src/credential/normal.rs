//! Normalises the parts of a pipeline as people copy them, and refuses values that no token has.

mod impossible;
mod issuer;
mod part;
#[cfg(test)]
mod tests;

use crate::Fault;
use crate::platform::Platform;

pub use impossible::{check_subject, uuid_place, uuid_places};
pub(crate) use issuer::OLD_AKS;
pub use issuer::{issued_form, normalise_issuer};
use part::Part;

/// Names and values of parts, and what was changed, a line each.
pub type Normalised = (Vec<(String, String)>, Vec<String>);

/// The parts as the platform writes them into subjects.
///
/// # Errors
/// When a value is certainly wrong, and what was meant is not certain.
pub fn normalise(platform: &dyn Platform, parts: &[(String, String)], flexible: bool) -> Result<Normalised, Fault> {
    let (mut normal, mut notes) = (Vec::with_capacity(parts.len()), Vec::new());
    for (name, value) in parts {
        let part = Part { platform, name, value, flexible, parts };
        let changed = part.normalised()?;
        if changed != *value {
            notes.push(format!(
                "note: the part `{}` is `{}`, taken from `{}`",
                name.escape_debug(),
                changed.escape_debug(),
                value.escape_debug()
            ));
        }
        part.with(&changed).check()?;
        normal.push((name.clone(), changed));
    }
    Ok((normal, notes))
}
