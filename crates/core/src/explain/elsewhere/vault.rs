//! Refusals of Key Vault after a sign-in that worked: an access policy or a role is missing.

use super::role::{FORBIDDEN, is_scope, value};
use super::{Signal, named};
use crate::catalogue::{Meaning, Retry};
use crate::explain::facts::guid;
use crate::shell::Shell;

/// The refusal, with the command that gives the missing permission.
pub(super) fn refused(text: &str, shell: Shell) -> Option<Signal> {
    no_policy(text, shell).or_else(|| no_role(text, shell))
}

/// The refusal of a vault with access policies. Roles have no effect on it.
fn no_policy(text: &str, shell: Shell) -> Option<Signal> {
    const ASKED: &str = " permission on key vault";
    let at = text.find(ASKED).or_else(|| text.find("Caller was not found on any access policy"))?;
    let near = from_line(text, at);
    let asked = near.split_once(ASKED).and_then(|(before, _)| asked(before));
    let Caller { object, application, vault } = Caller::read(near);
    let meaning = Meaning {
        name: "the identity has no access policy on this vault",
        cause: "The sign-in worked. The vault uses access policies, so roles have no effect on its contents, and none of its policies \
                gives the identity this permission",
        remedy: "give the identity an access policy on the vault with `az keyvault set-policy`",
        retry: Retry::AfterChange,
    };
    let identity = match (&object, &application) {
        (Some(object), _) => format!("--object-id {}", shell.word(object)),
        (None, Some(application)) => format!("--spn {}", shell.word(application)),
        (None, None) => shell.with_variables("--spn \"${AZURE_CLIENT_ID:?}\"").into_owned(),
    };
    let name = name_of(vault.as_deref(), shell);
    let (why, permission) = match &asked {
        Some((option, permission)) => ("", format!("{option} {permission}")),
        None => (", here to read secrets", "--secret-permissions get".to_owned()),
    };
    let hint = format!(
        "give the identity an access policy on the vault{why}: `az keyvault set-policy --name {name} {identity} {permission}`"
    );
    let facts = facts(object, None, vault);
    Some(named("key-vault-access-policy".to_owned(), meaning, vec![hint], facts, at))
}

/// The option of `az keyvault set-policy` and its value, for `… does not have secrets get`.
fn asked(before: &str) -> Option<(&'static str, &str)> {
    let (_, asked) = before.rsplit_once("does not have ")?;
    let (kind, permission) = asked.split_once(' ')?;
    let option = match kind {
        "secrets" => "--secret-permissions",
        "keys" => "--key-permissions",
        "certificates" => "--certificate-permissions",
        _ => return None,
    };
    let is_name = !permission.is_empty() && permission.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_name.then_some((option, permission))
}

