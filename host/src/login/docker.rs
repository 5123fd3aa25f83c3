//! Docker's configuration: names this program as the helper of registries in `credHelpers`. Only that
//! place of its text changes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use azure_oidc_core::exchange::registry::{REGISTRIES, Registry};
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;

use super::edit::Edit;
use super::journal::Undone;
use crate::{names, reason};

/// The member with the helpers.
const HELPERS: &str = "credHelpers";
/// What docker calls this program.
const HELPER: &str = "azure-oidc";
/// The program that docker looks for.
const PROGRAM: &str = "docker-credential-azure-oidc";

/// The registries of a configuration that get another helper.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Change {
    edit: Edit,
    /// With the helpers that they had before.
    registries: BTreeMap<String, Option<String>>,
    /// Whether there were no helpers before.
    is_first: bool,
}

/// A name for the helper, made in a folder of the `PATH`.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Link {
    path: PathBuf,
    program: PathBuf,
}

/// The hosts of registries as docker's configuration has them.
///
/// # Errors
///
/// `registry-missing`, `registry-unknown`.
pub(super) fn registries(named: &[String], env: &dyn Env) -> Result<Vec<String>, Fault> {
    if named.is_empty() {
        let message = "`--for docker` needs the name of a registry";
        return Err(
            Fault::new(Category::Usage, "registry-missing", message).hint("add `--registry contoso.azurecr.io`")
        );
    }
    let host = |name: &String| {
        Registry::at(name, env.present(REGISTRIES).as_deref()).map(|registry| registry.host).ok_or_else(|| {
            let message = format!("`{}` is no container registry of Azure", name.escape_debug());
            Fault::new(Category::Usage, "registry-unknown", message)
                .hint(format!("give its whole host name, such as `contoso.azurecr.io`; `{REGISTRIES}` names others"))
        })
    };
    named.iter().map(host).collect()
}

impl Change {
    /// Plans the change; none where these registries have the helper already.
    pub(super) fn plan(registries: &[String], env: &dyn Env) -> Result<Option<Self>, Fault> {
        let Some(path) = path(env) else {
            let message = "Docker's configuration cannot be found: neither `DOCKER_CONFIG` nor `HOME` is set";
            return Err(Fault::new(Category::Usage, "docker-configuration-missing", message)
                .hint("set `DOCKER_CONFIG` to the folder of `config.json`"));
        };
        let mut before = BTreeMap::new();
        let mut is_first = false;
        let edit = Edit::plan(&path, |bytes| {
            let text = str::from_utf8(bytes).map_err(|_| unreadable(&path, "it is not UTF-8 text"))?;
            let mut text = text.to_owned();
            is_first = !has_helpers(&text);
            for host in registries {
                let (new, earlier) = with_helper(&text, host).map_err(|why| unreadable(&path, &why))?;
                if new != text {
                    before.insert(host.clone(), earlier);
                }
                text = new;
            }
            Ok(text.into_bytes())
        })?;
        Ok(edit.map(|edit| Self { edit, registries: before, is_first }))
    }

    pub(super) fn make(&self) -> Result<(), Fault> {
        self.edit.make()
    }

    pub(super) fn undo(&self) -> Undone {
        self.edit.undo(|bytes| {
            let text = without_helpers(str::from_utf8(bytes).ok()?, &self.registries, self.is_first)?;
            let is_empty = self.edit.is_new_file() && is_empty_object(&text);
            Some(if is_empty { Vec::new() } else { text.into_bytes() })
        })
    }
}

fn unreadable(path: &Path, why: &str) -> Fault {
    let message = format!("Docker's configuration {} cannot be read: {why}", path.display());
    Fault::new(Category::Usage, "docker-configuration-invalid", message).hint("mend it; docker cannot read it either")
}

fn path(env: &dyn Env) -> Option<PathBuf> {
    let own = |name: &str| env.present(name).map(PathBuf::from);
    let home = || own(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    let folder = own("DOCKER_CONFIG").or_else(|| Some(home()?.join(".docker")))?;
    Some(folder.join("config.json"))
}

/// The members of an object, with their places in the text.
type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

/// The helpers of a configuration. Docker finds a member in any case of letters, and of several it
/// heeds the last one.
fn helpers<'a>(text: &str, configuration: &Members<'a>) -> Option<&'a RawValue> {
    let named = configuration.iter().filter(|(name, _)| name.eq_ignore_ascii_case(HELPERS));
    named.map(|(_, helpers)| *helpers).max_by_key(|helpers| place(text, helpers))
}

fn has_helpers(text: &str) -> bool {
    serde_json::from_str(text)
        .is_ok_and(|configuration| helpers(text, &configuration).is_some_and(|helpers| helpers.get() != "null"))
}

/// The configuration with the helper for a host, and the helper that the host had. Only the place of
/// the helper changes.
fn with_helper(text: &str, host: &str) -> Result<(String, Option<String>), String> {
    let invalid = |error: serde_json::Error| error.to_string();
    let own = json!(HELPER).to_string();
    let member = format!("{}: {own}", json!(host));
    if text.trim().is_empty() {
        return Ok((format!("{{\"{HELPERS}\": {{{member}}}}}\n"), None));
    }
    let configuration: Members<'_> = serde_json::from_str(text).map_err(invalid)?;
    let Some(helpers) = helpers(text, &configuration) else {
        return Ok((put_first(text, 0, &format!("\"{HELPERS}\": {{{member}}}")), None));
    };
    if helpers.get() == "null" {
        return Ok((replaced(text, helpers, &format!("{{{member}}}")), None));
    }
    let members: Members<'_> = serde_json::from_str(helpers.get()).map_err(invalid)?;
    let Some(earlier) = members.get(host) else { return Ok((put_first(text, place(text, helpers), &member), None)) };
    let name: String = serde_json::from_str(earlier.get()).map_err(invalid)?;
    Ok((replaced(text, earlier, &own), Some(name)))
}

