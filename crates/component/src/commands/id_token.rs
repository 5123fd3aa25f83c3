//! Gets the ID token from where the options or the platform say it is.

use std::time::Duration;

use azure_oidc_cli::grants::{STANDARD_INPUT, command_line};
use azure_oidc_cli::{PlatformArgs, TokenSource};
use azure_oidc_core::cloud::Cloud;
use azure_oidc_core::platform::{self, Platform, Source};
use azure_oidc_core::ports::{Request, Response, TransportError};
use azure_oidc_core::token::{Malformed, Token};
use azure_oidc_core::{Category, Fault, Secret};

use super::{Context, HostKind};

/// An ID token that was found.
pub struct Obtained {
    /// The token.
    pub token: Secret,
    /// Where it was found, for messages.
    pub place: String,
    /// The file that it is in, when that can be named again.
    pub file: Option<String>,
    /// The platform that this job runs on, as far as it matters.
    pub platform: &'static dyn Platform,
}

impl Obtained {
    /// Decodes it.
    pub fn parse(&self) -> Result<Token, Fault> {
        Token::parse(self.token.reveal()).map_err(|malformed| self.malformed(&malformed))
    }

    /// The fault of a token that is no JWT at all, which ends a job before the network.
    pub fn malformed(&self, malformed: &Malformed) -> Fault {
        let message = format!("What {} holds is not an ID token: {}", self.place, malformed.message);
        let fault = Fault::new(Category::IdToken, malformed.code, message);
        let fault = fault.fact("Entra would answer", format!("AADSTS{}", malformed.aadsts));
        malformed.hint.into_iter().fold(fault, Fault::hint)
    }
}

/// Where the token is to come from, before it is fetched.
pub struct Wanted<'a> {
    /// The options.
    pub source: &'a TokenSource,
    /// The platform's options.
    pub platform: &'a PlatformArgs,
    /// The audience that was asked for by name.
    pub audience: Option<&'a str>,
    /// The cloud whose audience is meant otherwise.
    pub cloud: Option<&'static Cloud>,
    /// How long a request to the platform may take.
    pub timeout: Duration,
}

impl<'a> Wanted<'a> {
    /// By the options alone: for commands that take whatever token there is.
    pub fn by(source: &'a TokenSource, platform: &'a PlatformArgs) -> Self {
        Self { source, platform, audience: None, cloud: None, timeout: Duration::from_secs(30) }
    }
}

/// Gets the token.
pub fn obtain(wanted: &Wanted<'_>, context: Context<'_>) -> Result<Obtained, Fault> {
    // A platform that gives this job no token is no obstacle when the token comes from elsewhere.
    let select = if wanted.source.is_given() { platform::select_for_output } else { platform::select };
    let platform = select(wanted.platform.platform.as_deref(), context.ports.env)?.platform;
    let (token, place) = match wanted.source {
        TokenSource { id_token_env: Some(name), .. } => from_variable(name, context)?,
        TokenSource { id_token_file: Some(path), .. } => from_file(path, "--id-token-file", context)?,
        TokenSource { id_token: Some(_), .. } => from_file(STANDARD_INPUT, "--id-token", context)?,
        _ => from_platform(wanted, platform, context)?,
    };
    let file = match (wanted.source, platform.id_token(context.ports.env, "")) {
        (TokenSource { id_token_file: Some(path), .. }, _) => Some(path.clone()),
        (source, Ok(Source::File(path))) if !source.is_given() => Some(path),
        _ => None,
    };
    Ok(Obtained { token, place, file, platform })
}

fn from_variable(name: &str, context: Context<'_>) -> Result<(Secret, String), Fault> {
    let token = context.ports.env.present(name).ok_or_else(|| {
        let fault = Fault::new(
            Category::IdToken,
            "id-token-missing",
            format!("The variable `{name}` that should hold the ID token is not set or empty"),
        );
        match context.host {
            HostKind::Native => fault.hint("check its name, and that this step of the pipeline gets it"),
            HostKind::Stock => {
                fault.hint(format!("this host shows only what it is told to: pass `--env {name}` to `wasmtime run`"))
            }
        }
    })?;
    Ok((Secret::new(token), format!("`{name}`")))
}

