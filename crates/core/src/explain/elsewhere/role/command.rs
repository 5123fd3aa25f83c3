//! The command that gives a role for an action: which role, and on which scope.

use crate::shell::Shell;

/// The command that gives a role, where both the role and its scope are sure.
pub(super) fn with_command(
    object: &str,
    is_person: bool,
    action: &str,
    scope: &str,
    shell: Shell,
) -> Option<Vec<String>> {
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
