//! Google Cloud: requests an identity token of the machine's service account from the metadata
//! server. Used only on request.

use super::grammar::{Label, fixed, part};
use super::parts::Parts;
use super::{Detection, PartName, Platform, Source, Subject, answer};
use crate::fault::{Category, Fault};
use crate::ports::{Env, Method, Response};
use crate::secret::Secret;

/// Compute Engine, Cloud Build, Cloud Run and other services with a metadata server.
pub(super) struct GoogleCloud;

/// The metadata server's address; Google's libraries use the same variable.
const METADATA_HOST: &str = "GCE_METADATA_HOST";
const IDENTITY: &str = "/computeMetadata/v1/instance/service-accounts/default/identity";
const ISSUER: &str = "https://accounts.google.com";

impl Platform for GoogleCloud {
    fn name(&self) -> &'static str {
        "google-cloud"
    }

    fn title(&self) -> &'static str {
        "Google Cloud"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[METADATA_HOST]
    }

    /// Jobs of other CI platforms also run on Google's machines, and the machine's identity is not
    /// the job's.
    fn is_detected(&self) -> bool {
        false
    }

    fn detect(&self, _env: &dyn Env) -> Detection {
        Detection::No("used only with `--platform google-cloud`".to_owned())
    }

    fn id_token(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault> {
        let host = env.present(METADATA_HOST).unwrap_or_else(|| "metadata.google.internal".to_owned());
        let url = answer::service_url(METADATA_HOST, &format!("http://{host}{IDENTITY}"), is_metadata_host)?;
        let url = answer::with_query(url, &[("audience", audience), ("format", "full")]);
        Ok(Source::Request {
            request: answer::request(Method::Get, url, vec![("metadata-flavor", "Google".to_owned())], Vec::new()),
            socket: None,
            read,
            attempts: 3,
        })
    }

    /// Each job has a file system of its own.
    fn job_folder(&self, _env: &dyn Env) -> Option<String> {
        Some("/tmp".to_owned())
    }

    fn issues(&self, issuer: &str) -> bool {
        issuer == ISSUER
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let is_number = !subject.is_empty() && subject.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Subject { form: "service account", parts: vec![part(&ACCOUNT, subject)] })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        parts.require("service-account-id")?;
        Ok(parts.all("service-account-id").into_iter().map(str::to_owned).collect())
    }

    fn issuer_from_parts(&self, _parts: &[(String, String)]) -> Result<String, Fault> {
        Ok(ISSUER.to_owned())
    }
}

const PARTS: &[PartName] = &[PartName::required(
    "service-account-id",
    "the service account's id: `gcloud iam service-accounts describe EMAIL --format 'value(uniqueId)'`",
    "104512384219586413592",
)
.many()];

const ACCOUNT: Label = fixed("service-account-id", "the service account's numeric id, not its address");

/// The metadata server supports only plain HTTP. Its address is link-local, so requests do not
/// leave the machine's host.
fn is_metadata_host(host: &str) -> bool {
    ["metadata.google.internal", "169.254.169.254"].contains(&host) || answer::is_loopback(host)
}

/// The body is the token. Only a metadata server answers with this header.
fn read(response: &Response) -> Result<Secret, Fault> {
    const SERVICE: &str = "Google's metadata server";
    match response.status {
        200 if response.header("metadata-flavor") == Some("Google") => match std::str::from_utf8(&response.body) {
            Ok(token) if !token.is_empty() => Ok(Secret::new(token)),
            _ => Err(answer::unreadable(response, SERVICE, "is not a token")),
        },
        200 => Err(answer::unreadable(response, SERVICE, "is not from a metadata server")),
        404 => Err(Fault::new(Category::IdToken, "id-token-missing", "This machine has no Google service account")
            .hint("attach a service account to the machine")),
        _ => Err(answer::refused(response, SERVICE)),
    }
}
