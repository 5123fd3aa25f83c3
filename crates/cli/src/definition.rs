//! Defines the program and its commands for clap, with the examples at the end of each help.

use clap::{ArgMatches, Args, Error, FromArgMatches, Subcommand};

use crate::broker::{BrokerArgs, ExecArgs};
use crate::helper::{DockerCredentialArgs, GitCredentialArgs, IdTokenArgs, KubernetesCredentialArgs};
use crate::login::{LoginArgs, LogoutArgs};
use crate::options::{CompletionsArgs, ComponentArgs, DoctorArgs, ExchangeArgs, HostOptions, LinkArgs, ServeArgs};
use crate::parts;
use crate::questions::{AuditArgs, CheckArgs, CredentialArgs, ExplainArgs, InspectArgs, SetupArgs, VerifyArgs};

/// The name of the program.
pub(crate) const NAME: &str = "azure-oidc";

/// The whole program. The arguments may name the platform whose parts the help of `credential`
/// and `setup` lists.
pub(crate) fn program(arguments: &[String]) -> clap::Command {
    let mut program = Definition::augment_subcommands(base());
    for (name, examples) in [("credential", CREDENTIAL_EXAMPLES), ("setup", SETUP_EXAMPLES)] {
        if arguments.iter().any(|argument| argument == name)
            && let Some(command) = program.find_subcommand_mut(name)
        {
            *command = command.clone().after_help(format!("{examples}\n\n{}", parts::help(arguments)));
        }
    }
    program
}

/// What may stand before the name of a command. The command and all that follows it are left
/// unread.
pub(crate) fn start() -> clap::Command {
    base().allow_external_subcommands(true).external_subcommand_value_parser(clap::value_parser!(String))
}

fn base() -> clap::Command {
    let command = clap::Command::new(NAME).version(env!("CARGO_PKG_VERSION")).max_term_width(100);
    // The terminal that runs the tests may have any width.
    let command = if cfg!(test) { command.term_width(100) } else { command };
    // The comment on the struct would become the description of the program.
    HostOptions::augment_args(command).about(ABOUT).after_help(EXAMPLES)
}

