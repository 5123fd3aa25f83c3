//! The native host `azure-oidc`: runs the component in a sandbox that grants only what the command
//! needs, sends the component's HTTP requests, and writes its results where the CI system reads
//! them.

#[cfg(target_os = "linux")]
mod allocator;
mod broker;
mod closed;
mod component;
mod deadline;
mod egress;
mod exhausted;
mod inputs;
mod login;
mod names;
mod print;
mod program;
mod publish;
mod reason;
mod run;
mod sandbox;
mod serve;
#[cfg(test)]
mod testing;
mod timings;
mod transport;
mod trust;
mod unfinished;
mod waker;
mod warnings;

use std::sync::Arc;

#[cfg(target_os = "linux")]
#[global_allocator]
static ALLOCATOR: allocator::Allocator = allocator::Allocator::new();

fn main() {
    if let Some(code) = broker::role() {
        std::process::exit(code.into());
    }
    let timings = Arc::new(timings::Timings::start());
    let code = run::run(&timings);
    std::process::exit(code.into());
}
