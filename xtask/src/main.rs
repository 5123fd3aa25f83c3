//! The commands `cargo xtask ...` of this project.
//!
//! `cargo xtask demo` shows an exchange from a clean clone, `cargo xtask test` runs all tests, and
//! `cargo xtask bench` prints the figures of `docs/performance.md`. Each installs the tools that it
//! needs.

use anyhow::{Result, bail};

mod bench;
mod bench_attack;
mod bench_broker;
mod bench_service;
mod build;
mod conformance;
mod demo;
mod dist;
mod emulator;
mod fuzz;
mod shell;
mod systems;
mod test;
mod tools;
mod web;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["demo"] => demo::run(),
        ["test"] => test::run(),
        ["bench", "claims"] => bench::claims::run(),
        ["bench", "growth"] => bench::growth::run(),
        ["bench", "inputs"] => bench::inputs(),
        ["bench", "service"] => bench_service::run(),
        ["bench", "broker"] => bench_broker::run(),
        ["bench", "attack"] => bench_attack::run(None),
        ["bench", "attack", seconds] => bench_attack::run(Some(seconds)),
        ["bench", "flood", name, address, seconds] => bench_attack::flood(name, address, seconds),
        ["bench", options @ ..] => bench::run(options),
        ["lint"] => test::lint(),
        ["schemas"] => test::schemas(),
        ["advisories"] => test::advisories(),
        ["soak"] => test::soak(None),
        ["soak", seconds] => test::soak(Some(seconds)),
        ["fuzz"] => fuzz::run(None),
        ["fuzz", seconds] => fuzz::run(Some(seconds)),
        ["conformance"] => conformance::run(),
        ["systems", names @ ..] => systems::run(names),
        ["dist"] => dist::run(),
        ["pack", folder] => dist::pack(folder.as_ref()),
        ["check-targets"] => dist::targets::run(),
        ["check-targets", "macos"] => dist::targets::macos(),
        ["reproduce"] => {
            let digest = dist::reproduce::run(&build::everything()?.component)?;
            println!("both builds have the digest {digest}");
            Ok(())
        }
        ["web", options @ ..] => web::run(options),
        ["build"] => {
            build::everything().map(|built| println!("{}\n{}", built.host.display(), built.component.display()))
        }
        _ => bail!(
            "usage: cargo xtask demo | test | bench | soak | schemas | fuzz | lint | advisories | web | build | reproduce | check-targets | systems | dist | pack\n\
             demo           builds everything, runs the host as a Harness step against a local Entra, explains a refusal\n\
             test           runs all tests, with the stock wasmtime command and real SDKs\n\
             bench          prints time, memory and size of one exchange with their limits; --peer 'CMD' adds another tool,\n\
             \x20              as often as given; --anyway compares on a busy machine too\n\
             bench claims   compares the checker in the component with native code, and RS256 with jsonwebtoken and jose\n\
             bench growth   prints how the time grows with the credentials, the token and the scopes\n\
             bench inputs   prints the time of each job for the largest hostile inputs, the slowest first\n\
             bench service  compares the service's requests per second with wasmtime serve and a native program\n\
             bench broker   measures how fast the endpoints of `exec` and `broker` answer, and what `exec` adds to a command\n\
             bench attack   measures what good callers notice of nine floods, 30 seconds each or as many as given\n\
             conformance    runs the same cases under all hosts on this machine and prints a table\n\
             schemas        renews schemas/ from the types\n\
             soak [SECONDS] asks a broker with 50 callers while the authority fails, for ten minutes by default\n\
             fuzz [SECONDS] fuzzes each target with libFuzzer, 60 seconds each by default\n\
             web            builds the claim checker for the browser in target/web; --serve, --test, --screenshots\n\
             lint           checks formatting, clippy for both targets, licences and sources of dependencies\n\
             advisories     looks for known vulnerabilities and yanked crates; needs the internet\n\
             build          builds the host and the component\n\
             reproduce      builds the component again from a copy of the work tree and compares the bytes\n\
             check-targets  checks the host for all targets and compiles the image for each; `macos` after it: for those of macOS\n\
             systems [NAME...]  runs the cases with the host for other processors and systems, under QEMU and Wine\n\
             dist           writes the files of a release to target/dist and proves that they contain what was tested\n\
             pack FOLDER    packs the programs in such a folder again, with those that other machines added"
        ),
    }
}
