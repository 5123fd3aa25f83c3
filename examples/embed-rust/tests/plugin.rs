//! Tests the component as a plugin of a foreign engine. It works within its policy, and a hostile
//! plugin cannot leave its own.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use azure_oidc_embed::bindings::Plugin;
use azure_oidc_embed::bindings::azure_oidc::federation::types::Fault;
use azure_oidc_embed::bindings::exports::azure_oidc::federation::claims::{Outcome, Question};
use azure_oidc_embed::bindings::exports::azure_oidc::federation::exchange::{AccessToken, ExchangeRequest};
use azure_oidc_embed::{Host, Policy};
use azure_oidc_tests::relay::Relay;
use azure_oidc_tests::{APPLICATION, Stage, TENANT, programs, tokens};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Compiled once, because that takes some seconds in the test profile.
static COMPONENT: LazyLock<(Host, azure_oidc_embed::Plugin)> = LazyLock::new(|| {
    let host = Host::new().expect("the engine works");
    let plugin = host.load(&fs::read(programs::component()).expect("the engine works")).expect("the engine works");
    (host, plugin)
});

const DENIED: &str = "HTTP-request-denied";
const PROHIBITED: &str = "destination-IP-prohibited";

fn policy(hosts: &[&str]) -> Policy {
    Policy {
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        variables: Vec::new(),
        memory: 64 << 20,
        deadline: Duration::from_secs(60),
    }
}

#[test]
fn the_plugin_predicts_whether_entra_accepts_a_token() {
    let (host, plugin) = &*COMPONENT;
    let stage = Stage::new();
    let id_token = stage.id_token();
    let claims = tokens::claims(&id_token);
    let credential = serde_json::json!({
        "name": "main", "issuer": claims["iss"], "subject": claims["sub"], "audiences": [claims["aud"]],
    });
    let mut running = host.start(plugin, policy(&[])).expect("the engine works");
    let exports = Plugin::new(&mut running.store, &running.instance).expect("the engine works");
    for (credentials, outcome) in
        [(serde_json::json!([credential]), Outcome::Match), (serde_json::json!([]), Outcome::NoMatch)]
    {
        let question = Question {
            token: Some(id_token.clone()),
            issuer: None,
            subject: None,
            audience: None,
            claims_json: None,
            credentials: credentials.to_string(),
            now: claims["iat"].as_i64().expect("the engine works"),
            skew: None,
            cloud: None,
            jwks: None,
            shell: None,
        };
        let claims = exports.azure_oidc_federation_claims();
        let verdict = host
            .call(&mut running, async |store, _| claims.call_check(store, &question).await)
            .expect("the engine works")
            .expect("the engine works");
        assert_eq!(verdict.outcome, outcome, "{verdict:?}");
    }
}

#[test]
fn the_plugin_trades_at_a_host_of_its_policy() {
    let (stage, relay) = staged();
    let answer = trade(&stage, &relay, &[relay.url().trim_start_matches("http://")]);
    assert_eq!(tokens::claims(&answer.expect("the engine works")[0].token)["aud"], "https://management.azure.com");
    stage.only_request();
}

