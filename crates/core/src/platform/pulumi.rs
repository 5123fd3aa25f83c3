//! Pulumi Deployments: the ID token is in a variable or a file; publishes in the `PULUMI_ENV` file.
//! Also knows the subjects of Pulumi ESC.

use super::grammar::{Label, fixed, labelled, names_are, varying};
use super::parts::Parts;
use super::{Detection, File, PartName, Platform, Publication, Source, Subject, Value, text};
use crate::fault::Fault;
use crate::ports::Env;
use crate::secret::Secret;

/// Pulumi Cloud.
pub(super) struct Pulumi;

const MARKER: &str = "PULUMI_CI_SYSTEM";
const SYSTEM: &str = "Pulumi Deployments";
const TOKEN: &str = "PULUMI_OIDC_TOKEN";
const TOKEN_FILE: &str = "/mnt/pulumi/pulumi.oidc";
/// The path of the `PULUMI_ENV` file on self-hosted runners; their log shows it after "Loading
/// PULUMI_ENV from".
const OUTPUT: &str = "AZURE_OIDC_PULUMI_ENV";
const OUTPUT_FILE: &str = "/PULUMI_ENV";
const ISSUER: &str = "https://api.pulumi.com/oidc";
const ISSUER_V2: &str = "https://api.pulumi.com/oidc/v2";

impl Platform for Pulumi {
    fn name(&self) -> &'static str {
        "pulumi"
    }

    fn title(&self) -> &'static str {
        "Pulumi"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[MARKER, TOKEN, OUTPUT]
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        if env.present(MARKER).is_some_and(|system| system == SYSTEM) {
            return Detection::Yes(format!("`{MARKER}` is `{SYSTEM}`"));
        }
        match env.present(TOKEN) {
            Some(_) => Detection::Yes(format!("`{TOKEN}` is set")),
            None => Detection::No(format!("`{MARKER}` is not `{SYSTEM}`")),
        }
    }

    fn id_token(&self, env: &dyn Env, _audience: &str) -> Result<Source, Fault> {
        Ok(match env.present(TOKEN) {
            Some(_) => Source::Variable(TOKEN.to_owned()),
            None => Source::File(TOKEN_FILE.to_owned()),
        })
    }

    /// A deployment has the token in both places.
    fn id_token_file(&self, _env: &dyn Env) -> Option<String> {
        Some(TOKEN_FILE.to_owned())
    }

    fn missing_token_file(&self) -> &'static str {
        "switch on the Azure integration (OpenID Connect) in the stack's deployment settings: then Pulumi also sets `PULUMI_OIDC_TOKEN`"
    }

    fn outputs(&self, env: &dyn Env) -> Result<Vec<File>, Fault> {
        Ok(vec![match env.present(OUTPUT) {
            Some(_) => File::Variable(OUTPUT),
            None => File::Path(OUTPUT_FILE.to_owned()),
        }])
    }

    fn is_read_by_shell(&self) -> bool {
        false
    }

    fn publish(&self, values: &[Value], env: &dyn Env) -> Result<Vec<Publication>, Fault> {
        text::check(values)?;
        let lines: String = values.iter().map(line).collect::<Result<_, _>>()?;
        let lines = Secret::new(lines);
        Ok(self.outputs(env)?.into_iter().map(|file| Publication::Append { file, lines: lines.clone() }).collect())
    }

    fn issues(&self, issuer: &str) -> bool {
        issuer == ISSUER || issuer == ISSUER_V2
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let rest = subject.strip_prefix("pulumi:")?;
        if let Some(rest) = rest.strip_prefix("deploy:") {
            let parts = labelled(rest, DEPLOY)?;
            return names_are(&parts, &["org", "project", "stack", "operation", "scope"])
                .then_some(Subject { form: "deployment", parts });
        }
        if let Some(rest) = rest.strip_prefix("environments:") {
            let form = if rest.starts_with("org:") { "ESC environment" } else { "ESC environment, custom attributes" };
            return Some(Subject { form, parts: labelled(rest, ENVIRONMENT)? });
        }
        let parts = labelled(rest, ENVIRONMENT_V2)?;
        names_are(&parts, &["org", "env"]).then_some(Subject { form: "ESC environment, version 2", parts })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    /// One subject for each operation of a stack, or the subject of an ESC environment.
    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        if let Some(id) = parts.get("environment-id") {
            return Ok(vec![format!("pulumi:org:{}:env:{id}", parts.require("org-id")?)]);
        }
        let org = parts.require("org")?;
        if let Some(environment) = parts.get("environment") {
            return Ok(vec![format!("pulumi:environments:org:{org}:env:{environment}")]);
        }
        let (project, stack) = (parts.require("project")?, parts.require("stack")?);
        let subject = |operation| {
            format!("pulumi:deploy:org:{org}:project:{project}:stack:{stack}:operation:{operation}:scope:write")
        };
        Ok(parts.some_of("operation", OPERATIONS)?.into_iter().map(subject).collect())
    }

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        let parts = Parts::read(self, parts)?;
        Ok(if parts.get("environment-id").is_some() { ISSUER_V2 } else { ISSUER }.to_owned())
    }

    /// The organization; for an ESC environment outside the project `default` with `azure:` before
    /// it.
    fn default_audience(&self, parts: &[(String, String)]) -> Result<Option<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        if parts.get("environment-id").is_some() {
            return Ok(None);
        }
        let org = parts.require("org")?;
        let in_project = parts.get("environment").is_some_and(|environment| environment.contains('/'));
        Ok(Some(if in_project { format!("azure:{org}") } else { org.to_owned() }))
    }
}

