//! What a command needs from its host: variables to show, files to read, destinations to reach, files to append to.
//!
//! The native host works this out from the command line before it starts the component, and grants exactly this. The component
//! has no say in it.

use azure_oidc_core::authority::Authority;
use azure_oidc_core::cloud;
use azure_oidc_core::platform::{self, File, Platform, Source};
use azure_oidc_core::ports::Env;
use azure_oidc_core::settings;
use azure_oidc_core::token::Token;

use crate::{Cli, Command, PlatformArgs, SignIn, TokenSource};

/// Standard input, where a file is named.
pub const STANDARD_INPUT: &str = "-";

/// What a command needs.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Grants {
    /// Names of variables to show, if they are set.
    pub variables: Vec<String>,
    /// Destinations to allow.
    pub destinations: Vec<Destination>,
    /// Files that the result will be appended to; whether that can be done should be known before anything is sent.
    pub outputs: Vec<File>,
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
}

impl Destination {
    /// Reads `https://host[:port]/...`; nothing when it is not such a URL.
    pub fn of_url(url: &str, why: &'static str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let base = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let authority = Authority::parse(&format!("{scheme}://{base}"), "a URL").ok()?;
        Some(Self { host: authority.host().to_owned(), port: Some(authority.port()), why })
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
        Command::Inspect(_) | Command::Credential(_) | Command::Doctor(_) | Command::Component(_) => {}
    }
    if let Some((source, platform)) = token_options(cli) {
        match source {
            TokenSource { id_token_file: Some(path), .. } => names.push(path.clone()),
            TokenSource { id_token: Some(_), .. } => names.push(STANDARD_INPUT.to_owned()),
            TokenSource { id_token_env: Some(_), .. } => {}
            _ => {
                if let Some(Source::File(path)) = platform_source(platform, env) {
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
        if !source.is_given()
            && let Some(Source::Request { request, .. }) = platform_source(platform, env)
        {
            grants.destinations.extend(Destination::of_url(&request.url, "the platform's token service"));
        }
    }
    if let Some(sign_in) = sign_in(cli) {
        grants.variables.extend(settings::ALL.iter().flat_map(|setting| setting.variables).map(ToString::to_string));
        grants.destinations.extend(authority(sign_in, env));
    }
    match &cli.command {
        Command::Exchange(args) => grants.outputs = outputs(&args.output, &args.platform, env),
        Command::Check(args) if args.discover => {
            grants.destinations.extend(issuer(&args.token, &args.platform, env, read))
        }
        Command::Verify(args) if args.discover => {
            grants.destinations.extend(issuer(&args.token, &args.platform, env, read))
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

fn platform_source(args: &PlatformArgs, env: &dyn Env) -> Option<Source> {
    selected(args, env)?.id_token(env, cloud::PUBLIC.exchange_audience.unwrap_or_default()).ok()
}

fn token_options(cli: &Cli) -> Option<(&TokenSource, &PlatformArgs)> {
    match &cli.command {
        Command::Exchange(args) => Some((&args.token, &args.platform)),
        Command::Check(args) => Some((&args.token, &args.platform)),
        Command::Verify(args) => Some((&args.token, &args.platform)),
        Command::Inspect(args) => Some((&args.token, &args.platform)),
        Command::Doctor(args) => Some((&args.token, &args.platform)),
        Command::Credential(args) if args.from_token || args.token.is_given() => Some((&args.token, &args.platform)),
        Command::Explain(args) if args.token.is_given() => Some((&args.token, &ANY_PLATFORM)),
        Command::Explain(_) | Command::Credential(_) | Command::Component(_) => None,
    }
}

static ANY_PLATFORM: PlatformArgs = PlatformArgs { platform: None };

fn sign_in(cli: &Cli) -> Option<&SignIn> {
    match &cli.command {
        Command::Exchange(args) => Some(&args.sign_in),
        Command::Doctor(args) => Some(&args.sign_in),
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
    Some(Destination { host: authority.host().to_owned(), port: Some(authority.port()), why: "the authority" })
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
        _ => match platform_source(platform, env)? {
            Source::Variable(name) => env.present(&name)?,
            Source::File(path) => read(&path)?,
            Source::Request { .. } | Source::Program(_) => return None,
        },
    };
    let token = Token::parse(text.trim_end()).ok()?;
    Destination::of_url(token.claims().iss.as_deref()?, "the token's issuer")
}
