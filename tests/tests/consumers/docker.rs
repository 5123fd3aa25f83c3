//! `docker-credential`: the protocol, the registry's answers, and container tools.

use azure_oidc_emulator::injections::Kind;
use azure_oidc_emulator::{Injection, Order};
use azure_oidc_tests::{Job, Ran, clients, secrets, tokens};
use serde_json::{Value, json};

use crate::{Place, install};

const REGISTRY: &str = "contoso.azurecr.io";
const NOT_FOUND: &str = "credentials not found in native keychain\n";

/// The helper under its own name, as a tool runs it.
fn helper(place: &Place, verb: &str, input: &str) -> Job {
    place.job(&place.stage.path("bin").join("docker-credential-azure-oidc")).args(&[verb]).input(input)
}

/// A failure as container tools show it: one line on standard output.
#[track_caller]
fn assert_failure(ran: &Ran, parts: &[&str]) {
    assert_ne!(ran.code, 0, "{ran:?}");
    assert!(ran.stdout.starts_with("azure-oidc: ") && ran.stdout.ends_with('\n'), "{ran:?}");
    assert_eq!((ran.stdout.lines().count(), ran.stderr.as_str()), (1, ""), "{ran:?}");
    assert!(!ran.stdout.contains("not found in native"), "{ran:?}");
    assert!(parts.iter().all(|part| ran.stdout.contains(part)), "{parts:?}: {ran:?}");
    secrets::assert_none(&ran.stdout, "");
}

#[test]
fn get_gives_a_refresh_token_of_the_registry() {
    let place = Place::new();
    for (server, end) in
        [(REGISTRY, ""), (REGISTRY, "\n"), ("https://contoso.azurecr.io/v2/", "\r\n"), ("Contoso.azurecr.io:443", "")]
    {
        let ran = helper(&place, "get", &format!("{server}{end}")).run().expect(0);
        let token = ran.json()["Secret"].as_str().expect("a text").to_owned();
        let expected = format!("{{\"ServerURL\":\"{server}\",\"Username\":\"<token>\",\"Secret\":\"{token}\"}}\n");
        assert_eq!((ran.stdout, ran.stderr.as_str()), (expected, ""));
        let claims = tokens::claims(&token);
        assert_eq!((claims["aud"].as_str(), claims["grant_type"].as_str()), (Some(REGISTRY), Some("refresh_token")));
    }
    assert_eq!(place.proxy.opened(), ["contoso.azurecr.io:443"; 4], "only the registry is behind the proxy");
    let posts = place.asked().iter().filter(|path| path.ends_with("/idtoken")).count();
    assert_eq!(posts, 4, "each call asks for an ID token");
}

#[test]
fn another_server_is_not_found_at_once_and_nobody_is_asked() {
    let place = Place::new();
    for server in [
        "https://index.docker.io/v1/",
        "mcr.microsoft.com",
        "ghcr.io",
        "contoso.azurecr.io.evil.example",
        "https://evil.example/contoso.azurecr.io",
        "localhost:5000",
        "http://contoso.azurecr.io",
    ] {
        let ran = helper(&place, "get", server).run().expect(1);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (NOT_FOUND, ""), "{server}");
    }
    assert_eq!((place.asked().len(), place.proxy.opened().len()), (0, 0));
    let ran = helper(&place, "get", "localhost:5000").without("AZURE_TENANT_ID").env("ARM_ENVIRONMENT", "china").run();
    assert_eq!(ran.expect(1).stdout, NOT_FOUND, "before any setting is looked at");
}

#[test]
fn the_other_verbs_keep_nothing_and_ask_nobody() {
    let place = Place::new();
    let stored =
        |server: &str, user: &str| json!({"ServerURL": server, "Username": user, "Secret": "hunter2"}).to_string();
    let version = format!("docker-credential-azure-oidc (azure-oidc) {}\n", env!("CARGO_PKG_VERSION"));
    for (verb, input, code, stdout) in [
        ("list", String::new(), 0, "{}\n"),
        ("list", "unused".to_owned(), 0, "{}\n"),
        ("version", String::new(), 0, version.as_str()),
        ("store", stored("https://contoso.azurecr.io", "u"), 0, ""),
        ("erase", REGISTRY.to_owned(), 0, ""),
        ("erase", "ghcr.io".to_owned(), 0, ""),
        ("get", String::new(), 1, "no credentials server URL\n"),
        ("get", " \n".to_owned(), 1, "no credentials server URL\n"),
        ("erase", String::new(), 1, "no credentials server URL\n"),
        ("store", String::new(), 1, "no credentials server URL\n"),
        ("store", stored("", "u"), 1, "no credentials server URL\n"),
        ("store", stored("x", ""), 1, "no credentials username\n"),
    ] {
        let ran = helper(&place, verb, &input).run().expect(code);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (stdout, ""), "{verb} {input}");
    }
    for (verb, input, part) in [
        ("store", stored("ghcr.io", "u"), "`credHelpers`"),
        ("store", "hunter2".to_owned(), "not a credential"),
        ("fetch", String::new(), "possible values: get, list, store, erase, version"),
    ] {
        let ran = helper(&place, verb, &input).run().expect(2);
        assert_failure(&ran, &[part]);
        assert!(!ran.stdout.contains("hunter2"));
    }
    assert_eq!(place.asked().len(), 0);
}

