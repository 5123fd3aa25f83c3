//! Tests the composition with `examples/deploy/settings` under `wasmtime serve`: the service reads
//! its settings from `wasi:config/store`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use azure_oidc_tests::http::{Message, send};
use azure_oidc_tests::relay::Relay;
use azure_oidc_tests::stock::Service;
use azure_oidc_tests::{APPLICATION, Stage, TENANT, programs, tokens};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions, plug};

/// The composition that `wac plug azure_oidc.wasm --plug azure_oidc_settings.wasm` makes.
fn composed(settings: &Path) -> Vec<u8> {
    let mut graph = CompositionGraph::new();
    let mut register = |name: &str, path: &Path| {
        let bytes = fs::read(path).expect("it is built");
        let package = Package::from_bytes(name, None, bytes, graph.types_mut()).expect("it is a component");
        graph.register_package(package).expect("it has another name")
    };
    let (socket, settings) =
        (register("azure-oidc:component", &programs::component()), register("azure-oidc:settings", settings));
    plug(&mut graph, vec![settings], socket).expect("it fits");
    graph.encode(EncodeOptions::default()).expect("it can be encoded")
}

/// The names of what a component imports.
fn imports(component: Vec<u8>) -> BTreeSet<String> {
    let mut types = wac_types::Types::default();
    let package = wac_types::Package::from_bytes("x", None, component, &mut types).expect("it is a component");
    types[package.ty()].imports.keys().cloned().collect()
}

#[test]
fn the_composition_contains_the_component_byte_for_byte() {
    let component = fs::read(programs::component()).expect("it is built");
    for for_spin in [false, true] {
        let composed = composed(&programs::settings(for_spin));
        let found = composed.windows(component.len()).filter(|bytes| *bytes == component).count();
        assert_eq!(found, 1);
    }
}

#[test]
fn the_composition_imports_the_settings_and_nothing_else_that_is_new() {
    let component = imports(fs::read(programs::component()).expect("it is built"));
    for (for_spin, store) in
        [(false, "wasi:config/store@0.2.0-rc.1"), (true, "wasi:config/store@0.2.0-draft-2024-09-27")]
    {
        let composed = imports(composed(&programs::settings(for_spin)));
        let new: Vec<_> = composed.difference(&component).collect();
        assert_eq!(new, [store]);
        assert!(composed.is_superset(&component), "{composed:?}");
    }
}

#[test]
fn the_service_reads_its_settings_from_the_store_of_the_host() {
    let stage = Stage::new();
    let relay = Relay::before(&stage.emulator);
    let path = stage.path("composed.wasm");
    fs::write(&path, composed(&programs::settings(false))).expect("it can be written");
    let id_token = stage.id_token();

    let settings =
        [("azure_tenant_id", TENANT), ("azure_client_id", APPLICATION), ("azure_authority_host", relay.url())];
    let service = Service::configured(&path, &settings, &[]);
    let traded = exchange(&service, &id_token);
    assert_eq!(traded.status(), 200, "{}", String::from_utf8_lossy(&traded.body));
    let token = traded.json()["tokens"][0]["access_token"].as_str().map(tokens::claims);
    assert_eq!(token.expect("there is one")["aud"], "https://management.azure.com");
    drop(service);

    // A variable wins, and without any settings the service trades nothing.
    let other = [("AZURE_CLIENT_ID", "99999999-9999-4999-8999-999999999999")];
    let refused = exchange(&Service::configured(&path, &settings, &other), &id_token);
    assert_eq!((refused.status(), refused.json()["code"].as_str()), (403, Some("entra-refused")));
    let refused = exchange(&Service::configured(&path, &[], &[]), &id_token);
    assert_eq!((refused.status(), refused.json()["code"].as_str()), (403, Some("exchange-not-configured")));
}

fn exchange(service: &Service, id_token: &str) -> Message {
    let headers = [("content-type", "application/json"), ("authorization", &*format!("Bearer {id_token}"))];
    send(service.address(), "POST", "/v1/exchange", &headers, "{}")
}
