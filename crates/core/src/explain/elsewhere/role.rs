//! `AuthorizationFailed`: the sign-in worked, and a role is missing.

use super::{Signal, named};
use crate::catalogue::{Meaning, Retry};
use crate::explain::facts::guid;
use crate::mask::is_masked;
use crate::shell::Shell;
use crate::shorten::LONGEST_VALUE;

/// The missing role, with the command that assigns one.
pub(super) fn missing(text: &str, shell: Shell) -> Option<Signal> {
    const CODE: &str = "AuthorizationFailed";
    const SENTENCE: &str = "does not have authorization to perform action";
    let at = text.find(SENTENCE).or_else(|| text.find(CODE))?;
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let near = &text[start..text.floor_char_boundary(at.saturating_add(2_000))];
    let object = value(near, "object id ").and_then(|id| guid(&id));
    let action = value(near, "perform action ");
    let scope = value(near, "over scope ").filter(|scope| is_scope(scope));
    let meaning = Meaning {
        name: "a role is missing",
        cause: "The sign-in worked: Entra accepted the ID token. The identity has no role that allows this action. A role that was \
                assigned moments ago takes some minutes to take effect",
        remedy: "give the identity a role that allows the action with `az role assignment create`, on the scope in the message",
        retry: Retry::AfterChange,
    };
    let hint = match (&object, &scope) {
        (Some(object), Some(scope)) if shell.passes(scope) => {
            command(object, action.as_deref().unwrap_or_default(), scope)
        }
        _ => meaning.remedy.to_owned(),
    };
    let facts = [("object_id", object), ("action", action), ("scope", scope)];
    let facts = facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    Some(named(CODE.to_owned(), meaning, vec![hint], facts, false))
}

fn command(object: &str, action: &str, scope: &str) -> String {
    let lower = action.to_lowercase();
    let role = match () {
        () if lower.contains("/roleassignments/") && !lower.ends_with("/read") => {
            "Role Based Access Control Administrator"
        }
        () if lower.ends_with("/read") => "Reader",
        () => "Contributor",
    };
    format!(
        "az role assignment create --assignee-object-id '{object}' --assignee-principal-type ServicePrincipal --role '{role}' --scope \
         '{scope}'"
    )
}

/// The value in quotes after a label. A value with a mask of the log is none, and a longer one than
/// an answer repeats.
fn value(text: &str, label: &str) -> Option<String> {
    let rest = &text[text.find(label)? + label.len()..];
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let value = rest[1..].split(quote).next()?;
    let is_whole = value.len() <= LONGEST_VALUE && !is_masked(value) && !value.contains('\n');
    (!value.is_empty() && is_whole).then(|| value.to_owned())
}

/// Whether the text is a resource id that a shell command can hold in single quotes.
fn is_scope(text: &str) -> bool {
    text.starts_with('/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '(' | ')' | ' '))
}
