//! What a command needs from its host: variables to show, files to read, destinations to reach, files to append to.
//!
//! The native host works this out from the command line before it starts the component, and grants exactly this. The component
//! has no say in it.

use azure_oidc_core::Secret;
use azure_oidc_core::authority::Authority;
use azure_oidc_core::cloud;
use azure_oidc_core::platform::text::shell_quote;
use azure_oidc_core::platform::{self, File, Platform, Publication, Source, Value};
use azure_oidc_core::ports::Env;
use azure_oidc_core::settings;
use azure_oidc_core::token::Token;

use crate::{Cli, Command, ExchangeArgs, PlatformArgs, Publish, SignIn, TokenSource};

const TOKEN_SERVICE: &str = "the platform's token service";

/// Standard input, where a file is named.
pub const STANDARD_INPUT: &str = "-";

/// What a command needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Names of variables to show, if they are set.
    pub variables: Vec<String>,
    /// Destinations to allow.
    pub destinations: Vec<Destination>,
    /// Unix sockets to connect to, each under the host name that stands for it.
    pub sockets: Vec<(&'static str, String)>,
    /// A program of the CI system whose standard output is wanted as the file of this name, which is its command line. It is run only
    /// when a flag allows it.
    pub program: Option<(String, Vec<String>)>,
    /// Files that the result will be appended to; whether that can be done should be known before anything is sent.
    pub outputs: Vec<File>,
    /// A file that is written anew, for its owner only: where the ID token is kept for the tools of Azure.
    pub id_token_output: Option<String>,
}

/// A place that may be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// Host name in lower case, or an address; an IPv6 address in brackets.
    pub host: String,
    /// Port; any when none.
    pub port: Option<u16>,
    /// What it is for.
    pub why: &'static str,
    /// Whether it is one of [`platform::PLAIN_HOSTS`]: next to the job, without TLS, and at addresses that nothing else may have.
    pub is_beside: bool,
}

impl Destination {
    /// Reads `https://host[:port]/...`; nothing when it is not such a URL.
    pub fn of_url(url: &str, why: &'static str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let base = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let (name, port) = base.rsplit_once(':').unwrap_or((base, "80"));
        if scheme == "http" && platform::PLAIN_HOSTS.contains(&name) {
            return Some(Self { host: name.to_owned(), port: port.parse().ok(), why, is_beside: true });
        }
        let authority = Authority::parse(&format!("{scheme}://{base}"), "a URL").ok()?;
        Some(Self { host: authority.host().to_owned(), port: Some(authority.port()), why, is_beside: false })
    }
}

/// Names of the files that a command reads, `-` for standard input, in the words of the command line.
pub fn files(cli: &Cli, env: &dyn Env) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut add = |name: &Option<String>| names.extend(name.clone());
    match &cli.command {
        Command::Exchange(args) => add(&args.credential),
        Command::Check(args) => {
            add(&args.credential);
            add(&args.jwks);
        }
        Command::Verify(args) => add(&args.jwks),
        Command::Explain(args) => {
            add(&args.credential);
            if args.what == STANDARD_INPUT {
                add(&Some(STANDARD_INPUT.to_owned()));
            }
        }
        Command::Inspect(_)
        | Command::Credential(_)
        | Command::Doctor(_)
        | Command::Serve(_)
        | Command::Component(_)
        | Command::Completions(_) => {}
    }
    if let Some((source, platform)) = token_options(cli) {
        match source {
            TokenSource { id_token_file: Some(path), .. } => names.push(path.clone()),
            TokenSource { id_token: Some(_), .. } => names.push(STANDARD_INPUT.to_owned()),
            TokenSource { id_token_env: Some(_), .. } => {}
            _ => {
                if let Some(Source::File(path)) = platform_source(platform, audience(cli), env) {
                    names.push(path);
                }
            }
        }
    }
    names.sort();
    names.dedup();
    names
}

