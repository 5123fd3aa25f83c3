//! Tests which ID token is chosen if a job has several or could request another.

use serde_json::json;

use super::super::{ALL, select};
use super::{describe, environment, platform, text, token};
use crate::fault::Fault;
use crate::ports::fixed::Variables;

const AUDIENCE: &str = "api://AzureADTokenExchange";

fn id_token(issuer: &str, audience: &str) -> String {
    token(&json!({ "iss": issuer, "aud": audience, "sub": "project_path:g/p:ref_type:branch:ref:main" }))
}

fn gitlab(variables: &[(&str, String)]) -> Result<String, Fault> {
    let mut env = environment("GITLAB_CI=true\nCI_SERVER_URL=https://gitlab.example.com");
    env.0.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
    select(None, &env)?.platform.id_token(&env, AUDIENCE).map(|source| describe(&source))
}

#[test]
fn gitlab_finds_the_token_under_any_name() {
    let own = id_token("https://gitlab.example.com", "https://vault");
    assert_eq!(gitlab(&[("MY_TOKEN", own.clone())]).unwrap(), "variable MY_TOKEN");
    assert_eq!(gitlab(&[("A", "eyJ.no.token".into()), ("B", own.clone())]).unwrap(), "variable B");
    let foreign = id_token("https://gitlab.com", AUDIENCE);
    assert_eq!(
        gitlab(&[("A", foreign.clone()), ("B", own.clone())]).unwrap(),
        "variable B",
        "another's token is not the job's"
    );
    assert_eq!(
        gitlab(&[("A", own.clone()), ("B", own)]).unwrap(),
        "variable A",
        "one token under two names is one token"
    );
}

#[test]
fn of_two_gitlab_tokens_the_one_for_azure_is_used_and_two_for_azure_are_a_fault() {
    let for_vault = || id_token("https://gitlab.example.com", "https://vault");
    let for_azure = |salt: &str| token(&json!({ "iss": "https://gitlab.example.com", "aud": [AUDIENCE], "jti": salt }));
    assert_eq!(gitlab(&[("VAULT", for_vault()), ("AZURE", for_azure("1"))]).unwrap(), "variable AZURE");
    let fault = gitlab(&[("ONE", for_azure("1")), ("TWO", for_azure("2"))]).unwrap_err();
    assert_eq!(fault.message, "More than one variable holds an ID token that fits: `ONE`, `TWO`");
    assert_eq!(fault.hints, ["choose one: `--id-token-env ONE`"]);
    let other = token(&json!({ "iss": "https://gitlab.example.com", "aud": "https://other" }));
    assert!(gitlab(&[("VAULT", for_vault()), ("OTHER", other)]).unwrap_err().message.contains("`OTHER`, `VAULT`"));
}

#[test]
fn gitlab_explains_which_tokens_it_does_not_use() {
    let fault = gitlab(&[("A", id_token("https://sts.example.com", AUDIENCE))]).unwrap_err();
    assert!(text(&fault).contains("`--id-token-env A`"));
    assert!(text(&fault).contains("other issuer: https://sts.example.com in `A`"));
    let fault =
        gitlab(&[("CI_JOB_JWT_V2", id_token("https://gitlab.example.com", "https://gitlab.example.com"))]).unwrap_err();
    assert!(text(&fault).contains("replace `CI_JOB_JWT_V2`"), "{}", text(&fault));
}

#[test]
fn only_gitlab_is_shown_every_variable_that_looks_like_a_token() {
    let jwt = id_token("https://gitlab.com", AUDIENCE);
    let seeing: Vec<_> =
        ALL.iter().filter(|platform| platform.shows("ANY_NAME", &jwt)).map(|platform| platform.name()).collect();
    assert_eq!(seeing, ["gitlab"]);
    assert!(!platform("gitlab").shows("PASSWORD", "hunter2"));
    assert!(platform("terraform-cloud").shows("TFC_WORKLOAD_IDENTITY_TOKEN_AZURE", "jwt"));
    assert!(!platform("terraform-cloud").shows("TFC_WORKLOAD_IDENTITY_TOKENS", "jwt"));
}

#[test]
fn of_several_tagged_terraform_tokens_the_one_for_azure_is_used() {
    let claims = |audience: &str| token(&json!({ "iss": "https://app.terraform.io", "aud": audience }));
    let run = |pairs: &[(&str, String)]| {
        let env = Variables(pairs.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect());
        platform("terraform-cloud").id_token(&env, AUDIENCE).map(|source| describe(&source))
    };
    let (aws, azure) =
        (("TFC_WORKLOAD_IDENTITY_TOKEN_AWS", claims("aws")), ("TFC_WORKLOAD_IDENTITY_TOKEN_AZ", claims(AUDIENCE)));
    assert_eq!(run(&[aws.clone(), azure]).unwrap(), "variable TFC_WORKLOAD_IDENTITY_TOKEN_AZ");
    let fault = run(&[aws, ("TFC_WORKLOAD_IDENTITY_TOKEN_GCP", claims("gcp"))]).unwrap_err();
    assert!(fault.message.contains("`TFC_WORKLOAD_IDENTITY_TOKEN_AWS`, `TFC_WORKLOAD_IDENTITY_TOKEN_GCP`"));
}

#[test]
fn circleci_issues_another_token_only_for_another_audience() {
    let organization = "5034460f-c7c4-4c43-9457-de07e2029e7b";
    let jwt = id_token("https://oidc.circleci.com/org/5034460f-c7c4-4c43-9457-de07e2029e7b", organization);
    let env = environment(&format!("CIRCLECI=true\nCIRCLE_OIDC_TOKEN_V2={jwt}"));
    let circleci = platform("circleci");
    assert_eq!(describe(&circleci.id_token(&env, AUDIENCE).unwrap()), "variable CIRCLE_OIDC_TOKEN_V2");
    assert_eq!(describe(&circleci.id_token_for(&env, organization).unwrap()), "variable CIRCLE_OIDC_TOKEN_V2");
    assert_eq!(
        describe(&circleci.id_token_for(&env, AUDIENCE).unwrap()),
        r#"program circleci run oidc get --claims {"aud":"api://AzureADTokenExchange"}"#
    );
}
