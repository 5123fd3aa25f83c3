//! SPIFFE: a helper writes the JWT-SVID to a file.

use super::grammar::{Label, fixed, part};
use super::parts::Parts;
use super::{Detection, PartName, Platform, Source, Subject, id_token_missing};
use crate::fault::Fault;
use crate::ports::Env;

/// Any SPIFFE implementation whose trust domain has a public OIDC discovery provider.
pub(super) struct Spiffe;

const FILE: &str = "AZURE_OIDC_SPIFFE_JWT_FILE";
const SOCKET: &str = "SPIFFE_ENDPOINT_SOCKET";

impl Platform for Spiffe {
    fn name(&self) -> &'static str {
        "spiffe"
    }

    fn title(&self) -> &'static str {
        "SPIFFE"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[FILE, SOCKET]
    }

    /// The Workload API is gRPC, which azure-oidc does not support. It belongs to the machine, so
    /// other platforms are still tried.
    fn detect(&self, env: &dyn Env) -> Detection {
        match (env.present(FILE), env.present(SOCKET)) {
            (Some(_), _) => Detection::Yes(format!("`{FILE}` is set")),
            (None, Some(_)) => Detection::No(format!("`{SOCKET}` is set, but `{FILE}` is not")),
            (None, None) => Detection::No(format!("`{FILE}` is not set")),
        }
    }

    fn id_token(&self, env: &dyn Env, _audience: &str) -> Result<Source, Fault> {
        env.present(FILE).map(Source::File).ok_or_else(|| {
            id_token_missing(format!("No file with a JWT-SVID is known: `{FILE}` is not set"))
                .hint("set it to the file that `spiffe-helper` writes for the audience `api://AzureADTokenExchange`")
        })
    }

    fn replaces_file(&self) -> bool {
        true
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let rest = subject.strip_prefix("spiffe://")?;
        let (domain, path) = rest.split_once('/').unwrap_or((rest, ""));
        (!domain.is_empty())
            .then(|| Subject { form: "SPIFFE id", parts: vec![part(&DOMAIN, domain), part(&PATH, path)] })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        let domain = parts.require("trust-domain")?;
        parts.require("path")?;
        Ok(parts
            .all("path")
            .into_iter()
            .map(|path| format!("spiffe://{domain}/{}", path.trim_start_matches('/')))
            .collect())
    }

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        Ok(Parts::read(self, parts)?.require("issuer")?.to_owned())
    }
}

const PARTS: &[PartName] = &[
    PartName::required("trust-domain", "the trust domain", "example.org"),
    PartName::required("path", "the workload's path", "ns/payments/sa/deployer").many(),
    PartName::optional("issuer", "the URL of the trust domain's OIDC discovery provider", "https://oidc.example.org"),
];

const DOMAIN: Label = fixed("trust-domain", "the trust domain");
const PATH: Label = fixed("path", "the workload's path in the trust domain");
