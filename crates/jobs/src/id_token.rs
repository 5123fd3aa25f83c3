//! Obtains the ID token from where the plan says it is: a variable, a file, standard input, the
//! platform's token service, a program.

mod hand_over;
mod service;

pub use hand_over::{Answer, Order, hand_over};

use azure_oidc_core::plan::{HostKind, STANDARD_INPUT, TokenPlan, command_line};
use azure_oidc_core::platform::text::is_variable_name;
use azure_oidc_core::platform::{Platform, Source};
use azure_oidc_core::ports::{Ports, Request};
use azure_oidc_core::secret::holds_token;
use azure_oidc_core::token::{Malformed, Token};
use azure_oidc_core::{Category, Fault, Secret};

use crate::{Context, Deadline};

/// An ID token that was found.
#[derive(Debug, Clone)]
pub struct Obtained {
    /// The token.
    pub token: Secret,
    /// Where it was found, for messages.
    pub place: String,
}

impl Obtained {
    /// Decodes it.
    pub fn parse(&self) -> Result<Token, Fault> {
        Token::parse(self.token.reveal()).map_err(|malformed| self.malformed(&malformed))
    }

    /// The fault of a text that is no JWT.
    pub fn malformed(&self, malformed: &Malformed) -> Fault {
        let message = format!("What {} holds is not an ID token: {}", self.place, malformed.message);
        let fault = Fault::new(Category::IdToken, malformed.code(), message).predicts(malformed.aadsts);
        let fault = fault.fact("Entra would answer", format!("AADSTS{}", malformed.aadsts));
        malformed.hint.into_iter().fold(fault, Fault::hint)
    }
}

/// Where the token of this plan is, for messages.
pub(crate) fn place(plan: &TokenPlan) -> String {
    match &plan.source {
        Source::Variable(name) => format!("`{name}`"),
        Source::File(path) if path == STANDARD_INPUT => "standard input".to_owned(),
        Source::File(path) => format!("`{path}`"),
        Source::Request { request, socket, .. } => {
            let host = socket.as_deref().or_else(|| request.url.split('/').nth(2)).unwrap_or_default();
            format!("{} at {host}", plan.platform.token_service())
        }
        Source::Program(words) => format!("`{}`", command_line(words)),
    }
}

/// Obtains the token. Requests to a token service end at the deadline.
pub fn obtain(plan: &TokenPlan, deadline: Deadline, context: Context<'_>) -> Result<Obtained, Fault> {
    if let Source::Request { request, .. } = &plan.source {
        learn_credentials(request, context.ports);
    }
    let obtained = find(plan, deadline, context)?;
    context.ports.secrets.learn(obtained.token.reveal());
    Ok(obtained)
}

/// What a request authenticates itself with is as secret as its answer.
pub(crate) fn learn_credentials(request: &Request, ports: Ports<'_>) {
    for (_, value) in request.headers.iter().filter(|(name, _)| *name == "authorization") {
        ports.secrets.learn(value.split_once(' ').map_or(value.as_str(), |(_scheme, token)| token));
    }
}

fn find(plan: &TokenPlan, deadline: Deadline, context: Context<'_>) -> Result<Obtained, Fault> {
    match &plan.source {
        Source::Variable(name) => from_variable(name, context),
        Source::File(path) => from_file(path, plan.named, plan.platform, context),
        Source::Request { .. } => {
            Ok(Obtained { token: service::ask(plan, deadline, context.ports)?, place: place(plan) })
        }
        Source::Program(words) => from_program(&command_line(words), plan.platform, context),
    }
}

fn from_variable(name: &str, context: Context<'_>) -> Result<Obtained, Fault> {
    if !is_variable_name(name) {
        let message = "`--id-token-env` takes the name of a variable, and this cannot be one";
        return Err(Fault::new(Category::Usage, "id-token-variable-invalid", message)
            .hint("write the name alone, without `$`: `--id-token-env MY_TOKEN`"));
    }
    let token = context.ports.env.present(name).ok_or_else(|| {
        let message = format!("The variable `{name}` that should hold the ID token is not set or empty");
        let fault = Fault::new(Category::IdToken, "id-token-missing", message);
        match context.host {
            HostKind::Native => fault.hint("check its name, and that this step of the pipeline gets it"),
            HostKind::Stock => fault.hint(format!(
                "this host shows the component only the variables that it is told to: pass `--env {name}` to `wasmtime run`"
            )),
        }
    })?;
    Ok(Obtained { token: Secret::new(token), place: format!("`{name}`") })
}

fn from_file(
    name: &str,
    named: &str,
    platform: &'static dyn Platform,
    context: Context<'_>,
) -> Result<Obtained, Fault> {
    let is_platforms = named == platform.name();
    let place = if name == STANDARD_INPUT { "standard input".to_owned() } else { format!("`{name}`") };
    let fault = |code, message| Fault::new(Category::IdToken, code, message);
    let bytes = context
        .files
        .read(name)
        .map_err(|why| {
            let what = match is_platforms {
                true => format!("This job has no ID token: the file {place}, in which {} puts it,", platform.title()),
                false => format!("The ID token in {place}, named by `{named}`,"),
            };
            fault("id-token-unreadable", format!("{what} {why}"))
        })
        .map_err(|fault| match holds_token(name) {
            true => fault.hint("this is a token and no path: `--id-token-env NAME` reads one from a variable"),
            false if is_platforms => fault.hint(platform.missing_token_file()),
            false => fault.hint("name the file that an earlier step of this job wrote"),
        })?;
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        let message =
            format!("What {place} holds is UTF-16, as Windows PowerShell writes it with `>`, and a token is ASCII");
        return Err(fault("id-token-utf16", message)
            .hint("write the file as ASCII; in PowerShell with `Out-File -Encoding ascii -NoNewline`"));
    }
    let text = String::from_utf8(bytes)
        .map_err(|_| fault("id-token-not-text", format!("What {place} holds is not text, so it is no ID token")))?;
    // The line end belongs to the file, not to the token.
    let token = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    match token {
        "" => Err(fault("id-token-missing", format!("There is no ID token in {place}: it is empty"))
            .hint("look at the step that writes it: it failed, or ran after this one")),
        token => Ok(Obtained { token: Secret::new(token), place }),
    }
}

/// The host runs the program when a flag allows it, and hands over its output under the name of the
/// command line.
fn from_program(name: &str, platform: &'static dyn Platform, context: Context<'_>) -> Result<Obtained, Fault> {
    let Err(why) = context.files.read(name) else { return from_file(name, platform.name(), platform, context) };
    let message = format!("{} makes this token with `{name}`, whose output {why}", platform.title());
    Err(Fault::new(Category::IdToken, "program-needed", message)
        .hint("let the native host run that program: `--allow-program`")
        .hint(format!("or pipe its output: `{name} | azure-oidc exchange --id-token -`")))
}
