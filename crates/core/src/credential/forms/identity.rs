//! Recognises credentials of managed identities, and the identity's name, resource group and
//! subscription.

use serde_json::{Map, Value};

use crate::credential::Identity;

/// The managed identity of a credential. None for an application's: Graph's credentials have
/// neither `properties` nor a resource id nor a resource group.
pub(super) fn of(credential: &Map<String, Value>) -> Option<Identity> {
    let (mut by_id, mut resource_group, mut is_one) = (None, None, false);
    for (name, value) in credential {
        match name.as_str() {
            // The credential's own id in Resource Manager and PowerShell, which begins with the
            // identity's id.
            "id" | "Id" => by_id = by_id.or_else(|| of_resource_id(value.as_str()?)),
            // The names in two versions of Terraform's provider.
            "parent_id" | "user_assigned_identity_id" => {
                by_id = by_id.or_else(|| of_resource_id(value.as_str()?));
                is_one = true;
            }
            "resourceGroup" | "ResourceGroupName" | "resource_group_name" => {
                resource_group = resource_group.or(value.as_str());
            }
            "properties" | "Properties" => is_one = true,
            _ => {}
        }
    }
    (is_one || by_id.is_some() || resource_group.is_some()).then(|| {
        let known = by_id.unwrap_or_default();
        let resource_group = known.resource_group.or(resource_group.filter(|name| is_name(name)).map(str::to_owned));
        Identity { resource_group, ..known }
    })
}

/// Parses
/// `/subscriptions/{id}/resourceGroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}[/...]`.
/// The fixed parts are compared case-insensitively.
fn of_resource_id(id: &str) -> Option<Identity> {
    let parts: Vec<_> = id.strip_prefix('/')?.split('/').collect();
    let after = |label: &str| {
        let at = parts.iter().position(|part| part.eq_ignore_ascii_case(label))?;
        parts.get(at + 1).filter(|name| is_name(name)).map(|name| (*name).to_owned())
    };
    let is_id = |id: &String| id.len() == 36 && id.bytes().all(|c| c.is_ascii_hexdigit() || c == b'-');
    Some(Identity {
        name: Some(after("userAssignedIdentities")?),
        resource_group: after("resourceGroups"),
        subscription: after("subscriptions").filter(is_id),
    })
}

/// Whether the text is a name and not a Terraform template.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.bytes().any(|c| matches!(c, b'$' | b'{'))
}
