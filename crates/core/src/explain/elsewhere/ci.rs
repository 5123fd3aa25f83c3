//! Errors of the CI system, which gave no ID token.

use super::words::{Known, anywhere, in_stack, known, near};

const fn no_token(known: Known) -> Known {
    Known { no_token: true, ..known }
}

/// The names of the request to Azure Pipelines' token service, in tools and in its address. The host
/// `dev.azure.com` has the repositories and packages too.
const TOKEN_SERVICE: &[&str] =
    &["getassertion", "oidctoken", "oidcrequesturi", "azurepipelinescredential", "from the oidc endpoint"];

/// What shows that Dependabot started the run. Other runs see the names of its branches too.
const DEPENDABOTS_RUN: &[&str] = &[
    "triggered by dependabot[bot]",
    "actor: dependabot[bot]",
    "actor=dependabot[bot]",
    "actor='dependabot[bot]",
    "actor=\"dependabot[bot]",
    "actor: \"dependabot[bot]",
    "actor\":\"dependabot[bot]",
    "actor\": \"dependabot[bot]",
    "ref: refs/heads/dependabot/",
    "ref=refs/heads/dependabot/",
    "head_ref: dependabot/",
    "head_ref=dependabot/",
    "--force -b dependabot/",
];

/// The first that fits is told.
pub(super) const BEFORE: &[Known] = &[
    no_token(anywhere(known(
        "dependabot-without-secrets",
        &[
            DEPENDABOTS_RUN,
            &[
                "actions_id_token_request",
                "not all values are present",
                "permissions to id-token",
                "client-id and tenant-id",
            ],
        ],
        "a run of Dependabot has no Actions secrets",
        "Runs that Dependabot starts get a read-only token and no Actions secrets, so ids that are stored as secrets are empty",
        "put the ids into the repository's variables (`vars.AZURE_CLIENT_ID`) or into Dependabot's own secrets, and give the job \
         `permissions: id-token: write`",
    ))),
    no_token(known(
        "id-token-permission-missing",
        &[&[
            "unable to get actions_id_token_request_url",
            "unable to get actions_id_token_request_token",
            "actions_id_token_request_url is not set",
            "actions_id_token_request_url env variable",
            "actions_id_token_request_token env variable",
            "write permissions to id-token",
            "actions_id_token_request_url' is not",
        ]],
        "the job may not request an ID token",
        "GitHub gave the job no address to request an ID token from, because the workflow lacks the permission. Runs of pull requests \
         from forks never get it",
        "add `permissions: { id-token: write, contents: read }` to the job in the workflow; a reusable workflow also needs it in the \
         workflow that calls it",
    )),
    no_token(known(
        "azure-inputs-missing",
        &[&[
            "not all values are present",
            "ensure 'client-id' and 'tenant-id' are supplied",
            "ensure client-id and tenant-id are supplied",
        ]],
        "client id or tenant id is empty",
        "The sign-in step got no client id or tenant id. Secrets are empty in runs of forks and of Dependabot, and when their name is \
         misspelt or belongs to an environment that the job does not name",
        "check that the job can read the secrets or variables with the client id and the tenant id; they are no secrets, so \
         `vars` works too",
    )),
    no_token(known(
        "federated-token-empty",
        &[&["argument --federated-token: expected"]],
        "`az login` got no ID token",
        "No value follows `--federated-token`: the variable with the ID token is empty or not set in this step",
        "set the variable to the job's ID token in this step, or let `azure-oidc login` get the token and sign in",
    )),
    no_token(known(
        "azure-pipelines-no-service-connection",
        &[&["no service connection found with identifier"]],
        "Azure Pipelines finds no service connection with this id",
        "The answer comes from Azure Pipelines' token service and not from Entra: the id of the service connection is wrong, or this \
         pipeline is not permitted to use the connection",
        "give the id of the service connection, which is a GUID, and permit this pipeline to use the connection",
    )),
    no_token(known(
        "azure-pipelines-connection-unused",
        &[&["there is no explicit reference to service connection"]],
        "the stage does not use the service connection",
        "The answer comes from Azure Pipelines' token service and not from Entra: it gives a stage a token only for the service \
         connections that the stage names",
        "name the service connection in a task of this stage, for example as `azureSubscription` of an AzureCLI task",
    )),
    no_token(known(
        "azure-pipelines-null-token",
        &[&[
            "\"oidctoken\":null",
            "\"oidctoken\": null",
            "null oidctoken",
            "oidctoken is null",
            "oidctoken was null",
            "reading 'oidctoken'",
            "property 'oidctoken'",
            "oidctoken not found",
            "oidc token not found in response",
            "no oidctoken",
            "oidctoken: null",
            "'oidctoken': none",
        ]],
        "Azure Pipelines answered without a token",
        "The answer comes from Azure Pipelines' token service and not from Entra: its `oidcToken` is null. This happens when a failed \
         job runs again, and when the service connection may not be used by this pipeline",
        "try again with a new run of the whole pipeline; if it stays, check that the service connection is of the type workload identity \
         federation and that this pipeline is permitted to use it",
    )),
    no_token(near(known(
        "azure-pipelines-405",
        &[
            &[
                "does not support http method 'get'",
                "status 405",
                "status code 405",
                "http 405",
                "405 method not allowed",
                "(405)",
            ],
            // The last is how Azure DevOps begins an error.
            &[
                "getassertion",
                "oidctoken",
                "oidcrequesturi",
                "azurepipelinescredential",
                "\"count\":1,\"value\":{\"message",
            ],
        ],
        "Azure Pipelines' token service was asked in GitHub's way",
        "The answer comes from Azure Pipelines' token service and not from Entra: it takes POST, and the tool sent GET as it does on \
         GitHub, because it does not know the id of the service connection",
        "give the id of the service connection: ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID (or `ado_pipeline_service_connection_id`) for \
         Terraform, AZURESUBSCRIPTION_SERVICE_CONNECTION_ID for the Azure SDKs",
    ))),
    no_token(near(known(
        "azure-pipelines-sign-in",
        &[
            &[
                "status 203",
                "status code 203",
                "http 203",
                "status 302",
                "status code 302",
                "http 302",
                "status 401",
                "status code 401",
                "http 401",
                "401 unauthorized",
                "401 (unauthorized)",
                "status code: 401",
                "status code: 302",
                "status code: 203",
                "(401)",
                "(302)",
                "(203)",
                "203 non-authoritative",
            ],
            TOKEN_SERVICE,
        ],
        "Azure Pipelines' token service did not accept the job's token",
        "The answer comes from Azure Pipelines' token service and not from Entra: instead of an ID token it sent a sign-in page or a \
         refusal, because SYSTEM_ACCESSTOKEN is missing, empty or no longer valid",
        "map the token in the step: `env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }`",
    ))),
    no_token(in_stack(known(
        "azure-pipelines-html",
        &[&["unexpected token '<'", "unexpected token <", "<!doctype html"], TOKEN_SERVICE],
        "Azure Pipelines' token service answered with a web page",
        "The answer comes from Azure Pipelines' token service and not from Entra: a web page came in place of JSON. It sends its sign-in \
         page when SYSTEM_ACCESSTOKEN is missing, empty or no longer valid",
        "map the token in the step: `env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }`; if it is mapped, read the web page: a proxy or \
         a failing service can have sent it",
    ))),
];
