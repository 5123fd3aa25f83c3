//! Runs the claim checker repeatedly, natively or in the component, and prints the time.
//!
//! `azure-oidc-claims-bench JOB FOLDER`: `JOB` is `check-native`, `check-component`,
//! `verify-native` or `verify-component`. The folder contains the input (`token`, `credentials`,
//! `jws`, `jwks`) and the component compiled ahead of time (`component.cwasm`). Each line of
//! standard input is a number of repetitions. The answer is their time in nanoseconds.

use std::fs;
use std::io::BufRead;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use azure_oidc_core::check::{self, Outcome, Presented, Question, SKEW};
use azure_oidc_core::cloud::PUBLIC;
use azure_oidc_core::credential::forms;
use azure_oidc_core::jwks::{self, KeySet};
use azure_oidc_core::token::Jws;
use wasmtime::component::{Component, Linker};
use wasmtime::{Engine, Store};

mod bindings {
    wasmtime::component::bindgen!({
        inline: "package azure-oidc:bench; world typed { export azure-oidc:federation/claims@0.1.0; }",
        path: "../../wit",
        world: "azure-oidc:bench/typed",
    });
}

use bindings::Typed;
use bindings::exports::azure_oidc::federation::claims;

/// 2026-08-21T10:00:00Z.
const NOW: i64 = 1_787_306_400;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [job, folder] = arguments.as_slice() else { bail!("usage: azure-oidc-claims-bench JOB FOLDER") };
    let folder = Path::new(folder);
    let mut once = job_of(job, folder)?;
    ensure!(once()?, "`{job}` does not find what it should: the token fits, and the signature is good");
    for line in std::io::stdin().lock().lines() {
        let count: u32 = line?.trim().parse().context("a number of repetitions")?;
        let start = Instant::now();
        for _ in 0..count {
            once()?;
        }
        println!("{}", start.elapsed().as_nanos());
    }
    Ok(())
}

type Job = Box<dyn FnMut() -> Result<bool>>;

fn job_of(name: &str, folder: &Path) -> Result<Job> {
    let read =
        |name: &str| fs::read_to_string(folder.join(name)).with_context(|| format!("{name} in {}", folder.display()));
    Ok(match name {
        "check-native" => {
            let (token, credentials) = (read("token")?, read("credentials")?);
            Box::new(move || checked(&token, &credentials))
        }
        "check-component" => {
            let question = claims::Question {
                token: Some(read("token")?),
                issuer: None,
                subject: None,
                audience: None,
                claims_json: None,
                credentials: read("credentials")?,
                now: NOW,
                skew: None,
                cloud: None,
                jwks: None,
                shell: None,
            };
            let (mut store, typed) = instance(folder)?;
            Box::new(move || {
                let verdict = typed.azure_oidc_federation_claims().call_check(&mut store, &question)?;
                Ok(verdict.is_ok_and(|verdict| matches!(verdict.outcome, claims::Outcome::Match)))
            })
        }
        "verify-native" => {
            let (jws, jwks) = (read("jws")?, read("jwks")?);
            Box::new(move || {
                let keys = KeySet::parse(&jwks).map_err(|fault| anyhow::anyhow!("{fault}"))?;
                Ok(jwks::verify(&Jws::parse(&jws)?, &keys).valid)
            })
        }
        "verify-component" => {
            let (jws, jwks) = (read("jws")?, read("jwks")?);
            let (mut store, typed) = instance(folder)?;
            Box::new(move || {
                let verification = typed.azure_oidc_federation_claims().call_verify(&mut store, &jws, &jwks)?;
                Ok(verification.is_ok_and(|verification| verification.valid))
            })
        }
        other => bail!("there is no job `{other}`"),
    })
}

/// Does what the component's `check` does, without the component.
fn checked(token: &str, credentials: &str) -> Result<bool> {
    let presented = Presented { token: Some(token), ..Presented::default() };
    let token = presented.read(PUBLIC).map_err(|fault| anyhow::anyhow!("{fault}"))??;
    let credentials = forms::parse(credentials).map_err(|fault| anyhow::anyhow!("{fault}"))?;
    let verdict = check::check(&Question {
        token: &token,
        credentials: &credentials,
        client_id: None,
        cloud: PUBLIC,
        now: NOW,
        skew: SKEW,
        keys: None,
        shell: azure_oidc_core::shell::Shell::Bash,
    });
    Ok(verdict.verdict == Outcome::Match)
}

fn instance(folder: &Path) -> Result<(Store<()>, Typed)> {
    let engine = Engine::default();
    #[expect(
        unsafe_code,
        reason = "machine code is taken on trust: the image was made a moment ago, in a folder of our own"
    )]
    // SAFETY: the image was made by the CLI of the linked version. wasmtime refuses other images.
    let component = unsafe { Component::deserialize_file(&engine, folder.join("component.cwasm")) }?;
    let mut linker = Linker::new(&engine);
    linker.define_unknown_imports_as_traps(&component)?;
    let mut store = Store::new(&engine, ());
    let typed = Typed::instantiate(&mut store, &component, &linker)?;
    Ok((store, typed))
}
