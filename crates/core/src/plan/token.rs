//! Finds the source of a job's ID token.

use crate::cloud::{self, Cloud};
use crate::fault::Fault;
use crate::platform::text::shell_quote;
use crate::platform::{self, Platform, Source};
use crate::ports::Env;

/// Standard input, where a file is named.
pub const STANDARD_INPUT: &str = "-";

/// Where a user says that the ID token is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenSource<'a> {
    /// Where the platform keeps it.
    #[default]
    Platform,
    /// In this variable.
    Variable(&'a str),
    /// In this file.
    File(&'a str),
    /// On standard input.
    StandardInput,
}

/// What decides where the ID token is, besides the environment.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenInputs<'a> {
    /// What the user says.
    pub source: TokenSource<'a>,
    /// The platform that the user names.
    pub platform: Option<&'a str>,
    /// The audience that the user asks the platform for.
    pub audience: Option<&'a str>,
    /// Whether the token will be needed again: then a source that issues new ones comes before a
    /// variable.
    pub is_lasting: bool,
}

/// Whether another ID token can be had later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The platform issues one for each request.
    Requested,
    /// The platform replaces the file in time.
    Replaced,
    /// Somebody may replace the file.
    Unsure,
    /// The token of the start is the only one.
    Never,
}

/// Where the ID token is.
#[derive(Debug, Clone)]
pub struct TokenPlan {
    /// The platform that the job runs on. When the user says where the token is, it only decides
    /// how the result leaves.
    pub platform: &'static dyn Platform,
    /// Where the token is. Standard input is the file [`STANDARD_INPUT`].
    pub source: Source,
    /// The option or the platform that names a file, for messages.
    pub named: &'static str,
    /// A variable with another ID token of the job, for when Entra refuses the first one for its
    /// subject.
    pub alternative: Option<String>,
}

impl TokenPlan {
    /// Selects the platform, and finds out where the token is. The cloud decides which audience the
    /// platform is asked for.
    pub fn resolve(inputs: &TokenInputs<'_>, cloud: Option<&'static Cloud>, env: &dyn Env) -> Result<Self, Fault> {
        let selected = platform::select_for_output(inputs.platform, env)?;
        let platform = selected.platform;
        let mut alternative = None;
        let (source, named) = match inputs.source {
            TokenSource::Variable(name) => (Source::Variable(name.to_owned()), "--id-token-env"),
            TokenSource::File(path) => (Source::File(path.to_owned()), "--id-token-file"),
            TokenSource::StandardInput => (Source::File(STANDARD_INPUT.to_owned()), "--id-token"),
            TokenSource::Platform => {
                // A platform that lacks something is an obstacle only when the token is to come
                // from it.
                let usual = cloud.unwrap_or(cloud::PUBLIC).usual_audience();
                let own = selected.for_token().and_then(|_| of_platform(platform, inputs, usual, env));
                let source = match own {
                    Ok(source @ (Source::Request { .. } | Source::Program(_))) => source,
                    own => match platform::request_on_this_machine(env, usual, inputs.audience) {
                        Some(source) => source,
                        None => own.map_err(|fault| name_request_pair(fault, env))?,
                    },
                };
                if matches!(source, Source::Variable(_)) {
                    alternative = platform.alternative(env);
                }
                (source, platform.name())
            }
        };
        Ok(Self { platform, source, named, alternative })
    }

    /// The file that holds the token, when other programs can read it too.
    pub fn file(&self) -> Option<&str> {
        match &self.source {
            Source::File(path) if path != STANDARD_INPUT => Some(path),
            _ => None,
        }
    }

    /// Whether another ID token can be had later.
    pub fn again(&self) -> Again {
        match &self.source {
            Source::Request { .. } | Source::Program(_) => Again::Requested,
            Source::File(path) if path == STANDARD_INPUT => Again::Never,
            Source::File(_) if self.platform.replaces_file() && self.named == self.platform.name() => Again::Replaced,
            Source::File(_) => Again::Unsure,
            Source::Variable(_) => Again::Never,
        }
    }

    /// The file in which the platform says that it keeps this token.
    pub(super) fn kept_in(&self, env: &dyn Env) -> Option<String> {
        self.platform.id_token_file(env).filter(|_| self.named == self.platform.name())
    }
}

fn of_platform(
    platform: &'static dyn Platform,
    inputs: &TokenInputs<'_>,
    usual: &str,
    env: &dyn Env,
) -> Result<Source, Fault> {
    let source = match inputs.audience {
        Some(audience) => platform.id_token_for(env, audience)?,
        None => platform.id_token(env, usual)?,
    };
    if inputs.is_lasting
        && matches!(source, Source::Variable(_))
        && let Ok(request @ Source::Request { .. }) = platform.id_token_for(env, usual)
    {
        return Ok(request);
    }
    Ok(source)
}

/// The platform gives no token, but variables of Terraform's providers may do.
fn name_request_pair(fault: Fault, env: &dyn Env) -> Fault {
    match platform::is_request_pair_set(env) {
        true => fault.hint(
            "`ARM_OIDC_REQUEST_URL` and `ARM_OIDC_REQUEST_TOKEN` are set: `--platform generic` requests the token with them",
        ),
        false => fault,
    }
}

/// A command line as a shell takes it. It is also the name under which the host hands over what the
/// program prints.
pub fn command_line(words: &[String]) -> String {
    let is_plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:=".contains(&byte));
    let quoted = |word: &String| if is_plain(word) { word.clone() } else { shell_quote(word) };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}
