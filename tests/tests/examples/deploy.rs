//! Checks the manifests of `examples/deploy` and `examples/service` with the programs and schemas
//! of their systems: Kubernetes' schemas and Envoy from pinned Python packages, nginx from Debian,
//! systemd from this machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use azure_oidc_tests::conformance::packages;
use azure_oidc_tests::{Job, Stage, programs, yaml};
use serde_json::Value;

use crate::folder;

/// The oldest Kubernetes that the manifests are for.
const KUBERNETES: &str = "1.34";
const BELOW: &str = env!("CARGO_TARGET_TMPDIR");

/// The fields of wasmCloud's `WorkloadDeployment` and of SpinKube's `SpinApp` that examples may
/// use. No registry has these definitions. The list was compared with those of wasmCloud 2.7.0 and of
/// spin-operator at commit 943f5b1, in which each of these fields exists. A member `*` stands for any name.
const CUSTOM: [(&str, &[&str]); 2] = [
    (
        "WorkloadDeployment",
        &[
            "replicas",
            "template.spec.components[].image",
            "template.spec.components[].imagePullSecret.name",
            "template.spec.components[].localResources.allowedHosts[]",
            "template.spec.components[].localResources.environment.config.*",
            "template.spec.components[].localResources.environment.configFrom[].name",
            "template.spec.components[].name",
            "template.spec.hostInterfaces[].config.*",
            "template.spec.hostInterfaces[].interfaces[]",
            "template.spec.hostInterfaces[].namespace",
            "template.spec.hostInterfaces[].package",
            "template.spec.hostSelector.*",
            "template.spec.kubernetes.service.name",
        ],
    ),
    (
        "SpinApp",
        &[
            "checks.liveness.failureThreshold",
            "checks.liveness.httpGet.path",
            "checks.liveness.timeoutSeconds",
            "checks.readiness.httpGet.path",
            "checks.readiness.initialDelaySeconds",
            "checks.readiness.periodSeconds",
            "enableAutoscaling",
            "executor",
            "image",
            "imagePullSecrets[].name",
            "resources.limits.memory",
            "resources.requests.cpu",
            "resources.requests.memory",
            "variables[].name",
            "variables[].value",
        ],
    ),
];

fn read(example: &str) -> String {
    let path = folder().join(example);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn documents(example: &str) -> Vec<Value> {
    yaml::documents(&read(example), Path::new(BELOW))
}

/// The document of this kind.
fn document(example: &str, kind: &str) -> Value {
    documents(example).into_iter().find(|one| one["kind"] == kind).unwrap_or_else(|| panic!("{example} has no {kind}"))
}

fn custom(kind: &str) -> Option<&'static [&'static str]> {
    CUSTOM.iter().find(|(name, _)| kind == *name).map(|(_, fields)| *fields)
}

fn tools() -> PathBuf {
    let pins = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/examples/deploy.txt");
    packages::environment(&Path::new(BELOW).with_file_name("tools-deploy"), &pins)
}

/// Whether these documents are valid for Kubernetes' own schemas, and what the validator says.
fn kubernetes(documents: &[Value]) -> (bool, String) {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let mut command = Command::new(tools().join("kubernetes-validate"));
    command.args(["--strict", "--kubernetes-version", KUBERNETES]);
    for (number, document) in documents.iter().enumerate() {
        let path = folder.path().join(format!("{number}.yaml"));
        // JSON is valid YAML.
        fs::write(&path, document.to_string()).expect("it can be written");
        command.arg(path);
    }
    let output = command.output().expect("it is installed");
    let printed = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
}

#[test]
fn kubernetes_accepts_its_own_resources() {
    for (example, wanted) in [
        ("deploy/kubernetes.yaml", 6),
        ("deploy/spinkube.yaml", 2),
        ("deploy/wasmcloud.yaml", 2),
        ("kubernetes/job.yaml", 1),
        ("wasmcloud/workload.yaml", 1),
    ] {
        let mut own = documents(example);
        own.retain(|one| custom(one["kind"].as_str().unwrap_or_default()).is_none());
        assert!(own.len() >= wanted, "{example} has {} resources of Kubernetes", own.len());
        let (is_valid, said) = kubernetes(&own);
        assert!(is_valid && said.matches("passed").count() == own.len(), "{example}: {said}");
    }
}

#[test]
fn kubernetes_refuses_a_misspelt_field() {
    let mut deployment = document("deploy/kubernetes.yaml", "Deployment");
    deployment["spec"]["template"]["spec"]["terminationGraceSeconds"] = Value::from(1);
    let (is_valid, said) = kubernetes(&[deployment]);
    assert!(!is_valid && said.contains("terminationGraceSeconds"), "{said}");
}

/// Whether a field is one of these.
fn is_known(fields: &[&str], path: &str) -> bool {
    fields.iter().any(|field| match field.strip_suffix('*') {
        Some(start) => path.strip_prefix(start).is_some_and(|name| !name.is_empty()),
        None => path == *field,
    })
}