/// Everything else. `read` gives the contents of a file of [`files`], for the commands whose destination a token names.
pub fn needed(cli: &Cli, env: &dyn Env, read: &dyn Fn(&str) -> Option<String>) -> Grants {
    let mut grants = Grants::default();
    if let Some((source, platform)) = token_options(cli) {
        grants.variables.extend(source.id_token_env.clone());
        if let Command::Doctor(_) = &cli.command {
            show(&mut grants, platform::ALL, env);
        } else if !source.is_given() || matches!(cli.command, Command::Exchange(_)) {
            match selected(platform, env) {
                Some(one) => show(&mut grants, &[one], env),
                // The component will say what is wrong; for that it must see what is there.
                None => show(&mut grants, platform::ALL, env),
            }
        }
        if !source.is_given() {
            match platform_source(platform, audience(cli), env) {
                Some(Source::Request { request, .. }) => reach(&mut grants, &request.url, TOKEN_SERVICE, env),
                Some(Source::Program(words)) => grants.program = Some((command_line(&words), words)),
                _ => {}
            }
        }
    }
    if let Some(sign_in) = sign_in(cli) {
        grants.variables.extend(settings::ALL.iter().flat_map(|setting| setting.variables).map(ToString::to_string));
        grants.destinations.extend(authority(sign_in, env));
    }
    match &cli.command {
        Command::Exchange(args) => {
            // The result may leave in the way of another platform than the one that the token comes from.
            if let Some(publisher) = publishing_platform(&args.output, &args.platform, env) {
                show(&mut grants, &[publisher], env);
                // Where it would go is in the request for any secret.
                let secret = Value { name: "A".to_owned(), value: Secret::new("a"), secret: true };
                for publication in publisher.publish(&[secret], env).unwrap_or_default() {
                    if let Publication::Send(request) = publication {
                        reach(&mut grants, &request.url, "the platform's agent", env);
                    }
                }
            }
            if args.publish != Publish::Token {
                grants.variables.extend(JOB_FOLDERS.map(str::to_owned));
                grants.id_token_output = id_token_output(args, is_in_file(&args.token, &args.platform, env), env);
            }
            grants.outputs = outputs(&args.output, &args.platform, env);
        }
        Command::Check(args) if args.discover => {
            grants.destinations.extend(issuer(&args.token, &args.platform, env, read));
        }
        Command::Serve(_) => grants.variables.extend(settings::SERVICE.map(str::to_owned)),
        Command::Verify(args) if args.discover => {
            grants.destinations.extend(issuer(&args.token, &args.platform, env, read));
        }
        _ => {}
    }
    grants.variables.sort();
    grants.variables.dedup();
    grants
}

/// The platform whose way of publishing an `exchange` uses, when it has one.
pub fn publishing_platform(output: &str, platform: &PlatformArgs, env: &dyn Env) -> Option<&'static dyn Platform> {
    match output {
        "auto" => {
            let selected = platform::select_for_output(platform.platform.as_deref(), env).ok()?;
            Some(selected.platform).filter(|platform| platform.name() != "generic")
        }
        name => platform::by_name(name),
    }
}

fn outputs(output: &str, platform: &PlatformArgs, env: &dyn Env) -> Vec<File> {
    publishing_platform(output, platform, env).and_then(|platform| platform.outputs(env).ok()).unwrap_or_default()
}

fn show(grants: &mut Grants, platforms: &[&'static dyn Platform], env: &dyn Env) {
    let wanted = |(name, value): &(String, String)| platforms.iter().any(|platform| platform.shows(name, value));
    grants.variables.extend(env.all().into_iter().filter(wanted).map(|(name, _)| name));
}

fn selected(args: &PlatformArgs, env: &dyn Env) -> Option<&'static dyn Platform> {
    platform::select(args.platform.as_deref(), env).ok().map(|selected| selected.platform)
}

fn platform_source(args: &PlatformArgs, audience: Option<&str>, env: &dyn Env) -> Option<Source> {
    let platform = selected(args, env)?;
    match audience {
        Some(audience) => platform.id_token_for(env, audience).ok(),
        None => platform.id_token(env, cloud::PUBLIC.exchange_audience.unwrap_or_default()).ok(),
    }
}

fn audience(cli: &Cli) -> Option<&str> {
    match &cli.command {
        Command::Exchange(args) => args.audience.as_deref(),
        _ => None,
    }
}

fn reach(grants: &mut Grants, url: &str, why: &'static str, env: &dyn Env) {
    let name = url.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    match platform::SOCKETS.iter().find(|socket| Some(socket.host) == name) {
        Some(socket) => grants.sockets.extend(socket.path(env).map(|path| (socket.host, path))),
        None => grants.destinations.extend(Destination::of_url(url, why)),
    }
}

/// The words as a shell takes them, which is also the name of the file that holds what the program prints.
pub fn command_line(words: &[String]) -> String {
    let is_plain = |word: &str| word.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./:=".contains(&byte));
    let quoted = |word: &String| if is_plain(word) { word.clone() } else { shell_quote(word) };
    words.iter().map(quoted).collect::<Vec<_>>().join(" ")
}

