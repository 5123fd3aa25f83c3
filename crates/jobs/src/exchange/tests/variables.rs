//! Tests variables of other tools: which are read, and which get a warning.

use super::*;

fn job(variables: &[(&str, &str)], answers: &[(u16, Value)]) -> Job {
    let mut job = Job::new(&token(NOW + 300), 200, granted());
    job.variables =
        Variables(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
    job.answers = answers.to_vec();
    job
}

#[test]
fn the_script_of_an_azure_cli_task_needs_no_variables_of_its_own() {
    let id_token = token(NOW + 300);
    for [client, tenant] in
        [["servicePrincipalId", "tenantId"], ["AZURESUBSCRIPTION_CLIENT_ID", "AZURESUBSCRIPTION_TENANT_ID"]]
    {
        let variables = [("TF_BUILD", "True"), ("idToken", id_token.as_str()), (client, CLIENT), (tenant, TENANT)];
        let job = job(&variables, &[(200, granted())]);
        assert!(job.run(|_| {}).0.is_ok(), "{client}");
        assert_eq!(*job.assertions.borrow(), [id_token.as_str()]);
    }
}

#[test]
fn the_request_of_terraforms_providers_brings_the_token() {
    let variables = [
        ("ARM_USE_OIDC", "true"),
        ("ARM_CLIENT_ID", CLIENT),
        ("ARM_TENANT_ID", TENANT),
        ("ARM_OIDC_REQUEST_URL", "http://127.0.0.1:9/idtoken?api-version=2.0"),
        ("ARM_OIDC_REQUEST_TOKEN", "abc"),
    ];
    let id_token = token(NOW + 300);
    let good = job(&variables, &[(200, json!({ "value": id_token })), (200, granted())]);
    assert!(good.run(|_| {}).0.is_ok());
    assert_eq!(good.assertions.borrow().last(), Some(&id_token));
    let bad = job(&variables, &[(500, json!({}))]);
    let fault = bad.run(|_| {}).0.unwrap_err();
    assert!(fault.message.contains("ARM_OIDC_REQUEST_URL"), "{}", fault.message);
    let half = job(&variables[..4], &[(200, granted())]);
    let fault = half.run(|_| {}).0.unwrap_err();
    assert!(fault.message.contains("`ARM_OIDC_REQUEST_TOKEN` is not"), "{}", fault.message);
}

#[test]
fn cloud_and_subscription_of_the_variables_are_handed_on() {
    let id_token = token(NOW + 300);
    let published = |more: &[(&str, &str)]| {
        let usual = [
            ("AZURE_CLIENT_ID", CLIENT),
            ("AZURE_TENANT_ID", TENANT),
            ("ARM_OIDC_TOKEN", id_token.as_str()),
            ("RUNNER_TEMP", "/t"),
        ];
        let job = job(&[&usual[..], more].concat(), &[(200, granted())]);
        let output =
            OutputInputs { form: "auto", publish: Publish::SdkEnv, id_token_file: None, host: HostKind::Native };
        let (published, notices) = job.run(|request| request.plan.output = output);
        let text: Vec<_> = published.unwrap().iter().map(|one| one.text().to_owned()).collect();
        (text.last().unwrap().clone(), notices)
    };
    for (value, authority, environment) in [
        ("usgovernment", "https://login.microsoftonline.us/", "usgovernment"),
        ("AzureChinaCloud", "https://login.chinacloudapi.cn/", "china"),
    ] {
        let (lines, _) = published(&[("ARM_ENVIRONMENT", value)]);
        assert!(lines.contains(&format!("AZURE_AUTHORITY_HOST='{authority}'")), "{lines}");
        assert!(lines.contains(&format!("ARM_ENVIRONMENT='{environment}'")), "{lines}");
        assert!(!lines.contains("AZURE_ACCESS_TOKEN"), "{lines}");
    }
    for name in SUBSCRIPTION_ID {
        let (lines, _) = published(&[(name, "33333333-3333-4333-8333-333333333333")]);
        for name in SUBSCRIPTION_ID {
            assert!(lines.contains(&format!("{name}='33333333-3333-4333-8333-333333333333'")), "{lines}");
        }
    }
    let (lines, notices) = published(&[("ARM_ENVIRONMENT", "german")]);
    assert!(!lines.contains("ARM_ENVIRONMENT") && !lines.contains("SUBSCRIPTION"), "{lines}");
    let [Notice::Warning(finding), Notice::Published(_)] = &notices[..] else { panic!("{notices:?}") };
    assert!(finding.message.contains("`ARM_ENVIRONMENT` is `german`"), "{}", finding.message);
}

#[test]
fn a_run_of_dependabot_is_told_where_its_secrets_are() {
    let job = job(&[("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "dependabot[bot]")], &[(200, granted())]);
    let fault = job.run(|_| {}).0.unwrap_err();
    assert_eq!(fault.code, "tenant-id-missing");
    assert!(fault.hints[0].contains("Dependabot"), "{:?}", fault.hints);
}
