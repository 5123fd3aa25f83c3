//! Calls the typed functions from Rust, with wasmtime's bindings generated from the WIT package and
//! no imports linked.

use std::path::Path;
use std::sync::LazyLock;

use azure_oidc_tests::{Job, programs};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

use crate::case::Case;

mod bindings {
    wasmtime::component::bindgen!({
        inline: "package azure-oidc:tests; world typed { export azure-oidc:federation/claims@0.1.0; }",
        path: "../wit",
        world: "azure-oidc:tests/typed",
        additional_derives: [serde::Deserialize, serde::Serialize],
    });
}

use bindings::Typed;
use bindings::azure_oidc::federation::types::Fault;

/// The functions never trap.
const TRAP: &str = "no trap";

/// The component, compiled once.
static COMPONENT: LazyLock<(Engine, Component)> = LazyLock::new(compiled);

/// One instance.
pub(crate) struct Embedded {
    store: Store<()>,
    typed: Typed,
}

impl Embedded {
    /// A new instance. All of its imports trap, because the functions call none.
    pub(crate) fn new() -> Self {
        let (engine, component) = &*COMPONENT;
        let mut linker = Linker::new(engine);
        linker.define_unknown_imports_as_traps(component).expect("every import can trap");
        let mut store = Store::new(engine, ());
        let typed =
            Typed::instantiate(&mut store, component, &linker).expect("the component exports what its WIT says");
        Self { store, typed }
    }

    /// The answer in the form `{"ok": ...}` or `{"err": ...}`, with names in snake_case.
    pub(crate) fn ask(&mut self, case: &Case) -> Value {
        let Self { store, typed } = self;
        let claims = typed.azure_oidc_federation_claims();
        let text = |name: &str| case.text(name).unwrap_or_default();
        match case.call.as_str() {
            "inspect" => answer(claims.call_inspect(store, text("token")).expect(TRAP)),
            "check" => answer(claims.call_check(store, &record(&case.args)).expect(TRAP)),
            "verify" => answer(claims.call_verify(store, text("jws"), text("jwks")).expect(TRAP)),
            "explain" => answer(claims.call_explain(store, text("text"), case.text("token")).expect(TRAP)),
            "credential" => answer(claims.call_credential(store, &record(&case.args)).expect(TRAP)),
            "platforms" => answer(Ok(claims.call_platforms(store).expect(TRAP))),
            other => panic!("there is no function `{other}`"),
        }
    }
}

fn record<T: DeserializeOwned>(fields: &Map<String, Value>) -> T {
    T::deserialize(Value::Object(fields.clone())).expect("a case has the fields of its record")
}

fn answer<T: Serialize>(result: Result<T, Fault>) -> Value {
    match result {
        Ok(answer) => json!({ "ok": answer }),
        Err(fault) => json!({ "err": fault }),
    }
}

/// Compiles the component with the stock wasmtime CLI, which has the version of this runtime, so
/// that tests need no compiler. Features of the CLI that this runtime lacks are switched off,
/// because the runtime refuses an image that needs them.
fn compiled() -> (Engine, Component) {
    let engine = Engine::default();
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let image = folder.path().join("azure_oidc.cwasm");
    let (component, out) = (programs::component(), format!("--output={}", image.display()));
    Job::program(&programs::wasmtime())
        .args(&[
            "compile",
            "-Wgc-support=n",
            "-Wconcurrency-support=n",
            "-Wthreads=n",
            "-Wexceptions=n",
            "-Wgc=n",
            "-Wfunction-references=n",
            "-Wcomponent-model-async=n",
        ])
        .args(&[&component, Path::new(&out)])
        .run()
        .expect(0);
    #[expect(
        unsafe_code,
        reason = "the image was made a moment ago by the CLI of the same version, in a folder of our own"
    )]
    let component =
        unsafe { Component::deserialize_file(&engine, &image) }.expect("the CLI has the version of this runtime");
    (engine, component)
}