/// Where a part of a text begins in it.
fn place(text: &str, part: &RawValue) -> usize {
    part.get().as_ptr() as usize - text.as_ptr() as usize
}

/// The text with another value in the place of this part.
fn replaced(text: &str, part: &RawValue, value: &str) -> String {
    let at = place(text, part);
    format!("{}{value}{}", &text[..at], &text[at + part.get().len()..])
}

/// The text with a new first member in the object that begins there.
fn put_first(text: &str, from: usize, member: &str) -> String {
    let at = text[from..].find('{').map_or(text.len(), |at| from + at + 1);
    let comma = if text[at..].trim_start().starts_with('}') { "" } else { ", " };
    format!("{}{member}{comma}{}", &text[..at], &text[at..])
}

/// The text without the member that has this value. Its other bytes stay.
fn without(text: &str, value: &RawValue) -> Option<String> {
    let at = place(text, value);
    let end = at + value.get().len();
    let before = &text[..name_before(&text[..at])?];
    let after = &text[end..];
    let next = after.trim_start().strip_prefix(',');
    Some(match (next, before.trim_end().strip_suffix(',')) {
        // As login wrote it.
        (Some(next), _) if before.ends_with('{') => format!("{before}{}", next.strip_prefix(' ').unwrap_or(next)),
        // The next member takes its place.
        (Some(next), _) => format!("{before}{}", next.trim_start()),
        (None, Some(before)) => format!("{before}{after}"),
        (None, None) if before.ends_with('{') => format!("{before}{after}"),
        (None, None) => format!("{}{}", before.trim_end(), after.trim_start()),
    })
}

/// Where the name of a member begins, in a text that ends before its value.
fn name_before(text: &str) -> Option<usize> {
    let name = text.trim_end().strip_suffix(':')?.trim_end().strip_suffix('"')?;
    name.rmatch_indices('"').map(|(at, _)| at).find(|at| {
        let escapes = name[..*at].bytes().rev().take_while(|byte| *byte == b'\\').count();
        escapes % 2 == 0
    })
}

/// The configuration with the earlier helpers, wherever the helper is still this program. None where
/// it cannot be read.
fn without_helpers(text: &str, registries: &BTreeMap<String, Option<String>>, is_first: bool) -> Option<String> {
    let mut text = text.to_owned();
    for (host, earlier) in registries {
        // Each round takes one member out.
        loop {
            let configuration: Members<'_> = serde_json::from_str(&text).ok()?;
            let Some(helpers) = helpers(&text, &configuration) else { return Some(text) };
            let Ok(members) = serde_json::from_str::<Members<'_>>(helpers.get()) else { break };
            let is_ours =
                |helper: &&&RawValue| serde_json::from_str(helper.get()).is_ok_and(|name: Cow<'_, str>| name == HELPER);
            let Some(helper) = members.get(host.as_str()).filter(is_ours) else { break };
            text = match earlier {
                Some(earlier) => replaced(&text, helper, &json!(earlier).to_string()),
                None => without(&text, helper)?,
            };
            if earlier.is_some() {
                break;
            }
        }
    }
    let configuration: Members<'_> = serde_json::from_str(&text).ok()?;
    match helpers(&text, &configuration).filter(|helpers| is_first && is_empty_object(helpers.get())) {
        Some(helpers) => without(&text, helpers),
        None => Some(text),
    }
}

fn is_empty_object(text: &str) -> bool {
    serde_json::from_str::<Members<'_>>(text).is_ok_and(|members| members.is_empty())
}

impl Link {
    /// Plans the name; none where docker finds the helper already.
    ///
    /// # Errors
    ///
    /// `helper-not-found` where no name can be made in the `PATH`.
    pub(super) fn plan(program: &Path, env: &dyn Env) -> Result<Option<Self>, Fault> {
        let search = env.present("PATH").unwrap_or_default();
        let name = format!("{PROGRAM}{EXE_SUFFIX}");
        let folders: Vec<_> = std::env::split_paths(&search).filter(|folder| folder.is_absolute()).collect();
        if folders.iter().any(|folder| folder.join(&name).is_file()) {
            return Ok(None);
        }
        let own = program.parent().and_then(|folder| fs::canonicalize(folder).ok());
        let beside = folders.iter().find(|folder| own.is_some() && fs::canonicalize(folder).ok() == own);
        beside.map(|folder| Some(Self { path: folder.join(&name), program: program.to_owned() })).ok_or_else(not_found)
    }

    pub(super) fn make(&self) -> Result<(), Fault> {
        names::link_one(&self.program, &self.path).map_err(|_| not_found())
    }

    pub(super) fn undo(&self) -> Undone {
        let is_ours = fs::canonicalize(&self.path).is_ok_and(|target| target == self.program) || cfg!(windows);
        if !is_ours {
            return Undone::All(None);
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Undone::Failed(format!("{} cannot be removed: {}", self.path.display(), reason::of(&error)))
            }
            _ => Undone::All(None),
        }
    }
}

fn not_found() -> Fault {
    let message = format!("docker would not find its helper: no folder of the `PATH` has `{PROGRAM}`");
    Fault::new(Category::Usage, "helper-not-found", message)
        .hint("make it: `azure-oidc link --dir FOLDER`, with a folder of the `PATH`")
}

#[cfg(test)]
mod tests;
