//! Compares the component with the worlds of Spin and wasmCloud, as `wac targets` does: it may
//! import only what the world offers, and must export what the world requires.

use std::fs;

use azure_oidc_tests::programs;
use wac_types::{ItemKind, Package, TargetValidationResult, Types, WorldId, validate_target};
use wit_parser::Resolve;

const HERE: &str = env!("CARGO_MANIFEST_DIR");

#[test]
fn the_component_fits_the_world_of_spin() {
    fits("spin", "");
}

#[test]
fn the_component_fits_the_world_of_wasmcloud() {
    fits("wasmcloud", "");
}

#[test]
fn a_component_that_imports_more_than_a_world_offers_does_not_fit() {
    for missing in ["wasi:http/outgoing-handler@0.2.4", "wasi:random/insecure-seed@0.2.4"] {
        let report = compared("spin", &hosts(missing)).expect_err("it does not fit");
        assert!(report.to_string().contains(missing), "{report}");
    }
}

#[test]
fn a_component_without_a_handler_does_not_fit() {
    let component = wat_component();
    let report = against("wasmcloud", "", &component).expect_err("it does not fit");
    assert!(report.to_string().contains("wasi:http/incoming-handler@0.2.6"), "{report}");
}

/// A component without imports and exports.
fn wat_component() -> Vec<u8> {
    b"\0asm\x0d\0\x01\0".to_vec()
}

#[track_caller]
fn fits(world: &str, without: &str) {
    if let Err(report) = compared(world, without) {
        panic!("it does not fit the world of {world}:\n{report}");
    }
}

fn compared(world: &str, without: &str) -> TargetValidationResult {
    against(world, without, &fs::read(programs::component()).expect("it can be read"))
}

/// Replaces the component's version of WASI with that of the hosts. A host accepts earlier versions
/// of 0.2, and here the two differ only in the number.
fn hosts(text: &str) -> String {
    text.replace("@0.2.4", "@0.2.6")
}

/// Compares the component with a world. If `without` is not empty, that import is removed first.
fn against(world: &str, without: &str, component: &[u8]) -> TargetValidationResult {
    let mut resolve = Resolve::default();
    // Each package comes before the packages that use it.
    for package in ["io", "clocks", "random", "cli", "http"] {
        let path = format!("{HERE}/../wit/deps/{package}.wit");
        let text = fs::read_to_string(&path).expect("it can be read");
        resolve.push_str(&path, &hosts(&text)).expect("it can be parsed");
    }
    let path = format!("{HERE}/worlds/{world}.wit");
    let text = fs::read_to_string(&path).expect("it can be read");
    let text = if without.is_empty() { text } else { text.replace(&format!("import {without};"), "") };
    let package = resolve.push_str(&path, &text).expect("it can be read");
    let bytes = wit_component::encode(&resolve, package).expect("it can be read");

    let mut types = Types::default();
    let wit = Package::from_bytes("wit", None, bytes, &mut types).expect("it can be read");
    let component = Package::from_bytes("component", None, component.to_vec(), &mut types).expect("it can be read");
    validate_target(&types, only_world(&types, wit.ty()), component.ty())
}

/// A WIT package is a component that exports a component type for each world. Its one export is the
/// world itself.
fn only_world(types: &Types, package: WorldId) -> WorldId {
    let exported = |id: WorldId| match types[id].exports.values().next() {
        Some(ItemKind::Type(wac_types::Type::World(world)) | ItemKind::Component(world)) => *world,
        other => panic!("no world: {other:?}"),
    };
    exported(exported(package))
}
