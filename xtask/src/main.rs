//! The project's own commands.
//!
//! `cargo xtask demo` shows the main job from a clean clone; `cargo xtask test` runs every test; `cargo xtask bench` prints the
//! figures of the README. Each installs what it needs.

use anyhow::{Result, bail};

mod bench;
mod bench_service;
mod build;
mod conformance;
mod demo;
mod dist;
mod emulator;
mod fuzz;
mod shell;
mod test;
mod tools;
mod web;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["demo"] => demo::run(),
        ["test"] => test::run(),
        ["bench"] => bench::run(),
        ["bench", "claims"] => bench::claims::run(),
        ["bench", "service"] => bench_service::run(),
        ["lint"] => test::lint(),
        ["fuzz"] => fuzz::run(None),
        ["fuzz", seconds] => fuzz::run(Some(seconds)),
        ["conformance"] => conformance::run(),
        ["dist"] => dist::run(),
        ["check-targets"] => dist::targets::run(),
        ["reproduce"] => dist::reproduce::run().map(|digest| println!("the same bytes twice: {digest}")),
        ["web", options @ ..] => web::run(options),
        ["build"] => {
            build::everything().map(|built| println!("{}\n{}", built.host.display(), built.component.display()))
        }
        _ => bail!(
            "usage: cargo xtask demo | test | bench | fuzz | lint | web | build | reproduce | check-targets | dist\n\
             demo   build everything, run the host as a Harness step against a local Entra, explain what happened\n\
             test   every test, the stock wasmtime CLI and real SDKs included\n\
             bench  time and size of one exchange, beside curl and a bare program\n\
             bench claims   the checker in the component beside itself native, and RS256 beside jsonwebtoken and jose\n\
             bench service  requests per second of the service, beside wasmtime serve and a native program\n\
             conformance  the same bytes under every host that is found, as a table\n\
             fuzz   each parser by libFuzzer, for 60 seconds or as many as are given; needs nightly Rust\n\
             web    the claim checker for the browser, into target/web; --serve, --test, --screenshots\n\
             lint   formatting, clippy for both targets, licences and sources of dependencies\n\
             build  the host and the component\n\
             reproduce      the component twice from copies of the work tree: the same bytes, or an error\n\
             check-targets  the host for every system that it is for, with the image that each would carry\n\
             dist   what a release publishes, into target/dist, and the proofs that it is what was tested"
        ),
    }
}
