//! Docker's configuration: names this program as the helper of registries in `credHelpers`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::{Path, PathBuf};

use azure_oidc_core::exchange::registry::{REGISTRIES, Registry};
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::edit::Edit;
use super::journal::Undone;
use crate::names;

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
        let edit = Edit::plan(&path, |text| {
            let mut text = text.to_owned();
            for host in registries {
                let (new, earlier) = with_helper(&text, host).map_err(|why| unreadable(&path, &why))?;
                if new != text {
                    before.insert(host.clone(), earlier);
                }
                text = new;
            }
            Ok(text)
        })?;
        Ok(edit.map(|edit| Self { edit, registries: before }))
    }

    pub(super) fn make(&self) -> Result<(), Fault> {
        self.edit.make()
    }

    pub(super) fn undo(&self) -> Undone {
        self.edit.undo(|text| without_helpers(text, &self.registries))
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

/// The configuration with the helper for a host, and the helper that the host had. Only the place of
/// the helper changes.
fn with_helper(text: &str, host: &str) -> Result<(String, Option<String>), String> {
    type Members<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;
    let invalid = |error: serde_json::Error| error.to_string();
    let own = json!(HELPER).to_string();
    let member = format!("{}: {own}", json!(host));
    if text.trim().is_empty() {
        return Ok((format!("{{\"{HELPERS}\": {{{member}}}}}\n"), None));
    }
    let configuration: Members<'_> = serde_json::from_str(text).map_err(invalid)?;
    let Some(helpers) = configuration.get(HELPERS) else {
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

/// The configuration with the earlier helpers, wherever the helper is still this program. None where
/// it cannot be read.
fn without_helpers(text: &str, registries: &BTreeMap<String, Option<String>>) -> Option<String> {
    let mut configuration: Map<String, Value> = serde_json::from_str(text).ok()?;
    let helpers = configuration.get_mut(HELPERS)?.as_object_mut()?;
    for (host, earlier) in registries {
        if helpers.get(host).is_some_and(|helper| helper == HELPER) {
            match earlier {
                Some(earlier) => drop(helpers.insert(host.clone(), earlier.as_str().into())),
                None => drop(helpers.remove(host)),
            }
        }
    }
    if helpers.is_empty() {
        configuration.remove(HELPERS);
    }
    // As docker writes it.
    let mut text = Vec::new();
    let form = serde_json::ser::PrettyFormatter::with_indent(b"\t");
    serde::Serialize::serialize(&configuration, &mut serde_json::Serializer::with_formatter(&mut text, form)).ok()?;
    String::from_utf8(text).ok()
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
        if is_ours {
            fs::remove_file(&self.path).ok();
        }
        Undone::All(None)
    }
}

fn not_found() -> Fault {
    let message = format!("docker would not find its helper: no folder of the `PATH` has `{PROGRAM}`");
    Fault::new(Category::Usage, "helper-not-found", message)
        .hint("make it: `azure-oidc link --dir FOLDER`, with a folder of the `PATH`")
}

#[cfg(test)]
mod tests {
    use azure_oidc_core::ports::fixed::Variables;

    use super::*;

    const HOST: &str = "contoso.azurecr.io";

    #[test]
    fn only_the_place_of_the_helper_changes() {
        let own = r#""contoso.azurecr.io": "azure-oidc""#;
        for (old, new, earlier) in [
            ("", format!("{{\"credHelpers\": {{{own}}}}}\n"), None),
            ("{}", format!("{{\"credHelpers\": {{{own}}}}}"), None),
            ("\t{ \n}", format!("\t{{\"credHelpers\": {{{own}}} \n}}"), None),
            (r#"{"credHelpers":null,"a":{}}"#, format!("{{\"credHelpers\":{{{own}}},\"a\":{{}}}}"), None),
            (
                "{\n\t\"auths\": {\"x\": {\"auth\": \"{\"}}\n}",
                format!("{{\"credHelpers\": {{{own}}}, \n\t\"auths\": {{\"x\": {{\"auth\": \"{{\"}}}}\n}}"),
                None,
            ),
            (
                r#"{"a":"\u00e4{", "credHelpers" : {"b":"c"}}"#,
                format!(r#"{{"a":"\u00e4{{", "credHelpers" : {{{own}, "b":"c"}}}}"#),
                None,
            ),
            (r#"{"credHelpers":{}}"#, format!("{{\"credHelpers\":{{{own}}}}}"), None),
            (
                r#"{"credHelpers":{"contoso.azurecr.io" : "acr-env" }}"#,
                r#"{"credHelpers":{"contoso.azurecr.io" : "azure-oidc" }}"#.to_owned(),
                Some("acr-env"),
            ),
        ] {
            assert_eq!(with_helper(old, HOST).unwrap(), (new.clone(), earlier.map(str::to_owned)), "{old}");
            assert_eq!(with_helper(&new, HOST).unwrap().0, new, "once");
            let read: Value = serde_json::from_str(&new).unwrap();
            assert_eq!(read[HELPERS][HOST], HELPER);
        }
        for broken in ["{", "[]", "{\"credHelpers\":[]}", "{\"credHelpers\":{\"contoso.azurecr.io\":1}}"] {
            assert!(with_helper(broken, HOST).is_err(), "{broken}");
        }
    }

    #[test]
    fn what_docker_wrote_afterwards_stays_and_the_earlier_helper_is_back() {
        let folder = tempfile::tempdir().unwrap();
        let env = Variables::from([("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
        let path = folder.path().join("config.json");
        fs::write(&path, r#"{"credHelpers":{"contoso.azurecr.io":"acr-env"}}"#).unwrap();
        let hosts = [HOST.to_owned(), "fabrikam.azurecr.io".to_owned()];
        let change = Change::plan(&hosts, &env).unwrap().unwrap();
        change.make().unwrap();
        let mut now: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(now[HELPERS], json!({HOST: HELPER, "fabrikam.azurecr.io": HELPER}));
        now["auths"] = json!({"ghcr.io": {}});
        fs::write(&path, now.to_string()).unwrap();
        assert!(matches!(change.undo(), Undone::All(Some(text)) if text.contains("changed after login")));
        let read: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(read, json!({"auths": {"ghcr.io": {}}, HELPERS: {HOST: "acr-env"}}));
        assert_eq!(without_helpers("{", &change.registries), None);
    }

    #[test]
    fn only_registries_of_azure_get_the_helper() {
        let env = Variables::from([(REGISTRIES, "localhost:5000")]);
        let named = |name: &str| registries(&[name.to_owned()], &env);
        assert_eq!(named("https://Contoso.azurecr.io/v2/").unwrap(), [HOST]);
        assert_eq!(named("localhost:5000").unwrap(), ["localhost:5000"]);
        for other in ["ghcr.io", "contoso", "x.azurecr.io.evil.example"] {
            assert_eq!(named(other).unwrap_err().code, "registry-unknown");
        }
        assert_eq!(registries(&[], &env).unwrap_err().code, "registry-missing");
    }

    #[cfg(unix)]
    #[test]
    fn docker_finds_the_helper_afterwards_or_an_error_says_that_it_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let program = root.join("azure-oidc");
        fs::write(&program, "").unwrap();
        let env = |path: &str| Variables::from([("PATH", path)]);
        assert_eq!(Link::plan(&program, &env("/nowhere")).unwrap_err().code, "helper-not-found");
        let search = format!("/nowhere:{}", root.display());
        let link = Link::plan(&program, &env(&search)).unwrap().unwrap();
        link.make().unwrap();
        assert_eq!(Link::plan(&program, &env(&search)).unwrap(), None);
        link.undo();
        assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
    }
}
