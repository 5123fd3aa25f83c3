//! `kubernetes-credential`: answers kubectl and other clients as an exec plugin.

use azure_oidc_core::ports::Env;
use azure_oidc_core::settings::KUBERNETES_EXEC_INFO;
use azure_oidc_core::{Category, Fault, Secret};
use serde::Serialize;
use serde_json::Value;

use crate::exchange::Request;
use crate::helper::{Call, unreadable};
use crate::{Context, json};

const GROUP: &str = "client.authentication.k8s.io/";
/// What a client without a request gets.
const USUAL: &str = "v1beta1";
const VERSIONS: [&str; 2] = ["v1", USUAL];

/// The answer.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential<'a> {
    api_version: String,
    kind: &'static str,
    status: Status<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Status<'a> {
    expiration_timestamp: String,
    token: &'a str,
}

/// The `ExecCredential` with an access token, in the version that the client asks for.
///
/// # Errors
///
/// When the client asks for another version, or no token can be had.
pub fn run(request: &Request<'_>, context: Context<'_>) -> Result<Secret, Fault> {
    let version = version(context.ports.env)?;
    let granted = Call::new(request, context)?.access_token()?;
    let credential = ExecCredential {
        api_version: format!("{GROUP}{version}"),
        kind: "ExecCredential",
        status: Status { expiration_timestamp: json::rfc3339(granted.expires_on), token: granted.token.reveal() },
    };
    Ok(Secret::new(json::line(&credential)))
}

fn version(env: &dyn Env) -> Result<&'static str, Fault> {
    let Some(info) = env.present(KUBERNETES_EXEC_INFO) else { return Ok(USUAL) };
    let info: Value =
        serde_json::from_str(&info).map_err(|_| unreadable(&format!("`{KUBERNETES_EXEC_INFO}`"), "is not JSON"))?;
    let asked = info.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let found = asked.strip_prefix(GROUP).and_then(|asked| VERSIONS.into_iter().find(|version| *version == asked));
    found.ok_or_else(|| {
        let message = format!("The client asks for the API version `{}`", asked.escape_debug());
        Fault::new(Category::Usage, "exec-version-unknown", message)
            .hint(format!("write `apiVersion: {GROUP}v1` into `exec` of the kubeconfig, or `{USUAL}`"))
    })
}