// The commands, each with its options. No doc comment: clap would show it as the description of the
// program.
#[derive(Subcommand)]
pub(crate) enum Definition {
    /// Obtain the ID token, check it, trade it, publish the access token (the default)
    #[command(after_help = EXCHANGE_EXAMPLES)]
    Exchange(Lazy<ExchangeArgs>),
    /// Check whether Entra would accept an ID token for these federated identity credentials
    #[command(after_help = CHECK_EXAMPLES)]
    Check(Lazy<CheckArgs>),
    /// Verify the signature of a token
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(Lazy<VerifyArgs>),
    /// Decode a token: the platform that issued it, and what each part of its subject means
    #[command(after_help = INSPECT_EXAMPLES)]
    Inspect(Lazy<InspectArgs>),
    /// Explain an AADSTS answer of Entra: what it means, the cause, the remedy
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Lazy<ExplainArgs>),
    /// Write the federated identity credential that a pipeline needs
    #[command(after_help = CREDENTIAL_EXAMPLES)]
    Credential(Lazy<CredentialArgs>),
    /// Write the script that creates identity, credentials and role; runs nothing
    #[command(after_help = SETUP_EXAMPLES)]
    Setup(Lazy<SetupArgs>),
    /// Find credentials that can never match, let in too much or must be migrated
    #[command(after_help = AUDIT_EXAMPLES)]
    Audit(Lazy<AuditArgs>),
    /// Show the detected platform, what is missing, and whether the needed hosts can be reached
    #[command(after_help = DOCTOR_NOTE)]
    Doctor(Lazy<DoctorArgs>),
    /// Run a program with Azure credentials that stay fresh while it runs (native host only)
    #[command(after_help = EXEC_EXAMPLES)]
    Exec(Lazy<ExecArgs>),
    /// Offer Azure credentials that stay fresh to the steps that follow (native host only)
    #[command(after_help = BROKER_EXAMPLES)]
    Broker(Lazy<BrokerArgs>),
    /// Sign in az, docker, git and kubectl for the job (native host only)
    #[command(after_help = LOGIN_EXAMPLES)]
    Login(Lazy<LoginArgs>),
    /// Undo what login did, also after a crash (native host only)
    #[command(after_help = LOGOUT_NOTE)]
    Logout(Lazy<LogoutArgs>),
    /// Answer docker, skopeo, helm and others with credentials for Azure container registries
    #[command(after_help = DOCKER_EXAMPLES)]
    DockerCredential(Lazy<DockerCredentialArgs>),
    /// Answer kubectl, helm and other clients of Kubernetes with a token for AKS
    #[command(after_help = KUBERNETES_EXAMPLES)]
    KubernetesCredential(Lazy<KubernetesCredentialArgs>),
    /// Answer git with credentials for Azure Repos and the feeds of Azure Artifacts
    #[command(after_help = GIT_EXAMPLES)]
    GitCredential(Lazy<GitCredentialArgs>),
    /// Hand over the platform's own ID token, for AWS, Google Cloud, Vault and others
    #[command(after_help = ID_TOKEN_EXAMPLES)]
    IdToken(Lazy<IdTokenArgs>),
    /// Serve the same answers over HTTP (native host; elsewhere use `wasmtime serve`)
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(Lazy<ServeArgs>),
    /// Write the embedded component to a file, or print its digest (native host only)
    #[command(after_help = COMPONENT_EXAMPLES)]
    Component(Lazy<ComponentArgs>),
    /// Make the names under which docker and git find this program (native host only)
    #[command(after_help = LINK_EXAMPLES)]
    Link(Lazy<LinkArgs>),
    /// Print the completion script of a shell (native host only)
    #[command(after_help = COMPLETIONS_EXAMPLES)]
    Completions(Lazy<CompletionsArgs>),
}

/// Once for all commands: the compiler would repeat it in each.
#[inline(never)]
fn host_options(matches: &mut ArgMatches) -> Result<HostOptions, Error> {
    HostOptions::from_arg_matches_mut(matches)
}

/// The options of a command, followed by those of the host. clap builds them only when the command
/// is used: a run needs one command of many.
pub(crate) struct Lazy<A>(pub(crate) A, pub(crate) HostOptions);

impl<A: Args> Args for Lazy<A> {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.defer(|command| {
            // The comment on a struct would become the description of the command.
            let about = command.get_about().cloned();
            HostOptions::augment_args(A::augment_args(command)).about(about.unwrap_or_default()).long_about(None)
        })
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

impl<A: FromArgMatches> FromArgMatches for Lazy<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Self::from_arg_matches_mut(&mut matches.clone())
    }

    fn from_arg_matches_mut(matches: &mut ArgMatches) -> Result<Self, Error> {
        Ok(Self(A::from_arg_matches_mut(matches)?, host_options(matches)?))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)?;
        self.1.update_from_arg_matches(matches)
    }
}

const ABOUT: &str =
    "Trade a CI job's OIDC ID token for an Azure access token, check its claims, explain Entra's answers";

const EXAMPLES: &str = "\
Examples:
  azure-oidc                                     in a Harness step or any CI job: trade and publish
  azure-oidc exchange --id-token-env MY_TOKEN --scope graph --output json
  azure-oidc check --id-token-env MY_TOKEN --credential fics.json
  azure-oidc explain AADSTS700213
  azure-oidc exec -- terraform apply             as long as it takes

Exit codes: 0 done, 1 the answer is no, 2 wrong usage or configuration, 3 no usable ID token,
4 Entra refused, 5 network failure or time-out after retries, 6 the result cannot be published.
An ID token is never the value of an option: other processes can read a command line.";