/// The paths of all plain values.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let dot = if path.is_empty() { "" } else { "." };
            leaves(value, &format!("{path}{dot}{name}"), found);
        }),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, &format!("{path}[]"), found)),
        _ => found.push(path.to_owned()),
    }
}

#[test]
fn resources_of_operators_have_only_fields_that_exist() {
    let mut seen = 0;
    for example in ["deploy/spinkube.yaml", "deploy/wasmcloud.yaml", "wasmcloud/workload.yaml"] {
        for document in documents(example) {
            let Some(fields) = custom(document["kind"].as_str().unwrap_or_default()) else { continue };
            seen += 1;
            let mut used = Vec::new();
            leaves(&document["spec"], "", &mut used);
            for field in used {
                assert!(is_known(fields, &field), "{example}: {} has no {field}", document["kind"]);
            }
        }
    }
    assert_eq!(seen, 4);
    let (_, fields) = CUSTOM[0];
    assert!(!is_known(fields, "template.spec.components[].localResources.allowedHost[]"));
}

/// Each workload calls the authority only, and each has the Service whose endpoints the operator
/// keeps.
#[test]
fn workloads_are_reached_through_a_service_without_a_selector() {
    for example in ["deploy/wasmcloud.yaml", "wasmcloud/workload.yaml"] {
        let service = document(example, "Service");
        assert!(service["spec"].get("selector").is_none(), "{example}");
        let mut groups = Vec::new();
        for workload in documents(example).iter().filter(|one| one["kind"] == "WorkloadDeployment") {
            let spec = &workload["spec"]["template"]["spec"];
            assert_eq!(spec["kubernetes"]["service"]["name"], service["metadata"]["name"], "{example}");
            let hosts = spec["components"][0]["localResources"]["allowedHosts"].to_string();
            assert!(hosts.contains("login.microsoftonline.com"), "{example}: {hosts}");
            let group = spec["hostSelector"]["hostgroup"].clone();
            assert!(!groups.contains(&group), "{example}: two workloads in one group");
            groups.push(group);
        }
    }
}

/// The variables of a manifest turn the exchange on, and the program ends in time.
#[test]
fn the_deployment_fits_the_program() {
    let deployment = document("deploy/kubernetes.yaml", "Deployment");
    let pod = &deployment["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let pause = container["lifecycle"]["preStop"]["sleep"]["seconds"].as_u64().expect("it pauses");
    let grace = pod["terminationGracePeriodSeconds"].as_u64().expect("there is one");
    // --grace is 30 s by default.
    assert!(grace >= pause + 30, "{grace}");
    for probe in ["readinessProbe", "livenessProbe"] {
        assert_eq!(container[probe]["httpGet"]["path"], "/healthz");
    }
    let help = Job::host(&["serve", "--help"]).run().expect(0).stdout;
    for example in ["deploy/kubernetes.yaml", "deploy/wasmcloud.yaml"] {
        let settings = document(example, "ConfigMap");
        for (name, _) in settings["data"].as_object().expect("there are settings") {
            assert!(help.contains(name), "{example}: `serve` does not read {name}");
        }
    }
}

/// Each variable of the SpinApp is one of the application, and the component reads each that it gets.
#[test]
fn the_spin_app_sets_what_the_service_reads() {
    let manifest: toml::Table = read("deploy/spin.toml").parse().expect("it is TOML");
    let component = &manifest["component"]["azure-oidc"];
    let help = ["serve", "exchange"].map(|command| Job::host(&[command, "--help"]).run().expect(0).stdout).concat();
    for (name, template) in component["variables"].as_table().expect("there are some") {
        assert!(help.contains(&name.to_uppercase()), "the service does not read {name}");
        let variable = template.as_str().and_then(|text| text.strip_prefix("{{ ")?.strip_suffix(" }}"));
        assert!(variable.is_some_and(|variable| manifest["variables"].get(variable).is_some()), "{template}");
    }
    assert_eq!(component["allowed_outbound_hosts"].to_string(), "[\"{{ authority }}\", \"{{ issuer }}\"]");
    for variable in ["authority", "issuer"] {
        let host = &manifest["variables"][variable]["default"];
        assert_eq!(host.as_str(), Some("https://login.microsoftonline.com"), "{variable}");
    }
    let app = document("deploy/spinkube.yaml", "SpinApp");
    let set = app["spec"]["variables"].as_array().expect("there are some");
    let set: Vec<_> = set.iter().map(|one| one["name"].as_str().expect("each has a name")).collect();
    for (name, variable) in manifest["variables"].as_table().expect("there are some") {
        assert!(set.contains(&name.as_str()) || variable.get("default").is_some(), "{name} has no value");
    }
    assert!(set.iter().all(|name| manifest["variables"].get(name).is_some()), "{set:?}");
}

/// A certificate of the emulator stands in for the one of the example.
fn with_files(text: &str, stage: &Stage) -> String {
    let signed = rcgen::generate_simple_self_signed(["azure-oidc.example.com".to_owned()]).expect("it can be signed");
    let certificate = stage.write("azure-oidc.pem", &signed.cert.pem());
    let key = stage.write("azure-oidc.key", &signed.signing_key.serialize_pem());
    text.replace("/etc/ssl/azure-oidc.pem", &certificate).replace("/etc/ssl/private/azure-oidc.key", &key)
}

#[test]
fn envoy_accepts_its_configuration() {
    let envoy = tools().join("envoy");
    if !envoy.is_file() {
        eprintln!("SKIPPED: envoy's package is for x86_64 Linux only");
        return;
    }
    let stage = Stage::new();
    let valid = with_files(&read("deploy/envoy.yaml"), &stage);
    let path = stage.write("envoy.yaml", &valid);
    let output = Command::new(&envoy).args(["--mode", "validate", "--log-level", "warning", "-c", &path]).output();
    let output = output.expect("it is installed");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("ignored"), "{said}");
    let path = stage.write("wrong.yaml", &valid.replace("request_headers_timeout", "request_header_timeout"));
    let output = Command::new(envoy).args(["--mode", "validate", "-c", &path]).output().expect("it is installed");
    assert!(!output.status.success(), "a misspelt name is accepted");
}

