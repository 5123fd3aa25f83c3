//! Any request of a tool that asks for a credential: docker's, git's and Kubernetes' protocols.

use azure_oidc_component::commands::Outcome;
use azure_oidc_core::ports::{Request, Response};

use crate::job::{CLIENT, Job, TENANT, granted, id_token, words};

const ACCESS: &str = "access-token-of-the-job";
const REFRESH: &str = "refresh-token-of-the-registry";
const AUTHORITY: &str = "https://login.microsoftonline.com/";

/// Runs a command whose input and variable `KUBERNETES_EXEC_INFO` this is. Returns its outcome and
/// where its requests went.
fn run(line: &str, input: &[u8]) -> (Outcome, Vec<String>) {
    let token = id_token();
    let info = String::from_utf8_lossy(input);
    let variables = [
        ("T", token.as_str()),
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_OIDC_REGISTRIES", "registry.example:5000"),
        ("KUBERNETES_EXEC_INFO", &info),
    ];
    let files = [("-", input)];
    let answer = |_: usize, request: &Request| {
        let refresh = || Response { body: format!(r#"{{"refresh_token":"{REFRESH}"}}"#).into_bytes(), ..granted() };
        Ok(if request.url.ends_with("/oauth2/exchange") { refresh() } else { granted() })
    };
    let job = Job::new(&variables, &files, &answer);
    let outcome = job.run(&words(&format!("{line} --id-token-env T --retries 0")), &[&token, ACCESS, REFRESH]);
    assert!(!outcome.stdout.contains(&token), "standard output has the ID token");
    (outcome, job.urls())
}

/// A failure is one line that somebody sees.
fn assert_told(outcome: &Outcome, told: &str) {
    assert!(told.ends_with('\n') && told.lines().count() == 1, "{outcome:?}");
    assert!(!told.contains(ACCESS) && !told.contains(REFRESH), "{outcome:?}");
}

/// Only the registry that was asked for gets the access token, and only where it is one of Azure.
/// `store` and `erase` send nothing.
pub(crate) fn docker(input: &[u8]) {
    for verb in ["get", "store", "erase"] {
        let (outcome, urls) = run(&format!("docker-credential {verb}"), input);
        assert!(outcome.stderr.is_empty(), "{outcome:?}");
        if outcome.exit_code != 0 {
            assert_told(&outcome, &outcome.stdout);
            assert!(!outcome.stdout.contains("not found in native") || urls.is_empty(), "{urls:?}");
        }
        let to_registry: Vec<_> = urls.iter().filter(|url| !url.starts_with(AUTHORITY)).collect();
        assert!(verb == "get" || urls.is_empty(), "{urls:?}");
        for url in to_registry {
            let host = url.strip_prefix("https://").and_then(|rest| rest.strip_suffix("/oauth2/exchange"));
            let host = host.unwrap_or_else(|| panic!("{url}"));
            let of_azure = [".azurecr.io", ".azurecr.us", ".azurecr.cn", ".azurecr.de"].iter().any(|end| {
                host.strip_suffix(end).is_some_and(|name| !name.is_empty() && !name.contains(['.', '/', '@', ':']))
            });
            assert!(of_azure || host == "registry.example:5000", "{url}");
            assert!(String::from_utf8_lossy(input).to_ascii_lowercase().contains(host), "nobody asked for {host}");
        }
    }
}

/// A token is only for servers of Azure DevOps, and each line is one attribute that git knows.
pub(crate) fn git(input: &[u8]) {
    let (outcome, urls) = run("git-credential get", input);
    assert!(urls.iter().all(|url| url.starts_with(AUTHORITY)), "{urls:?}");
    if outcome.exit_code != 0 {
        assert!(outcome.stdout.is_empty() || outcome.stdout == "quit=1\n", "{outcome:?}");
        assert_told(&outcome, &outcome.stderr);
        return;
    }
    assert_eq!(urls.is_empty(), outcome.stdout.is_empty());
    if outcome.stdout.is_empty() {
        return;
    }
    let text = String::from_utf8_lossy(input);
    let host = text.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("host=")).last();
    let host = host.unwrap_or_default().to_ascii_lowercase();
    let host = host.strip_suffix(":443").unwrap_or(&host);
    assert!(host.ends_with("dev.azure.com") || host.ends_with(".visualstudio.com"), "{host}");
    const KNOWN: [&str; 7] =
        ["capability[]", "authtype", "credential", "ephemeral", "username", "password", "password_expiry_utc"];
    let names = outcome.stdout.lines().map(|line| line.split_once('=').map_or(line, |(name, _)| name));
    assert!(names.clone().all(|name| KNOWN.contains(&name)), "{outcome:?}");
    assert_eq!(names.filter(|name| ["credential", "password"].contains(name)).count(), 1, "{outcome:?}");
}

/// The answer has the version that was asked for.
pub(crate) fn kubernetes(input: &[u8]) {
    let (outcome, urls) = run("kubernetes-credential", input);
    assert!(urls.iter().all(|url| url.starts_with(AUTHORITY)), "{urls:?}");
    if outcome.exit_code != 0 {
        assert!(outcome.stdout.is_empty() && urls.is_empty(), "{outcome:?}");
        assert_told(&outcome, &outcome.stderr);
        return;
    }
    let answer: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    // The variable with the request is text, whatever bytes the system has for it.
    let asked: serde_json::Value = serde_json::from_str(&String::from_utf8_lossy(input)).unwrap_or_default();
    let usual = "client.authentication.k8s.io/v1beta1";
    assert_eq!(answer["apiVersion"], asked["apiVersion"].as_str().unwrap_or(usual));
    assert_eq!(answer["status"]["token"], ACCESS);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_of_the_corpora_reach_answers_and_refusals() {
        for (name, line) in [
            ("docker", "docker-credential get"),
            ("git", "git-credential get"),
            ("kubernetes", "kubernetes-credential"),
        ] {
            let outcomes: Vec<_> = crate::corpus::seeds(name).iter().map(|seed| run(line, seed).0).collect();
            let has = |text: &str| outcomes.iter().any(|outcome| outcome.stdout.contains(text));
            assert!(has(ACCESS) || has(REFRESH), "{name}");
            assert!(outcomes.iter().any(|outcome| !has(ACCESS) || outcome.stdout.is_empty()), "{name}");
        }
    }
}
