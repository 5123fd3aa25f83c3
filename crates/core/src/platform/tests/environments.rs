//! Tests the detection of each platform with the variables of real jobs.

use super::super::{ALL, Detection, Selected, select, select_for_output, verdicts};
use super::{describe, environment, platform, text};
use crate::fault::Category;
use crate::ports::fixed::Variables;

const AUDIENCE: &str = "api://AzureADTokenExchange";

/// A job's variables, the platform that is detected, and where its token is.
const JOBS: &[(&str, &str, &str)] = &[
    (
        "PLUGIN_OIDC_TOKEN_ID=jwt
         HARNESS_OUTPUT_SECRET_FILE=/tmp/engine/step-output-secrets.env
         DRONE=true
         DRONE_BUILD_NUMBER=",
        "harness",
        "variable PLUGIN_OIDC_TOKEN_ID",
    ),
    (
        "HARNESS_WI_HANDLE=handle
         HARNESS_WI_MINT_URL=unix:///tmp/harness-wi/wi.sock
         PLUGIN_WORKLOAD_IDENTITY=azure",
        "harness",
        "POST http://harness-wi.localhost/mint_workload_token through /tmp/harness-wi/wi.sock",
    ),
    (
        "HARNESS_WI_HANDLE=handle
         HARNESS_WI_MINT_URL=http://host.docker.internal:9080/mint_workload_token
         AZURE_OIDC_HARNESS_IDENTITY=azure",
        "harness",
        "POST http://host.docker.internal:9080/mint_workload_token",
    ),
    (
        "CI=true
         CIRCLECI=true
         CIRCLE_OIDC_TOKEN=jwt
         CIRCLE_OIDC_TOKEN_V2=jwt2
         BASH_ENV=/tmp/.bash_env",
        "circleci",
        "variable CIRCLE_OIDC_TOKEN_V2",
    ),
    (
        "CIRCLECI=true
         CIRCLE_OIDC_TOKEN=jwt
         CIRCLE_OIDC_TOKEN_V2=",
        "circleci",
        "variable CIRCLE_OIDC_TOKEN",
    ),
    (
        "PULUMI_CI_SYSTEM=Pulumi Deployments
         PULUMI_CI_ORGANIZATION=contoso
         PULUMI_OIDC_TOKEN=jwt",
        "pulumi",
        "variable PULUMI_OIDC_TOKEN",
    ),
    ("PULUMI_CI_SYSTEM=Pulumi Deployments", "pulumi", "file /mnt/pulumi/pulumi.oidc"),
    (
        "TF_BUILD=True
         SYSTEM_ACCESSTOKEN=job-token
         SYSTEM_OIDCREQUESTURI=https://dev.azure.com/contoso/0a1b/_apis/distributedtask/hubs/build/plans/2c3d/jobs/4e5f/oidctoken
         AZURE_SERVICE_CONNECTION_ID=0f1e2d3c-4b5a-4697-8877-665544332211",
        "azure-pipelines",
        "POST https://dev.azure.com/contoso/0a1b/_apis/distributedtask/hubs/build/plans/2c3d/jobs/4e5f/oidctoken?api-version=7.1&serviceConnectionId=0f1e2d3c-4b5a-4697-8877-665544332211",
    ),
    (
        "TF_BUILD=True
         SYSTEM_ACCESSTOKEN=job-token
         SYSTEM_TEAMFOUNDATIONCOLLECTIONURI=https://dev.azure.com/contoso/
         SYSTEM_TEAMPROJECTID=0a1b
         SYSTEM_HOSTTYPE=build
         SYSTEM_PLANID=2c3d
         SYSTEM_JOBID=4e5f",
        "azure-pipelines",
        "POST https://dev.azure.com/contoso/0a1b/_apis/distributedtask/hubs/build/plans/2c3d/jobs/4e5f/oidctoken?api-version=7.1",
    ),
    (
        "TF_BUILD=True
         idToken=jwt
         servicePrincipalId=0f1e2d3c-4b5a-4697-8877-665544332211
         AZURESUBSCRIPTION_SERVICE_CONNECTION_ID=0f1e2d3c-4b5a-4697-8877-665544332211",
        "azure-pipelines",
        "variable idToken",
    ),
    (
        "GITHUB_ACTIONS=true
         ACTIONS_ID_TOKEN_REQUEST_URL=https://run-actions-1.actions.githubusercontent.com/12//idtoken/3/4?api-version=2.0
         ACTIONS_ID_TOKEN_REQUEST_TOKEN=bearer
         GITHUB_OUTPUT=/home/runner/work/_temp/_runner_file_commands/set_output_1",
        "github",
        "GET https://run-actions-1.actions.githubusercontent.com/12//idtoken/3/4?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange",
    ),
    (
        "BUILDKITE=true
         BUILDKITE_JOB_ID=0184990a-4781-4b8e-9f0c-1a2b3c4d5e6f
         BUILDKITE_AGENT_ACCESS_TOKEN=agent",
        "buildkite",
        "POST https://agent-edge.buildkite.com/v3/jobs/0184990a-4781-4b8e-9f0c-1a2b3c4d5e6f/oidc/tokens",
    ),
    (
        "BUILDKITE=true
         BUILDKITE_JOB_ID=job
         BUILDKITE_AGENT_ACCESS_TOKEN=agent
         BUILDKITE_AGENT_ENDPOINT=https://agent.example/v3/",
        "buildkite",
        "POST https://agent.example/v3/jobs/job/oidc/tokens",
    ),
    (
        "BITBUCKET_BUILD_NUMBER=7
         BITBUCKET_STEP_OIDC_TOKEN=jwt",
        "bitbucket",
        "variable BITBUCKET_STEP_OIDC_TOKEN",
    ),
    (
        "TFC_RUN_ID=run-7
         TFC_WORKLOAD_IDENTITY_TOKEN=jwt",
        "terraform-cloud",
        "variable TFC_WORKLOAD_IDENTITY_TOKEN",
    ),
    (
        "TFC_RUN_ID=run-7
         TFC_WORKLOAD_IDENTITY_TOKEN_AZURE=jwt
         TFC_WORKLOAD_IDENTITY_TOKEN_TYPE=x",
        "terraform-cloud",
        "variable TFC_WORKLOAD_IDENTITY_TOKEN_AZURE",
    ),
    ("SPACELIFT_OIDC_TOKEN=jwt", "spacelift", "variable SPACELIFT_OIDC_TOKEN"),
    (
        "SEMAPHORE=true
         SEMAPHORE_OIDC_TOKEN=jwt",
        "semaphore",
        "variable SEMAPHORE_OIDC_TOKEN",
    ),
    (
        "CF_BUILD_ID=65a1
         ID_TOKEN=jwt",
        "codefresh",
        "variable ID_TOKEN",
    ),
    (
        "KUBERNETES_SERVICE_HOST=10.0.0.1
         AZURE_CLIENT_ID=c
         AZURE_AUTHORITY_HOST=https://login.microsoftonline.com/
         AZURE_FEDERATED_TOKEN_FILE=/var/run/secrets/azure/wi/token/azure-identity-token",
        "kubernetes",
        "file /var/run/secrets/azure/wi/token/azure-identity-token",
    ),
    (
        "AZURE_OIDC_SPIFFE_JWT_FILE=/run/spiffe/azure.jwt
         SPIFFE_ENDPOINT_SOCKET=unix:///tmp/agent.sock",
        "spiffe",
        "file /run/spiffe/azure.jwt",
    ),
    ("ARM_OIDC_TOKEN=jwt", "generic", "variable ARM_OIDC_TOKEN"),
    (
        "ARM_USE_OIDC=true
         ARM_OIDC_REQUEST_URL=https://ci.example/token?api-version=2.0
         ARM_OIDC_REQUEST_TOKEN=bearer",
        "generic",
        "GET https://ci.example/token?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange",
    ),
    (
        "ARM_OIDC_TOKEN=jwt
         ARM_OIDC_REQUEST_URL=https://ci.example/token
         ARM_OIDC_REQUEST_TOKEN=bearer",
        "generic",
        "variable ARM_OIDC_TOKEN",
    ),
    (
        "GITHUB_ACTIONS=true
         ARM_OIDC_REQUEST_URL=https://ci.example/token?api-version=2.0
         ARM_OIDC_REQUEST_TOKEN=bearer",
        "github",
        "GET https://ci.example/token?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchange",
    ),
    (
        "TF_BUILD=True
         ARM_OIDC_REQUEST_URL=https://dev.azure.com/contoso/oidctoken
         ARM_OIDC_REQUEST_TOKEN=job-token
         ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID=0f1e",
        "azure-pipelines",
        "POST https://dev.azure.com/contoso/oidctoken?api-version=7.1&serviceConnectionId=0f1e",
    ),
    // What was set on purpose wins over what the machine offers.
    (
        "ARM_OIDC_TOKEN=jwt
         AZURE_FEDERATED_TOKEN_FILE=/var/run/secrets/azure/wi/token/azure-identity-token",
        "generic",
        "variable ARM_OIDC_TOKEN",
    ),
    // A runner inside a cluster is still a runner.
    (
        "GITHUB_ACTIONS=true
         ACTIONS_ID_TOKEN_REQUEST_URL=https://pipelines.example/token
         ACTIONS_ID_TOKEN_REQUEST_TOKEN=bearer
         AZURE_FEDERATED_TOKEN_FILE=/var/run/secrets/azure/wi/token/azure-identity-token",
        "github",
        "GET https://pipelines.example/token?audience=api%3A%2F%2FAzureADTokenExchange",
    ),
];

