//! Tests `exchange` and `doctor` with the variables of real jobs.

use super::*;

const TENANT: &str = "11111111-1111-4111-8111-111111111111";
const CLIENT: &str = "22222222-2222-4222-8222-222222222222";
const DEVOPS: &str = "https://vstoken.dev.azure.com/6a3b1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d";

fn job(variables: &[(&str, &str)]) -> Job {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Job { variables: Variables(variables), ..Job::default() }
}

/// A job whose token endpoint answers with an access token.
fn granted(variables: &[(&str, &str)], host: &str) -> Job {
    let answer = json!({"access_token": "at", "token_type": "Bearer", "expires_in": 3600});
    job(variables).page(format!("https://{host}/{TENANT}/oauth2/v2.0/token"), &answer)
}

#[test]
fn the_script_of_an_azure_cli_task_gets_its_token() {
    let id_token = token(DEVOPS, "sc://contoso/Payments/azure-prod", AUDIENCE);
    let task =
        [("TF_BUILD", "True"), ("idToken", id_token.as_str()), ("servicePrincipalId", CLIENT), ("tenantId", TENANT)];
    let job = granted(&task, "login.microsoftonline.com");
    let outcome = job.run("exchange --output text");
    assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (0, "at\n"), "{}", outcome.stderr);

    let refused = job.run("exchange --audience sts.amazonaws.com --output json");
    assert_ne!(refused.exit_code, 0);
    assert!(shown(&refused).contains("--audience sts.amazonaws.com"), "{}", shown(&refused));
}

#[test]
fn the_request_of_terraforms_providers_is_sent_with_the_audience_of_the_cloud() {
    let id_token = token(GITHUB, "repo:octo-org/web:ref:refs/heads/main", "api://AzureADTokenExchangeUSGov");
    let url = "http://127.0.0.1:9/idtoken?api-version=2.0&audience=api%3A%2F%2FAzureADTokenExchangeUSGov";
    let variables = [
        ("ARM_CLIENT_ID", CLIENT),
        ("ARM_TENANT_ID", TENANT),
        ("ARM_ENVIRONMENT", "usgovernment"),
        ("ARM_OIDC_REQUEST_URL", "http://127.0.0.1:9/idtoken?api-version=2.0"),
        ("ARM_OIDC_REQUEST_TOKEN", "abc"),
    ];
    let job = granted(&variables, "login.microsoftonline.us").page(url.to_owned(), &json!({"value": id_token}));
    let outcome = job.run("exchange --output text");
    assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (0, "at\n"), "{}", outcome.stderr);

    let unreachable = self::job(&variables).run("exchange --output text --timeout 3s --retries 0");
    assert!(unreachable.stderr.contains("ARM_OIDC_REQUEST_URL"), "{}", unreachable.stderr);
}

#[test]
fn a_plain_authority_of_another_cloud_is_corrected_in_that_cloud() {
    let line = format!(
        "exchange --authority-host http://login.microsoftonline.us --tenant-id contoso.onmicrosoft.us --client-id {CLIENT} \
         --id-token-env T --output text"
    );
    let outcome = Job::with_token(&token(GITHUB, "repo:o/r:ref:refs/heads/main", AUDIENCE)).run(&line);
    assert_eq!(outcome.exit_code, 2);
    assert!(outcome.stderr.contains("`https://login.microsoftonline.us`"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("login.microsoftonline.com"), "{}", outcome.stderr);
}

#[test]
fn doctor_asks_the_cloud_of_the_variables() {
    for (value, host) in [("usgovernment", "login.microsoftonline.us"), ("china", "login.chinacloudapi.cn")] {
        let job = job(&[("ARM_ENVIRONMENT", value), ("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", CLIENT)]);
        let outcome = job.run("doctor");
        assert!(outcome.stdout.contains(host), "{}", outcome.stdout);
        assert!(job.asked.borrow().iter().all(|url| url.starts_with(&format!("https://{host}/"))), "{:?}", job.asked);
    }
}

#[test]
fn doctor_tells_dependabot_where_its_secrets_are() {
    let outcome = job(&[
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_ACTOR", "dependabot[bot]"),
        ("GITHUB_OUTPUT", "/o"),
        ("AZURE_TENANT_ID", ""),
        ("AZURE_CLIENT_ID", ""),
    ])
    .run("doctor");
    for part in ["tenant id", "client id", "Dependabot secret"] {
        assert!(outcome.stdout.contains(part), "{}", outcome.stdout);
    }
}

#[test]
fn a_mistake_on_the_line_is_named_with_the_way_out() {
    let id_token = token(GITHUB, "repo:octo-org/web:ref:refs/heads/main", AUDIENCE);
    let variables = [("T", id_token.as_str()), ("AZURE_TENANT_ID", TENANT), ("AZURE_CLIENT_ID", CLIENT)];
    for (words, code, says) in [
        (&["--id-token-env", "T", "--scope", "arm,graph", "--output-name", "A,A"][..], 2, "the name `A` twice"),
        (&["--id-token-env", "$T"], 2, "without `$`"),
        (&["--id-token-env", &id_token], 2, "takes the name of a variable"),
        (&["--id-token-file", "nowhere"], 3, "an earlier step"),
        (&["--id-token-file", &id_token], 3, "this is a token and no path"),
        (&["--id-token-env", "T", "--client-id", "$(CLIENT)"], 2, "did not fill in this variable"),
        (&["--id-token-env", "T", "--client-id", "***"], 2, "a log shows"),
        (&["--id-token-env", "T", "--tenant-id", " 11111111-1111-4111-8111-111111111111"], 2, "remove the white space"),
        (&["--id-token-env", "T", "--client-id", "Xh48Q~Zk2LmN9pQrS4tUvWxYz01aBcDeFg"], 2, "looks like a secret"),
    ] {
        let outcome = job(&variables).run_words(&[&["exchange", "--output", "text"], words].concat());
        assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (code, ""), "{words:?}: {}", outcome.stderr);
        assert!(outcome.stderr.contains(says), "{words:?}: {}", outcome.stderr);
    }
}
