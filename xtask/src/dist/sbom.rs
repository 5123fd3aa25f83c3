//! Writes bills of materials in CycloneDX.
//!
//! `cargo-cyclonedx` writes the list. It includes everything that any member of the workspace
//! needs, such as a compiler. So `cargo tree` decides what is linked.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::sources;
use crate::{shell, tools};

/// The subject of a list.
pub(super) struct Subject<'a> {
    /// The name of the package.
    pub(super) package: &'a str,
    /// The folder of the package in the workspace.
    pub(super) folder: &'a str,
    pub(super) target: &'a str,
    /// The published file and its SHA-256.
    pub(super) file: &'a str,
    pub(super) digest: &'a str,
    /// An embedded file and its SHA-256.
    pub(super) carries: Option<(&'a str, &'a str)>,
}

/// Writes the list of one subject. The same sources give the same list.
pub(super) fn write(subject: &Subject<'_>, to: &Path) -> Result<()> {
    // In a copy, because the tool writes a file beside each manifest of the workspace.
    let copy = tempfile::tempdir()?;
    sources::copy(&shell::root(), copy.path())?;
    let folder = copy.path().join(subject.folder);
    let mut generate = Command::new(tools::cyclonedx()?);
    generate
        .args(["cyclonedx", "--quiet", "--format", "json", "--spec-version", "1.5", "--no-build-deps"])
        .args(["--override-filename", "bom", "--target", subject.target, "--manifest-path"])
        .arg(folder.join("Cargo.toml"))
        .env("SOURCE_DATE_EPOCH", sources::epoch()?);
    shell::run(shell::without_own_variables(&mut generate))?;
    let text = fs::read_to_string(folder.join("bom.json"))?;
    let text = text.replace(&format!("file://{}/", copy.path().display()), "file:///");

    let mut list: Value = serde_json::from_str(&text)?;
    restrict(&mut list, &linked(subject)?)?;
    unlocate(&mut list);
    let described = &mut list["metadata"]["component"];
    described["type"] = "application".into();
    described["name"] = subject.file.into();
    described["hashes"] = hashes(subject.digest);
    // The paths of a package's targets in the build folder are useless.
    described.as_object_mut().context("no component is described")?.remove("components");
    if let Some((file, digest)) = subject.carries {
        let carried = json!({
            "type": "application", "bom-ref": file, "name": file, "version": described["version"], "scope": "required",
            "hashes": hashes(digest),
        });
        list["components"].as_array_mut().context("no components")?.push(carried);
        list["dependencies"].as_array_mut().context("no dependencies")?.push(json!({ "ref": file }));
    }
    Ok(fs::write(to, format!("{list:#}\n"))?)
}

fn hashes(digest: &str) -> Value {
    json!([{ "alg": "SHA-256", "content": digest }])
}

/// Name and version of the linked packages and of the subject itself.
fn linked(subject: &Subject<'_>) -> Result<BTreeSet<(String, String)>> {
    let mut tree = shell::cargo(&["tree", "--locked", "--prefix", "none", "--edges", "normal,no-proc-macro"]);
    tree.args(["--package", subject.package, "--target", subject.target]);
    let lines = shell::output(&mut tree)?;
    let packages = lines.lines().filter_map(|line| {
        let mut words = line.split(' ');
        Some((words.next()?.to_owned(), words.next()?.strip_prefix('v')?.to_owned()))
    });
    Ok(packages.collect())
}

/// Removes packages that are not linked, and references to them.
fn restrict(list: &mut Value, linked: &BTreeSet<(String, String)>) -> Result<()> {
    let own = reference(&list["metadata"]["component"]);
    let components = list["components"].as_array_mut().context("no components")?;
    components.retain(|component| identity(component).is_some_and(|identity| linked.contains(&identity)));
    ensure!(
        components.len() + 1 == linked.len(),
        "{} packages are linked, and {} of them are in the list",
        linked.len() - 1,
        components.len()
    );
    let kept: BTreeSet<String> = components.iter().map(reference).chain([own]).collect();
    let is_kept = |value: &Value| value.as_str().is_some_and(|reference| kept.contains(reference));
    let dependencies = list["dependencies"].as_array_mut().context("no dependencies")?;
    dependencies.retain(|dependency| is_kept(&dependency["ref"]));
    for dependency in dependencies {
        if let Some(on) = dependency.get_mut("dependsOn").and_then(Value::as_array_mut) {
            on.retain(is_kept);
        }
    }
    Ok(())
}

/// Removes URLs of packages in the build folder, which no registry has.
fn unlocate(list: &mut Value) {
    let mut components: Vec<_> = list["components"].as_array_mut().into_iter().flatten().collect();
    components.retain(|component| component["purl"].as_str().is_some_and(|purl| purl.contains("file://")));
    for component in components {
        component.as_object_mut().map(|members| members.remove("purl"));
    }
    list["metadata"]["component"].as_object_mut().map(|members| members.remove("purl"));
}

fn identity(component: &Value) -> Option<(String, String)> {
    Some((component["name"].as_str()?.to_owned(), component["version"].as_str()?.to_owned()))
}

fn reference(component: &Value) -> String {
    component["bom-ref"].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Value {
        json!({
            "metadata": { "component": { "name": "p", "version": "1", "bom-ref": "p" } },
            "components": [
                { "name": "a", "version": "1.0.0", "bom-ref": "a" },
                { "name": "compiler", "version": "2.0.0", "bom-ref": "c" },
            ],
            "dependencies": [{ "ref": "p", "dependsOn": ["a", "c"] }, { "ref": "a" }, { "ref": "c" }],
        })
    }

    fn linked(packages: &[(&str, &str)]) -> BTreeSet<(String, String)> {
        packages.iter().map(|(name, version)| ((*name).to_owned(), (*version).to_owned())).collect()
    }

    #[test]
    fn packages_that_are_not_linked_are_removed_with_their_references() {
        let mut list = list();
        restrict(&mut list, &linked(&[("p", "1"), ("a", "1.0.0")])).unwrap();
        assert_eq!(list["components"].as_array().unwrap().len(), 1);
        assert_eq!(list["dependencies"], json!([{ "ref": "p", "dependsOn": ["a"] }, { "ref": "a" }]));
    }

    #[test]
    fn a_linked_package_that_the_list_lacks_is_an_error() {
        let error = restrict(&mut list(), &linked(&[("p", "1"), ("a", "1.0.0"), ("b", "1.0.0")])).unwrap_err();
        assert!(error.to_string().contains("2 packages are linked, and 1"), "{error}");
    }
}
