//! Compares the built component with the published world (`wit/world.wit`) and with the list of its
//! imports (`wit/imports.txt`). Both are part of the contract: the component can use only what it
//! imports.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use azure_oidc_tests::programs;
use wit_component::DecodedWasm;
use wit_parser::{Resolve, WorldId, WorldItem, WorldKey};

/// The version of WASI that the `wasi` crate and Rust's standard library use.
const WASI: &str = "@0.2.4";

#[test]
fn the_imports_are_the_committed_ones() {
    let committed = fs::read_to_string(wit().join("imports.txt")).expect("it can be read");
    let committed: BTreeSet<_> =
        committed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(ToOwned::to_owned).collect();
    let (resolve, world) = decoded();
    let actual = names(&resolve, &resolve.worlds[world].imports);
    let added: Vec<_> = actual.difference(&committed).collect();
    let gone: Vec<_> = committed.difference(&actual).collect();
    assert!(
        added.is_empty() && gone.is_empty(),
        "the component's imports changed: new {added:?}, gone {gone:?}; if that is intended, change wit/imports.txt and the README"
    );
}

#[test]
fn all_imports_are_wasi_in_one_version_and_none_reaches_files_or_sockets() {
    let (resolve, world) = decoded();
    for name in names(&resolve, &resolve.worlds[world].imports) {
        assert!(name.starts_with("wasi:") && name.ends_with(WASI), "{name}");
        assert!(!name.starts_with("wasi:filesystem/") && !name.starts_with("wasi:sockets/"), "{name}");
    }
}

#[test]
fn the_component_has_exactly_the_imports_and_exports_of_the_published_world() {
    let (published, plugin) = published();
    let (resolve, world) = decoded();
    let (wanted, actual) = (&published.worlds[plugin], &resolve.worlds[world]);
    assert_eq!(names(&resolve, &actual.imports), names(&published, &wanted.imports));
    assert_eq!(names(&resolve, &actual.exports), names(&published, &wanted.exports));
    // The names are equal; this compares functions and types.
    if let Err(error) = wit_component::targets(&published, plugin, &bytes()) {
        panic!("the component does not fit its published world: {error:#}");
    }
}

/// The world in `wit/world.wit`.
fn published() -> (Resolve, WorldId) {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(wit()).expect("the package can be parsed");
    let world = resolve.select_world(&[package], Some("plugin")).expect("the package has this world");
    (resolve, world)
}

/// The world that the component describes itself.
fn decoded() -> (Resolve, WorldId) {
    match wit_component::decode(&bytes()) {
        Ok(DecodedWasm::Component(resolve, world)) => (resolve, world),
        other => panic!("this is no component: {:?}", other.err()),
    }
}

fn bytes() -> Vec<u8> {
    fs::read(programs::component()).expect("it can be read")
}

fn wit() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../wit")
}

fn names<'a>(resolve: &Resolve, items: impl IntoIterator<Item = (&'a WorldKey, &'a WorldItem)>) -> BTreeSet<String> {
    items.into_iter().map(|(key, _)| resolve.name_world_key(key)).collect()
}