const OPERATIONS: &[&str] = &["preview", "update", "refresh", "destroy"];

const PARTS: &[PartName] = &[
    PartName::optional("org", "the organization, for deployments and ESC environments", "contoso"),
    PartName::optional("project", "the project, for deployments", "core"),
    PartName::optional("stack", "the stack, for deployments", "dev"),
    PartName::optional("operation", "`preview`, `update`, `refresh` or `destroy`; all four if left out", "update")
        .many(),
    PartName::optional("environment", "an ESC environment, with its project unless that is `default`", "core/dev"),
    PartName::optional("org-id", "the organization's id, for ESC tokens of version 2", "8a1f0c2e"),
    PartName::optional("environment-id", "the ESC environment's id, for ESC tokens of version 2", "5b7d9e31"),
];

const DEPLOY: &[Label] = &[
    fixed("org", "the organization"),
    fixed("project", "the project"),
    fixed("stack", "the stack"),
    varying(
        "operation",
        "the operation of the deployment: `preview`, `update`, `refresh` or `destroy`; each needs a credential",
    ),
    fixed("scope", "always `write`"),
];

const ENVIRONMENT: &[Label] = &[
    fixed("org", "the organization"),
    fixed("env", "the environment, with its project unless that is `default`"),
    fixed("rootEnvironment.name", "the environment that was opened"),
    fixed(
        "currentEnvironment.name",
        "the environment that requests the token, which can be an import of the opened one",
    ),
    varying("pulumi.user.login", "the person who opened the environment"),
    fixed("pulumi.organization.login", "the organization"),
];

const ENVIRONMENT_V2: &[Label] = &[fixed("org", "the organization's id"), fixed("env", "the environment's id")];

/// Pulumi does not document how it reads quotes, spaces and line ends in the file, so values with
/// them are refused.
fn line(value: &Value) -> Result<String, Fault> {
    let text = value.value.reveal();
    if text.bytes().all(|byte| byte.is_ascii_graphic() && !br##"#$\'"`"##.contains(&byte)) {
        return Ok(format!("{}={text}\n", value.name));
    }
    Err(text::unfit(
        value,
        "value-not-plain",
        "has spaces, quotes or other characters that Pulumi may change in the `PULUMI_ENV` file",
    ))
}
