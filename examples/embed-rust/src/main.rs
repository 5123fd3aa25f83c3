//! Asks the plugin whether Entra will accept a token, then trades the token: `azure-oidc-embed
//! azure_oidc.wasm fics.json`, with `ID_TOKEN`, `AZURE_TENANT_ID` and `AZURE_CLIENT_ID` set.

use std::time::{Duration, SystemTime};
use std::{env, fs};

use azure_oidc_embed::bindings::Plugin;
use azure_oidc_embed::bindings::exports::azure_oidc::federation::claims::{Outcome, Question};
use azure_oidc_embed::bindings::exports::azure_oidc::federation::exchange::ExchangeRequest;
use azure_oidc_embed::{Host, Policy};
use wasmtime::error::Context;
use wasmtime::{Result, bail};

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [component, credentials] = arguments.as_slice() else {
        bail!("usage: azure-oidc-embed COMPONENT CREDENTIALS, with ID_TOKEN, AZURE_TENANT_ID and AZURE_CLIENT_ID set");
    };
    let variable = |name: &str| env::var(name).with_context(|| format!("the variable {name} is not set"));
    let id_token = variable("ID_TOKEN")?;

    let host = Host::new()?;
    let plugin = host.load(&fs::read(component)?)?;
    let policy = Policy {
        hosts: vec!["login.microsoftonline.com:443".to_owned()],
        variables: Vec::new(),
        memory: 64 << 20,
        deadline: Duration::from_secs(30),
    };
    let mut running = host.start(&plugin, policy)?;
    let exports = Plugin::new(&mut running.store, &running.instance)?;

    let question = Question {
        token: Some(id_token.clone()),
        issuer: None,
        subject: None,
        audience: None,
        claims_json: None,
        credentials: fs::read_to_string(credentials)?,
        now: SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs().cast_signed(),
        skew: None,
        cloud: None,
        jwks: None,
        shell: None,
    };
    let claims = exports.azure_oidc_federation_claims();
    let verdict = host.call(&mut running, async |store, _| claims.call_check(store, &question).await)??;
    for finding in &verdict.findings {
        println!("{:?}: {}", finding.severity, finding.message);
    }
    if verdict.outcome != Outcome::Match {
        bail!("Entra will not accept this token");
    }

    let request = ExchangeRequest {
        id_token,
        tenant_id: variable("AZURE_TENANT_ID")?,
        client_id: variable("AZURE_CLIENT_ID")?,
        scopes: vec!["arm".to_owned()],
        cloud: None,
        authority_host: None,
        timeout_ms: None,
        shell: None,
    };
    let exchange = exports.azure_oidc_federation_exchange();
    let tokens = host.call(&mut running, async |store, _| exchange.call_exchange(store, &request).await)??;
    for token in tokens {
        println!("a token for {}, {} characters, until {}", token.scope, token.token.len(), token.expires_on);
    }
    Ok(())
}
