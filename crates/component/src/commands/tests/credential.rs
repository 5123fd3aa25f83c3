//! Tests the output of `credential` in each format, and its failures when options are missing.

use super::*;

const PULUMI: &str = "credential --platform pulumi --org contoso --project core --stack dev";

#[test]
fn a_pulumi_stack_needs_a_credential_for_each_operation() {
    let outcome = Job::default().run(PULUMI);
    insta::assert_snapshot!(shown(&outcome), @r#"
    exit 0
    [
      {
        "audiences": [
          "contoso"
        ],
        "issuer": "https://api.pulumi.com/oidc",
        "name": "pulumi-deploy-org-contoso-project-core-stack-dev-operation-preview-scope-write-ad715ff1",
        "subject": "pulumi:deploy:org:contoso:project:core:stack:dev:operation:preview:scope:write"
      },
      {
        "audiences": [
          "contoso"
        ],
        "issuer": "https://api.pulumi.com/oidc",
        "name": "pulumi-deploy-org-contoso-project-core-stack-dev-operation-update-scope-write-2d928855",
        "subject": "pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write"
      },
      {
        "audiences": [
          "contoso"
        ],
        "issuer": "https://api.pulumi.com/oidc",
        "name": "pulumi-deploy-org-contoso-project-core-stack-dev-operation-refresh-scope-write-f7f7c2e4",
        "subject": "pulumi:deploy:org:contoso:project:core:stack:dev:operation:refresh:scope:write"
      },
      {
        "audiences": [
          "contoso"
        ],
        "issuer": "https://api.pulumi.com/oidc",
        "name": "pulumi-deploy-org-contoso-project-core-stack-dev-operation-destroy-scope-write-749fbf53",
        "subject": "pulumi:deploy:org:contoso:project:core:stack:dev:operation:destroy:scope:write"
      }
    ]
    ---
    "#);
}

#[test]
fn each_format_is_ready_to_be_used() {
    let by = |format: &str| Job::default().run(&format!("{PULUMI} --operation update --format {format}")).stdout;
    insta::assert_snapshot!(by("graph"), @r#"
    {
      "audiences": [
        "contoso"
      ],
      "issuer": "https://api.pulumi.com/oidc",
      "name": "pulumi-deploy-org-contoso-project-core-stack-dev-operation-update-scope-write-2d928855",
      "subject": "pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write"
    }
    "#);
    insta::assert_snapshot!(by("arm"), @r#"
    {
      "name": "pulumi-deploy-org-contoso-project-core-stack-dev-operation-update-scope-write-2d928855",
      "properties": {
        "audiences": [
          "contoso"
        ],
        "issuer": "https://api.pulumi.com/oidc",
        "subject": "pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write"
      }
    }
    "#);
    insta::assert_snapshot!(by("az"), @r#"az ad app federated-credential create --id "${AZURE_CLIENT_ID:?}" --parameters '{"audiences":["contoso"],"issuer":"https://api.pulumi.com/oidc","name":"pulumi-deploy-org-contoso-project-core-stack-dev-operation-update-scope-write-2d928855","subject":"pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write"}'"#);
    insta::assert_snapshot!(by("az-identity"), @r#"az identity federated-credential create --identity-name "${IDENTITY_NAME:?}" --resource-group "${RESOURCE_GROUP:?}" --name pulumi-deploy-org-contoso-project-core-stack-dev-operation-update-scope-write-2d928855 --issuer https://api.pulumi.com/oidc --subject pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write --audiences "['contoso']""#);
    insta::assert_snapshot!(by("terraform"), @r#"
    variable "client_id" {
      type = string
    }

    data "azuread_application" "this" {
      client_id = var.client_id
    }

    resource "azuread_application_federated_identity_credential" "pulumi-deploy-org-contoso-project-core-stack-dev-operation-update-scope-write-2d928855" {
      application_id = data.azuread_application.this.id
      display_name   = "pulumi-deploy-org-contoso-project-core-stack-dev-operation-update-scope-write-2d928855"
      issuer         = "https://api.pulumi.com/oidc"
      subject        = "pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write"
      audiences      = ["contoso"]
    }
    "#);
    insta::assert_snapshot!(by("terraform-json"), @r#"
    {
      "data": {
        "azuread_application": {
          "this": {
            "client_id": "${var.client_id}"
          }
        }
      },
      "resource": {
        "azuread_application_federated_identity_credential": {
          "pulumi-deploy-org-contoso-project-core-stack-dev-operation-update-scope-write-2d928855": {
            "application_id": "${data.azuread_application.this.id}",
            "audiences": [
              "contoso"
            ],
            "display_name": "pulumi-deploy-org-contoso-project-core-stack-dev-operation-update-scope-write-2d928855",
            "issuer": "https://api.pulumi.com/oidc",
            "subject": "pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write"
          }
        }
      },
      "variable": {
        "client_id": {
          "type": "string"
        }
      }
    }
    "#);
    insta::assert_snapshot!(by("bicep"), @r"
    param identityName string

    resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
      name: identityName
    }

    resource credential1 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2024-11-30' = {
      parent: identity
      name: 'pulumi-deploy-org-contoso-project-core-stack-dev-operation-update-scope-write-2d928855'
      properties: {
        issuer: 'https://api.pulumi.com/oidc'
        subject: 'pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write'
        audiences: [
          'contoso'
        ]
      }
    }
    ");
}

#[test]
fn a_known_owner_is_named() {
    let job = Job::default();
    let one = format!("{PULUMI} --operation update");
    let of_application = job.run(&format!("{one} --format az --client-id 11111111-2222-3333-4444-555555555555")).stdout;
    assert!(of_application.contains("--id 11111111-2222-3333-4444-555555555555 "), "{of_application}");
    let of_identity =
        job.run(&format!("{one} --format az-identity --identity-name deployer --resource-group rg")).stdout;
    assert!(of_identity.contains("--identity-name deployer --resource-group rg "), "{of_identity}");
}

#[test]
fn a_missing_part_is_reported_with_all_parts_of_the_platform() {
    insta::assert_snapshot!(shown(&Job::default().run("credential --platform pulumi --org contoso")), @r"
    exit 2
    ---
    error: Pulumi needs the part `project`

    hint: use the parts of Pulumi:
            `org`: the organization, for deployments and ESC environments, as in `contoso`
            `project`: the project, for deployments, as in `core`
            `stack`: the stack, for deployments, as in `dev`
            `operation`, repeatable: `preview`, `update`, `refresh` or `destroy`; all four if left out, as in `update`
            `environment`: an ESC environment, with its project unless that is `default`, as in `core/dev`
            `org-id`: the organization's id, for ESC tokens of version 2, as in `8a1f0c2e`
            `environment-id`: the ESC environment's id, for ESC tokens of version 2, as in `5b7d9e31`
    ");
    insta::assert_snapshot!(shown(&Job::default().run("credential")), @r"
    exit 2
    ---
    error: No issuer was given for the credential

    hint: name the platform and its parts, as in `--platform github --repo octo-org/octo-repo --branch main`
    hint: or use a token with `--from-token`, or pass `--issuer` and `--subject`
    ");
}

#[test]
fn a_flexible_credential_needs_the_id_that_entra_requires() {
    let job = Job::default();
    insta::assert_snapshot!(shown(&job.run("credential --platform github --repo o/r --flexible")), @r"
    exit 2
    ---
    error: the expression does not compare `repository_id` or `repository_owner_id`: since mid-2026 Entra refuses to store such a new expression (seen on 2026-08-07); expressions stored before are said to keep working

    hint: give the part `repository-id` or `owner-id`, a number that does not change with the name
    ");
    let outcome = job.run("credential --platform github --repo o/r --repository-id 74 --flexible --format az");
    insta::assert_snapshot!(shown(&outcome), @r#"
    exit 0
    az rest --method post --url "https://graph.microsoft.com/beta/applications(appId='${AZURE_CLIENT_ID:?}')/federatedIdentityCredentials" --body '{"audiences":["api://AzureADTokenExchange"],"claimsMatchingExpression":{"languageVersion":1,"value":"claims['\''sub'\''] matches '\''repo:o/r:*'\'' and claims['\''repository_id'\''] eq '\''74'\''"},"issuer":"https://token.actions.githubusercontent.com","name":"repo-o-r-1a91d11b"}'
    ---
    warning: the credential lets in jobs of pull requests, whose code nobody has reviewed yet; where the repository gives forks a token, these are pull requests of strangers too
    hint: name the branch or environment in the pattern: claims['sub'] matches 'repo:o/r:environment:*'
    "#);
}

#[test]
fn a_token_gives_the_credentials_of_its_whole_pipeline() {
    let subject = "pulumi:deploy:org:contoso:project:core:stack:dev:operation:update:scope:write";
    let job = Job::with_token(&token("https://api.pulumi.com/oidc", subject, "contoso"));
    let outcome = job.run("credential --from-token --id-token-env T");
    assert_eq!(outcome.stdout, Job::default().run(PULUMI).stdout);
    assert_eq!(
        outcome.stderr,
        "note: the token has one of 4 subjects of its pipeline, and there is a credential for each\n"
    );
    let one = job.run("credential --from-token --id-token-env T --operation update");
    assert_eq!(one.stdout, Job::default().run(&format!("{PULUMI} --operation update")).stdout);
    assert_eq!(one.stderr, "");
}

#[test]
fn written_credentials_are_accepted_by_check() {
    let job = Job::default();
    let written = job.run(PULUMI).stdout;
    for operation in ["preview", "update", "refresh", "destroy"] {
        let subject = format!("pulumi:deploy:org:contoso:project:core:stack:dev:operation:{operation}:scope:write");
        let token = token("https://api.pulumi.com/oidc", &subject, "contoso");
        let outcome = Job::with_token(&token).file("f", written.clone()).run("check --id-token-env T --credential f");
        assert_eq!(outcome.exit_code, 0, "{}", outcome.stdout);
    }
}

#[test]
fn more_credentials_than_an_application_can_have_are_refused() {
    let branches: String = (0..21).map(|number| format!(" --branch b{number}")).collect();
    let outcome = Job::default().run(&format!("credential --platform gitlab --project-path g/p{branches}"));
    assert_eq!(outcome.exit_code, 2);
    insta::assert_snapshot!(outcome.stderr, @r"
    error: there are 21 credentials, and an application or identity can have at most 20

    hint: for GitHub, GitLab and HCP Terraform, replace several by one flexible credential (`azure-oidc credential --flexible`); for other platforms, use several user-assigned managed identities
    ");
}

#[test]
fn an_option_that_no_platform_has_is_wrong_usage_and_one_of_another_platform_too() {
    let job = Job::default();
    for (line, words) in [
        ("credential --platform pulumi --orgg contoso", "--org"),
        ("credential --platform pulumi --repo a/b", "Pulumi has no part `repo`"),
        ("credential --org contoso", "--platform NAME"),
        ("credential --platform pulumi --format yaml", "terraform-json"),
        ("credential --platform teamcity --org a", "possible values: auto, harness"),
    ] {
        let outcome = job.run(line);
        assert_eq!(outcome.exit_code, 2, "{line}");
        assert!(outcome.stderr.contains(words), "{line}\n{}", outcome.stderr);
    }
}

#[test]
fn help_lists_the_parts_of_the_platform_that_is_named() {
    let outcome = Job::default().run("credential --platform pulumi --help");
    assert_eq!(outcome.exit_code, 0);
    assert!(outcome.stdout.contains("`org`: the organization"));
    assert!(!outcome.stdout.contains("`repo`"), "{}", outcome.stdout);
    assert!(Job::default().run("credential --help").stdout.contains("`repo`, needed"));
}
