//! Tests the output of `explain`.

use super::*;

const LOG: &str = "\
2026-08-21T09:59:58.1Z Running az login --service-principal
ERROR: AADSTS700213: No matching federated identity record found for presented assertion subject \
'repo:octo-org/octo-repo:environment:Prod'. Check your federated identity credential Subject, Audience and Issuer against the \
presented assertion. https://learn.microsoft.com/entra/workload-id/workload-identity-federation Trace ID: \
5d1c6b5e-0000-4000-8000-0123456789ab Correlation ID: 0f6d2e1a-0000-4000-8000-0123456789ab Timestamp: 2026-08-21 10:00:00Z
Interactive authentication is needed. Please run: az login
";

#[test]
fn a_log_is_explained_with_the_values_in_it() {
    insta::assert_snapshot!(shown(&Job::default().file("-", LOG).run("explain -")), @r#"
    exit 0
    AADSTS700213: no credential has this subject
      why: A credential has this issuer, but none has this subject: the job runs for another branch, an environment or a pull request, or the project was renamed
      subject: repo:octo-org/octo-repo:environment:Prod
      trace id: 5d1c6b5e-0000-4000-8000-0123456789ab
      correlation id: 0f6d2e1a-0000-4000-8000-0123456789ab
      timestamp: 2026-08-21 10:00:00Z
    do:  create a credential with exactly the subject `repo:octo-org/octo-repo:environment:Prod`, without wildcards
    do:  to compare with the credentials, list them with `az ad app federated-credential list --id "${AZURE_CLIENT_ID:?}" --output json >credentials.json` (for a managed identity `az identity federated-credential list`) and give them to `azure-oidc explain` with `--credential credentials.json`
    do:  try again in a few minutes if a credential or the issuer's keys have just changed
    ---
    note: https://github.com/YOUR_ORG/azure-oidc/blob/v0.1.0/docs/platforms/github.md is about GitHub Actions
    "#);
}

#[test]
fn with_credentials_the_differing_one_and_the_character_are_named() {
    let credentials = list(&[
        ("test", GITHUB, "repo:octo-org/octo-repo:environment:test"),
        ("main", GITHUB, "repo:octo-org/octo-repo:environment:prod"),
    ]);
    insta::assert_snapshot!(shown(&Job::default().file("-", LOG).file("f", credentials).run("explain - --credential f")), @r#"
    exit 0
    AADSTS700213: no credential has this subject
      why: A credential has this issuer, but none has this subject: the job runs for another branch, an environment or a pull request, or the project was renamed
      subject: repo:octo-org/octo-repo:environment:Prod
      trace id: 5d1c6b5e-0000-4000-8000-0123456789ab
      correlation id: 0f6d2e1a-0000-4000-8000-0123456789ab
      timestamp: 2026-08-21 10:00:00Z
    do:  the token's subject differs from the credential `main` only in upper and lower case: `Prod` instead of `prod`
    do:  az ad app federated-credential update --federated-credential-id 'main' --id "${AZURE_CLIENT_ID:?}" --parameters '{"audiences":["api://AzureADTokenExchange"],"issuer":"https://token.actions.githubusercontent.com","name":"main","subject":"repo:octo-org/octo-repo:environment:Prod"}'
    do:  the token's subject and the subject of the credential `test` differ in `environment`: `Prod` instead of `test`
    ---
    note: https://github.com/YOUR_ORG/azure-oidc/blob/v0.1.0/docs/platforms/github.md is about GitHub Actions
    "#);
}

#[test]
fn with_a_token_its_claims_are_named() {
    let job = Job::with_token(&token(GITHUB, "repo:octo-org/octo-repo:environment:Prod", AUDIENCE)).file("-", LOG);
    insta::assert_snapshot!(shown(&job.run("explain - --id-token-env T")), @r#"
    exit 0
    AADSTS700213: no credential has this subject
      why: A credential has this issuer, but none has this subject: the job runs for another branch, an environment or a pull request, or the project was renamed
      subject: repo:octo-org/octo-repo:environment:Prod
      trace id: 5d1c6b5e-0000-4000-8000-0123456789ab
      correlation id: 0f6d2e1a-0000-4000-8000-0123456789ab
      timestamp: 2026-08-21 10:00:00Z
    do:  a credential must hold exactly these values: issuer `https://token.actions.githubusercontent.com`, subject `repo:octo-org/octo-repo:environment:Prod`, audience `api://AzureADTokenExchange`
    do:  az ad app federated-credential create --id "${AZURE_CLIENT_ID:?}" --parameters '{"audiences":["api://AzureADTokenExchange"],"issuer":"https://token.actions.githubusercontent.com","name":"repo-octo-org-octo-repo-environment-Prod-ef5090ae","subject":"repo:octo-org/octo-repo:environment:Prod"}'
    ---
    note: https://github.com/YOUR_ORG/azure-oidc/blob/v0.1.0/docs/platforms/github.md is about GitHub Actions
    "#);
}

#[test]
fn a_code_alone_is_explained_however_it_is_written() {
    let by = |what: &str| Job::default().run_words(&["explain", what]).stdout;
    insta::assert_snapshot!(by("700213"), @r#"
    AADSTS700213: no credential has this subject
      why: A credential has this issuer, but none has this subject: the job runs for another branch, an environment or a pull request, or the project was renamed
    do:  create a credential with exactly the subject in the message, without wildcards
    do:  to compare with the credentials, list them with `az ad app federated-credential list --id "${AZURE_CLIENT_ID:?}" --output json >credentials.json` (for a managed identity `az identity federated-credential list`) and give them to `azure-oidc explain` with `--credential credentials.json`
    do:  try again in a few minutes if a credential or the issuer's keys have just changed
    "#);
    for what in ["AADSTS700213", "aadsts700213", r#"{"error":"invalid_client","error_codes":[700213]}"#] {
        assert_eq!(by(what), by("700213"), "{what}");
    }
}

#[test]
fn an_unknown_code_is_reported() {
    insta::assert_snapshot!(shown(&Job::default().run("explain AADSTS999999")), @r"
    exit 0
    AADSTS999999 is not in the catalogue
    do:  look it up at https://login.microsoftonline.com/error?code=999999
    ---
    ");
}

#[test]
fn a_text_without_a_code_is_wrong_input() {
    let outcome = Job::default().file("-", "all is well").run("explain -");
    assert_eq!(outcome.exit_code, 2);
    assert!(outcome.stderr.contains("no AADSTS code in standard input"), "{}", outcome.stderr);
}

#[test]
fn for_an_unknown_code_entras_message_is_shown() {
    let outcome = Job::default().run_words(&["explain", "AADSTS7002139: Something new. Trace ID: x"]);
    assert!(outcome.stdout.contains("may be a special case of AADSTS700213"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("Entra says: Something new."), "{}", outcome.stdout);
}
