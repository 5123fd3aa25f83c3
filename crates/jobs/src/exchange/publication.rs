//! Publishes the result of an exchange: the access tokens, the settings with which Azure's own
//! tools sign in, or both.

mod agent;

use azure_oidc_core::check::{Finding, Severity};
use azure_oidc_core::cloud::PUBLIC;
use azure_oidc_core::plan::{Form, HostKind, IdTokenPlace, OutputPlan, Publish};
use azure_oidc_core::platform::text::{assignment_lines, powershell_lines, separated, shell_quote};
use azure_oidc_core::platform::{self, File, MAX_DOTENV, Platform, Publication, Value};
use azure_oidc_core::settings::SUBSCRIPTION_ID;
use azure_oidc_core::shell::Shell;
use azure_oidc_core::{Category, Fault, Secret};

use super::answer::AccessToken;
use super::notice::Notice;
use super::order::Order;
use super::trade::Traded;
use crate::json::{line, rfc3339};
use crate::{Context, Deadline};

/// The result of a trade.
pub(super) struct Outcome<'a> {
    pub(super) order: &'a Order<'a>,
    pub(super) traded: &'a Traded,
    /// A variable name for each access token.
    pub(super) names: &'a [String],
    /// The subscription that the job's variables name; Azure's tools get it too.
    pub(super) subscription_id: Option<String>,
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
    deadline: Deadline,
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
        Form::Env | Form::Powershell => {
            let leaving = Leaving::new(plan, result, false);
            let lines = match (&plan.form, result.order.shell) {
                (Form::Powershell, _) | (_, Shell::Powershell) => powershell_lines(&leaving.all())?,
                _ => assignment_lines(&leaving.all())?,
            };
            Ok(leaving.files.into_iter().chain([Publication::Print(lines)]).collect())
        }
        Form::Dotenv => {
            let leaving = Leaving::new(plan, result, false);
            let report = platform::dotenv(&leaving.all())?;
            notices.push(Notice::Warning(unmasked(report.reveal().len())));
            Ok(leaving.files.into_iter().chain([Publication::Print(report)]).collect())
        }
        Form::Platform(platform) => to_platform(platform, plan, result, deadline, context, notices),
    }
}

fn to_platform(
    platform: &'static dyn Platform,
    plan: &OutputPlan,
    result: &Outcome<'_>,
    deadline: Deadline,
    context: Context<'_>,
    notices: &mut Vec<Notice>,
) -> Result<Vec<Publication>, Fault> {
    // A stock host has one stream for everything, and it is redirected to where secrets go.
    let is_native = context.host == HostKind::Native;
    let Leaving { results, settings, files: mut publications } = Leaving::new(plan, result, is_native);
    let env = context.ports.env;
    let published_to_platform = match plan.publish {
        Publish::Token => platform.publish(&results, env)?,
        Publish::SdkEnv | Publish::Both => platform.publish_with_settings(&results, &settings, env)?,
    };
    for publication in published_to_platform {
        match publication {
            Publication::Send(request) => agent::send(&request, platform, deadline, context.ports)?,
            Publication::Source(lines) => {
                let shell = result.order.shell;
                let lines = match shell {
                    Shell::Bash => lines,
                    Shell::Powershell if plan.publish == Publish::Token => powershell_lines(&results)?,
                    Shell::Powershell => powershell_lines(&[results.as_slice(), &settings].concat())?,
                };
                publications.extend(for_shell(lines, shell, plan.folder.as_deref(), context));
            }
            publication => publications.push(publication),
        }
    }
    if is_native {
        notices.extend(published(platform, plan.publish, result, &publications));
    }
    Ok(publications)
}

/// Lines for the job's shell: in a new file of that folder, and the line that reads it. Without a
/// folder they hold no token, and are printed.
fn for_shell(lines: Secret, shell: Shell, folder: Option<&str>, context: Context<'_>) -> Vec<Publication> {
    let Some(folder) = folder else { return vec![Publication::Print(lines)] };
    // Two jobs can share the folder, so each file has a name of its own.
    let path = format!("{folder}/azure-oidc-{:016x}.{}", context.ports.random.number(), shell.extension());
    let read = match shell {
        Shell::Bash => format!(". {}\n", shell_quote(&path)),
        // Windows PowerShell runs no files unless its execution policy is changed.
        Shell::Powershell => {
            format!("Get-Content -Raw -LiteralPath {} | Invoke-Expression\n", separated(&shell.word(&path), "'+'"))
        }
    };
    vec![Publication::Write { path, contents: lines }, Publication::Print(Secret::new(read))]
}