/// Where the ID token is kept for the tools of Azure: where the user says, else in the folder that the platform empties with each
/// job. None when it is in a file already, or when there is no place for it.
pub fn id_token_output(args: &ExchangeArgs, is_in_file: bool, env: &dyn Env) -> Option<String> {
    let in_folder = |folder: String| format!("{}/azure-oidc-id-token", folder.trim_end_matches(['/', '\\']));
    let usual = || JOB_FOLDERS.iter().find_map(|name| env.present(name)).map(in_folder).filter(|_| !is_in_file);
    args.id_token_output.clone().or_else(usual)
}

/// Variables that name a folder which lasts as long as the job: GitHub's, Azure Pipelines' and Harness's.
pub const JOB_FOLDERS: [&str; 3] = ["RUNNER_TEMP", "AGENT_TEMPDIRECTORY", "HARNESS_SCRATCH_DIR"];

fn is_in_file(source: &TokenSource, platform: &PlatformArgs, env: &dyn Env) -> bool {
    let of_platform = || matches!(platform_source(platform, None, env), Some(Source::File(_)));
    source.id_token_file.is_some() || !source.is_given() && of_platform()
}

pub(crate) fn token_options(cli: &Cli) -> Option<(&TokenSource, &PlatformArgs)> {
    match &cli.command {
        Command::Exchange(args) => Some((&args.token, &args.platform)),
        Command::Check(args) if args.token_issuer.is_none() => Some((&args.token, &args.platform)),
        Command::Verify(args) => Some((&args.token, &args.platform)),
        Command::Inspect(args) => Some((&args.token, &args.platform)),
        Command::Doctor(args) => Some((&args.token, &args.platform)),
        Command::Credential(args) if args.from_token || args.token.is_given() => Some((&args.token, &args.platform)),
        Command::Explain(args) if args.token.is_given() => Some((&args.token, &ANY_PLATFORM)),
        Command::Check(_)
        | Command::Explain(_)
        | Command::Credential(_)
        | Command::Serve(_)
        | Command::Component(_)
        | Command::Completions(_) => None,
    }
}

/// The service takes nothing from a command line: hosts that run it have none.
static BY_VARIABLES: SignIn = SignIn { tenant_id: None, client_id: None, cloud: None, authority_host: None };

static ANY_PLATFORM: PlatformArgs = PlatformArgs { platform: None };

fn sign_in(cli: &Cli) -> Option<&SignIn> {
    match &cli.command {
        Command::Exchange(args) => Some(&args.sign_in),
        Command::Doctor(args) => Some(&args.sign_in),
        Command::Serve(_) => Some(&BY_VARIABLES),
        _ => None,
    }
}

/// The authority as the component will find it: the flag, the variables, then the cloud. A wrong one is left to the component,
/// which says so; it needs no network for that.
fn authority(args: &SignIn, env: &dyn Env) -> Option<Destination> {
    let authority = match settings::AUTHORITY_HOST.find(args.authority_host.as_deref(), env) {
        Some(found) => Authority::parse(&found.value, found.named).ok()?,
        None => Authority::of(match &args.cloud {
            Some(name) => cloud::Cloud::by_name(name)?,
            None => cloud::PUBLIC,
        }),
    };
    let (host, port) = (authority.host().to_owned(), Some(authority.port()));
    Some(Destination { host, port, why: "the authority", is_beside: false })
}

fn issuer(
    source: &TokenSource,
    platform: &PlatformArgs,
    env: &dyn Env,
    read: &dyn Fn(&str) -> Option<String>,
) -> Option<Destination> {
    let text = match source {
        TokenSource { id_token_env: Some(name), .. } => env.present(name)?,
        TokenSource { id_token_file: Some(path), .. } => read(path)?,
        TokenSource { id_token: Some(_), .. } => read(STANDARD_INPUT)?,
        _ => match platform_source(platform, None, env)? {
            Source::Variable(name) => env.present(&name)?,
            Source::File(path) => read(&path)?,
            Source::Request { .. } | Source::Program(_) => return None,
        },
    };
    let token = Token::parse(text.trim_end()).ok()?;
    Destination::of_url(token.claims().iss.as_deref()?, "the token's issuer")
}

#[cfg(test)]
mod tests;