fn from_file(name: &str, named: &str, context: Context<'_>) -> Result<(Secret, String), Fault> {
    let place = if name == STANDARD_INPUT { "standard input".to_owned() } else { format!("`{name}`") };
    let bytes = context.files.read(name).map_err(|why| {
        Fault::new(
            Category::IdToken,
            "id-token-unreadable",
            format!("The ID token in {place}, named by `{named}`, {why}"),
        )
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Fault::new(
            Category::IdToken,
            "id-token-not-text",
            format!("What {place} holds is not text, so it is no ID token"),
        )
    })?;
    // The line end belongs to the file, not to the token.
    let token = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    if token.is_empty() {
        return Err(Fault::new(
            Category::IdToken,
            "id-token-missing",
            format!("There is no ID token in {place}: it is empty"),
        ));
    }
    Ok((Secret::new(token), place))
}

fn from_platform(
    wanted: &Wanted<'_>,
    platform: &'static dyn Platform,
    context: Context<'_>,
) -> Result<(Secret, String), Fault> {
    let env = context.ports.env;
    let source = match wanted.audience {
        Some(audience) => platform.id_token_for(env, audience)?,
        None => {
            platform.id_token(env, wanted.cloud.and_then(|cloud| cloud.exchange_audience).unwrap_or(PUBLIC_AUDIENCE))?
        }
    };
    match source {
        Source::Variable(name) => from_variable(&name, context),
        Source::File(path) => from_file(&path, platform.name(), context),
        Source::Request { request, read, attempts, socket } => {
            let token = ask(&request, read, attempts.max(1), wanted.timeout, platform, context)?;
            let host = socket.as_deref().or_else(|| request.url.split('/').nth(2)).unwrap_or_default();
            Ok((token, format!("the token service of {} at {host}", platform.title())))
        }
        // The host runs it, if it may, and hands over what it prints.
        Source::Program(words) => {
            let name = command_line(&words);
            let Err(why) = context.files.read(&name) else { return from_file(&name, platform.name(), context) };
            let message = format!("{} hands this token out through `{name}`, whose output {why}", platform.title());
            Err(Fault::new(Category::IdToken, "program-needed", message)
                .hint("let the native host run that program: `--allow-program`")
                .hint(format!("or pipe its output: `{name} | azure-oidc exchange --id-token -`")))
        }
    }
}

const PUBLIC_AUDIENCE: &str = "api://AzureADTokenExchange";
const PAUSE: Duration = Duration::from_secs(1);

/// Asks a platform's token service. Only a lost connection and the faults that the platform calls passing are asked again.
fn ask(
    request: &Request,
    read: fn(&Response) -> Result<Secret, Fault>,
    attempts: u32,
    timeout: Duration,
    platform: &dyn Platform,
    context: Context<'_>,
) -> Result<Secret, Fault> {
    let mut attempt = 1;
    loop {
        let result = context.ports.http.send(std::slice::from_ref(request), timeout / attempts).pop();
        let (fault, passing) = match result {
            Some(Ok(response)) => match read(&response) {
                Ok(token) => return Ok(token),
                Err(fault) => {
                    let passing = fault.is_transient;
                    (fault, passing)
                }
            },
            Some(Err(error)) => (unreachable(&error, platform), error.kind.is_transient()),
            None => return Err(Fault::new(Category::IdToken, "id-token-missing", "The host sent no request")),
        };
        if !passing || attempt >= attempts {
            return Err(fault);
        }
        attempt += 1;
        context.ports.clock.sleep(PAUSE);
    }
}

fn unreachable(error: &TransportError, platform: &dyn Platform) -> Fault {
    let fault = Fault::new(
        Category::IdToken,
        "token-service-unreachable",
        format!("The token service of {} gave no answer", platform.title()),
    )
    .fact("failure", format!("{:?}", error.kind).to_ascii_lowercase())
    .hint("it is part of the CI system; a proxy that catches its address is the usual cause, see `NO_PROXY`");
    if error.detail.is_empty() { fault } else { fault.fact("reason", error.detail.clone()) }
}