const EXCHANGE_EXAMPLES: &str = "\
Examples:
  azure-oidc exchange --tenant-id contoso.onmicrosoft.com --client-id GUID --id-token-env MY_TOKEN
  azure-oidc exchange --scope arm,graph --output json      two tokens, or none
  az ad app federated-credential list --id GUID > fics.json
  azure-oidc exchange --credential fics.json               fails before Entra does, and says why
  echo \"$MY_TOKEN\" | azure-oidc exchange --id-token -
  azure-oidc exchange --output powershell | Out-String | Invoke-Expression
  azure-oidc exchange --publish sdk-env                    for az, Terraform and the Azure SDKs";

const CHECK_EXAMPLES: &str = "\
Examples:
  az ad app federated-credential list --id GUID |
    azure-oidc check --id-token-env MY_TOKEN --credential -
  azure-oidc check --id-token-file token.jwt --issuer https://gitlab.com \\
    --subject project_path:group/project:ref_type:branch:ref:main
  azure-oidc check --id-token-env T --credential fics.json --discover    verifies the signature too
  azure-oidc check --credential fics.json --token-subject repo:octo-org/octo-repo:environment:prod \\
    --token-issuer https://token.actions.githubusercontent.com     before there is a token

Exit codes: 0 a credential matches, 1 none does, 2 the input is wrong, 3 there is no token.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  azure-oidc verify --id-token-env MY_TOKEN --jwks keys.json
  azure-oidc verify --id-token-env MY_TOKEN --discover     fetches the issuer's keys";

const INSPECT_EXAMPLES: &str = "\
Examples:
  azure-oidc inspect --id-token-env MY_TOKEN
  pbpaste | azure-oidc inspect --id-token -

It decodes and never verifies. Use `verify` for the signature.";

const EXPLAIN_EXAMPLES: &str = "\
Examples:
  azure-oidc explain AADSTS700213
  az login ... 2>&1 | azure-oidc explain -
  azure-oidc explain 700213 --id-token-env MY_TOKEN        names the claim
  azure-oidc explain - --credential fics.json < job.log    names the credential
  Get-Content job.log | azure-oidc explain -               the same log in PowerShell";

const CREDENTIAL_EXAMPLES: &str = "\
Examples:
  azure-oidc credential --platform pulumi --org contoso --project core --stack dev
  azure-oidc credential --platform github --repo octo-org/octo-repo --environment prod \\
    --format az --client-id GUID [--shell powershell]
  azure-oidc credential --platform gitlab --project-path g/p --project-id 72 --flexible
  azure-oidc credential --from-token --id-token-env MY_TOKEN --format az-identity \\
    --identity-name deployer --resource-group rg
  azure-oidc credential --issuer https://ci.example --subject job --format bicep

`azure-oidc credential --platform NAME --help` shows the parts of one platform only.";

const SETUP_EXAMPLES: &str = "\
Examples:
  azure-oidc setup --platform github --repo octo-org/octo-repo --branch main \\
    --subscription GUID --resource-group app --role Contributor > setup.sh
  azure-oidc setup --platform pulumi --org contoso --project core --stack dev \\
    --subscription GUID --identity
  azure-oidc setup --platform gitlab --project-path group/project --branch main \\
    --subscription GUID --resource-group app --format bicep > setup.bicep
  azure-oidc setup --from-token --subscription GUID      in a job: for its own pipeline

`azure-oidc setup --platform NAME --help` shows the parts of one platform only.";

const AUDIT_EXAMPLES: &str = "\
Examples:
  az ad app federated-credential list --id GUID | azure-oidc audit --credential -
  az identity federated-credential list --identity-name deployer --resource-group rg |
    azure-oidc audit --credential -
  azure-oidc audit --credential app.json --credential identity.json --output json
  azure-oidc audit --credential app.json --write --format az --client-id GUID
  azure-oidc audit --credential app.json --write \\
    --replace octo-org/octo-repo=octo-org@123456/octo-repo@456789

