//! What the component can ever do is what it imports, so the list of its imports is part of the contract: `wit/imports.txt`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use azure_oidc_tests::programs;
use wit_parser::decoding::{DecodedWasm, decode};
use wit_parser::{Resolve, World, WorldItem, WorldKey};

const EXPORTS: [&str; 6] = [
    "azure-oidc:federation/claims@0.1.0",
    "azure-oidc:federation/command@0.1.0",
    "azure-oidc:federation/exchange@0.1.0",
    "azure-oidc:federation/types@0.1.0",
    "wasi:cli/run@0.2.6",
    "wasi:http/incoming-handler@0.2.6",
];

#[test]
fn the_imports_are_the_committed_ones() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit/imports.txt");
    let committed = fs::read_to_string(path).unwrap();
    let committed: BTreeSet<_> =
        committed.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(ToOwned::to_owned).collect();
    let (resolve, world) = decoded();
    let actual: BTreeSet<_> = world
        .imports
        .iter()
        .filter(|(_, item)| can_do_something(&resolve, item))
        .map(|(key, _)| name(&resolve, key))
        .collect();
    let added: Vec<_> = actual.difference(&committed).collect();
    let gone: Vec<_> = committed.difference(&actual).collect();
    assert!(
        added.is_empty() && gone.is_empty(),
        "the component's imports changed: new {added:?}, gone {gone:?}; if that is meant, change wit/imports.txt, and the README"
    );
}

#[test]
fn no_import_reaches_files_or_sockets_or_is_the_hosts_own() {
    let (resolve, world) = decoded();
    for (key, item) in &world.imports {
        let name = name(&resolve, key);
        // The records that our own interfaces share are imported as types, which every host has.
        let is_standard = name.starts_with("wasi:") && name.ends_with("@0.2.6");
        assert!(is_standard || !can_do_something(&resolve, item), "{name}");
        assert!(!name.starts_with("wasi:filesystem/") && !name.starts_with("wasi:sockets/"), "{name}");
    }
}

#[test]
fn the_exports_are_the_promised_ones() {
    let (resolve, world) = decoded();
    let exports: BTreeSet<_> = world.exports.keys().map(|key| name(&resolve, key)).collect();
    assert_eq!(exports, EXPORTS.map(ToOwned::to_owned).into());
}

/// The world that the component itself says it needs and offers.
fn decoded() -> (Resolve, World) {
    let bytes = fs::read(programs::component()).expect("it can be read");
    let Ok(DecodedWasm::Component(resolve, world)) = decode(&bytes) else { panic!("this is no component") };
    let world = resolve.worlds[world].clone();
    (resolve, world)
}

/// Whether it has a function or a resource, and not types alone.
fn can_do_something(resolve: &Resolve, item: &WorldItem) -> bool {
    match item {
        WorldItem::Interface { id, .. } => {
            let interface = &resolve.interfaces[*id];
            let resource = |id| matches!(resolve.types[id].kind, wit_parser::TypeDefKind::Resource);
            !interface.functions.is_empty() || interface.types.values().any(|id| resource(*id))
        }
        WorldItem::Function(_) => true,
        WorldItem::Type { .. } => false,
    }
}

fn name(resolve: &Resolve, key: &WorldKey) -> String {
    resolve.name_world_key(key)
}
