//! Calls the typed functions: reads one call in each line of standard input and prints one answer
//! in each line, both as JSON. The first line of output names the component. Tests compare the
//! answers with those of other hosts.

use std::io::{self, Write};
use std::time::Duration;
use std::{env, fs};

use azure_oidc_embed::bindings::Plugin;
use azure_oidc_embed::bindings::exports::azure_oidc::federation::claims::Guest as Claims;
use azure_oidc_embed::bindings::exports::azure_oidc::federation::exchange::Guest as Exchange;
use azure_oidc_embed::{Host, Policy, Running};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasmtime::error::Context;
use wasmtime::{Result, bail};

#[derive(Deserialize)]
struct Call {
    function: String,
    arguments: Vec<Value>,
    #[serde(default)]
    hosts: Vec<String>,
}

fn main() -> Result<()> {
    let path = env::args().nth(1).context("usage: answers COMPONENT")?;
    let bytes = fs::read(path)?;
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let host = Host::new()?;
    let plugin = host.load(&bytes)?;
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{}", json!({ "sha256": digest, "version": "wasmtime crate 48.0.8" }))?;
    for line in io::stdin().lines() {
        let call: Call = serde_json::from_str(&line?)?;
        let policy = Policy {
            hosts: call.hosts.clone(),
            variables: Vec::new(),
            memory: 64 << 20,
            deadline: Duration::from_secs(30),
        };
        let mut running = host.start(&plugin, policy)?;
        let answer = answer(&host, &mut running, &call)?;
        writeln!(stdout, "{answer}")?;
        stdout.flush()?;
    }
    Ok(())
}

fn answer(host: &Host, running: &mut Running, call: &Call) -> Result<Value> {
    let exports = Plugin::new(&mut running.store, &running.instance)?;
    let claims: &Claims = exports.azure_oidc_federation_claims();
    let exchange: &Exchange = exports.azure_oidc_federation_exchange();
    let one = call.arguments.first().cloned().unwrap_or_default();
    let two = call.arguments.get(1).cloned().unwrap_or_default();
    match call.function.as_str() {
        "inspect" => {
            let token: String = read(one)?;
            result(host.call(running, async |store, _| claims.call_inspect(store, &token).await)?)
        }
        "check" => {
            let request = read(one)?;
            result(host.call(running, async |store, _| claims.call_check(store, &request).await)?)
        }
        "verify" => {
            let (jws, jwks): (String, String) = (read(one)?, read(two)?);
            result(host.call(running, async |store, _| claims.call_verify(store, &jws, &jwks).await)?)
        }
        "explain" => {
            let (text, token): (String, Option<String>) = (read(one)?, read(two)?);
            result(host.call(running, async |store, _| claims.call_explain(store, &text, token.as_deref()).await)?)
        }
        "explain-refusal" => {
            let request = read(one)?;
            result(host.call(running, async |store, _| claims.call_explain_refusal(store, &request).await)?)
        }
        "write-credentials" => {
            let request = read(one)?;
            result(host.call(running, async |store, _| claims.call_write_credentials(store, &request).await)?)
        }
        "credential" => {
            let request = read(one)?;
            result(host.call(running, async |store, _| claims.call_credential(store, &request).await)?)
        }
        "audit" => {
            let request = read(one)?;
            result(host.call(running, async |store, _| claims.call_audit(store, &request).await)?)
        }
        "platforms" => {
            let all = host.call(running, async |store, _| claims.call_platforms(store).await)?;
            Ok(json!({ "ok": serde_json::to_value(all)? }))
        }
        "exchange" => {
            let request = read(one)?;
            result(host.call(running, async |store, _| exchange.call_exchange(store, &request).await)?)
        }
        other => bail!("there is no function {other}"),
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    Ok(serde_json::from_value(value)?)
}

fn result<T: Serialize, F: Serialize>(answer: Result<T, F>) -> Result<Value> {
    Ok(match answer {
        Ok(value) => json!({ "ok": serde_json::to_value(value)? }),
        Err(fault) => json!({ "err": serde_json::to_value(fault)? }),
    })
}