Exit codes: 0 no errors, 1 a credential can never match or lets strangers in, 2 the input is wrong.";

const DOCTOR_NOTE: &str = "It prints no secret.";

const EXEC_EXAMPLES: &str = "\
Examples:
  azure-oidc exec -- terraform apply -auto-approve
  azure-oidc exec --scope arm,storage -- ./deploy.sh       both are exchanged before it starts
  azure-oidc exec -- sh -c 'az login --identity && az group list'
  azure-oidc exec --federated-token-file -- helm test x    where the ID token lives long enough

The program finds a managed identity (IDENTITY_ENDPOINT) and a source of ID tokens
(ARM_OIDC_REQUEST_URL) on this machine. Variables with other credentials are removed; their names
are printed on standard error. Where the platform issues only one ID token, no new scope can be had
after it expires: name all scopes with `--scope`. The expiry is printed.
Exit codes: those of the program; before it runs 2 to 5 as `exchange`, 126 and 127 as a shell.";

const BROKER_EXAMPLES: &str = "\
Examples:
  azure-oidc broker --ready-file \"$RUNNER_TEMP/azure.json\" --watch-pid \"$PPID\" --detach
  jq -r '.env | to_entries[] | \"\\(.key)=\\(.value)\"' azure.json >> \"$GITHUB_ENV\"

