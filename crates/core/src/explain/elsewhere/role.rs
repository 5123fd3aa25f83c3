//! Refusals of Azure Resource Manager after a sign-in that worked: a role is missing, here or on a
//! linked resource, or a deny assignment forbids the action.

use super::{Signal, named};
use crate::catalogue::{Meaning, Retry};
use crate::explain::facts::guid;
use crate::mask::is_masked;
use crate::shell::Shell;
use crate::shorten::LONGEST_VALUE;

const MISSING: &str = "AuthorizationFailed";
const LINKED: &str = "LinkedAuthorizationFailed";
const DENIED: &str = "DenyAssignmentAuthorizationFailed";

const MISSING_SENTENCE: &str = "does not have authorization to perform action";
const LINKED_SENTENCE: &str = "however, it does not have permission to perform action";
const DENIED_SENTENCES: [&str; 2] = ["because of the deny assignment", "blocked by deny assignments"];

/// What a deny assignment means, whatever service refuses.
pub(super) const FORBIDDEN: Meaning = Meaning {
    name: "a deny assignment forbids the action",
    cause: "The sign-in worked. A deny assignment forbids the action. It overrides every role, so no role helps. Managed \
            applications, blueprints and deployment stacks make deny assignments, to protect their resources",
    remedy: "find out what made the deny assignment in the message, and change the resource through that; or have its owner exclude the \
             identity from the deny assignment",
    retry: Retry::Never,
};

/// The refusal, with the command that gives the missing role.
pub(super) fn refused(text: &str, shell: Shell) -> Option<Signal> {
    let near = near(text)?;
    let object = value(near, "object id ").and_then(|id| guid(&id));
    let is_person = value(near, "The client ").is_some_and(|client| client.contains('@'));
    let from = |sentence: &str| near.find(sentence).map(|at| &near[at..]);
    if DENIED_SENTENCES.iter().any(|sentence| near.contains(sentence)) || has_code(near, DENIED) {
        let by = value(near, "deny assignment with name ");
        let facts = facts([
            ("object_id", object),
            ("action", value(near, "perform action ")),
            ("scope", value(near, "on scope ")),
            ("deny_assignment", by),
        ]);
        return Some(named(DENIED.to_owned(), FORBIDDEN, vec![FORBIDDEN.remedy.to_owned()], facts, false));
    }
    let (code, meaning, action, scope) = match from(LINKED_SENTENCE) {
        Some(rest) => {
            let action = value(rest, "perform action(s) ").or_else(|| value(rest, "perform action "));
            (LINKED, linked_role(is_person), action, value(rest, "linked scope(s) "))
        }
        None if has_code(near, LINKED) => (LINKED, LINKED_RESOURCE, None, None),
        None => {
            let rest = from(MISSING_SENTENCE).unwrap_or(near);
            (MISSING, missing_role(is_person), value(rest, "perform action "), value(rest, "over scope "))
        }
    };
    let scope = scope.filter(|scope| is_scope(scope));
    let hints = match (&object, &action, &scope) {
        (Some(object), Some(action), Some(scope)) => with_command(object, is_person, action, scope, shell),
        _ => None,
    };
    let hints = hints.unwrap_or_else(|| vec![meaning.remedy.to_owned()]);
    let facts = facts([("object_id", object), ("action", action), ("scope", scope)]);
    Some(named(code.to_owned(), meaning, hints, facts, false))
}

/// The part of the text about the first refusal: from the start of its line to the next refusal.
fn near(text: &str) -> Option<&str> {
    const LONGEST: usize = 2_000;
    const SUBJECT: &str = "The client ";
    let sentences = [MISSING_SENTENCE, LINKED_SENTENCE].into_iter().chain(DENIED_SENTENCES);
    let codes = [MISSING, LINKED, DENIED].into_iter().filter_map(|code| position(text, code));
    let at = sentences.filter_map(|sentence| text.find(sentence)).chain(codes).min()?;
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let near = &text[start..text.floor_char_boundary(at.saturating_add(LONGEST))];
    let next =
        near.match_indices(SUBJECT).map(|(at, _)| at).find(|next| start + next > at && near[..*next].contains(SUBJECT));
    Some(next.map_or(near, |next| &near[..next]))
}

fn has_code(text: &str, code: &str) -> bool {
    position(text, code).is_some()
}

/// The position of a code that is no part of another one: `LinkedAuthorizationFailed`.
fn position(text: &str, code: &str) -> Option<usize> {
    let is_whole = |at: &usize| {
        !text[..*at].ends_with(|c: char| c.is_alphanumeric())
            && !text[at + code.len()..].starts_with(|c: char| c.is_alphanumeric())
    };
    text.match_indices(code).map(|(at, _)| at).find(is_whole)
}

