//! What a command needs from its host: variables to show, files to read, destinations to reach,
//! files to write.
//!
//! The native host works this out from the command line before it starts the component, and grants
//! exactly this. The component cannot change it.

use azure_oidc_core::authority::Authority;
use azure_oidc_core::plan::{
    CURRENT_FOLDER, Endpoint, HostKind, IdTokenPlace, Inputs, JOB_FOLDERS, Plan, Publish, TEMPORARY_FOLDER, TokenPlan,
    command_line,
};
use azure_oidc_core::platform::{self, File, Platform, Publication, Source, Value};
use azure_oidc_core::ports::Env;
use azure_oidc_core::settings;
use azure_oidc_core::settings::NO_PROXY;
use azure_oidc_core::shell::Shell;
use azure_oidc_core::token::Token;
use azure_oidc_core::{Fault, Secret, issuer};

pub use azure_oidc_core::plan::STANDARD_INPUT;

use crate::{
    BrokerOptions, Cli, Command, CredentialArgs, DoctorArgs, ExchangeArgs, PlatformArgs, SetupArgs, ShellArgs, SignIn,
    TokenSource,
};

/// What a command needs.
#[derive(Debug, Default)]
pub struct Grants {
    /// Names of variables to show, if they are set.
    pub variables: Vec<String>,
    /// Names of the files to read, in the words of the command line; `-` is standard input.
    pub files: Vec<String>,
    /// Destinations to allow.
    pub destinations: Vec<Destination>,
    /// Unix sockets to connect to, each under the host name that stands for it.
    pub sockets: Vec<(&'static str, String)>,
    /// A program of the CI system whose standard output is wanted as the file of this name, which
    /// is its command line. It is run only when a flag allows it.
    pub program: Option<(String, Vec<String>)>,
    /// Files that the result will be appended to; the host checks that it can before anything is
    /// sent.
    pub outputs: Vec<File>,
    /// The file that Azure's tools read the ID token from. The host writes a new one, for its owner
    /// only.
    pub id_token_output: Option<String>,
    /// The folder in which the host writes a new file for the job's shell, for its owner only.
    pub new_file_in: Option<String>,
    /// The tool whose input names the one server that it needs a credential for.
    asked: Option<helpers::Tool>,
    /// Where the token is whose issuer must be reached for its keys.
    discovered: Option<Source>,
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
    /// Whether it is one of [`platform::PLAIN_HOSTS`]: next to the job, without TLS, and at
    /// addresses that nothing else may have.
    pub is_beside: bool,
    /// Whether it may be at public addresses only, because a token chose it.
    pub is_public_only: bool,
}

impl Destination {
    /// Reads `https://host[:port]/...`; nothing when it is not such a URL.
    pub fn of_url(url: &str, why: &'static str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let base = rest.split(['/', '?', '#']).next().unwrap_or(rest);
        let (name, port) = base.rsplit_once(':').unwrap_or((base, "80"));
        if scheme == "http" && platform::PLAIN_HOSTS.contains(&name) {
            return Some(Self {
                host: name.to_owned(),
                port: port.parse().ok(),
                why,
                is_beside: true,
                is_public_only: false,
            });
        }
        Authority::parse(&format!("{scheme}://{base}"), "a URL").ok().map(|authority| Self::of(&authority, why))
    }

    fn of(authority: &Authority, why: &'static str) -> Self {
        let (host, port) = (authority.host().to_owned(), Some(authority.port()));
        Self { host, port, why, is_beside: false, is_public_only: false }
    }