#[test]
fn an_answer_of_the_registry_that_is_no_token_is_a_failure_that_names_it() {
    let place = Place::new();
    let answer = |status: u16, body: &str| Injection {
        status: Some(status),
        body: Some(body.to_owned()),
        ..Injection::new(Kind::Answer)
    };
    let denied = r#"{"errors":[{"code":"DENIED","message":"client with IP is not allowed access","detail":null}]}"#;
    let page = Injection { body: Some("<h1>Sign in</h1>".to_owned()), ..Injection::new(Kind::Html) };
    for (injection, code, part) in [
        (answer(401, r#"{"errors":[{"code":"UNAUTHORIZED","message":"no"}]}"#), 4, "answered 401: UNAUTHORIZED no"),
        (answer(403, denied), 4, "client with IP is not allowed access"),
        (answer(404, ""), 4, "answered 404"),
        (answer(200, "{}"), 5, "without a usable `refresh_token`"),
        (answer(200, "not json"), 5, "instead of JSON"),
        (page, 5, "text/html"),
        (Injection::new(Kind::Redirect), 5, "the token was not sent there"),
        (
            Injection { location: Some("https://evil.example/".into()), ..Injection::new(Kind::Redirect) },
            5,
            "evil.example",
        ),
        (Injection { retry_after: Some("90".into()), ..Injection::new(Kind::Throttle) }, 5, "asks to wait 90s"),
        (Injection { times: Some(0), ..Injection::new(Kind::Cut) }, 5, "gave no answer"),
    ] {
        let kind = injection.kind;
        place.stage.emulator.clear_injections();
        place.stage.inject(Injection { path: Some("/oauth2/exchange".to_owned()), ..injection });
        let ran = helper(&place, "get", REGISTRY).args(&["--retries", "1"]).run().expect(code);
        assert_failure(&ran, &[REGISTRY, part]);
        assert!(!place.asked().iter().any(|path| path.starts_with("/elsewhere")), "{kind}");
    }
    assert!(place.proxy.opened().iter().all(|opened| opened == "contoso.azurecr.io:443"));
}

#[test]
fn a_busy_registry_is_asked_again() {
    let place = Place::new();
    for kind in [Kind::Throttle, Kind::ServerError, Kind::Cut] {
        place.stage.inject(Injection { path: Some("/oauth2/exchange".to_owned()), ..Injection::new(kind) });
        helper(&place, "get", REGISTRY).run().expect(0);
    }
}

#[test]
fn a_refusal_is_told_with_its_code_and_never_as_not_found() {
    let place =
        Place::with("[[registry]]\nhost = \"fabrikam.azurecr.io\"\ntenant = \"55555555-5555-4555-8555-555555555555\"");
    let other_tenant = helper(&place, "get", "fabrikam.azurecr.io").run().expect(4);
    assert_failure(&other_tenant, &["fabrikam.azurecr.io", "not of the tenant of this registry", crate::TENANT]);

    let government = helper(&place, "get", "contoso.azurecr.us").env("ARM_ENVIRONMENT", "public").run().expect(2);
    assert_failure(&government, &["Azure US Government", "`ARM_ENVIRONMENT`"]);
    for (name, part) in
        [("AZURE_CLIENT_ID", "client id"), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "ACTIONS_ID_TOKEN_REQUEST")]
    {
        assert_failure(&helper(&place, "get", REGISTRY).without(name).run(), &[part]);
    }
    let nowhere = helper(&place, "get", REGISTRY).without("GITHUB_ACTIONS").run();
    assert_failure(&nowhere, &["`--id-token-env NAME`"]);
    assert!(!nowhere.stdout.contains("--id-token -"), "its standard input is the protocol: {}", nowhere.stdout);
    let untrusted = helper(&place, "get", REGISTRY).env("SSL_CERT_FILE", "/nowhere").run();
    assert_failure(&untrusted, &["`SSL_CERT_FILE`"]);

    place.refuse();
    let refused = helper(&place, "get", REGISTRY).args(&["--replication-wait=0s"]).run();
    assert_failure(&refused, &["--replication-wait"]);
    let refused = helper(&place, "get", REGISTRY).run().expect(4);
    assert_failure(&refused, &["AADSTS70025"]);
}

#[test]
fn an_id_token_that_has_expired_is_told_with_the_code_that_entra_would_answer() {
    let place = Place::new();
    let expired = place.stage.mint(&Order { age_seconds: Some(4000), ..Order::of("github") });
    let ran = helper(&place, "get", REGISTRY).args(&["--id-token-env", "T"]).env("T", expired).run().expect(3);
    assert_failure(&ran, &["AADSTS700024"]);
}

#[test]
fn further_registries_and_the_user_name_are_settings() {
    let place = Place::new();
    let address = place.stage.emulator.url().trim_start_matches("https://").to_owned();
    let guid = "00000000-0000-0000-0000-000000000000";
    let ran = helper(&place, "get", &address)
        .env("AZURE_OIDC_REGISTRIES", format!("other.example, {address}"))
        .env("AZURE_OIDC_REGISTRY_USERNAME", guid)
        .run()
        .expect(0);
    assert_eq!(ran.json()["Username"], guid);
    assert_eq!(tokens::claims(ran.json()["Secret"].as_str().expect("a text"))["aud"], address.as_str());
}

/// A configuration that names the helper for the registry.
fn configured(place: &Place) -> String {
    let config = json!({ "credHelpers": { REGISTRY: "azure-oidc" } });
    place.stage.write("config.json", &config.to_string())
}

fn skopeo(place: &Place, arguments: &[&str]) -> Option<Ran> {
    let skopeo = clients::program("skopeo", "skopeo")?;
    let job = place.job(&skopeo).args(&["--insecure-policy"]).args(arguments);
    Some(job.env("REGISTRY_AUTH_FILE", configured(place)).run())
}

#[test]
fn skopeo_reads_and_copies_an_image() {
    let place = Place::new();
    let Some(ran) = skopeo(&place, &["inspect", "--raw", "docker://contoso.azurecr.io/team/app:1.0"]) else { return };
    let manifest: Value = serde_json::from_str(&ran.expect(0).stdout).expect("a manifest");
    assert_eq!(manifest["schemaVersion"], 2);
    skopeo(&place, &["copy", "-q", "docker://contoso.azurecr.io/team/app:1.0", "oci:image"])
        .expect("it is there")
        .expect(0);
    assert!(place.stage.path("image/index.json").exists());
    let refresh = place.stage.requests().into_iter().find(|one| one.path == "/oauth2/token").expect("it asked");
    assert_eq!(refresh.form["grant_type"], "refresh_token");
}

#[test]
fn skopeo_shows_a_refusal_of_entra() {
    let place = Place::new();
    place.refuse();
    let Some(ran) = skopeo(&place, &["inspect", "--raw", "docker://contoso.azurecr.io/app:1"]) else { return };
    assert_ne!(ran.code, 0);
    assert!(ran.stderr.contains("AADSTS70025"), "{}", ran.stderr);
}

#[test]
fn the_docker_client_reads_a_manifest_and_logs_out() {
    let Some(docker) = clients::program("docker", "docker.io") else { return };
    let place = Place::new();
    configured(&place);
    let docker = |arguments: &[&str]| {
        let job = place.job(&docker).args(arguments).env("DOCKER_CONFIG", place.stage.folder());
        job.env("DOCKER_CLI_EXPERIMENTAL", "enabled").run()
    };
    let ran = docker(&["manifest", "inspect", "contoso.azurecr.io/team/app:1.0"]).expect(0);
    assert!(ran.stdout.contains("sha256:"), "{ran:?}");
    docker(&["logout", REGISTRY]).expect(0);
    place.refuse();
    // This command of the client shows no helper's failure; `pull` needs a daemon.
    assert_ne!(docker(&["manifest", "inspect", "contoso.azurecr.io/team/app:1.0"]).code, 0);
}

#[test]
fn helm_pulls_a_chart_and_fails_without_a_credential() {
    let Some(helm) = crate::helm() else { return };
    let place = Place::new();
    configured(&place);
    let pull = || {
        let job = place.job(&helm).args(&["pull", "oci://contoso.azurecr.io/charts/web"]);
        job.env("DOCKER_CONFIG", place.stage.folder()).run()
    };
    pull().expect(0);
    let shown = place.job(&helm).args(&["show", "chart", "web-0.1.0.tgz"]).run().expect(0);
    assert!(shown.stdout.contains("name: web"), "{shown:?}");
    place.refuse();
    let refused = pull();
    // Helm 3 does not print what a helper says; docs/consumers.md has the command that shows it.
    assert!(refused.code != 0 && refused.stderr.contains("unable to retrieve credentials"), "{refused:?}");
    assert_failure(&helper(&place, "get", REGISTRY).run(), &["AADSTS70025"]);
}

const DOCKER_PY: &str = r#"
import sys
import docker.auth, docker.credentials
config = docker.auth.load_config(sys.argv[1])
found = config.resolve_authconfig("contoso.azurecr.io")
print(sorted(found), found["IdentityToken"][:3])
print(config.resolve_authconfig("ghcr.io"))
try:
    docker.credentials.Store("azure-oidc").get("ghcr.io")
except docker.credentials.errors.CredentialsNotFound as error:
    print("not found")
"#;

#[test]
fn docker_for_python_gets_an_identity_token() {
    let place = Place::new();
    let script = place.stage.write("client.py", DOCKER_PY);
    let ran = place.job(&install::python()).args(&[script, configured(&place)]).run().expect(0);
    assert_eq!(ran.stdout, "['IdentityToken', 'ServerAddress'] eyJ\nNone\nnot found\n", "{}", ran.stderr);
}