fn facts<const N: usize>(facts: [(&'static str, Option<String>); N]) -> Vec<(&'static str, String)> {
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

const fn missing_role(is_person: bool) -> Meaning {
    let meaning = Meaning {
        name: "a role is missing",
        cause: "The sign-in worked: Entra accepted the ID token. The identity has no role that allows this action. A role that was \
                assigned moments ago takes some minutes to take effect",
        remedy: "give the identity a role that allows the action with `az role assignment create`, on the scope in the message",
        retry: Retry::AfterChange,
    };
    if !is_person {
        return meaning;
    }
    Meaning {
        cause: "The sign-in worked, with the account of a person and not with the identity of a pipeline. The person has no role that \
                allows this action. A role that was assigned moments ago takes some minutes to take effect",
        remedy: "give the person a role that allows the action with `az role assignment create`, on the scope in the message",
        ..meaning
    }
}

const fn linked_role(is_person: bool) -> Meaning {
    let meaning = Meaning {
        name: "a role on a linked resource is missing",
        cause: "The sign-in worked, and the identity may do the first action in the message. That action also uses a linked resource. \
                There the identity has no role that allows the second action, or the linked resource does not exist",
        remedy: "give the identity a role that allows the second action in the message with `az role assignment create`, on the linked \
                 scope",
        retry: Retry::AfterChange,
    };
    if !is_person {
        return meaning;
    }
    Meaning {
        cause: "The sign-in worked, with the account of a person and not with the identity of a pipeline. The person may do the first \
                action in the message. That action also uses a linked resource. There the person has no role that allows the second \
                action, or the linked resource does not exist",
        remedy: "give the person a role that allows the second action in the message with `az role assignment create`, on the linked \
                 scope",
        ..meaning
    }
}

/// `LinkedAuthorizationFailed` with another sentence.
const LINKED_RESOURCE: Meaning = Meaning {
    name: "a linked resource may not be used",
    cause: "The sign-in worked. The action also uses a linked resource, and Azure does not let the identity use it",
    remedy: "check the linked resource in the message: that its id is right, that its subscription belongs to this tenant, and that the \
             identity has a role on it",
    retry: Retry::AfterChange,
};

/// The command that gives a role, where both the role and its scope are sure.
fn with_command(object: &str, is_person: bool, action: &str, scope: &str, shell: Shell) -> Option<Vec<String>> {
    let role = role(action)?;
    let place = place(scope, action).filter(|place| shell.passes(place.scope))?;
    let kind = if is_person { "" } else { " --assignee-principal-type ServicePrincipal" };
    let command = format!(
        "az role assignment create --assignee-object-id '{object}'{kind} --role '{role}' --scope '{}'",
        place.scope
    );
    let narrower = place.can_be_narrower.then(|| format!("if `{scope}` exists already, a role on it alone is enough"));
    Some([command].into_iter().chain(narrower).collect())
}

/// A built-in role with all of these actions, which have commas between them.
fn role(actions: &str) -> Option<&'static str> {
    // What Contributor leaves out.
    const NOT_CONTRIBUTOR: [&str; 3] = [
        "microsoft.authorization/",
        "microsoft.blueprint/blueprintassignments/",
        "microsoft.resources/deploymentstacks/managedenysetting/",
    ];
    let actions = actions.to_ascii_lowercase();
    let actions: Vec<&str> = actions.split(',').map(str::trim).collect();
    if actions.iter().all(|action| action.ends_with("/read")) {
        Some("Reader")
    } else if actions.iter().all(|action| action.starts_with("microsoft.authorization/roleassignments/")) {
        Some("Role Based Access Control Administrator")
    } else if actions.iter().any(|action| NOT_CONTRIBUTOR.iter().any(|start| action.starts_with(start))) {
        None
    } else {
        Some("Contributor")
    }
}

/// The scope of a role.
struct Place<'a> {
    scope: &'a str,
    /// Whether the resource itself would do, once it exists.
    can_be_narrower: bool,
}

/// Where a role for the action can be given. What an action creates does not exist yet, and role
/// assignments and deployments have no roles of their own. None for the root of the tenant.
fn place<'a>(scope: &'a str, action: &str) -> Option<Place<'a>> {
    const PROVIDERS: &str = "/providers/";
    const WITHOUT_ROLES: [&str; 2] = ["microsoft.authorization/", "microsoft.resources/deployments/"];
    let (lower, action) = (scope.to_ascii_lowercase(), action.to_ascii_lowercase());
    let parent = |mark: &str| lower.rfind(mark).map(|at| &scope[..at]);
    let provider = lower.rsplit_once(PROVIDERS).map_or("", |(_, last)| last);
    let (place, can_be_narrower) = if WITHOUT_ROLES.iter().any(|start| provider.starts_with(start)) {
        (parent(PROVIDERS)?, false)
    } else if action == "microsoft.resources/subscriptions/resourcegroups/write" {
        (parent("/resourcegroups/").unwrap_or(scope), true)
    } else if action.ends_with("/write") {
        (parent(PROVIDERS).unwrap_or(scope), true)
    } else {
        (scope, false)
    };
    let can_be_narrower = can_be_narrower && place.len() < scope.len();
    (!place.is_empty()).then_some(Place { scope: place, can_be_narrower })
}

