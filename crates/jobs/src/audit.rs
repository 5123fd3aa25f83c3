//! `audit`: which federated identity credentials can never match, let in too much, or must be
//! migrated?

use std::collections::BTreeMap;

use azure_oidc_core::Fault;
use azure_oidc_core::audit::{self, Question};
use azure_oidc_core::credential::forms::Parsed;
use azure_oidc_core::credential::{Credential, CredentialProblem};
use azure_oidc_core::shell::Shell;
use serde::Deserialize;

mod answer;

pub use answer::{Answer, Audited, Change, Finding, Kind, Verdict};

use crate::Interface;
use crate::document::{self, Document};

/// The credentials to audit. No token is needed.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Request {
    /// Documents with credentials. Each is about one application or managed identity, unless it
    /// names several.
    pub documents: Vec<Source>,
    /// Old values and their new ones, for migrations: an issuer, a subject, or `OWNER/REPOSITORY` of
    /// GitHub with `OWNER@ID/REPOSITORY@ID`.
    pub replace: Option<BTreeMap<String, String>>,
    /// Also write the new credentials for this tool. `az` and `az-identity`, or `graph` and `arm`, give
    /// the same result: the owner of each credential decides which of the two is written.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = crate::schema::formats())))]
    pub format: Option<String>,
    /// The application that owns the credentials, for commands.
    pub client_id: Option<String>,
    /// Name of the cloud.
    #[cfg_attr(feature = "schema", schemars(extend("enum" = crate::schema::clouds(), "default" = "public")))]
    pub cloud: Option<String>,
    /// The shell that commands are for.
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>", extend("enum" = crate::schema::shells(), "default" = "bash")))]
    pub shell: Option<Shell>,
    /// The interface that the request came by, for the words of messages.
    #[serde(skip)]
    pub interface: Interface,
}

/// A document with credentials.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a list of objects with `credentials`")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Source {
    /// The name of its file, which findings repeat.
    pub file: Option<String>,
    /// Federated identity credentials in any written form, as for `check`. As JSON, or as a string
    /// that holds JSON.
    pub credentials: Document,
}

/// Audits the credentials. Credentials with errors are an answer.
///
/// # Errors
/// When a document cannot be read, or the cloud or the format is not known.
pub fn run(request: &Request) -> Result<Answer, Fault> {
    let cloud = crate::cloud(request.cloud.as_deref())?;
    let format = request.format.as_deref().map(crate::credential::format).transpose()?;
    let replacements: Vec<_> = request.replace.iter().flatten().map(|(old, new)| (old.clone(), new.clone())).collect();
    let mut answer = Answer::default();
    for source in &request.documents {
        let parsed = source.credentials.credentials().map_err(|fault| named(fault, source, request.documents.len()))?;
        let (groups, notes) = owners(parsed);
        answer.notes.extend(document::notes(notes));
        for (owner, credentials) in groups {
            let client_id = request.client_id.as_deref();
            let shell = request.shell.unwrap_or_default();
            let question = Question { credentials: &credentials, client_id, cloud, shell, replacements: &replacements };
            let report = audit::audit(&question);
            if let Some(format) = format {
                let text = audit::written(&report.changes, format, &question)?;
                answer.text.get_or_insert_default().push_str(&text);
            }
            answer.add(source.file.as_deref(), owner.as_deref(), credentials, report);
        }
    }
    for (old, _) in replacements.iter().filter(|(old, _)| !answer.credentials.iter().any(|one| one.has(old))) {
        answer
            .notes
            .push(format!("warning: no credential has `{}`, for which a new value was given", old.escape_debug()));
    }
    for finding in &mut answer.findings {
        finding.message = request.interface.words(&finding.message);
        finding.remedy = finding.remedy.as_deref().map(|remedy| request.interface.words(remedy));
    }
    answer.sort();
    if format.is_some() && answer.changes.is_empty() {
        answer.notes.push("note: there is no new credential to write".to_owned());
    }
    Ok(answer)
}

/// The credentials of each application and identity with its name, in their order. A document names
/// several only in Terraform's and other declarative forms.
fn owners(parsed: Parsed) -> (Vec<Group>, Vec<CredentialProblem>) {
    let mut groups: Vec<Group> = Vec::new();
    let mut places = BTreeMap::new();
    for credential in parsed.credentials {
        let (application, identity) = (credential.application.clone(), credential.identity.clone());
        let place = *places.entry((application.clone(), identity.clone())).or_insert(groups.len());
        match groups.get_mut(place) {
            Some((_, group)) => group.push(credential),
            None => {
                groups.push((application.or(identity.and_then(|identity| identity.name)), vec![credential]));
            }
        }
    }
    if groups.is_empty() {
        groups.push((None, Vec::new()));
    }
    (groups, parsed.notes)
}

/// The name of an application or identity, if it is known, and its credentials.
type Group = (Option<String>, Vec<Credential>);

/// With several documents, a fault names its own.
fn named(fault: Fault, source: &Source, count: usize) -> Fault {
    match &source.file {
        Some(file) if count > 1 => fault.fact("file", file.escape_debug().to_string()),
        _ => fault,
    }
}
