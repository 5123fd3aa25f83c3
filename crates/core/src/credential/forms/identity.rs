//! Tells from a document that its credential lives on a managed identity, and on which.

use serde_json::{Map, Value};

use crate::credential::Identity;

/// Where the identity's resource id stands: Resource Manager's, PowerShell's, and Terraform's in two of its provider's versions. The
/// first two are the credential's own id, which goes on after the identity's name.
const IDS: [&str; 4] = ["id", "Id", "parent_id", "user_assigned_identity_id"];
const RESOURCE_GROUPS: [&str; 3] = ["resourceGroup", "ResourceGroupName", "resource_group_name"];

/// The identity, if it is one: Graph's credentials have neither `properties` nor a resource id nor a resource group.
pub(super) fn of(credential: &Map<String, Value>) -> Option<Identity> {
    let text = |name: &&str| credential.get(*name).and_then(Value::as_str);
    let by_id = IDS.iter().filter_map(text).find_map(of_resource_id);
    let resource_group = RESOURCE_GROUPS.iter().find_map(text);
    let has = |name: &str| credential.contains_key(name);
    let is_one = by_id.is_some()
        || resource_group.is_some()
        || ["properties", "Properties", "parent_id", "user_assigned_identity_id"].into_iter().any(has);
    is_one.then(|| {
        let known = by_id.unwrap_or_default();
        let resource_group = known.resource_group.or(resource_group.filter(|name| is_name(name)).map(str::to_owned));
        Identity { resource_group, ..known }
    })
}

/// Reads `/subscriptions/{id}/resourceGroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}[/...]`. Letter
/// case does not count in the fixed parts.
fn of_resource_id(id: &str) -> Option<Identity> {
    let parts: Vec<_> = id.strip_prefix('/')?.split('/').collect();
    let after = |label: &str| {
        let at = parts.iter().position(|part| part.eq_ignore_ascii_case(label))?;
        parts.get(at + 1).filter(|name| is_name(name)).map(|name| (*name).to_owned())
    };
    Some(Identity { name: Some(after("userAssignedIdentities")?), resource_group: after("resourceGroups") })
}

/// Not what a template of Terraform's stands for.
fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.bytes().any(|c| matches!(c, b'$' | b'{'))
}
