//! `kubernetes-credential`: the contract of exec plugins, and clients of Kubernetes.

use std::collections::BTreeMap;

use azure_oidc_tests::{Ran, clients, secrets, tokens};
use serde_json::{Value, json};

use crate::{Place, install};

const AKS: &str = "6dae42f8-4368-4678-94ff-3960e28e3630";
const V1: &str = "client.authentication.k8s.io/v1";
const V1BETA1: &str = "client.authentication.k8s.io/v1beta1";

fn run(place: &Place, info: Option<&str>, options: &[&str]) -> Ran {
    let job = place.own(&["kubernetes-credential"]).args(options);
    match info {
        Some(info) => job.env("KUBERNETES_EXEC_INFO", info).run(),
        None => job.run(),
    }
}

#[test]
fn the_answer_has_the_version_that_the_client_asks_for() {
    let place = Place::new();
    let info = |version: &str| {
        json!({"kind": "ExecCredential", "apiVersion": version, "spec": {"interactive": false}}).to_string()
    };
    for (info, version) in
        [(None, V1BETA1), (Some(String::new()), V1BETA1), (Some(info(V1)), V1), (Some(info(V1BETA1)), V1BETA1)]
    {
        let ran = run(&place, info.as_deref(), &[]).expect(0);
        let status = ran.json()["status"].clone();
        let (token, end) =
            (status["token"].as_str().expect("a text"), status["expirationTimestamp"].as_str().expect("a time"));
        let expected = format!(
            "{{\"apiVersion\":\"{version}\",\"kind\":\"ExecCredential\",\"status\":{{\"expirationTimestamp\":\"{end}\",\"token\":\"{token}\"}}}}\n"
        );
        assert_eq!((ran.stdout.clone(), ran.stderr.as_str()), (expected, ""));
        assert_eq!(tokens::claims(token)["aud"], AKS);
    }
    for (info, part) in [
        (info("client.authentication.k8s.io/v1alpha1"), "v1alpha1"),
        (info(""), "API version ``"),
        ("{".to_owned(), "`KUBERNETES_EXEC_INFO` is not JSON"),
        ("[]".to_owned(), "API version ``"),
    ] {
        assert_failure(&run(&place, Some(&info), &[]).expect(2), part);
    }
}

/// A failure as clients show it: one line on standard error.
#[track_caller]
fn assert_failure(ran: &Ran, part: &str) {
    assert_ne!(ran.code, 0);
    assert_eq!((ran.stderr.lines().count(), ran.stdout.as_str()), (1, ""), "{ran:?}");
    assert!(ran.stderr.starts_with("azure-oidc: ") && ran.stderr.contains(part), "{part}: {ran:?}");
    secrets::assert_none(&ran.stderr, "");
}

#[test]
fn a_cluster_with_an_application_of_its_own_is_named() {
    let place = Place::with("");
    for server in ["api://my-api", "api://my-api/", "api://my-api/.default"] {
        let ran = run(&place, None, &["--server-id", server]).expect(0);
        assert_eq!(tokens::claims(ran.json()["status"]["token"].as_str().expect("a text"))["aud"], "api://my-api");
    }
    assert_failure(
        &run(&place, None, &["--server-id", "77777777-7777-4777-8777-777777777777"]).expect(4),
        "AADSTS500011",
    );
    assert_failure(&run(&place, None, &["--sever-id", "x"]).expect(2), "--sever-id");
}

/// A kubeconfig whose user is the plugin. The cluster is the emulator.
fn kubeconfig(place: &Place, version: &str) -> String {
    let mut exec = BTreeMap::from([
        ("apiVersion", json!(version)),
        ("command", json!("azure-oidc")),
        ("args", json!(["kubernetes-credential"])),
    ]);
    if version == V1 {
        exec.insert("interactiveMode", json!("Never"));
    }
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "aks",
        "clusters": [{"name": "aks", "cluster": {
            "server": place.stage.emulator.url(),
            "certificate-authority": place.stage.emulator.ca_file(),
        }}],
        "users": [{"name": "ci", "user": {"exec": exec}}],
        "contexts": [{"name": "aks", "context": {"cluster": "aks", "user": "ci"}}],
    });
    place.stage.write("kubeconfig", &config.to_string())
}

#[test]
fn kubectl_signs_in_and_shows_a_refusal() {
    let Some(kubectl) = clients::program("kubectl", "kubernetes-client") else { return };
    let place = Place::new();
    let kubectl = |version: &str| {
        let job = place.job(&kubectl).args(&["get", "--raw", "/version"]);
        job.env("KUBECONFIG", kubeconfig(&place, version)).run()
    };
    for version in [V1, V1BETA1] {
        let answer: Value = serde_json::from_str(&kubectl(version).expect(0).stdout).expect("JSON");
        assert_eq!(answer["gitVersion"], "v1.32.0-emulator");
    }
    place.refuse();
    let refused = kubectl(V1);
    assert!(refused.code != 0 && refused.stderr.contains("AADSTS70025"), "{refused:?}");
}

#[test]
fn helm_signs_in_to_the_cluster() {
    let Some(helm) = crate::helm() else { return };
    let place = Place::new();
    let list = || place.job(&helm).args(&["list"]).env("KUBECONFIG", kubeconfig(&place, V1)).run();
    // The emulated cluster knows its users and gives none of them a role.
    let known = list();
    assert!(known.code != 0 && known.stderr.contains("has no role in this cluster"), "{known:?}");
    place.refuse();
    let refused = list();
    assert!(refused.code != 0 && refused.stderr.contains("AADSTS70025"), "{refused:?}");
}

const PYTHON: &str = r#"
import sys
from kubernetes import client, config
config.load_kube_config(config_file=sys.argv[1])
print(client.VersionApi().get_code().git_version)
"#;

#[test]
fn kubernetes_for_python_signs_in() {
    let place = Place::new();
    let script = place.stage.write("client.py", PYTHON);
    for version in [V1, V1BETA1] {
        let ran = place.job(&install::python()).args(&[&script, &kubeconfig(&place, version)]).run().expect(0);
        assert_eq!(ran.stdout, "v1.32.0-emulator\n", "{}", ran.stderr);
    }
}
