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
struct Asked {
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
        let asked: Asked = serde_json::from_str(&line?)?;
        let policy = Policy {
            hosts: asked.hosts.clone(),
            variables: Vec::new(),
            memory: 64 << 20,
            deadline: Duration::from_secs(30),
        };
        let mut running = host.start(&plugin, policy)?;
        let answer = answered(&host, &mut running, &asked)?;
        writeln!(stdout, "{answer}")?;
        stdout.flush()?;
    }
    Ok(())
}

fn answered(host: &Host, running: &mut Running, asked: &Asked) -> Result<Value> {
    let exports = Plugin::new(&mut running.store, &running.instance)?;
    let claims: &Claims = exports.azure_oidc_federation_claims();
    let exchange: &Exchange = exports.azure_oidc_federation_exchange();
    let one = asked.arguments.first().cloned().unwrap_or_default();
    let two = asked.arguments.get(1).cloned().unwrap_or_default();
    match asked.function.as_str() {
        "inspect" => {
            let token: String = read(one)?;
            told(host.call(running, async |store, _| claims.call_inspect(store, &token).await)?)
        }
        "check" => {
            let question = read(one)?;
            told(host.call(running, async |store, _| claims.call_check(store, &question).await)?)
        }
        "verify" => {
            let (jws, jwks): (String, String) = (read(one)?, read(two)?);
            told(host.call(running, async |store, _| claims.call_verify(store, &jws, &jwks).await)?)
        }
        "explain" => {
            let (text, token): (String, Option<String>) = (read(one)?, read(two)?);
            told(host.call(running, async |store, _| claims.call_explain(store, &text, token.as_deref()).await)?)
        }
        "credential" => {
            let request = read(one)?;
            told(host.call(running, async |store, _| claims.call_credential(store, &request).await)?)
        }
        "platforms" => {
            let all = host.call(running, async |store, _| claims.call_platforms(store).await)?;
            Ok(json!({ "ok": serde_json::to_value(all)? }))
        }
        "exchange" => {
            let request = read(one)?;
            told(host.call(running, async |store, _| exchange.call_exchange(store, &request).await)?)
        }
        other => bail!("there is no function {other}"),
    }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T> {
    Ok(serde_json::from_value(value)?)
}

fn told<T: Serialize, F: Serialize>(answer: Result<T, F>) -> Result<Value> {
    Ok(match answer {
        Ok(value) => json!({ "ok": serde_json::to_value(value)? }),
        Err(fault) => json!({ "err": serde_json::to_value(fault)? }),
    })
}
