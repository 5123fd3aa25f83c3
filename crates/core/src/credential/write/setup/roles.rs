//! Roles by their names and ids.

use crate::guid::is_guid;

/// The ids of roles that pipelines often have: Bicep has no names for roles.
const ROLES: &[(&str, &str)] = &[
    ("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7"),
    ("Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c"),
    ("AcrPush", "8311e382-0749-4cb8-b61a-304f252e45ec"),
    ("AcrPull", "7f951dda-4ed3-4680-a7ca-43fe172d538d"),
    ("Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"),
    ("Storage Blob Data Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"),
    ("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6"),
    ("Website Contributor", "de139f84-1756-47ae-9be6-808fbbe84772"),
];

/// The id of a role that is named as Azure names it, whatever the case of its letters.
pub(super) fn known_id(role: &str) -> Option<&'static str> {
    ROLES.iter().find(|(name, _)| name.eq_ignore_ascii_case(role)).map(|(_, id)| *id)
}

/// The GUID of a role, when this is its id.
pub(super) fn role_id(role: &str) -> Option<&str> {
    let id = role.rsplit_once("/roleDefinitions/").map_or(role, |(_, id)| id);
    is_guid(id).then_some(id)
}

/// The roles without those that were named before, by name or by id. Ids are in lower case.
pub fn distinct(roles: &[String]) -> Vec<String> {
    let key = |role: &str| known_id(role).or_else(|| role_id(role)).unwrap_or(role).to_ascii_lowercase();
    let (mut keys, mut distinct) = (Vec::new(), Vec::new());
    for role in roles {
        let key = key(role);
        if !keys.contains(&key) {
            keys.push(key);
            distinct.push(role_id(role).map_or_else(|| role.clone(), |id| role.replace(id, &id.to_ascii_lowercase())));
        }
    }
    distinct
}