It ends with its parent, or with the process of `--watch-pid`. The ready file:
  {\"version\":1,\"pid\":4711,\"endpoint\":\"http://127.0.0.1:40123\",\"env\":{\"NAME\":\"VALUE\"},
   \"unset\":[\"NAME\"],\"scopes\":[\"SCOPE\"],\"new_scopes_until\":null}
Exit codes: 0, or the signal that ended it; 2, 3, 4 and 5 as `exchange`, 6 no ready file.";

const LOGIN_EXAMPLES: &str = "\
Examples:
  lines=$(azure-oidc login) && eval \"$lines\"             a session of az for this job
  azure-oidc login --for docker,git --registry contoso.azurecr.io
  azure-oidc login --for az,kubectl > env.sh             variables for a shell
  lines=$(azure-oidc logout) && eval \"$lines\"            undoes it

az gets a new folder in the job's temporary folder, unless AZURE_CONFIG_DIR names an empty one. The
ID token goes to az over a pipe. az keeps it, and a session lasts as long as its tokens: about an
hour. For longer jobs use `azure-oidc exec`. docker's and git's own files are changed; kubectl gets
a file that stands before the others in KUBECONFIG. If one tool cannot be signed in, all changes are
undone. When azure-oidc has signed in, it undoes an earlier login of the same job.";

const LOGOUT_NOTE: &str = "\
It restores each file byte for byte. In a file that somebody changed after login, it takes out only
what login added, and says so. It prints lines for a shell: login's variables are unset, or have
their earlier values. What failed is tried again by the next logout.

Exit codes: 0 undone, or there was nothing to undo; 1 something is left, and is named.";

const DOCKER_EXAMPLES: &str = "\
Examples:
  azure-oidc link                                        makes docker-credential-azure-oidc
  {\"credHelpers\":{\"contoso.azurecr.io\":\"azure-oidc\"}}   in ~/.docker/config.json
  echo contoso.azurecr.io | azure-oidc docker-credential get

Container tools run `docker-credential-azure-oidc VERB` from the PATH, which is this command. Each
`get` asks the platform for an ID token and trades it twice. Nothing is stored: `list` is empty,
`store` and `erase` do nothing. It also reads these variables:
  AZURE_OIDC_REGISTRIES         further registries of Azure, comma-separated: HOST or HOST:PORT
  AZURE_OIDC_REGISTRY_USERNAME  user name to answer with (default: <token>, an identity token;
                                00000000-0000-0000-0000-000000000000 suits clients with Basic only)
A failure is one line on standard output, where the tools show it. Exit codes: 0 done; 1 not a
registry of Azure; 2 to 5 as `exchange`, 4 also when the registry refused.";

const KUBERNETES_EXAMPLES: &str = "\
Examples:
  kubectl config set-credentials aks --exec-api-version=client.authentication.k8s.io/v1beta1 \\
    --exec-command=azure-oidc --exec-arg=kubernetes-credential
  azure-oidc kubernetes-credential --server-id GUID      a cluster with an application of its own

It answers in the version that KUBERNETES_EXEC_INFO asks for, v1 or v1beta1. Each call asks the
platform for an ID token, so it does not go stale in a long run. A failure is one line on standard
error. Exit codes: 0 done; 2 to 5 as `exchange`.";

const GIT_EXAMPLES: &str = "\
Examples:
  git config --global credential.https://dev.azure.com.helper '!azure-oidc git-credential'
  git -c credential.helper=azure-oidc clone https://dev.azure.com/contoso/web/_git/web
                                                         after `azure-oidc link`

It answers for dev.azure.com, pkgs.dev.azure.com and *.visualstudio.com over https: with a bearer
token where git takes one (2.46 and later), else with user name and password. For other servers it
prints nothing. Nothing is stored. A failure is one line on standard error, and git does not ask
another helper. Exit codes: 0 done; 2 to 5 as `exchange`.";

const ID_TOKEN_EXAMPLES: &str = "\
Examples:
  azure-oidc id-token --audience sts.amazonaws.com --output file:\"$AWS_WEB_IDENTITY_TOKEN_FILE\"
  azure-oidc id-token --output gcp-executable            the command of Google's configuration
  NPM_ID_TOKEN=$(azure-oidc id-token --audience npm:registry.npmjs.org) npm publish

It needs no tenant and no client, and asks nobody but the platform. A token that has another
audience, or has expired, is not handed over (exit code 3).
Exit codes: 0 done; 2 wrong usage; 3 no such ID token; 6 the file cannot be written.";

const SERVE_EXAMPLES: &str = "\
Examples:
  azure-oidc serve                                       all endpoints except /v1/exchange
  AZURE_TENANT_ID=contoso.onmicrosoft.com AZURE_CLIENT_ID=GUID azure-oidc serve
                                                         the same, and exchange for this client
  azure-oidc serve --listen 127.0.0.1:0 --output json    a free port, printed for scripts
  curl -s http://127.0.0.1:8080/v1/explain -H 'content-type: application/json' \\
    -d '{\"text\":\"AADSTS700213\"}'

GET /openapi.json describes the service. It also reads these variables:
  AZURE_OIDC_SERVICE_SCOPES        scopes that may be requested, comma-separated (default: arm)
  AZURE_OIDC_SERVICE_CORS_ORIGINS  origins of pages that may read answers (default: none)
  AZURE_OIDC_ALLOWED_ISSUERS       issuers whose tokens are traded, comma-separated (default: any)
  AZURE_OIDC_VERIFY                verify a token first: discover, or a file with a JWK Set
  AZURE_OIDC_ALLOWED_HOSTS         private hosts of issuers for discover, comma-separated
It speaks plain HTTP: put a proxy with TLS in front of it for other machines.
With other hosts: wasmtime serve -S cli --addr 127.0.0.1:8080 azure_oidc.wasm";

const COMPONENT_EXAMPLES: &str = "\
Examples:
  azure-oidc component --output azure_oidc.wasm
  azure-oidc component --digest";

const LINK_EXAMPLES: &str = "\
Examples:
  azure-oidc link                                        beside the program
  azure-oidc link --dir ~/.local/bin

It makes docker-credential-azure-oidc and git-credential-azure-oidc, links to this program, and
prints their paths.";

const COMPLETIONS_EXAMPLES: &str = "\
Examples:
  source <(azure-oidc completions bash)
  azure-oidc completions fish > ~/.config/fish/completions/azure-oidc.fish
  azure-oidc completions powershell | Out-String | Invoke-Expression";
