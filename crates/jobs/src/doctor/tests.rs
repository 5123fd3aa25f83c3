//! Tests the report about a job, without network.

use azure_oidc_core::ports::fixed::{Offline, Variables};

use super::*;
use crate::{Files, HostKind};

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("is not there".to_owned())
    }
}

fn answer(env: &Variables) -> Answer {
    let offline = Offline { now: 1_787_306_400 };
    let ports = azure_oidc_core::ports::Ports { env, ..offline.ports() };
    run(&Request::default(), Context { ports, files: &NoFiles, host: HostKind::Native }).unwrap()
}

#[test]
fn every_check_is_reported_in_the_order_in_which_an_exchange_needs_it() {
    let answer = answer(&Variables::default());
    let checks: Vec<_> = answer.checks.iter().map(|check| (check.check, check.ok)).collect();
    let expected = [
        ("tenant id", false),
        ("client id", false),
        ("scope", true),
        ("authority host", true),
        ("ID token", false),
        ("output", false),
        ("authority", false),
    ];
    assert_eq!(checks, expected);
    assert!(!answer.healthy);
    assert!(answer.detectors.iter().all(|detector| detector.verdict == Recognised::No));
}

#[test]
fn a_platform_that_lacks_something_is_incomplete_and_no_token_is_shown() {
    let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzZWNyZXQifQ.c2lnbmF0dXJl";
    let answer = answer(&Variables::from([("BITBUCKET_BUILD_NUMBER", "1"), ("AZURE_TENANT_ID", jwt)]));
    let bitbucket = answer.detectors.iter().find(|detector| detector.platform == "bitbucket").unwrap();
    assert_eq!(bitbucket.verdict, Recognised::Incomplete);
    assert!(!crate::json::line(&answer).contains("eyJ"));
}

fn check<'a>(answer: &'a Answer, name: &str) -> &'a Check {
    answer.checks.iter().find(|check| check.check == name).unwrap()
}

#[test]
fn a_run_of_dependabot_is_told_that_it_gets_no_actions_secrets() {
    let answer = answer(&Variables::from([
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_ACTOR", "dependabot[bot]"),
        ("AZURE_TENANT_ID", ""),
        ("AZURE_CLIENT_ID", ""),
        ("GITHUB_OUTPUT", "/o"),
    ]));
    for (name, variable) in [("tenant id", "AZURE_TENANT_ID"), ("client id", "AZURE_CLIENT_ID")] {
        let check = check(&answer, name);
        assert!(!check.ok);
        assert!(check.hints[0].contains(&format!("`gh secret set {variable} --app dependabot`")), "{:?}", check.hints);
    }
}

#[test]
fn the_cloud_of_the_variables_and_those_that_are_not_read_are_told() {
    let host = |name, value| {
        let answer = answer(&Variables::from([(name, value)]));
        let check = check(&answer, "authority host");
        let reached = self::check(&answer, "authority").message.clone();
        (check.message.clone(), check.hints.len(), reached)
    };
    for (value, address, cloud) in
        [("usgovernment", "login.microsoftonline.us", "usgov"), ("china", "login.chinacloudapi.cn", "china")]
    {
        let (message, hints, reached) = host("ARM_ENVIRONMENT", value);
        assert_eq!((message, hints), (format!("{address} of the cloud {cloud} from ARM_ENVIRONMENT"), 0));
        assert!(reached.contains(&format!("https://{address}")), "{reached}");
    }
    assert_eq!(host("ARM_ENVIRONMENT", "german").1, 1);
    assert_eq!(host("X", "").1, 0);
}

#[test]
fn a_value_that_an_exchange_refuses_is_not_good() {
    for (name, variable, value, part) in [
        ("tenant id", "AZURE_TENANT_ID", "${{ secrets.TENANT }}", "placeholder"),
        ("tenant id", "AZURE_TENANT_ID", "common", "`common`"),
        ("client id", "AZURE_CLIENT_ID", "***", "mask of a log"),
        ("client id", "AZURE_CLIENT_ID", "my-app", "a GUID has 36"),
        ("scope", "PLUGIN_SCOPE", "https://management.azure.com", "/.default"),
    ] {
        let answer = answer(&Variables::from([(variable, value)]));
        let check = check(&answer, name);
        assert!(!check.ok && check.message.contains(part) && !check.hints.is_empty(), "{value}: {check:?}");
    }
}

#[test]
fn a_job_without_a_place_for_the_token_is_not_good() {
    for (variable, value, expected) in [
        ("TMPDIR", "/tmp/job", (true, "a new file in /tmp/job")),
        ("UNUSED", "", (false, "no variable names a temporary folder")),
        ("GITHUB_OUTPUT", "/o", (false, "no variable names a temporary folder")),
    ] {
        let answer = answer(&Variables::from([(variable, value)]));
        let check = check(&answer, "output");
        assert!(check.ok == expected.0 && check.message.contains(expected.1), "{variable}: {check:?}");
    }
}

#[test]
fn a_file_that_the_platform_did_not_write_has_the_platforms_remedy() {
    for (variable, value, title, remedy) in [
        ("PULUMI_CI_SYSTEM", "Pulumi Deployments", "Pulumi", "Azure integration"),
        ("AZURE_FEDERATED_TOKEN_FILE", "/var/run/token", "Kubernetes", "mount the volume"),
    ] {
        let answer = answer(&Variables::from([(variable, value)]));
        let check = check(&answer, "ID token");
        assert!(check.message.contains(&format!("in which {title} puts it")), "{check:?}");
        assert!(check.hints.iter().any(|hint| hint.contains(remedy)), "{check:?}");
    }
}