/// The value in quotes after a label. A value with a mask of the log is none, and a longer one than
/// an answer repeats.
pub(super) fn value(text: &str, label: &str) -> Option<String> {
    let rest = &text[text.find(label)? + label.len()..];
    let quote = rest.chars().next().filter(|c| matches!(c, '\'' | '"' | '`'))?;
    let value = rest[1..].split(quote).next()?;
    let is_whole = value.len() <= LONGEST_VALUE && !is_masked(value) && !value.contains('\n');
    (!value.is_empty() && is_whole).then(|| value.to_owned())
}

/// Whether the text is a resource id that a shell command can hold in single quotes.
pub(super) fn is_scope(text: &str) -> bool {
    text.starts_with('/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '(' | ')' | ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_given_where_it_can_be() {
        const GROUP: &str = "/subscriptions/S/resourceGroups/rg";
        const SITE: &str = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Web/sites/app";
        for (action, of_group, expected) in [
            ("Microsoft.Web/sites/read", "/providers/Microsoft.Web/sites/app", Some(SITE)),
            ("Microsoft.Web/sites/restart/Action", "/providers/Microsoft.Web/sites/app", Some(SITE)),
            ("Microsoft.Web/sites/delete", "/providers/Microsoft.Web/sites/app", Some(SITE)),
            ("Microsoft.Web/sites/write", "/providers/Microsoft.Web/sites/app", Some(GROUP)),
            ("Microsoft.Web/sites/config/Write", "/Providers/Microsoft.Web/sites/app/config/web", Some(GROUP)),
            ("Microsoft.Web/sites/write", "", Some(GROUP)),
            ("Microsoft.Resources/subscriptions/resourcegroups/write", "", Some("/subscriptions/S")),
            ("Microsoft.Resources/subscriptions/resourcegroups/read", "", Some(GROUP)),
            ("Microsoft.Resources/deployments/read", "/providers/Microsoft.Resources/deployments/main", Some(GROUP)),
            (
                "Microsoft.Resources/deployments/validate/action",
                "/providers/Microsoft.Resources/deployments/main",
                Some(GROUP),
            ),
            (
                "Microsoft.Authorization/roleAssignments/delete",
                "/providers/Microsoft.Authorization/roleAssignments/1",
                Some(GROUP),
            ),
            (
                "Microsoft.Insights/diagnosticSettings/write",
                "/providers/Microsoft.Web/sites/app/providers/Microsoft.Insights/diagnosticSettings/d",
                Some(SITE),
            ),
        ] {
            let scope = format!("{GROUP}{of_group}");
            assert_eq!(place(&scope, action).map(|place| place.scope), expected, "{action} over {scope}");
        }
        for action in ["Microsoft.Resources/deployments/write", "Microsoft.Management/managementGroups/write"] {
            let scope = format!("/providers/{}/x", action.trim_end_matches("/write"));
            assert!(place(&scope, action).is_none(), "{action}: the root of the tenant");
        }
    }

    #[test]
    fn a_role_has_every_action() {
        for (actions, expected) in [
            ("Microsoft.Web/sites/read", Some("Reader")),
            ("Microsoft.Web/sites/read,Microsoft.Web/sites/write", Some("Contributor")),
            ("Microsoft.Network/virtualNetworks/subnets/join/action", Some("Contributor")),
            ("Microsoft.Authorization/roleAssignments/write", Some("Role Based Access Control Administrator")),
            ("Microsoft.Authorization/locks/write", None),
            ("Microsoft.Web/sites/write, Microsoft.Authorization/policyAssignments/write", None),
        ] {
            assert_eq!(role(actions), expected, "{actions}");
        }
    }
}