#[test]
fn each_job_is_recognised_and_its_token_found() {
    for (lines, name, source) in JOBS {
        let env = environment(lines);
        let selected = select(None, &env).unwrap_or_else(|fault| panic!("{name}: {fault}\n{lines}"));
        assert_eq!(selected.platform.name(), *name, "{lines}");
        assert_eq!(describe(&selected.platform.id_token(&env, AUDIENCE).unwrap()), *source, "{lines}");
    }
}

/// A job that lacks half of what it needs: the message and the hints must have these words.
const INCOMPLETE: &[(&str, &str, &[&str])] = &[
    ("harness", "HARNESS_WI_HANDLE=h", &["`HARNESS_WI_MINT_URL` is not"]),
    ("harness", "HARNESS_WI_MINT_URL=unix:///s", &["`HARNESS_WI_HANDLE` is not"]),
    (
        "harness",
        "HARNESS_OUTPUT_SECRET_FILE=/s",
        &["`PLUGIN_OIDC_TOKEN_ID` is not set", "stage variable", "--id-token-env"],
    ),
    ("circleci", "CIRCLECI=true", &["`CIRCLE_OIDC_TOKEN_V2`", "fork"]),
    (
        "azure-pipelines",
        "TF_BUILD=True
         SYSTEM_OIDCREQUESTURI=https://dev.azure.com/x",
        &["`SYSTEM_ACCESSTOKEN` is not set", "env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }"],
    ),
    (
        "azure-pipelines",
        "TF_BUILD=True
         SYSTEM_OIDCREQUESTURI=https://dev.azure.com/x
         SYSTEM_ACCESSTOKEN=$(System.AccessToken)",
        &["the literal text `$(System.AccessToken)`", "env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }"],
    ),
    (
        "azure-pipelines",
        "TF_BUILD=True
         SYSTEM_ACCESSTOKEN=t
         SYSTEM_COLLECTIONURI=https://dev.azure.com/contoso/
         SYSTEM_PLANID=p",
        &["`SYSTEM_OIDCREQUESTURI` is not set", "`SYSTEM_TEAMPROJECTID`, `SYSTEM_HOSTTYPE`, `SYSTEM_JOBID`"],
    ),
    (
        "azure-pipelines",
        "TF_BUILD=True
         SYSTEM_ACCESSTOKEN=t
         SYSTEM_OIDCREQUESTURI=https://dev.azure.com/x
         AZURE_SERVICE_CONNECTION_ID=$(connection)",
        &["`AZURE_SERVICE_CONNECTION_ID` is the literal text `$(connection)`"],
    ),
    (
        "azure-pipelines",
        "TF_BUILD=True
         SYSTEM_ACCESSTOKEN=t
         SYSTEM_OIDCREQUESTURI=http://dev.azure.com/x",
        &["`SYSTEM_OIDCREQUESTURI` is not the URL"],
    ),
    (
        "gitlab",
        "GITLAB_CI=true
         CI_SERVER_URL=https://gitlab.com",
        &["id_tokens: { AZURE_ID_TOKEN: { aud: \"api://AzureADTokenExchange\" } }"],
    ),
    ("github", "GITHUB_ACTIONS=true", &["permissions: { id-token: write", "forks"]),
    (
        "github",
        "GITHUB_ACTIONS=true
         ACTIONS_ID_TOKEN_REQUEST_URL=https://x",
        &["`ACTIONS_ID_TOKEN_REQUEST_TOKEN` is not"],
    ),
    (
        "github",
        "GITHUB_ACTIONS=true
         ACTIONS_ID_TOKEN_REQUEST_TOKEN=t",
        &["`ACTIONS_ID_TOKEN_REQUEST_URL` is not"],
    ),
    (
        "buildkite",
        "BUILDKITE=true",
        &["`BUILDKITE_AGENT_ACCESS_TOKEN` and `BUILDKITE_JOB_ID`", "propagate-environment: true"],
    ),
    (
        "buildkite",
        "BUILDKITE=true
         BUILDKITE_JOB_ID=j",
        &["`BUILDKITE_AGENT_ACCESS_TOKEN` is not set"],
    ),
    ("bitbucket", "BITBUCKET_BUILD_NUMBER=7", &["oidc: true"]),
    ("terraform-cloud", "TFC_RUN_ID=run-7", &["TFC_WORKLOAD_IDENTITY_AUDIENCE"]),
    ("semaphore", "SEMAPHORE=true", &["`SEMAPHORE_OIDC_TOKEN` is not set"]),
    ("codefresh", "CF_BUILD_ID=65a1", &["obtain-oidc-id-token"]),
];

