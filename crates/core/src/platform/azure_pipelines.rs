//! Azure Pipelines: requests the ID token from the OIDC request URI, for a service connection or
//! the pipeline; publishes with logging commands.

use super::azure_devops::{ACCESS_TOKEN, URI, map_access_token, token_request};
use super::grammar::{Label, fixed, part};
use super::parts::Parts;
use super::{
    Detection, PartName, Platform, Publication, Source, Subject, Value, answer, id_token_missing, request_pair, text,
};
use crate::fault::{Category, Fault};
use crate::guid::is_guid;
use crate::ports::Env;
use crate::secret::Secret;

/// Azure Pipelines in Azure DevOps Services.
pub(super) struct AzurePipelines;

const MARKER: &str = "TF_BUILD";
/// Set by the AzureCLI task with `addSpnToEnvironment`, for the task's script.
const TASK_TOKEN: &str = "idToken";
/// The URI and the access token under the names of Terraform's providers.
const TERRAFORM: [&str; 2] = [request_pair::URL, request_pair::BEARER];
const COLLECTION: [&str; 2] = ["SYSTEM_COLLECTIONURI", "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"];
const PIECES: [&str; 4] = ["SYSTEM_TEAMPROJECTID", "SYSTEM_HOSTTYPE", "SYSTEM_PLANID", "SYSTEM_JOBID"];
const CONNECTION: [&str; 4] = [
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID",
    "AZURE_SERVICE_CONNECTION_ID",
    "ARM_ADO_PIPELINE_SERVICE_CONNECTION_ID",
    "ARM_OIDC_AZURE_SERVICE_CONNECTION_ID",
];

impl Platform for AzurePipelines {
    fn name(&self) -> &'static str {
        "azure-pipelines"
    }

    fn title(&self) -> &'static str {
        "Azure Pipelines"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[
            MARKER,
            TASK_TOKEN,
            ACCESS_TOKEN,
            URI,
            TERRAFORM[0],
            TERRAFORM[1],
            COLLECTION[0],
            COLLECTION[1],
            PIECES[0],
            PIECES[1],
            PIECES[2],
            PIECES[3],
            CONNECTION[0],
            CONNECTION[1],
            CONNECTION[2],
            CONNECTION[3],
        ]
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        if !env.present(MARKER).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Detection::No(format!("`{MARKER}` is not `True`"));
        }
        match self.id_token(env, "") {
            Ok(_) => Detection::Yes(format!("`{MARKER}` is `True`")),
            Err(fault) => Detection::Half(fault),
        }
    }

    /// The audience cannot be chosen: it is always `api://AzureADTokenExchange`. Without a service
    /// connection the token is issued for the pipeline.
    fn id_token(&self, env: &dyn Env, _audience: &str) -> Result<Source, Fault> {
        match env.present(TASK_TOKEN) {
            Some(_) => Ok(Source::Variable(TASK_TOKEN.to_owned())),
            None => request(env),
        }
    }

    /// A new token, where a step has what it takes.
    fn id_token_for(&self, env: &dyn Env, audience: &str) -> Result<Source, Fault> {
        request(env).or_else(|_| self.id_token(env, audience))
    }

    /// Each value becomes a variable for later steps of the job, `$(NAME)`, and an output,
    /// `$(STEP.NAME)`.
    fn is_read_by_shell(&self) -> bool {
        false
    }

    fn publish(&self, values: &[Value], _env: &dyn Env) -> Result<Vec<Publication>, Fault> {
        text::check(values)?;
        if let Some(value) = values.iter().find(|value| value.secret && value.value.reveal().contains(['\r', '\n'])) {
            return Err(text::unfit(
                value,
                "value-multi-line",
                "has more than one line, and Azure Pipelines masks only single lines",
            ));
        }
        let masks = values.iter().filter(|value| value.secret && !value.value.is_empty());
        let masks = masks.map(|value| format!("##vso[task.setsecret]{}\n", escape(value.value.reveal())));
        let (masks, commands): (String, String) = (masks.collect(), values.iter().map(set_variable).collect());
        Ok(vec![Publication::Mask(Secret::new(masks)), Publication::Print(Secret::new(commands))])
    }

    fn issues(&self, issuer: &str) -> bool {
        issuer.strip_prefix(CLASSIC).is_some_and(is_guid) || entra_tenant(issuer).is_some_and(is_guid)
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        if let Some(rest) = subject.strip_prefix("sc://") {
            return names(rest, "service connection, by names", &CONNECTION_NAME);
        }
        if let Some(rest) = subject.strip_prefix("p://") {
            return names(rest, "pipeline", &PIPELINE);
        }
        let (prefix, rest) = subject.split_once("/sc/").filter(|(prefix, _)| prefix.starts_with('/'))?;
        let (organization, connection) = rest.split_once('/')?;
        (is_guid(organization) && is_guid(connection)).then(|| Subject {
            form: "service connection, by ids",
            parts: vec![part(&PREFIX, prefix), part(&ORGANIZATION_ID, organization), part(&CONNECTION_ID, connection)],
        })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    /// With an Entra prefix: the subject of a connection by ids. Otherwise the subjects of
    /// connections and pipelines by their names.
    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        if parts.get("entra-prefix").is_some() || parts.get("connection-id").is_some() {
            let (prefix, connection) = (parts.require("entra-prefix")?, parts.require("connection-id")?);
            return Ok(vec![format!("{prefix}/sc/{}/{connection}", parts.require("organization-id")?)]);
        }
        let (organization, project) = (parts.require("organization")?, parts.require("project")?);
        let connections =
            parts.all("connection").into_iter().map(|name| format!("sc://{organization}/{project}/{name}"));
        let pipelines = parts.all("pipeline").into_iter().map(|name| format!("p://{organization}/{project}/{name}"));
        let subjects: Vec<_> = connections.chain(pipelines).collect();
        if subjects.is_empty() { Err(parts.missing("`connection` or `pipeline`")) } else { Ok(subjects) }
    }

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        let parts = Parts::read(self, parts)?;
        match parts.get("entra-prefix") {
            Some(_) => Ok(format!("{ENTRA}{}/v2.0", parts.require("tenant-id")?)),
            None => Ok(format!("{CLASSIC}{}", parts.require("organization-id")?)),
        }
    }
}

