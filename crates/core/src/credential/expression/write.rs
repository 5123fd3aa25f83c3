//! Writes the expression for a pattern of subjects, with the claims that Entra demands beside it.

use super::review::{ids, review};
use super::{Expression, parse};
use crate::{Category, Fault};

/// The expression for the tokens of this issuer whose subject matches `pattern`, in which `*` and `?` are wildcards. `id` gives the
/// value of a claim that holds an id, by the name of the claim and of the part that users give.
///
/// # Errors
/// When Entra allows no expression for the issuer, when a claim that it demands is not known, when a value cannot be written, or
/// when the expression would accept tokens of strangers.
pub fn write(issuer: &str, pattern: &str, id: &dyn Fn(&str, &str) -> Option<String>) -> Result<String, Fault> {
    let operator = if pattern.contains(['*', '?']) { "matches" } else { "eq" };
    let mut text = clause("sub", operator, pattern)?;
    let ids = ids(issuer);
    // a subject that begins with the id holds it already
    let held = ids.iter().any(|(claim, _)| pattern.strip_prefix(claim).is_some_and(|rest| rest.starts_with(':')));
    if let Some((claim, value)) = ids.iter().filter(|_| !held).find_map(|(claim, part)| Some((claim, id(claim, part)?)))
    {
        text += " and ";
        text += &clause(claim, "eq", &value)?;
    }
    let expression = parse(&text).map_err(|error| {
        let fault = fault(error.code, error.message);
        error.hint.into_iter().fold(fault, Fault::hint)
    })?;
    sound(issuer, &expression)?;
    Ok(text)
}

/// Nothing is written that Entra refuses to store, or that is open to tokens of strangers.
fn sound(issuer: &str, expression: &Expression) -> Result<(), Fault> {
    let Some(problem) = review(issuer, expression).into_iter().next() else { return Ok(()) };
    if problem.code != "expression-id-missing" {
        return Err(problem.into());
    }
    let parts: Vec<_> = ids(issuer).iter().map(|(_, part)| format!("`{part}`")).collect();
    Err(fault(problem.code, problem.message)
        .hint(format!("give the part {}: a number that stays when names change", parts.join(" or "))))
}

fn clause(claim: &str, operator: &str, comparand: &str) -> Result<String, Fault> {
    if comparand.contains('\'') {
        let message = format!("an expression has no way to write the quote in `{}`", comparand.escape_debug());
        return Err(fault("expression-quote", message).hint("use an exact subject"));
    }
    Ok(format!("claims['{claim}'] {operator} '{comparand}'"))
}

fn fault(code: &'static str, message: String) -> Fault {
    Fault::new(Category::Usage, code, message)
}