#[test]
fn an_incomplete_environment_is_a_fault_that_names_what_is_missing() {
    for (name, lines, words) in INCOMPLETE {
        // A machine-level token must not be taken instead.
        let env = environment(&format!("{lines}\nAZURE_FEDERATED_TOKEN_FILE=/var/run/token"));
        let fault = select(None, &env).map(|selected| selected.platform).unwrap_err();
        assert_eq!(fault.category, Category::IdToken, "{name}");
        let text = text(&fault);
        for word in *words {
            assert!(text.contains(word), "{name}: {word} in\n{text}");
        }
        if fault.code != "id-token-service-invalid" {
            assert_eq!(Detection::Half(fault.clone()), platform(name).detect(&env), "{name}");
        }
        assert_eq!(
            platform(name).id_token(&env, AUDIENCE).unwrap_err(),
            fault,
            "{name}: the same when it is asked for by name"
        );
        let Selected { platform, .. } = select_for_output(None, &env).unwrap();
        assert_eq!(platform.name(), *name, "its way of publishing is good nevertheless");
    }
}

#[test]
fn what_every_half_says() {
    let texts: Vec<_> = INCOMPLETE
        .iter()
        .map(|(name, lines, _)| {
            let Detection::Half(fault) = platform(name).detect(&environment(lines)) else { panic!("{name}") };
            let hints: String = fault.hints.iter().map(|hint| format!("hint: {hint}\n")).collect();
            let facts: String = fault.facts.iter().map(|(name, value)| format!("  {name}: {value}\n")).collect();
            format!("[{name}] {}\n{}\n{facts}{hints}", fault.code, fault.message)
        })
        .collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn empty_variables_identify_no_platform() {
    let empty: String = ALL.iter().flat_map(|platform| platform.variables()).map(|name| format!("{name}=\n")).collect();
    for env in [Variables::default(), environment(&empty)] {
        for (platform, detection) in verdicts(&env) {
            assert!(matches!(detection, Detection::No(_)), "{platform:?}: {detection:?}");
        }
        let selected = select(Some("auto"), &env).unwrap();
        assert_eq!(selected.platform.name(), "generic");
        assert_eq!(selected.why, "no platform was detected");
    }
}

#[test]
fn a_requested_platform_wins_over_detection() {
    let env = environment("GITHUB_ACTIONS=true");
    assert_eq!(select(Some("google-cloud"), &env).unwrap().platform.name(), "google-cloud");
    let fault = select(Some("jenkins"), &env).unwrap_err();
    assert_eq!((fault.category, fault.code), (Category::Usage, "platform-unknown"));
    assert!(fault.hints[0].contains("azure-pipelines"));
}

#[test]
fn google_cloud_is_used_only_on_request_and_spiffe_needs_a_file() {
    let env = environment("GCE_METADATA_HOST=169.254.169.254\nSPIFFE_ENDPOINT_SOCKET=unix:///tmp/agent.sock");
    assert_eq!(select(None, &env).unwrap().platform.name(), "generic");
    let Detection::No(why) = platform("google-cloud").detect(&env) else { panic!() };
    assert!(why.contains("used only with"));
    let Detection::No(why) = platform("spiffe").detect(&env) else { panic!() };
    assert!(why.contains("`SPIFFE_ENDPOINT_SOCKET` is set, but"));
}