/// nginx on the path, or Debian's, which is unpacked and not installed, so that no service starts.
fn nginx() -> Option<PathBuf> {
    let usable = |path: &Path| Command::new(path).arg("-v").output().is_ok_and(|output| output.status.success());
    for path in ["nginx", "/usr/sbin/nginx"] {
        if usable(Path::new(path)) {
            return Some(path.into());
        }
    }
    let place = Path::new(BELOW).with_file_name("tools-nginx");
    let program = place.join("usr/sbin/nginx");
    if !program.is_file() {
        fs::create_dir_all(&place).expect("it can be made");
        Command::new("apt-get").args(["download", "--quiet", "nginx"]).current_dir(&place).output().ok()?;
        let entries = fs::read_dir(&place).expect("it is a folder").flatten().map(|entry| entry.path());
        let package = entries.into_iter().find(|path| path.extension().is_some_and(|end| end == "deb"))?;
        Command::new("dpkg").arg("--extract").arg(package).arg(&place).output().ok()?;
    }
    usable(&program).then_some(program)
}

#[test]
fn nginx_accepts_its_configuration() {
    let Some(nginx) = nginx() else {
        eprintln!("SKIPPED: there is no nginx, and apt-get could not download it");
        return;
    };
    let stage = Stage::new();
    let site = with_files(&read("service/nginx.conf"), &stage);
    let whole = format!("pid {};\nerror_log stderr;\nevents {{}}\nhttp {{\n{site}}}\n", stage.path("pid").display());
    let judge = |text: &str| {
        let path = stage.write("nginx.conf", text);
        let mut command = Command::new(&nginx);
        let output = command.args(["-t", "-e", "stderr", "-p"]).arg(stage.folder()).args(["-c", &path]).output();
        let output = output.expect("it runs");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (is_valid, said) = judge(&whole);
    assert!(is_valid, "{said}");
    let (is_valid, said) = judge(&whole.replace("proxy_next_upstream off", "proxy_next_upstreams off"));
    assert!(!is_valid && said.contains("proxy_next_upstreams"), "{said}");
}

#[test]
fn systemd_accepts_the_unit() {
    let verify = |unit: &str| Command::new("systemd-analyze").args(["verify", "--man=no", unit]).output().ok();
    let stage = Stage::new();
    let text = read("service/azure-oidc.service");
    let program = programs::host().display().to_string();
    let unit = text.replace("/usr/local/bin/azure-oidc", &program);
    assert_ne!(unit, text);
    let Some(output) = verify(&stage.write("azure-oidc.service", &unit)) else {
        eprintln!("SKIPPED: there is no systemd-analyze");
        return;
    };
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && !said.contains("azure-oidc.service:"), "{said}");
    let wrong = unit.replace("TimeoutStopSec", "TimeoutStopSecs");
    let output = verify(&stage.write("wrong.service", &wrong)).expect("it is there");
    assert!(String::from_utf8_lossy(&output.stderr).contains("TimeoutStopSecs"), "the unknown name is not told");
}

/// A proxy takes what the service takes, and waits longer than the service.
#[test]
fn proxies_have_the_limits_of_the_service() {
    let nginx = read("service/nginx.conf");
    let envoy = read("deploy/envoy.yaml");
    assert!(nginx.contains("client_max_body_size 256k;") && envoy.contains("max_request_bytes: 262144"));
    assert!(nginx.contains("proxy_read_timeout 40s;") && envoy.matches("timeout: 40s").count() == 2);
    assert!(nginx.contains("proxy_next_upstream off;"), "an ID token may be sent twice");
    let exchange = envoy.split("path: /v1/exchange").nth(1).and_then(|rest| rest.split("- match").next());
    assert!(exchange.is_some_and(|route| !route.contains("retry_policy")), "an ID token may be sent twice");
}
