//! Writes the expression for a pattern of subjects, with the further claims that Entra requires.

use super::parse;
use super::review::{ids, missing_id, review};
use crate::{Category, Fault};

/// The expression for tokens of this issuer whose subject matches `pattern`, in which `*` and `?`
/// are wildcards. `id` gives the value of an id, by the name of its claim and of its part.
///
/// # Errors
/// When Entra allows no expression for the issuer, when a required id is not known, when a value
/// contains a quote, or when the expression would accept tokens of other owners.
pub fn write(issuer: &str, pattern: &str, id: &dyn Fn(&str, &str) -> Option<String>) -> Result<String, Fault> {
    let operator = if pattern.contains(['*', '?']) { "matches" } else { "eq" };
    let mut text = clause("sub", operator, pattern)?;
    let ids = ids(issuer);
    // A subject that begins with the id already contains it.
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
    if let Some(problem) = missing_id(issuer, &expression) {
        let parts: Vec<_> = ids.iter().map(|(_, part)| format!("`{part}`")).collect();
        return Err(fault(problem.code, problem.message)
            .hint(format!("give the part {}, a number that does not change with the name", parts.join(" or "))));
    }
    match review(issuer, &expression).into_iter().next() {
        Some(problem) => Err(problem.into()),
        None => Ok(text),
    }
}

fn clause(claim: &str, operator: &str, comparand: &str) -> Result<String, Fault> {
    if comparand.contains('\'') {
        let message = format!("an expression cannot contain the quote in `{}`", comparand.escape_debug());
        return Err(fault("expression-quote", message).hint("use an exact subject"));
    }
    Ok(format!("claims['{claim}'] {operator} '{comparand}'"))
}

fn fault(code: &'static str, message: String) -> Fault {
    Fault::new(Category::Usage, code, message)
}
