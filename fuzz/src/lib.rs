//! Properties that hold for any input, for fuzzers and for replaying their corpora.
//!
//! libFuzzer calls them with generated inputs (`fuzz/libfuzzer`), and tests call them with the
//! corpora. [`run`] panics if a property does not hold or if an input takes too long.

mod broker;
pub mod corpus;
mod entra;
mod issuer;
mod job;
mod message;
mod parsers;
mod platforms;
mod proxies;
mod service;
mod time;
mod tools;
mod write;

/// A fuzz target: one kind of input from outside.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// The name of the target and of its corpus.
    pub name: &'static str,
    /// Panics if the property does not hold for this input.
    pub property: fn(&[u8]),
    /// The longest input that the program reads, in bytes.
    pub largest: usize,
}

const KIB: usize = 1024;
/// The longest file on the command line.
const FILE: usize = 1024 * KIB;

/// All targets.
pub const ALL: [Target; 16] = [
    Target { name: "aadsts", property: parsers::aadsts, largest: FILE },
    Target { name: "broker", property: broker::session, largest: 64 * KIB },
    Target { name: "command", property: job::command, largest: 64 * KIB },
    Target { name: "credentials", property: parsers::credentials, largest: FILE },
    Target { name: "docker", property: tools::docker, largest: 64 * KIB },
    Target { name: "entra", property: entra::answer, largest: FILE },
    Target { name: "expression", property: parsers::expression, largest: 64 * KIB },
    Target { name: "git", property: tools::git, largest: 64 * KIB },
    Target { name: "issuer", property: issuer::answers, largest: 200 * KIB },
    Target { name: "jwks", property: parsers::jwks, largest: FILE },
    Target { name: "kubernetes", property: tools::kubernetes, largest: 64 * KIB },
    Target { name: "platforms", property: platforms::answer, largest: 256 * KIB },
    Target { name: "proxies", property: proxies::value, largest: 64 * KIB },
    Target { name: "service", property: service::request, largest: azure_oidc_component::service::MAX_BODY },
    Target { name: "token", property: parsers::token, largest: FILE },
    Target { name: "write", property: write::credentials, largest: 64 * KIB },
];

/// The target of this name.
///
/// # Panics
/// If there is none.
pub fn target(name: &str) -> Target {
    *ALL.iter().find(|target| target.name == name).unwrap_or_else(|| panic!("no target is called {name}"))
}

/// Checks the property of a target, and that the input does not take too long. An input that is
/// longer than the program reads is ignored.
///
/// # Panics
/// If the property does not hold, if the input takes too long, or if there is no such target.
pub fn run(name: &str, input: &[u8]) {
    let target = target(name);
    if input.len() <= target.largest {
        time::limited(target.name, input.len(), || (target.property)(input));
    }
}
