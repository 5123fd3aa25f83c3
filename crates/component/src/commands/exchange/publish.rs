//! What an exchange hands on and how: the access tokens, the settings with which Azure's own tools sign in, or both.

use std::time::Duration;

use azure_oidc_cli::{ExchangeArgs, Publish, grants};
use azure_oidc_core::exchange::AccessToken;
use azure_oidc_core::platform::text::assignment_lines;
use azure_oidc_core::platform::{self, File, MAX_DOTENV, Platform, Publication, Value};
use azure_oidc_core::ports::Request;
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault, Secret};

use super::{Obtained, Target};
use crate::commands::{Appendix, Context, HostKind, Outcome, text};
use crate::report::{self, Exchanged};

/// How the result leaves.
pub(super) enum Form {
    Json,
    Text,
    Env,
    Dotenv,
    Platform(&'static dyn Platform),
}

/// What was got, and for whom.
pub(super) struct Traded<'a> {
    pub(super) args: &'a ExchangeArgs,
    pub(super) target: &'a Target,
    pub(super) obtained: &'a Obtained,
    /// The ID token that Entra took, which is a newer one when the first was out of its time.
    pub(super) assertion: &'a Secret,
    pub(super) token: &'a Token,
    pub(super) names: &'a [String],
    pub(super) tokens: &'a [AccessToken],
}

/// Where the tools of Azure find the ID token.
enum Place {
    /// In this file, which is there.
    File(String),
    /// In this file, which the host is to write.
    New(String),
    /// In a variable: the host writes no files.
    Variable,
}

impl Form {
    /// Puts it into this form.
    pub(super) fn show(&self, result: &Traded<'_>, context: Context<'_>) -> Result<Outcome, Fault> {
        match self {
            Self::Json => Ok(Outcome::printed(report::exchange(&Exchanged {
                platform: result.obtained.platform.name(),
                claims: result.token.claims(),
                tenant_id: result.target.tenant.as_str(),
                client_id: result.target.client_id.as_str(),
                tokens: result.tokens,
            }))),
            Self::Text => Ok(Outcome::printed(text::tokens(result.tokens))),
            Self::Env => lines(result, assignment_lines, context),
            Self::Dotenv => {
                let mut outcome = lines(result, platform::dotenv, context)?;
                outcome.stderr = format!(
                    "warning: whoever sees the pipeline can download a dotenv report unless `artifacts:access` forbids it, and later \
                     jobs do not mask what is in it; {} of {MAX_DOTENV} bytes are used\n",
                    outcome.stdout.len(),
                );
                Ok(outcome)
            }
            Self::Platform(platform) => publish(*platform, result, context),
        }
    }
}

/// Finds out before anything is sent whether there is a place for the ID token, if it is to be handed on.
pub(super) fn check(args: &ExchangeArgs, obtained: &Obtained, context: Context<'_>) -> Result<(), Fault> {
    if args.publish == Publish::Token {
        return Ok(());
    }
    if ["json", "text"].contains(&args.output.as_str()) {
        let message = format!("`--output {}` prints access tokens, not the variables of `--publish`", args.output);
        return Err(Fault::new(Category::Usage, "publish-needs-variables", message).hint("use `--output env`"));
    }
    place(args, obtained, context).map(drop)
}

fn place(args: &ExchangeArgs, obtained: &Obtained, context: Context<'_>) -> Result<Place, Fault> {
    match (&obtained.file, grants::id_token_output(args, obtained.file.is_some(), context.ports.env)) {
        (_, Some(path)) if context.host == HostKind::Native => Ok(Place::New(path)),
        (Some(path), _) => Ok(Place::File(path.clone())),
        (None, _) if context.host == HostKind::Stock => Ok(Place::Variable),
        (None, _) => Err(Fault::new(
            Category::Usage,
            "id-token-output-missing",
            "`--publish` hands the ID token on in a file, and there is no folder that ends with the job",
        )
        .hint("say where: `--id-token-output PATH`")),
    }
}