fn request(env: &dyn Env) -> Result<Source, Fault> {
    let bearer = access_token(env)?;
    let connection = CONNECTION.into_iter().find(|name| env.present(name).is_some());
    let connection = connection.map(|name| mapped(name, env)).transpose()?;
    Ok(token_request(request_uri(env)?, &bearer, connection.as_deref()))
}

const CLASSIC: &str = "https://vstoken.dev.azure.com/";
const ENTRA: &str = "https://login.microsoftonline.com/";

const PARTS: &[PartName] = &[
    PartName::optional("organization", "the organization's name", "contoso"),
    PartName::optional("project", "the project's name", "Payments"),
    PartName::optional("connection", "a service connection's name", "azure-prod").many(),
    PartName::optional("pipeline", "a pipeline's name, for tokens without a service connection", "deploy").many(),
    PartName::optional(
        "organization-id",
        "the organization's id, which is part of the issuer",
        "6a3b1c2d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
    ),
    PartName::optional(
        "connection-id",
        "the connection's id, if the issuer is Entra",
        "0f1e2d3c-4b5a-4697-8877-665544332211",
    ),
    PartName::optional(
        "entra-prefix",
        "the part of the subject before `/sc/`, if the issuer is Entra",
        "/eid1/c/pub/t/T0FnQ2g4YQ/a/UXdFcg",
    ),
    PartName::optional("tenant-id", "the Entra tenant, if the issuer is Entra", "72f988bf-86f1-41af-91ab-2d7cd011db47"),
];

