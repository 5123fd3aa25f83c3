//! Spacelift: the ID token is in a variable or a file, for the account's audience.

use super::grammar::{Label, fixed, labelled, names_are, varying};
use super::parts::Parts;
use super::{Detection, PartName, Platform, Source, Subject};
use crate::fault::Fault;
use crate::ports::Env;

/// Spacelift's cloud.
pub(super) struct Spacelift;

const TOKEN: &str = "SPACELIFT_OIDC_TOKEN";
const TOKEN_FILE: &str = "/mnt/workspace/spacelift.oidc";
const DOMAIN: &str = ".app.spacelift.io";

impl Platform for Spacelift {
    fn name(&self) -> &'static str {
        "spacelift"
    }

    fn title(&self) -> &'static str {
        "Spacelift"
    }

    fn variables(&self) -> &'static [&'static str] {
        &[TOKEN]
    }

    fn detect(&self, env: &dyn Env) -> Detection {
        match env.present(TOKEN) {
            Some(_) => Detection::Yes(format!("`{TOKEN}` is set")),
            None => Detection::No(format!("`{TOKEN}` is not set")),
        }
    }

    fn id_token(&self, env: &dyn Env, _audience: &str) -> Result<Source, Fault> {
        Ok(match env.present(TOKEN) {
            Some(_) => Source::Variable(TOKEN.to_owned()),
            None => Source::File(TOKEN_FILE.to_owned()),
        })
    }

    /// A run has the token in both places.
    fn id_token_file(&self, _env: &dyn Env) -> Option<String> {
        Some(TOKEN_FILE.to_owned())
    }

    fn missing_token_file(&self) -> &'static str {
        "run this in a Spacelift run, or pass `SPACELIFT_OIDC_TOKEN` to the container that runs it"
    }

    /// Each job has a file system of its own.
    fn job_folder(&self, _env: &dyn Env) -> Option<String> {
        Some("/tmp".to_owned())
    }

    fn issues(&self, issuer: &str) -> bool {
        let account = issuer.strip_prefix("https://").and_then(|rest| rest.strip_suffix(DOMAIN));
        account.is_some_and(|account| !account.is_empty() && !account.contains('/'))
    }

    fn subject(&self, subject: &str) -> Option<Subject> {
        let parts = labelled(subject, LABELS)?;
        let fits = |owner| names_are(&parts, &["space", owner, "run_type", "scope"]);
        let form = if fits("stack") { "stack" } else { "module" };
        (fits("stack") || fits("module")).then_some(Subject { form, parts })
    }

    fn parts(&self) -> &'static [PartName] {
        PARTS
    }

    /// One subject for each usual combination of run type and scope, or for the given ones when
    /// both are given.
    fn build_subjects(&self, parts: &[(String, String)]) -> Result<Vec<String>, Fault> {
        let parts = Parts::read(self, parts)?;
        let space = parts.require("space")?;
        let (owner, usual) = match (parts.get("stack"), parts.get("module")) {
            (Some(stack), None) => (format!("stack:{stack}"), STACK_RUNS),
            (None, Some(module)) => (format!("module:{module}"), MODULE_RUNS),
            _ => return Err(parts.missing("`stack` or `module`, and not both")),
        };
        let types = parts.some_of("run-type", RUN_TYPES)?;
        let scopes = parts.some_of("scope", SCOPES)?;
        let both_given = parts.get("run-type").is_some() && parts.get("scope").is_some();
        let runs = types.iter().flat_map(|kind| scopes.iter().map(move |scope| (*kind, *scope)));
        let runs = runs.filter(|run| both_given || usual.contains(run));
        let subjects: Vec<_> =
            runs.map(|(kind, scope)| format!("space:{space}:{owner}:run_type:{kind}:scope:{scope}")).collect();
        if subjects.is_empty() {
            Err(parts.missing("`run-type` beside `scope`: no usual run has this combination"))
        } else {
            Ok(subjects)
        }
    }

    fn issuer_from_parts(&self, parts: &[(String, String)]) -> Result<String, Fault> {
        Ok(format!("https://{}{DOMAIN}", Parts::read(self, parts)?.require("account")?))
    }

    fn default_audience(&self, parts: &[(String, String)]) -> Result<Option<String>, Fault> {
        Ok(Some(format!("{}{DOMAIN}", Parts::read(self, parts)?.require("account")?)))
    }
}

const RUN_TYPES: &[&str] = &["PROPOSED", "TRACKED", "TASK", "TESTING", "DESTROY"];
const SCOPES: &[&str] = &["read", "write"];
/// A tracked run has the scope `read` while it plans and waits, and `write` when it applies.
const STACK_RUNS: &[(&str, &str)] =
    &[("PROPOSED", "read"), ("TRACKED", "read"), ("TRACKED", "write"), ("TASK", "write"), ("DESTROY", "write")];
const MODULE_RUNS: &[(&str, &str)] = &[("PROPOSED", "read"), ("TESTING", "write")];

const PARTS: &[PartName] = &[
    PartName::required("space", "the space's id", "root"),
    PartName::optional("stack", "the stack's id", "web-production"),
    PartName::optional("module", "the module's id, instead of a stack", "terraform-aws-vpc"),
    PartName::optional(
        "run-type",
        "`PROPOSED`, `TRACKED`, `TASK`, `TESTING` or `DESTROY`; the usual ones if left out",
        "TRACKED",
    )
    .many(),
    PartName::optional("scope", "`read` or `write`; the usual ones if left out", "write").many(),
    PartName::optional("account", "the account's name, for issuer and audience", "acme"),
];

const LABELS: &[Label] = &[
    fixed("space", "the space"),
    fixed("stack", "the stack"),
    fixed("module", "the module"),
    varying("run_type", "`PROPOSED`, `TRACKED`, `TASK`, `TESTING` or `DESTROY`; each needs a credential"),
    varying("scope", "`read` or `write`; each needs a credential"),
];