/// Values for later steps, with the details of access tokens or without. And the file that is to be written, if any.
fn values(
    result: &Traded<'_>,
    with_details: bool,
    context: Context<'_>,
) -> Result<(Vec<Value>, Option<Appendix>), Fault> {
    let plain = |name: &str, value: &str| Value { name: name.to_owned(), value: Secret::new(value), secret: false };
    let mut values = Vec::new();
    if result.args.publish != Publish::SdkEnv {
        for (name, token) in result.names.iter().zip(result.tokens) {
            values.push(Value { name: name.clone(), value: token.token.clone(), secret: true });
            if with_details {
                values.push(plain(&format!("{name}_EXPIRES_ON"), &report::rfc3339(token.expires_on)));
                values.push(plain(&format!("{name}_SCOPE"), &token.scope.value));
            }
        }
    }
    if result.args.publish == Publish::Token {
        return Ok((values, None));
    }
    let target = result.target;
    for (kind, value) in [("CLIENT_ID", target.client_id.as_str()), ("TENANT_ID", target.tenant.as_str())] {
        values.extend(["AZURE", "ARM"].map(|tool| plain(&format!("{tool}_{kind}"), value)));
    }
    values.push(plain("AZURE_AUTHORITY_HOST", &format!("{}/", target.authority.base())));
    values.push(plain("ARM_USE_OIDC", "true"));
    let (path, new) = match place(result.args, result.obtained, context)? {
        Place::Variable => {
            values.push(Value { name: "ARM_OIDC_TOKEN".to_owned(), value: result.assertion.clone(), secret: true });
            return Ok((values, None));
        }
        Place::File(path) => (path, None),
        Place::New(path) => (path.clone(), Some(Appendix { variable: None, path, lines: result.assertion.clone() })),
    };
    values.extend(["AZURE_FEDERATED_TOKEN_FILE", "ARM_OIDC_TOKEN_FILE_PATH"].map(|name| plain(name, &path)));
    Ok((values, new))
}

fn lines(
    result: &Traded<'_>,
    form: fn(&[Value]) -> Result<Secret, Fault>,
    context: Context<'_>,
) -> Result<Outcome, Fault> {
    let (values, file) = values(result, false, context)?;
    let stdout = form(&values)?.reveal().to_owned();
    Ok(Outcome { publish: file.into_iter().collect(), ..Outcome::printed(stdout) })
}

fn publish(platform: &'static dyn Platform, result: &Traded<'_>, context: Context<'_>) -> Result<Outcome, Fault> {
    // A stock host has one stream for everything, and it is redirected to where secrets go.
    let is_native = context.host == HostKind::Native;
    let (values, file) = values(result, is_native, context)?;
    let mut outcome = Outcome { publish: file.into_iter().collect(), ..Outcome::default() };
    for publication in platform.publish(&values, context.ports.env)? {
        match publication {
            Publication::Print(lines) => outcome.stdout.push_str(lines.reveal()),
            Publication::Append { file, lines } => outcome.publish.push(appendix(file, lines, context)),
            Publication::Send(request) => send(&request, platform, context)?,
        }
    }
    if is_native {
        let published = |tokens| text::published(platform.title(), result.names, tokens, &outcome.publish);
        outcome.stderr = match result.args.publish {
            Publish::Token => published(result.tokens),
            kind => {
                let tokens = if kind == Publish::Both { published(result.tokens) } else { String::new() };
                let until = result.token.claims().exp.map(report::rfc3339).unwrap_or_default();
                format!("{tokens}published the settings of Azure's tools; their ID token is valid until {until}\n")
            }
        };
    }
    Ok(outcome)
}

fn appendix(file: File, lines: Secret, context: Context<'_>) -> Appendix {
    match file {
        File::Variable(name) => Appendix {
            path: context.ports.env.present(name).unwrap_or_default(),
            variable: Some(name.to_owned()),
            lines,
        },
        File::Path(path) => Appendix { variable: None, path, lines },
    }
}

fn send(request: &Request, platform: &dyn Platform, context: Context<'_>) -> Result<(), Fault> {
    const TIMEOUT: Duration = Duration::from_secs(10);
    let failed = |why: String| {
        Fault::new(
            Category::Publish,
            "agent-refused",
            format!("The agent of {} did not take the result: {why}", platform.title()),
        )
    };
    match context.ports.http.send(std::slice::from_ref(request), TIMEOUT).pop() {
        Some(Ok(response)) if (200..300).contains(&response.status) => Ok(()),
        Some(Ok(response)) => Err(failed(format!("it answered {}", response.status))),
        Some(Err(error)) => Err(failed(format!("{:?} {}", error.kind, error.detail))),
        None => Err(failed("there was no answer".to_owned())),
    }
}