/// The refusal of a vault with roles.
fn no_role(text: &str, shell: Shell) -> Option<Signal> {
    const CODE: &str = "key-vault-forbidden";
    const SENTENCE: &str = "Caller is not authorized to perform action on resource";
    // Other services refuse with the same sentence.
    let is_of_vault = |at: &usize| {
        let near = from_line(text, *at).to_ascii_lowercase();
        ["vault.azure", "key vault", "keyvault", "vault:"].iter().any(|word| near.contains(word))
    };
    let at = text.find(SENTENCE).filter(is_of_vault).or_else(|| text.find("ForbiddenByRbac"))?;
    let near = from_line(text, at);
    let Caller { object, application, vault } = Caller::read(near);
    let action = value(near, "Action: ");
    let facts = facts(object.clone(), action.clone(), vault.clone());
    let denied = near.split_once("DenyAssignmentId: ").is_some_and(|(_, id)| !id.trim_start().starts_with("null"));
    if denied {
        return Some(named(CODE.to_owned(), FORBIDDEN, vec![FORBIDDEN.remedy.to_owned()], facts, at));
    }
    let meaning = Meaning {
        name: "the identity has no role on this vault",
        cause: "The sign-in worked. The vault uses roles, and the identity has none that allows this action. A role that was assigned \
                moments ago takes some minutes to take effect",
        remedy: "give the identity a role on the vault that allows the action, with `az role assignment create`",
        retry: Retry::AfterChange,
    };
    let known = action.as_deref().and_then(role);
    let why = match (&action, known) {
        (_, Some(_)) => "",
        (Some(_), None) => " that allows the action in the message",
        (None, None) => " that allows what the job does, such as Key Vault Secrets User to read secrets",
    };
    let role = known.map_or_else(|| "\"${ROLE:?}\"".to_owned(), |role| format!("'{role}'"));
    let identity = match (object, application) {
        (Some(object), _) => format!("--assignee-object-id '{object}'"),
        (None, Some(application)) => format!("--assignee '{application}'"),
        (None, None) => "--assignee \"${AZURE_CLIENT_ID:?}\"".to_owned(),
    };
    let scope = match value(near, "Resource: ").as_deref().and_then(of_vault).filter(|scope| shell.passes(scope)) {
        Some(scope) => format!("'{scope}'"),
        None => {
            let name = vault.unwrap_or_else(|| "\"${VAULT:?}\"".to_owned());
            format!("\"$(az keyvault show --name {name} --query id --output tsv)\"")
        }
    };
    let hint = format!(
        "give the identity a role on the vault{why}: `az role assignment create {identity} --role {role} --scope {scope}`"
    );
    Some(named(CODE.to_owned(), meaning, vec![shell.with_variables(&hint).into_owned()], facts, at))
}

/// The narrowest built-in role with this action on the contents of a vault, where that is sure.
fn role(action: &str) -> Option<&'static str> {
    let action = action.to_ascii_lowercase();
    let (kind, operation) = action.strip_prefix("microsoft.keyvault/vaults/")?.split_once('/')?;
    Some(match (kind, operation) {
        ("secrets", "getsecret/action" | "readmetadata/action") => "Key Vault Secrets User",
        ("secrets", _) => "Key Vault Secrets Officer",
        ("certificates", "read") => "Key Vault Certificate User",
        ("certificates", _) => "Key Vault Certificates Officer",
        (
            "keys",
            "read" | "encrypt/action" | "decrypt/action" | "wrap/action" | "unwrap/action" | "sign/action"
            | "verify/action",
        ) => "Key Vault Crypto User",
        ("keys", _) => "Key Vault Crypto Officer",
        _ => return None,
    })
}

/// The id of the vault, of the id of something in it.
fn of_vault(resource: &str) -> Option<&str> {
    const MARK: &str = "/vaults/";
    let start = resource.to_ascii_lowercase().find(MARK)? + MARK.len();
    let end = resource[start..].find('/').map_or(resource.len(), |length| start + length);
    Some(&resource[..end]).filter(|id| is_scope(id) && end > start)
}

/// Who asked which vault, as Key Vault prints it: `appid=…;oid=…;iss=…` and `NAME;location=…`.
struct Caller {
    object: Option<String>,
    application: Option<String>,
    vault: Option<String>,
}

impl Caller {
    fn read(text: &str) -> Self {
        let after = |label: &str| text.split_once(label).map(|(_, rest)| rest);
        let name = |rest: &str| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
            ((3..=24).contains(&end)).then(|| rest[..end].to_owned())
        };
        Self {
            object: after("oid=").and_then(guid),
            application: after("appid=").and_then(guid),
            vault: after("key vault '").or_else(|| after("Vault: ")).and_then(name),
        }
    }
}

fn name_of(vault: Option<&str>, shell: Shell) -> String {
    vault.map_or_else(|| shell.with_variables("\"${VAULT:?}\"").into_owned(), str::to_owned)
}

fn facts(object: Option<String>, action: Option<String>, vault: Option<String>) -> Vec<(&'static str, String)> {
    let facts = [("object_id", object), ("action", action), ("vault", vault)];
    facts.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The text from the start of the line to the end of the message.
fn from_line(text: &str, at: usize) -> &str {
    const LONGEST: usize = 2_000;
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    &text[start..text.floor_char_boundary(at.saturating_add(LONGEST))]
}
