//! Tests several scopes, their short names, and clouds.

use azure_oidc_emulator::injections::Kind;
use azure_oidc_emulator::{Injection, Order, config};
use azure_oidc_tests::stage::{ARM, GRAPH};
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT};

#[test]
fn several_scopes_are_requested_at_the_same_time() {
    let stage = Stage::new();
    stage.inject(Injection { milliseconds: Some(3000), times: Some(0), ..Injection::new(Kind::Delay) });
    let scopes = [ARM, GRAPH, "https://vault.azure.net/.default", "https://storage.azure.com/.default"];
    // Sequential requests would take longer than the timeout.
    let job =
        exchange(&stage, &["--scope", &scopes.join(","), "--timeout", "11s", "--retries", "0", "--output", "json"]);
    let answer = job.run().expect(0).json();
    let given: Vec<_> =
        answer["tokens"].as_array().unwrap().iter().map(|token| token["scope"].as_str().unwrap()).collect();
    assert_eq!(given, scopes, "in the order of the scopes");
}

#[test]
fn a_duplicate_scope_is_requested_once() {
    let stage = Stage::new();
    let scopes = ["--cloud", "public", "--scope", "arm", "--scope", ARM, "--scope", "arm,graph"];
    exchange(&stage, &scopes).run().expect(0);
    assert_eq!(stage.requests().len(), 2);
}

#[test]
fn short_names_mean_the_resources_of_the_cloud() {
    for (cloud, audience, scopes) in CLOUDS {
        let toml = config::DEFAULT
            .replace("# cloud = \"public\"", &format!("cloud = \"{cloud}\""))
            .replace("api://AzureADTokenExchange", audience);
        let stage = Stage::with_config(&toml);
        let order = Order { audience: Some((*audience).into()), ..Order::of("harness") };
        let short: Vec<_> = scopes.iter().map(|(short, _)| *short).collect();
        let job = stage.job(&["--cloud", cloud, "--scope", &short.join(","), "--output", "json"]);
        let job = job
            .env("ARM_OIDC_TOKEN", stage.mint(&order))
            .env("ARM_TENANT_ID", TENANT)
            .env("ARM_CLIENT_ID", APPLICATION);
        let answer = job.run().expect(0).json();
        for ((_, scope), token) in scopes.iter().zip(answer["tokens"].as_array().unwrap()) {
            assert_eq!(token["scope"], *scope, "{cloud}");
        }
    }
}

#[test]
fn a_token_for_another_cloud_is_refused_before_anything_is_sent() {
    let stage = Stage::new();
    let order = Order { audience: Some("api://AzureADTokenExchangeChina".into()), ..Order::of("harness") };
    let job = exchange(&stage, &["--cloud", "public"]).env("ARM_OIDC_TOKEN", stage.mint(&order));
    let ran = job.run();
    assert!([3, 4].contains(&ran.code), "{}", ran.printed());
    assert!(
        ran.stderr.contains("api://AzureADTokenExchangeChina") && ran.stderr.contains("`api://AzureADTokenExchange`"),
        "{}",
        ran.stderr
    );
}

/// Short names and their scopes.
type Scopes = &'static [(&'static str, &'static str)];

/// Clouds with their audiences and scopes.
const CLOUDS: &[(&str, &str, Scopes)] = &[
    (
        "public",
        "api://AzureADTokenExchange",
        &[
            ("arm", "https://management.azure.com/.default"),
            ("graph", "https://graph.microsoft.com/.default"),
            ("storage", "https://storage.azure.com/.default"),
            ("keyvault", "https://vault.azure.net/.default"),
            ("acr", "https://containerregistry.azure.net/.default"),
            ("sql", "https://database.windows.net/.default"),
            ("devops", "499b84ac-1321-427f-aa17-267ca6975798/.default"),
            ("aks", "6dae42f8-4368-4678-94ff-3960e28e3630/.default"),
            ("postgres", "https://ossrdbms-aad.database.windows.net/.default"),
            ("mysql", "https://ossrdbms-aad.database.windows.net/.default"),
            ("redis", "https://redis.azure.com/.default"),
        ],
    ),
    (
        "usgov",
        "api://AzureADTokenExchangeUSGov",
        &[
            ("arm", "https://management.usgovcloudapi.net/.default"),
            ("graph", "https://graph.microsoft.us/.default"),
            ("keyvault", "https://vault.usgovcloudapi.net/.default"),
            ("acr", "https://containerregistry.azure.net/.default"),
            ("aks", "6dae42f8-4368-4678-94ff-3960e28e3630/.default"),
            ("postgres", "https://ossrdbms-aad.database.usgovcloudapi.net/.default"),
            ("mysql", "https://ossrdbms-aad.database.usgovcloudapi.net/.default"),
        ],
    ),
    (
        "china",
        "api://AzureADTokenExchangeChina",
        &[
            ("arm", "https://management.chinacloudapi.cn/.default"),
            ("graph", "https://microsoftgraph.chinacloudapi.cn/.default"),
            ("keyvault", "https://vault.azure.cn/.default"),
            ("acr", "https://containerregistry.azure.net/.default"),
            ("aks", "6dae42f8-4368-4678-94ff-3960e28e3630/.default"),
            ("postgres", "https://ossrdbms-aad.database.chinacloudapi.cn/.default"),
            ("mysql", "https://ossrdbms-aad.database.chinacloudapi.cn/.default"),
        ],
    ),
];

fn exchange(stage: &Stage, arguments: &[&str]) -> Job {
    let job = stage.job(arguments).env("ARM_OIDC_TOKEN", stage.id_token());
    job.env("ARM_TENANT_ID", TENANT).env("ARM_CLIENT_ID", APPLICATION)
}