    /// The host of an issuer's documents.
    fn of_issuer(issuer: &str, allowed: &[String], why: &'static str) -> Result<Self, Fault> {
        let authority = issuer::fetchable(issuer, allowed)?;
        Ok(Self { is_public_only: true, ..Self::of(&authority, why) })
    }
}

/// What this command needs here.
pub fn needed(cli: &Cli, env: &dyn Env) -> Grants {
    let mut grants = Grants { files: named_files(&cli.command), ..Grants::default() };
    match &cli.command {
        Command::Exchange(args) => grants.add_exchange(args, env),
        Command::Doctor(args) => grants.add_doctor(args, env),
        Command::Exec(args) => grants.add_broker(&args.options, env),
        Command::Broker(args) => grants.add_broker(&args.options, env),
        command @ (Command::DockerCredential(_)
        | Command::KubernetesCredential(_)
        | Command::GitCredential(_)
        | Command::IdToken(_)) => grants.add_tool(command, env),
        Command::Serve(_) => {
            // The service takes nothing from a command line: hosts that run it have none.
            grants.add_sign_in(endpoint(&SignIn::default(), env).as_ref());
            grants.variables.extend(settings::SERVICE.map(str::to_owned));
        }
        command => {
            if let Some((source, platform)) = token_options(cli) {
                let is_discovered = match command {
                    Command::Check(args) => args.discover,
                    Command::Verify(args) => args.discover,
                    _ => false,
                };
                grants.add_question(source, platform, is_discovered, env);
            }
        }
    }
    if shell_options(&cli.command).is_some_and(|options| options.shell.is_none()) {
        grants.variables.extend(Shell::VARIABLES.map(str::to_owned));
    }
    for names in [&mut grants.variables, &mut grants.files] {
        names.sort();
        names.dedup();
    }
    grants
}

impl Grants {
    /// The issuer of the token, for a command that fetches its keys. `allowed` are the values of
    /// `--allow-host`; `read` gives the contents of one of the files. An issuer that must not be
    /// asked is left to the component, which reports it by the same rule.
    pub fn issuer(
        &self,
        allowed: &[String],
        env: &dyn Env,
        read: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Destination> {
        let text = match self.discovered.as_ref()? {
            Source::Variable(name) => env.present(name)?,
            Source::File(path) => read(path)?,
            Source::Request { .. } | Source::Program(_) => return None,
        };
        let token = Token::parse(text.trim_end()).ok()?;
        Destination::of_issuer(token.claims().iss.as_deref()?, allowed, "the token's issuer").ok()
    }

    fn add_exchange(&mut self, args: &ExchangeArgs, env: &dyn Env) {
        self.variables.extend(args.token.id_token_env.clone());
        let endpoint = endpoint(&args.sign_in, env);
        let inputs = args.plan_inputs(HostKind::Native);
        let plan = endpoint.as_ref().and_then(|endpoint| Plan::resolve(&inputs, endpoint.cloud, env).ok());
        if args.publish != Publish::Token || plan.as_ref().is_none_or(|plan| plan.output.folder.is_some()) {
            self.add_folders();
        }
        match plan {
            Some(plan) => {
                self.show(&[plan.token.platform], env);
                self.add_token(plan.token.source, env);
                if let Some(publisher) = plan.output.form.publisher() {
                    self.show(&[publisher], env);
                    self.add_agent(publisher, env);
                }
                self.outputs = plan.output.files;
                self.new_file_in = plan.output.folder;
                match plan.output.id_token {
                    Some(IdTokenPlace::NewFile(path)) => self.id_token_output = Some(path),
                    Some(IdTokenPlace::PlatformFile(path)) => self.files.push(path),
                    Some(IdTokenPlace::File(_) | IdTokenPlace::Variable) | None => {}
                }
            }
            // The component reports what is wrong; for that it must see what is there.
            None => self.show(platform::ALL, env),
        }
        self.add_sign_in(endpoint.as_ref());
    }

    /// The variables that name folders of the job.
    fn add_folders(&mut self) {
        self.variables.extend(JOB_FOLDERS.map(str::to_owned));
        self.variables.extend([CURRENT_FOLDER, TEMPORARY_FOLDER].map(str::to_owned));
    }

    fn add_doctor(&mut self, args: &DoctorArgs, env: &dyn Env) {
        self.show(platform::ALL, env);
        self.add_folders();
        self.variables.extend(args.token.id_token_env.clone());
        let endpoint = endpoint(&args.sign_in, env);
        let cloud = endpoint.as_ref().and_then(|endpoint| endpoint.cloud);
        if let Ok(plan) = TokenPlan::resolve(&args.token.inputs(&args.platform), cloud, env) {
            self.add_token(plan.source, env);
        }
        self.add_sign_in(endpoint.as_ref());
    }

    /// What each exchange needs, and the variables that are set anew.
    fn add_broker(&mut self, args: &BrokerOptions, env: &dyn Env) {
        self.variables.extend(args.token.id_token_env.clone());
        self.variables.extend(NO_PROXY.map(str::to_owned));
        self.add_exchanges(&args.sign_in, &args.plan_inputs(), env);
    }

    /// What exchanges need whose result stays here.
    fn add_exchanges(&mut self, sign_in: &SignIn, inputs: &Inputs<'_>, env: &dyn Env) {
        self.variables.extend(Shell::VARIABLES.map(str::to_owned));
        let endpoint = endpoint(sign_in, env);
        let plan = endpoint.as_ref().and_then(|endpoint| Plan::resolve(inputs, endpoint.cloud, env).ok());
        match plan {
            Some(plan) => {
                self.show(&[plan.token.platform], env);
                self.add_token(plan.token.source, env);
            }
            None => self.show(platform::ALL, env),
        }
        self.add_sign_in(endpoint.as_ref());
    }

    /// For a command that sends no token anywhere.
    fn add_question(&mut self, source: &TokenSource, platform: &PlatformArgs, is_discovered: bool, env: &dyn Env) {
        match TokenPlan::resolve(&source.inputs(platform), None, env) {
            Ok(plan) => {
                if !source.is_given() {
                    self.show(&[plan.platform], env);
                }
                self.discovered = is_discovered.then(|| plan.source.clone());
                self.add_token(plan.source, env);
            }
            Err(_) => self.show(platform::ALL, env),
        }
    }

    fn add_sign_in(&mut self, endpoint: Option<&Endpoint>) {
        self.variables.extend(settings::shown().map(str::to_owned));
        self.destinations.extend(endpoint.map(|endpoint| Destination::of(&endpoint.authority, "the authority")));
    }

    fn add_token(&mut self, source: Source, env: &dyn Env) {
        match source {
            Source::Variable(name) => self.variables.push(name),
            Source::File(path) => self.files.push(path),
            Source::Request { request, .. } => self.reach(&request.url, "the platform's token service", env),
            Source::Program(words) => self.program = Some((command_line(&words), words)),
        }
    }

    /// Where a platform's agent takes results is in the request for any secret.
    fn add_agent(&mut self, publisher: &dyn Platform, env: &dyn Env) {
        let secret = Value { name: "A".to_owned(), value: Secret::new("a"), secret: true };
        for publication in publisher.publish(&[secret], env).unwrap_or_default() {
            if let Publication::Send(request) = publication {
                self.reach(&request.url, "the platform's agent", env);
            }
        }
    }

    fn show(&mut self, platforms: &[&'static dyn Platform], env: &dyn Env) {
        let wanted = |(name, value): &(String, String)| platforms.iter().any(|platform| platform.shows(name, value));
        self.variables.extend(env.all().into_iter().filter(wanted).map(|(name, _)| name));
    }

    fn reach(&mut self, url: &str, why: &'static str, env: &dyn Env) {
        let name = url.strip_prefix("http://").and_then(|rest| rest.split('/').next());
        match platform::SOCKETS.iter().find(|socket| Some(socket.host) == name) {
            Some(socket) => self.sockets.extend(socket.path(env).map(|path| (socket.host, path))),
            None => self.destinations.extend(Destination::of_url(url, why)),
        }
    }
}

/// The issuers whose keys the service fetches. `allowed` are the values of `--allow-host`.
///
/// # Errors
/// When the documents of an issuer must not be fetched.
pub fn allowed_issuers(allowed: &[String], env: &dyn Env) -> Result<Vec<Destination>, Fault> {
    let fetches = env.present(settings::SERVICE_VERIFY).is_some_and(|value| value == settings::DISCOVER);
    let issuers = env.present(settings::SERVICE_ISSUERS).filter(|_| fetches).unwrap_or_default();
    settings::listed(&issuers).map(|issuer| Destination::of_issuer(issuer, allowed, "an allowed issuer")).collect()
}

/// A wrong authority or cloud is left to the component, which reports it and needs no network for
/// that.
fn endpoint(args: &SignIn, env: &dyn Env) -> Option<Endpoint> {
    Endpoint::find(args.cloud.as_deref(), args.authority_host.as_deref(), env).ok()
}

/// The files that a command's own options name, besides the one of the token.
fn named_files(command: &Command) -> Vec<String> {
    let names = match command {
        Command::Exchange(args) => [args.credential.clone(), None],
        Command::Check(args) => [args.credential.clone(), args.jwks.clone()],
        Command::Verify(args) => [args.jwks.clone(), None],
        Command::Explain(args) => {
            [args.credential.clone(), Some(args.what.clone()).filter(|what| what == STANDARD_INPUT)]
        }
        Command::Audit(args) => return args.credential.clone(),
        Command::Inspect(_)
        | Command::Credential(_)
        | Command::Setup(_)
        | Command::Doctor(_)
        | Command::Exec(_)
        | Command::Broker(_)
        | Command::Login(_)
        | Command::Logout(_)
        | Command::DockerCredential(_)
        | Command::KubernetesCredential(_)
        | Command::GitCredential(_)
        | Command::IdToken(_)
        | Command::Serve(_)
        | Command::Component(_)
        | Command::Link(_)
        | Command::Completions(_) => [None, None],
    };
    names.into_iter().flatten().collect()
}

/// The options of the commands that propose commands.
const fn shell_options(command: &Command) -> Option<&ShellArgs> {
    match command {
        Command::Exchange(args) => Some(&args.shell),
        Command::Audit(args) => Some(&args.shell),
        Command::Check(args) => Some(&args.shell),
        Command::Explain(args) => Some(&args.shell),
        Command::Credential(args) => Some(&args.pipeline.shell),
        Command::Setup(args) => Some(&args.pipeline.shell),
        Command::Doctor(args) => Some(&args.shell),
        Command::Verify(_)
        | Command::Inspect(_)
        | Command::Exec(_)
        | Command::Broker(_)
        | Command::Login(_)
        | Command::Logout(_)
        | Command::DockerCredential(_)
        | Command::KubernetesCredential(_)
        | Command::GitCredential(_)
        | Command::IdToken(_)
        | Command::Serve(_)
        | Command::Component(_)
        | Command::Link(_)
        | Command::Completions(_) => None,
    }
}

pub(crate) fn token_options(cli: &Cli) -> Option<(&TokenSource, &PlatformArgs)> {
    match &cli.command {
        Command::Exchange(args) => Some((&args.token, &args.platform)),
        Command::Check(args) if args.token_issuer.is_none() => Some((&args.token, &args.platform)),
        Command::Verify(args) => Some((&args.token, &args.platform)),
        Command::Inspect(args) => Some((&args.token, &args.platform)),
        Command::Doctor(args) => Some((&args.token, &args.platform)),
        Command::Credential(CredentialArgs { pipeline, .. }) | Command::Setup(SetupArgs { pipeline, .. })
            if pipeline.is_of_token() =>
        {
            Some((&pipeline.token, &pipeline.platform))
        }
        Command::Explain(args) if args.token.is_given() => Some((&args.token, &ANY_PLATFORM)),
        Command::Check(_)
        | Command::Explain(_)
        | Command::Credential(_)
        | Command::Setup(_)
        | Command::Audit(_)
        | Command::Exec(_)
        | Command::Broker(_)
        | Command::Login(_)
        | Command::Logout(_)
        | Command::DockerCredential(_)
        | Command::KubernetesCredential(_)
        | Command::GitCredential(_)
        | Command::IdToken(_)
        | Command::Serve(_)
        | Command::Component(_)
        | Command::Link(_)
        | Command::Completions(_) => None,
    }
}

static ANY_PLATFORM: PlatformArgs = PlatformArgs { platform: None };

mod helpers;
#[cfg(test)]
mod tests;
