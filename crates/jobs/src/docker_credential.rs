//! `docker-credential`: answers container tools in the protocol of Docker's credential helpers.

use azure_oidc_core::exchange::registry::{REGISTRIES, Registry, USERNAME};
use azure_oidc_core::plan::STANDARD_INPUT;
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault, Secret};
use serde::{Deserialize, Serialize};

use crate::exchange::Request;
use crate::helper::{Call, unreadable};
use crate::{Context, json};

/// Tools compare this sentence as a whole, and go on without a credential. Another text stops them.
const NOT_FOUND: &str = "credentials not found in native keychain";
const NO_SERVER: &str = "no credentials server URL";
const NO_USERNAME: &str = "no credentials username";
/// The user name beside an identity token, which the tool sends in place of a password.
const IDENTITY_TOKEN: &str = "<token>";

/// What to print on standard output.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// The answer.
    Done(Secret),
    /// A sentence of the protocol that says no.
    No(&'static str),
}

/// A credential, in the form of the protocol.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[derive(Default)]
struct Credential {
    #[serde(rename = "ServerURL")]
    server_url: String,
    username: String,
    #[serde(skip_deserializing)]
    secret: String,
}

/// The credential for the server on standard input.
///
/// # Errors
///
/// When the registry is one of Azure and no credential can be had.
pub fn get(request: &Request<'_>, context: Context<'_>) -> Result<Reply, Fault> {
    let ports = context.ports;
    let server = input(context)?;
    if server.is_empty() {
        return Ok(Reply::No(NO_SERVER));
    }
    let Some(registry) = served(&server, ports.env) else { return Ok(Reply::No(NOT_FOUND)) };
    registry.address()?;
    let call = Call::new(request, context)?;
    if let (Some(own), Some(of_registry)) = (call.cloud(), registry.cloud)
        && own != of_registry
    {
        let message =
            format!("{} is a registry of {}, and this job signs in to {}", registry.host, of_registry.title, own.title);
        return Err(Fault::new(Category::Usage, "registry-of-another-cloud", message)
            .hint(format!("set `ARM_ENVIRONMENT` to `{}`", of_registry.environments[0])));
    }
    let granted = call.access_token()?;
    let limits = call.limits();
    let secret = registry.exchange(call.tenant(), &granted.token, limits.timeout, limits.retries, ports)?;
    ports.secrets.learn(secret.reveal());
    let credential = Credential {
        server_url: server,
        username: ports.env.present(USERNAME).unwrap_or_else(|| IDENTITY_TOKEN.to_owned()),
        secret: secret.reveal().to_owned(),
    };
    Ok(Reply::Done(Secret::new(json::line(&credential))))
}

/// Nothing is stored, so a credential for a registry of Azure need not be. One for another registry
/// would be lost.
///
/// # Errors
///
/// When the input is no credential, or one that would be lost.
pub fn store(context: Context<'_>) -> Result<Reply, Fault> {
    let text = input(context)?;
    if text.is_empty() {
        return Ok(Reply::No(NO_SERVER));
    }
    // The parser's message may quote the secret.
    let credential: Credential =
        serde_json::from_str(&text).map_err(|_| unreadable("Standard input", "is not a credential in JSON"))?;
    match (credential.server_url.trim(), credential.username.as_str()) {
        ("", _) => Ok(Reply::No(NO_SERVER)),
        (_, "") => Ok(Reply::No(NO_USERNAME)),
        (server, _) if served(server, context.ports.env).is_some() => Ok(nothing()),
        _ => Err(Fault::new(
            Category::Usage,
            "credential-not-stored",
            "Credentials are not stored, and this server is no registry of Azure",
        )
        .hint("name `azure-oidc` under `credHelpers` for registries of Azure only, and not as `credsStore`")),
    }
}

/// There is nothing to erase.
///
/// # Errors
///
/// When standard input cannot be read.
pub fn erase(context: Context<'_>) -> Result<Reply, Fault> {
    Ok(if input(context)?.is_empty() { Reply::No(NO_SERVER) } else { nothing() })
}

/// Nothing is stored.
pub fn list() -> Reply {
    Reply::Done(Secret::new("{}\n"))
}

/// Name, package and version.
pub fn version() -> Reply {
    Reply::Done(Secret::new(concat!("docker-credential-azure-oidc (azure-oidc) ", env!("CARGO_PKG_VERSION"), "\n")))
}

fn nothing() -> Reply {
    Reply::Done(Secret::new(""))
}

fn served(server: &str, env: &dyn Env) -> Option<Registry> {
    Registry::at(server, env.present(REGISTRIES).as_deref())
}

fn input(context: Context<'_>) -> Result<String, Fault> {
    let bytes = context.files.read(STANDARD_INPUT).map_err(|why| unreadable("Standard input", &why))?;
    let text = String::from_utf8(bytes).map_err(|_| unreadable("Standard input", "is not UTF-8 text"))?;
    Ok(text.trim().to_owned())
}
