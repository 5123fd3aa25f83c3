//! Kubernetes with Azure workload identity: the projected token of a service account is in a file.

use super::grammar::{Label, fixed, part};
use super::parts::Parts;
use super::{Detection, PartName, Platform, Source, Subject, id_token_missing};
use crate::fault::Fault;
use crate::ports::Env;

/// Any cluster with the workload identity webhook, including AKS.
pub(super) struct Kubernetes;

const FILE: &str = "AZURE_FEDERATED_TOKEN_FILE";
/// Variables that only a user sets. They win over the webhook's, which come with the machine.
const EXPLICIT: [&str; 2] = ["ARM_OIDC_TOKEN", "ARM_OIDC_TOKEN_FILE_PATH"];

impl Platform for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn title(&self) -> &'static str {
        "Kubernetes"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[FILE, EXPLICIT[0], EXPLICIT[1]]
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        if let Some(name) = EXPLICIT.iter().find(|name| env.present(name).is_some()) {
            return Detection::No(format!("`{name}` is set, which names another token"));
        }
        match env.present(FILE) {
            Some(_) => Detection::Yes(format!("`{FILE}` is set")),
            None => Detection::No(format!("`{FILE}` is not set")),
        }
    }

    /// The kubelet replaces the file while the pod runs, so each exchange must read it again.
    fn id_token(&self, env: &dyn Env, _audience: &str) -> Result<Source, Fault> {
        env.present(FILE).map(Source::File).ok_or_else(|| {
            id_token_missing(format!("This pod has no token for Azure: `{FILE}` is not set"))
                .hint("label the pod `azure.workload.identity/use: \"true\"` and annotate its service account with the client id")
                .hint("do not use the token in /var/run/secrets/kubernetes.io/serviceaccount: Entra refuses its audience")
        })
    }

    fn missing_token_file(&self) -> &'static str {
        "mount the volume with `AZURE_FEDERATED_TOKEN_FILE` into this container too; the webhook adds both when a pod with the label \
         `azure.workload.identity/use: \"true\"` is created"
    }

    fn replaces_file(&self) -> bool {
        true
    }

    /// Each job has a file system of its own.
    fn job_folder(&self, _env: &dyn Env) -> Option<String> {
        Some("/tmp".to_owned())
    }

    fn issues(&self, issuer: &str) -> bool {
        let Some((host, path)) = issuer.strip_prefix("https://").map(|rest| rest.split_once('/').unwrap_or((rest, "")))
        else {
            return false;
        };
        host.ends_with(".oic.prod-aks.azure.com")
            || (host.starts_with("oidc.eks.") && path.starts_with("id/"))
            || (host == "container.googleapis.com" && path.starts_with("v1/projects/"))
            || host == "kubernetes.default.svc"
            || host == "kubernetes.default.svc.cluster.local"
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let (namespace, account) = subject.strip_prefix("system:serviceaccount:")?.split_once(':')?;
        (!account.contains(':')).then(|| Subject {
            form: "service account",
            parts: vec![part(&NAMESPACE, namespace), part(&ACCOUNT, account)],
        })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        let namespace = parts.require("namespace")?;
        parts.require("service-account")?;
        Ok(parts
            .all("service-account")
            .into_iter()
            .map(|name| format!("system:serviceaccount:{namespace}:{name}"))
            .collect())
    }

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        Ok(Parts::read(self, parts)?.require("issuer")?.to_owned())
    }
}

const PARTS: &[PartName] = &[
    PartName::required("namespace", "the namespace", "payments"),
    PartName::required("service-account", "the service account", "deployer").many(),
    PartName::optional(
        "issuer",
        "the cluster's issuer URL; on AKS it ends with `/`, which is significant",
        "https://westeurope.oic.prod-aks.azure.com/72f988bf-86f1-41af-91ab-2d7cd011db47/0f1e2d3c-4b5a-4697-8877-665544332211/",
    ),
];

const NAMESPACE: Label = fixed("namespace", "the namespace of the service account");
const ACCOUNT: Label = fixed("service-account", "the service account");
