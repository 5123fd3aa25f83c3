//! The commands that answer other tools: `docker-credential`, `kubernetes-credential`,
//! `git-credential`.

use azure_oidc_cli::{DockerCredentialArgs, DockerVerb, GitCredentialArgs, HelperOptions, KubernetesCredentialArgs};
use azure_oidc_core::shell::Shell;
use azure_oidc_core::{Category, Fault, cloud};
use azure_oidc_jobs::docker_credential::Reply;
use azure_oidc_jobs::exchange::Request;
use azure_oidc_jobs::{docker_credential, git_credential, kubernetes_credential};

use super::{Context, Outcome, exchange};

pub(super) fn docker(args: &DockerCredentialArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let reply = match args.verb {
        DockerVerb::Get => {
            let get = |request: &Request<'_>| docker_credential::get(request, context);
            of_helper(&args.options, cloud::ACR, context, get)?
        }
        DockerVerb::Store => docker_credential::store(context)?,
        DockerVerb::Erase => docker_credential::erase(context)?,
        DockerVerb::List => docker_credential::list(),
        DockerVerb::Version => docker_credential::version(),
    };
    Ok(match reply {
        Reply::Done(text) => Outcome::printed(text.reveal().to_owned()),
        Reply::No(sentence) => {
            Outcome { exit_code: Category::Negative.exit_code(), ..Outcome::printed(format!("{sentence}\n")) }
        }
    })
}

pub(super) fn kubernetes(args: &KubernetesCredentialArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let server = args.server_id.trim_end_matches("/.default").trim_end_matches('/');
    let run = |request: &Request<'_>| kubernetes_credential::run(request, context);
    of_helper(&args.options, server, context, run).map(|text| Outcome::printed(text.reveal().to_owned()))
}

/// git ignores verbs that it does not know itself, so that later versions can add some.
pub(super) fn git(args: &GitCredentialArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    match args.verb.as_str() {
        "get" => {
            let get = |request: &Request<'_>| git_credential::get(request, context);
            of_helper(&args.options, cloud::DEVOPS, context, get).map(|text| Outcome::printed(text.reveal().to_owned()))
        }
        "capability" => Ok(Outcome::printed(git_credential::CAPABILITIES.to_owned())),
        _ => Ok(Outcome::default()),
    }
}

/// Runs a job that needs one access token for another tool.
fn of_helper<T>(args: &HelperOptions, resource: &str, context: Context<'_>, job: impl FnOnce(&Request<'_>) -> T) -> T {
    let names = ["TOKEN".to_owned()];
    let scopes = [format!("{resource}/.default")];
    job(&Request {
        sign_in: exchange::sign_in(&args.sign_in),
        scopes: &scopes,
        output_names: &names,
        credential: None,
        plan: args.plan_inputs(),
        limits: args.limits(),
        preflight: true,
        log_level: None,
        shell: Shell::detect(context.ports.env),
    })
}
