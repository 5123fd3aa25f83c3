//! Owners of credentials: a document can hold the credentials of several applications and managed
//! identities.

use std::collections::BTreeSet;

use super::{Credential, Identity};
use crate::shorten::{LONGEST_VALUE, shorten};

/// How many owners a sentence names.
const NAMED: usize = 3;

impl Credential {
    /// Whether the other credential has the same owner, as far as their document says it.
    pub fn has_owner_of(&self, other: &Self) -> bool {
        (&self.application, &self.identity) == (&other.application, &other.identity)
    }

    /// The owner, for a sentence.
    pub(crate) fn owner(&self) -> String {
        let quoted = |name: &str| format!("`{}`", shorten(name, LONGEST_VALUE).escape_debug());
        match (&self.identity, &self.application) {
            (Some(Identity { name: Some(name), resource_group: Some(group), .. }), _) => {
                format!("the managed identity {} in the resource group {}", quoted(name), quoted(group))
            }
            (Some(Identity { name: Some(name), .. }), _) => format!("the managed identity {}", quoted(name)),
            (Some(_), _) => "a managed identity without a name here".to_owned(),
            (None, Some(application)) => format!("the application {}", quoted(application)),
            (None, None) => "an application without an id here".to_owned(),
        }
    }

    /// The name for a sentence, with the owner when the credentials beside it have several.
    pub(crate) fn named_among(&self, credentials: &[Self]) -> String {
        let name = format!("`{}`", shorten(&self.name, LONGEST_VALUE).escape_debug());
        if has_several(credentials) { format!("{name} of {}", self.owner()) } else { name }
    }
}

/// The first credential of each owner, in their order.
pub(crate) fn owners(credentials: &[Credential]) -> Vec<&Credential> {
    let mut known = BTreeSet::new();
    credentials.iter().filter(|one| known.insert((&one.application, &one.identity))).collect()
}

/// Whether the credentials have more than one owner.
pub(crate) fn has_several(credentials: &[Credential]) -> bool {
    credentials.first().is_some_and(|first| !credentials.iter().all(|one| one.has_owner_of(first)))
}

/// The owners in a sentence, when there are several.
pub(crate) fn several(credentials: &[Credential]) -> Option<String> {
    let owners = if has_several(credentials) { owners(credentials) } else { return None };
    let mut words = owners.iter().take(NAMED).map(|one| one.owner()).collect::<Vec<_>>();
    let last = match owners.len() - words.len() {
        0 => words.pop()?,
        more => format!("{more} more"),
    };
    Some(format!("{} and {last}", words.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::credential::forms;

    fn of_identities(ids: &[&str]) -> Vec<Credential> {
        let one = |id: &&str| serde_json::json!({"id": id, "name": "main", "issuer": "https://a.example", "subject": "b", "audiences": ["c"]});
        forms::read(&ids.iter().map(one).collect()).unwrap().credentials
    }

    #[test]
    fn an_owner_is_named_as_far_as_its_document_names_it() {
        let id = |group: &str, name: &str| {
            format!(
                "/subscriptions/s/resourceGroups/{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
            )
        };
        let ids = [id("rg", "dep-dev"), id("rg", "dep-prod"), id("other", "dep-prod"), id("rg", "x"), id("rg", "x")];
        let credentials = of_identities(&ids.each_ref().map(String::as_str));
        assert_eq!(owners(&credentials).len(), 4);
        assert_eq!(credentials[1].owner(), "the managed identity `dep-prod` in the resource group `rg`");
        let [dev, prod, other] = [0, 1, 2].map(|at| credentials[at].owner());
        assert_eq!(several(&credentials), Some(format!("{dev}, {prod}, {other} and 1 more")));
        assert_eq!(several(&credentials[..2]), Some(format!("{dev} and {prod}")));
        assert_eq!(several(&credentials[3..]), None);
        assert_eq!(credentials[3].named_among(&credentials[3..]), "`main`");
    }
}