#[test]
fn the_plugin_reports_a_host_that_its_policy_does_not_allow() {
    let (stage, relay) = staged();
    let fault = trade(&stage, &relay, &["login.microsoftonline.com:443"]).unwrap_err();
    assert_eq!((fault.code.as_str(), fault.exit_code), ("destination-denied", 5), "{fault:?}");
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn a_hostile_plugin_reaches_the_hosts_of_its_policy_and_no_others() {
    let (listening, elsewhere) = (answering(), answering());
    assert_eq!(called(&listening, &[&listening]), "answered");
    assert_eq!(called(&elsewhere, &[&listening]), DENIED);
    assert_eq!(called("example.com", &[&listening]), DENIED);
}

#[test]
fn a_hostile_plugin_never_reaches_a_metadata_service_whatever_its_policy_says() {
    for authority in ["169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "[::ffff:169.254.169.254]"] {
        let host = authority.trim_matches(['[', ']']);
        assert_eq!(called(authority, &[]), DENIED);
        assert_eq!(called(authority, &[host]), PROHIBITED, "{authority}");
    }
}

#[test]
fn a_plugin_that_imports_files_is_not_loaded() {
    let host = Host::new().expect("the engine works");
    let component = wat::parse_file(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/files.wat")).expect("the engine works");
    let error = host.load(&component).err().expect("it is refused");
    let said = format!("{error:#}");
    assert!(said.contains("it asks for what no plugin gets") && said.contains("wasi:filesystem/preopens"), "{said}");
}

#[test]
fn a_plugin_that_computes_forever_is_stopped() {
    let since = Instant::now();
    let time = Duration::from_millis(200);
    let said = hostile(Policy { deadline: time, ..policy(&[]) }, "spin", ()).unwrap_err();
    assert!(said.contains("it took longer than 200ms"), "{said}");
    assert!(since.elapsed() >= time);
}

#[test]
fn a_plugin_that_waits_forever_is_stopped() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("the engine works");
    let authority = silent.local_addr().expect("the engine works").to_string();
    let strict = Policy { deadline: Duration::from_millis(200), ..policy(&[&authority]) };
    let said = call(strict, &authority).unwrap_err();
    assert!(said.contains("it took longer than 200ms"), "{said}");
}

#[test]
fn a_plugin_that_allocates_too_much_memory_is_stopped() {
    hostile(policy(&[]), "hog", (32_u32,)).expect("the engine works");
    let said = hostile(policy(&[]), "hog", (65_u32,)).unwrap_err();
    assert!(said.contains("memory"), "{said}");
}

fn staged() -> (Stage, Relay) {
    let stage = Stage::new();
    let relay = Relay::before(&stage.emulator);
    (stage, relay)
}

/// Trades a token at the relay with a policy that allows these hosts.
fn trade(stage: &Stage, relay: &Relay, hosts: &[&str]) -> Result<Vec<AccessToken>, Box<Fault>> {
    let (host, plugin) = &*COMPONENT;
    let mut running = host.start(plugin, policy(hosts)).expect("the engine works");
    let exports = Plugin::new(&mut running.store, &running.instance).expect("the engine works");
    let request = ExchangeRequest {
        id_token: stage.id_token(),
        tenant_id: TENANT.to_owned(),
        client_id: APPLICATION.to_owned(),
        scopes: vec!["https://management.azure.com/.default".to_owned()],
        cloud: None,
        authority_host: Some(relay.url().to_owned()),
        timeout_ms: None,
        shell: None,
    };
    let exchange = exports.azure_oidc_federation_exchange();
    let answer = host.call(&mut running, async |store, _| exchange.call_exchange(store, &request).await);
    answer.expect("the engine works").map_err(Box::new)
}

/// Starts a server that answers one request. Returns its authority.
fn answering() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("the engine works");
    let authority = listener.local_addr().expect("the engine works").to_string();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        BufReader::new(&stream).read_line(&mut String::new())?;
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
    });
    authority
}

/// The error that the hostile plugin gets when it calls an authority.
fn called(authority: &str, hosts: &[&str]) -> &'static str {
    match call(policy(hosts), authority).expect("the engine works") {
        0 => "answered",
        5 => PROHIBITED,
        16 => DENIED,
        other => panic!("error-code number {}", other - 1),
    }
}

fn call(policy: Policy, authority: &str) -> Result<u32, String> {
    let host = Host::new().expect("the engine works");
    let plugin = host.load(&hostile_component()).expect("the engine works");
    let mut running = host.start(&plugin, policy).expect("the engine works");
    let answer = host.call(&mut running, async |store, instance| {
        let function = instance.get_typed_func::<(&str,), (u32,)>(&mut *store, "call")?;
        function.call_async(store, (authority,)).await
    });
    answer.map(|(number,)| number).map_err(|error| format!("{error:#}"))
}

/// Calls a function of the hostile plugin that returns nothing.
fn hostile<P>(policy: Policy, name: &str, parameters: P) -> Result<(), String>
where
    P: wasmtime::component::ComponentNamedList + wasmtime::component::Lower + Send + Sync,
{
    let host = Host::new().expect("the engine works");
    let plugin = host.load(&hostile_component()).expect("the engine works");
    let mut running = host.start(&plugin, policy).expect("the engine works");
    let answer = host.call(&mut running, async |store, instance| {
        let function = instance.get_typed_func::<P, ()>(&mut *store, name)?;
        function.call_async(store, parameters).await
    });
    answer.map_err(|error| format!("{error:#}"))
}

fn hostile_component() -> Vec<u8> {
    let here = concat!(env!("CARGO_MANIFEST_DIR"), "/tests");
    let mut module = wat::parse_file(format!("{here}/hostile.wat")).expect("the engine works");
    let mut resolve = Resolve::default();
    // The component's WASI packages, each before the packages that use it.
    for package in ["io", "clocks", "random", "cli", "http"] {
        resolve.push_file(format!("{here}/../../../wit/deps/{package}.wit")).expect("the engine works");
    }
    let package = resolve.push_file(format!("{here}/hostile.wit")).expect("the engine works");
    let world = resolve.select_world(&[package], None).expect("the engine works");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("the engine works");
    ComponentEncoder::default()
        .module(&module)
        .expect("the engine works")
        .validate(true)
        .encode()
        .expect("the engine works")
}
