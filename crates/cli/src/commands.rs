//! The commands: what each is for, which options it takes, what its help ends with.

use azure_oidc_core::Fault;

use crate::reader::Given;
use crate::table::Row;
use crate::{
    CheckArgs, Command, ComponentArgs, CredentialArgs, DoctorArgs, ExchangeArgs, ExplainArgs, InspectArgs, ServeArgs,
    VerifyArgs,
};

/// A command.
pub(crate) struct Definition {
    /// Its name; empty for the program itself.
    pub(crate) name: &'static str,
    /// What it is for.
    pub(crate) about: &'static str,
    /// Its options, besides those of the host.
    pub(crate) rows: &'static [Row],
    /// Options one of which must be given.
    pub(crate) one_of: &'static [&'static str],
    /// The end of its help.
    pub(crate) ending: &'static str,
    /// Makes it of what was given.
    pub(crate) read: fn(&Given) -> Result<Command, Fault>,
}

/// The program before a command is named. It is never run.
pub(crate) static PROGRAM: Definition = Definition {
    name: "",
    about: "Trade a CI job's OIDC ID token for an Azure access token, check its claims, explain what Entra answers",
    rows: &[],
    one_of: &[],
    ending: PROGRAM_ENDING,
    read: |given| Ok(Command::Exchange(ExchangeArgs::read(given, "")?)),
};

/// All of them. The first one is meant when none is named.
pub(crate) static COMMANDS: [Definition; 9] = [
    Definition {
        name: "exchange",
        about: "Obtain the ID token, check it, trade it, publish the access token (the default)",
        rows: ExchangeArgs::ROWS,
        one_of: &[],
        ending: EXCHANGE_ENDING,
        read: |given| Ok(Command::Exchange(ExchangeArgs::read(given, "")?)),
    },
    Definition {
        name: "check",
        about: "Would Entra accept this ID token for these federated identity credentials?",
        rows: CheckArgs::ROWS,
        one_of: &["credential", "subject"],
        ending: CHECK_ENDING,
        read: |given| Ok(Command::Check(CheckArgs::read(given, "")?)),
    },
    Definition {
        name: "verify",
        about: "Is the signature of a token good for these keys?",
        rows: VerifyArgs::ROWS,
        one_of: &["jwks", "discover"],
        ending: VERIFY_ENDING,
        read: |given| Ok(Command::Verify(VerifyArgs::read(given, "")?)),
    },
    Definition {
        name: "inspect",
        about: "Decode a token: which platform made it and what each part of its subject means",
        rows: InspectArgs::ROWS,
        one_of: &[],
        ending: INSPECT_ENDING,
        read: |given| Ok(Command::Inspect(InspectArgs::read(given, "")?)),
    },
    Definition {
        name: "explain",
        about: "What an AADSTS answer of Entra means, why it happens, what mends it",
        rows: ExplainArgs::ROWS,
        one_of: &[],
        ending: EXPLAIN_ENDING,
        read: |given| Ok(Command::Explain(ExplainArgs::read(given, "")?)),
    },
    Definition {
        name: "credential",
        about: "Write the federated identity credential that a pipeline needs",
        rows: CredentialArgs::ROWS,
        one_of: &[],
        ending: CREDENTIAL_ENDING,
        read: |given| Ok(Command::Credential(CredentialArgs::read(given, "")?)),
    },
    Definition {
        name: "doctor",
        about: "Which platform is this, what is missing, can the needed hosts be reached",
        rows: DoctorArgs::ROWS,
        one_of: &[],
        ending: DOCTOR_ENDING,
        read: |given| Ok(Command::Doctor(DoctorArgs::read(given, "")?)),
    },
    Definition {
        name: "serve",
        about: "Answer the same questions over HTTP, for other programs (native host; `wasmtime serve` elsewhere)",
        rows: ServeArgs::ROWS,
        one_of: &[],
        ending: SERVE_ENDING,
        read: |given| Ok(Command::Serve(ServeArgs::read(given, "")?)),
    },
    Definition {
        name: "component",
        about: "Write out the component that this program runs, or print its digest (native host only)",
        rows: ComponentArgs::ROWS,
        one_of: &["output", "digest"],
        ending: "",
        read: |given| Ok(Command::Component(ComponentArgs::read(given, "")?)),
    },
];

/// The command of this name.
pub(crate) fn named(name: &str) -> Option<&'static Definition> {
    COMMANDS.iter().find(|command| command.name == name)
}

