//! Runs a command in the component: an engine without a compiler, a store with limits, and no
//! imports beyond those of the component's world.

use azure_oidc_core::Fault;
use wasmtime::{Error, InstanceAllocationStrategy};

pub(crate) mod broker;
mod failure;
mod image;
mod limits;
mod linker;
mod service;
mod state;
mod turns;

use crate::inputs::Files;
use crate::timings::Timings;
use bindings::Runner;
use bindings::exports::azure_oidc::federation::command::File;

pub(crate) use bindings::exports::azure_oidc::federation::command::{Outcome, Publication};
pub(crate) use failure::is_exhaustion;
pub(crate) use service::{Limits, Service};
pub(crate) use state::Grants;

/// Bindings for the one interface of the component that runs commands.
mod bindings {
    wasmtime::component::bindgen!({
        inline: "package azure-oidc:host; world runner { export azure-oidc:federation/command@0.1.0; }",
        path: "../wit",
        world: "azure-oidc:host/runner",
        exports: { default: async },
    });
}

/// Runs one command in the component.
///
/// # Errors
///
/// When the component could not be started or was stopped. It reports all other failures in its
/// outcome.
pub(crate) fn run(grants: Grants, arguments: &[String], files: Files, timings: &Timings) -> Result<Outcome, Fault> {
    let log = failure::log();
    let failed = |error: Error| failure::fault(&error, &log);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.map_err(|error| failed(error.into()))?;
    let (engine, component) = image::load(InstanceAllocationStrategy::OnDemand).map_err(failed)?;
    timings.phase_done("image_load");

    let linker = linker::new(&engine).map_err(failed)?;
    let mut store = state::store(&engine, &grants.variables, grants.transport, log.clone());
    let files: Vec<_> = files.into_contents().map(|(name, contents)| File { name, contents }).collect();
    let outcome = runtime.block_on(async {
        let runner = Runner::instantiate_async(&mut store, &component, &linker).await?;
        timings.phase_done("instantiate");
        runner.azure_oidc_federation_command().call_run(&mut store, arguments, &files).await
    });
    timings.phase_done("guest");
    // The process is about to end. Dropping these would take a tenth of its time, and longer while
    // a name is still being resolved.
    std::mem::forget((runtime, linker, store, component));
    outcome.map_err(failed)
}
