//! Publishes the result of an exchange: the access tokens, the settings with which Azure's own
//! tools sign in, or both.

mod agent;

use azure_oidc_core::check::{Finding, Severity};
use azure_oidc_core::plan::{Form, HostKind, IdTokenPlace, OutputPlan, Publish};
use azure_oidc_core::platform::text::assignment_lines;
use azure_oidc_core::platform::{self, File, MAX_DOTENV, Platform, Publication, Value};
use azure_oidc_core::{Category, Fault, Secret};

use super::answer::AccessToken;
use super::notice::Notice;
use super::order::Order;
use super::trade::Traded;
use crate::Context;
use crate::json::{line, rfc3339};

/// The result of a trade.
pub(super) struct Outcome<'a> {
    pub(super) order: &'a Order<'a>,
    pub(super) traded: &'a Traded,
    /// A variable name for each access token.
    pub(super) names: &'a [String],
}

/// Finds out before the exchange whether the platform's file with the ID token is there.
pub(super) fn require_platform_file(plan: &OutputPlan, context: Context<'_>) -> Result<(), Fault> {
    let Some(IdTokenPlace::PlatformFile(path)) = &plan.id_token else { return Ok(()) };
    let why = match context.files.read(path) {
        Ok(contents) if contents.is_empty() => "is empty".to_owned(),
        Ok(_) => return Ok(()),
        Err(why) => why,
    };
    let message = format!("`--publish sdk-env` needs a file with the ID token, and `{path}` {why}");
    Err(Fault::new(Category::Usage, "id-token-output-missing", message).hint("add `--id-token-output PATH`"))
}

/// What the host is to print and write. What goes to a platform's agent is sent here.
pub(super) fn publish(
    plan: &OutputPlan,
    result: &Outcome<'_>,
    context: Context<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Publication>, Fault> {
    match plan.form {
        Form::Json => Ok(vec![Publication::Print(Secret::new(line(&result.traded.answer)))]),
        Form::Text => {
            let tokens = &result.traded.answer.tokens;
            let lines: String = tokens.iter().map(|token| format!("{}\n", token.access_token.reveal())).collect();
            Ok(vec![Publication::Print(Secret::new(lines))])
        }
        Form::Env => {
            let (values, mut publications) = values(plan, result, false);
            publications.push(Publication::Print(assignment_lines(&values)?));
            Ok(publications)
        }
        Form::Dotenv => {
            let (values, mut publications) = values(plan, result, false);
            let report = platform::dotenv(&values)?;
            notices.push(Notice::Warning(unmasked(report.reveal().len())));
            publications.push(Publication::Print(report));
            Ok(publications)
        }
        Form::Platform(platform) => to_platform(platform, plan, result, context, notices),
    }
}

fn to_platform(
    platform: &'static dyn Platform,
    plan: &OutputPlan,
    result: &Outcome<'_>,
    context: Context<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Publication>, Fault> {
    // A stock host has one stream for everything, and it is redirected to where secrets go.
    let is_native = context.host == HostKind::Native;
    let (values, mut publications) = values(plan, result, is_native);
    for publication in platform.publish(&values, context.ports.env)? {
        match publication {
            Publication::Send(request) => agent::send(&request, platform, context.ports.http)?,
            publication => publications.push(publication),
        }
    }
    if is_native {
        notices.extend(published(platform, plan.publish, result, &publications));
    }
    Ok(publications)
}

/// Values for later steps, with the details of access tokens or without; and the file of the ID
/// token, if it is to be written.
fn values(plan: &OutputPlan, result: &Outcome<'_>, with_details: bool) -> (Vec<Value>, Vec<Publication>) {
    let mut values = Vec::new();
    if plan.publish != Publish::SdkEnv {
        for (name, token) in result.names.iter().zip(&result.traded.answer.tokens) {
            values.push(Value { name: name.clone(), value: token.access_token.clone(), secret: true });
            if with_details {
                values.push(plain(&format!("{name}_EXPIRES_ON"), &rfc3339(token.expires_on)));
                values.push(plain(&format!("{name}_SCOPE"), &token.scope));
            }
        }
    }
    let Some(place) = &plan.id_token else { return (values, Vec::new()) };
    let settings = result.order.settings;
    for (kind, value) in [("CLIENT_ID", settings.client_id.as_str()), ("TENANT_ID", settings.tenant.as_str())] {
        values.extend(["AZURE", "ARM"].map(|tool| plain(&format!("{tool}_{kind}"), value)));
    }
    values.push(plain("AZURE_AUTHORITY_HOST", &format!("{}/", settings.endpoint.authority.base())));
    values.push(plain("ARM_USE_OIDC", "true"));
    let assertion = || result.traded.assertion.clone();
    let in_file = |path| ["AZURE_FEDERATED_TOKEN_FILE", "ARM_OIDC_TOKEN_FILE_PATH"].map(|name| plain(name, path));
    match place {
        IdTokenPlace::Variable => {
            values.push(Value { name: "ARM_OIDC_TOKEN".to_owned(), value: assertion(), secret: true });
            (values, Vec::new())
        }
        IdTokenPlace::File(path) | IdTokenPlace::PlatformFile(path) => {
            values.extend(in_file(path));
            (values, Vec::new())
        }
        IdTokenPlace::NewFile(path) => {
            values.extend(in_file(path));
            (values, vec![Publication::Write { path: path.clone(), contents: assertion() }])
        }
    }
}

fn plain(name: &str, value: &str) -> Value {
    Value { name: name.to_owned(), value: Secret::new(value), secret: false }
}

/// Says what was published where, without the token.
fn published(
    platform: &dyn Platform,
    publish: Publish,
    result: &Outcome<'_>,
    publications: &[Publication],
) -> Vec<Notice> {
    let variables: Vec<_> = publications
        .iter()
        .filter_map(|publication| match publication {
            Publication::Append { file: File::Variable(name), .. } => Some(*name),
            _ => None,
        })
        .collect();
    let place = match variables.as_slice() {
        [] => platform.title().to_owned(),
        variables => format!("{} ({})", platform.title(), variables.join(", ")),
    };
    let sentence = |(name, token): (&String, &AccessToken)| {
        let until = rfc3339(token.expires_on);
        Notice::Published(format!("published {name} for {} to {place}, valid until {until}", token.scope))
    };
    let mut notices = Vec::new();
    if publish != Publish::SdkEnv {
        notices.extend(result.names.iter().zip(&result.traded.answer.tokens).map(sentence));
    }
    if publish != Publish::Token {
        let until = result.order.token.claims().exp.map(rfc3339).unwrap_or_default();
        notices.push(Notice::Published(format!(
            "published the settings of Azure's tools; their ID token is valid until {until}"
        )));
    }
    notices
}

fn unmasked(bytes: usize) -> Finding {
    let message = format!(
        "everyone who sees the pipeline can download a dotenv report unless `artifacts:access` forbids it, and later jobs do not \
         mask its values; {bytes} of {MAX_DOTENV} bytes are used"
    );
    Finding::new("dotenv-unmasked", Severity::Warning, message)
}