const PROGRAM_ENDING: &str = "\
Examples:
  azure-oidc                                     in a Harness step or any CI job: trade and publish
  azure-oidc exchange --id-token-env MY_TOKEN --scope graph --output json
  azure-oidc check --id-token-env MY_TOKEN --credential fics.json
  azure-oidc explain AADSTS700213

Exit codes: 0 done, 1 the answer is no, 2 wrong usage or configuration, 3 no usable ID token,
4 Entra refused, 5 network failure or time-out after retries, 6 the result cannot be published.
An ID token is never the value of a flag: other processes can read a command line.";

const EXCHANGE_ENDING: &str = "\
Examples:
  azure-oidc exchange --tenant-id contoso.onmicrosoft.com --client-id GUID --id-token-env MY_TOKEN
  azure-oidc exchange --scope arm,graph --output json      two tokens, or none
  az ad app federated-credential list --id GUID > fics.json
  azure-oidc exchange --credential fics.json               refuses before Entra does, and says why
  echo \"$MY_TOKEN\" | azure-oidc exchange --id-token -
  azure-oidc exchange --publish sdk-env                    what az, Terraform and the SDKs read";

const CHECK_ENDING: &str = "\
Examples:
  az ad app federated-credential list --id GUID | azure-oidc check --id-token-env MY_TOKEN --credential -
  azure-oidc check --id-token-file token.jwt --issuer https://gitlab.com \\
    --subject project_path:group/project:ref_type:branch:ref:main
  azure-oidc check --credential fics.json --discover       verifies the signature of the job's token too
  azure-oidc check --credential fics.json --token-issuer https://token.actions.githubusercontent.com \\
    --token-subject repo:octo-org/octo-repo:environment:prod     before there is a token
Exit code 0: a credential matches. 1: none does. 2: the input is wrong. 3: there is no token.";

const VERIFY_ENDING: &str = "\
Examples:
  azure-oidc verify --id-token-env MY_TOKEN --jwks keys.json
  azure-oidc verify --id-token-env MY_TOKEN --discover     fetches the issuer's keys";

const INSPECT_ENDING: &str = "\
Examples:
  azure-oidc inspect --id-token-env MY_TOKEN
  pbpaste | azure-oidc inspect --id-token -
It decodes and never verifies; use `verify` for the signature.";

const EXPLAIN_ENDING: &str = "\
Examples:
  azure-oidc explain AADSTS700213
  az login ... 2>&1 | azure-oidc explain -
  azure-oidc explain 700213 --id-token-env MY_TOKEN        names the very claim
  azure-oidc explain - --credential fics.json < job.log    and the very credential";

const CREDENTIAL_ENDING: &str = "\
Examples:
  azure-oidc credential --platform pulumi --org contoso --project core --stack dev    one for each operation
  azure-oidc credential --platform github --repo octo-org/octo-repo --environment prod --format az --client-id GUID
  azure-oidc credential --platform gitlab --project-path g/p --project-id 72 --flexible   any branch and tag
  azure-oidc credential --from-token --id-token-env MY_TOKEN --format az-identity \\
    --identity-name deployer --resource-group rg
  azure-oidc credential --issuer https://ci.example --subject job --format bicep
`azure-oidc credential --platform NAME --help` shows the parts of one platform only.";

const SERVE_ENDING: &str = "\
Examples:
  azure-oidc serve                                         check, inspect, explain, credential; on this machine only
  AZURE_TENANT_ID=contoso.onmicrosoft.com AZURE_CLIENT_ID=GUID azure-oidc serve    and /v1/exchange, for these
  azure-oidc serve --listen 127.0.0.1:0 --output json      a free port, and a line for scripts
  curl -s http://127.0.0.1:8080/v1/explain -H 'content-type: application/json' -d '{\"text\":\"AADSTS700213\"}'
GET /openapi.json describes all of it. More variables: AZURE_OIDC_SERVICE_SCOPES (what may be traded for, comma-separated;
default arm) and AZURE_OIDC_SERVICE_CORS_ORIGINS (which pages may read answers; default none).
It speaks plain HTTP; put a proxy with TLS before it for others. With other hosts: wasmtime serve -S cli azure_oidc.wasm";

const DOCTOR_ENDING: &str = "\
Prints no secret: which platform this is and how one can tell, what is missing, what the token claims.";
