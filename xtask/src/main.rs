//! The project's own commands.
//!
//! `cargo xtask demo` shows the main job from a clean clone; `cargo xtask test` runs every test; `cargo xtask bench` prints the
//! figures of the README. Each installs what it needs.

use anyhow::{Result, bail};

mod bench;
mod build;
mod demo;
mod emulator;
mod shell;
mod test;
mod tools;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["demo"] => demo::run(),
        ["test"] => test::run(),
        ["bench"] => bench::run(),
        ["lint"] => test::lint(),
        ["build"] => {
            build::everything().map(|built| println!("{}\n{}", built.host.display(), built.component.display()))
        }
        _ => bail!(
            "usage: cargo xtask demo | test | bench | lint | build\n\
             demo   build everything, run the host as a Harness step against a local Entra, explain what happened\n\
             test   every test, the stock wasmtime CLI and real SDKs included\n\
             bench  time and size of one exchange, beside curl and a bare program\n\
             lint   formatting, clippy for both targets, licences and sources of dependencies\n\
             build  the host and the component"
        ),
    }
}