const ORGANIZATION: Label = fixed("organization", "the organization's name; renaming it changes the subject");
const PROJECT: Label = fixed("project", "the project's name; renaming it changes the subject");
const CONNECTION_NAME: Label = fixed("connection", "the service connection's name; renaming it changes the subject");
const PIPELINE: Label = fixed("pipeline", "the pipeline's name; renaming it changes the subject");
const PREFIX: Label = fixed("entra-prefix", "Entra's code for the tenant and the application");
const ORGANIZATION_ID: Label = fixed("organization-id", "the organization's id");
const CONNECTION_ID: Label = fixed("connection-id", "the service connection's id");

fn names(rest: &str, form: &'static str, last: &Label) -> Option<Subject> {
    let (organization, rest) = rest.split_once('/')?;
    let (project, name) = rest.split_once('/')?;
    Some(Subject { form, parts: vec![part(&ORGANIZATION, organization), part(&PROJECT, project), part(last, name)] })
}

fn entra_tenant(issuer: &str) -> Option<&str> {
    issuer.strip_prefix(ENTRA)?.strip_suffix("/v2.0")
}

fn access_token(env: &dyn Env) -> Result<String, Fault> {
    match [ACCESS_TOKEN, TERRAFORM[1]].into_iter().find(|name| env.present(name).is_some()) {
        Some(name) => answer::header_value(name, mapped(name, env)?),
        None => Err(map_access_token(id_token_missing(format!(
            "`{ACCESS_TOKEN}` is not set: Azure Pipelines sets it only in steps that map it"
        )))),
    }
}

/// The value of a variable, unless the value is a macro that the agent did not expand.
fn mapped(name: &'static str, env: &dyn Env) -> Result<String, Fault> {
    let value = env.present(name).unwrap_or_default();
    if !value.starts_with("$(") {
        return Ok(value);
    }
    let fault = Fault::new(
        Category::IdToken,
        "azure-pipelines-macro-unmapped",
        format!("`{name}` is the literal text `{}`, because Azure Pipelines did not expand it", value.escape_debug()),
    );
    Err(match name {
        ACCESS_TOKEN => map_access_token(fault),
        name if name == TERRAFORM[1] => fault.hint("set it to `$(System.AccessToken)` in the `env` of the step"),
        _ => fault.hint("set it to the service connection's id"),
    })
}

fn request_uri(env: &dyn Env) -> Result<String, Fault> {
    if let Some((name, uri)) = [URI, TERRAFORM[0]].into_iter().find_map(|name| Some((name, env.present(name)?))) {
        return answer::service_url(name, &uri, answer::is_loopback);
    }
    let collection = COLLECTION.into_iter().find_map(|name| env.present(name).map(|value| (name, value)));
    let missing: Vec<_> =
        PIECES.iter().filter(|name| env.present(name).is_none()).map(|name| format!("`{name}`")).collect();
    let (Some((variable, collection)), true) = (collection, missing.is_empty()) else {
        return Err(id_token_missing(format!(
            "`{URI}` is not set, and neither are all variables from which it can be built"
        ))
        .hint("pass the variables that begin with `SYSTEM_` to the container that runs azure-oidc")
        .fact("missing", if missing.is_empty() { format!("`{}`", COLLECTION[0]) } else { missing.join(", ") }));
    };
    let collection = answer::service_url(variable, &collection, answer::is_loopback)?;
    let [project, hub, plan, job] = PIECES.map(|name| env.present(name).unwrap_or_default());
    let uri = format!(
        "{}/{project}/_apis/distributedtask/hubs/{hub}/plans/{plan}/jobs/{job}/oidctoken",
        collection.trim_end_matches('/')
    );
    answer::service_url(URI, &uri, answer::is_loopback)
}

fn set_variable(value: &Value) -> String {
    let (name, text) = (&value.name, escape(value.value.reveal()));
    let secret = if value.secret { ";issecret=true" } else { "" };
    format!(
        "##vso[task.setvariable variable={name}{secret}]{text}\n##vso[task.setvariable variable={name}{secret};isoutput=true]{text}\n"
    )
}

/// Escapes for the agent, which decodes `%0D`, `%0A` and others first and `%AZP25` last.
fn escape(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}