/// What leaves the job.
struct Leaving {
    /// The access tokens, and their details if wanted.
    results: Vec<Value>,
    /// The settings of Azure's tools, if they are published.
    settings: Vec<Value>,
    /// The file of the ID token, if it is to be written.
    files: Vec<Publication>,
}

impl Leaving {
    fn new(plan: &OutputPlan, result: &Outcome<'_>, with_details: bool) -> Self {
        let mut leaving = Self { results: Vec::new(), settings: Vec::new(), files: Vec::new() };
        if plan.publish != Publish::SdkEnv {
            for (name, token) in result.names.iter().zip(&result.traded.answer.tokens) {
                leaving.results.push(Value { name: name.clone(), value: token.access_token.clone(), secret: true });
                if with_details {
                    leaving.results.push(plain(&format!("{name}_EXPIRES_ON"), &rfc3339(token.expires_on)));
                    leaving.results.push(plain(&format!("{name}_SCOPE"), &token.scope));
                }
            }
        }
        if let Some(place) = &plan.id_token {
            leaving.settings = sign_in_settings(result);
            leaving.add_id_token(place, &result.traded.assertion);
        }
        leaving
    }

    fn add_id_token(&mut self, place: &IdTokenPlace, assertion: &Secret) {
        let path = match place {
            IdTokenPlace::Variable => {
                let (name, value) = ("ARM_OIDC_TOKEN".to_owned(), assertion.clone());
                self.settings.push(Value { name, value, secret: true });
                return;
            }
            IdTokenPlace::File(path) | IdTokenPlace::PlatformFile(path) => path,
            IdTokenPlace::NewFile(path) => {
                self.files.push(Publication::Write { path: path.clone(), contents: assertion.clone() });
                path
            }
        };
        let names = ["AZURE_FEDERATED_TOKEN_FILE", "ARM_OIDC_TOKEN_FILE_PATH"];
        self.settings.extend(names.map(|name| plain(name, path)));
    }

    fn all(&self) -> Vec<Value> {
        [self.results.as_slice(), &self.settings].concat()
    }
}

/// As whom and where Azure's tools sign in.
fn sign_in_settings(result: &Outcome<'_>) -> Vec<Value> {
    let settings = result.order.settings;
    let mut values = Vec::new();
    for (kind, value) in [("CLIENT_ID", settings.client_id.as_str()), ("TENANT_ID", settings.tenant.as_str())] {
        values.extend(["AZURE", "ARM"].map(|tool| plain(&format!("{tool}_{kind}"), value)));
    }
    values.push(plain("AZURE_AUTHORITY_HOST", &format!("{}/", settings.endpoint.authority.base())));
    values.push(plain("ARM_USE_OIDC", "true"));
    // Terraform's providers do not read the authority.
    let cloud = settings.endpoint.cloud.filter(|cloud| *cloud != PUBLIC);
    if let Some(environment) = cloud.and_then(|cloud| cloud.environments.first()) {
        values.push(plain("ARM_ENVIRONMENT", environment));
    }
    if let Some(id) = &result.subscription_id {
        values.extend(SUBSCRIPTION_ID.map(|name| plain(name, id)));
    }
    values
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
    let place = |token: &AccessToken| {
        let has_token = |lines: &Secret| lines.reveal().contains(token.access_token.reveal());
        let places: Vec<_> = publications
            .iter()
            .filter_map(|publication| match publication {
                Publication::Append { file: File::Variable(name), lines } if has_token(lines) => Some(*name),
                Publication::Write { path, contents } if has_token(contents) => Some(path),
                _ => None,
            })
            .collect();
        match (places.as_slice(), platform.is_read_by_shell()) {
            ([], _) => platform.title().to_owned(),
            (places, true) => places.join(", "),
            (places, false) => format!("{} ({})", platform.title(), places.join(", ")),
        }
    };
    let sentence = |(name, token): (&String, &AccessToken)| {
        let until = rfc3339(token.expires_on);
        Notice::Published(format!("published {name} for {} to {}, valid until {until}", token.scope, place(token)))
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
