//! The commands `login` and `logout`: sessions for the tools of a job, and how they end.
//!
//! The component signs in first ([`session`]). Then each change is written down ([`journal`]) before
//! it is made, and all are undone unless all succeed. What each tool needs is in a file of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use azure_oidc_cli::grants::Grants;
use azure_oidc_cli::{Cli, LoginArgs, LoginTool, LogoutArgs};
use azure_oidc_core::platform::text::{export_lines, powershell_lines};
use azure_oidc_core::platform::{File, Publication, Value};
use azure_oidc_core::ports::Env;
use azure_oidc_core::settings::SUBSCRIPTION_ID;
use azure_oidc_core::shell::Shell;
use azure_oidc_core::{Category, Fault, Secret};

mod az;
mod docker;
mod edit;
mod folder;
mod git;
mod journal;
mod kubectl;
mod powershell;
mod session;
mod tool;

use crate::deadline::{Phase, Watchdog};
use crate::inputs::ProcessEnv;
use crate::names;
use crate::print::{note, print};
use crate::publish::Outputs;
use crate::sandbox;
use crate::timings::Timings;
use crate::unfinished::Unfinished;
use folder::Folder;
use journal::{Journal, Journals, Step, Undone};
use session::Session;

/// A variable for later programs.
type Variable = (&'static str, String);

/// What both commands need of the process.
pub(crate) struct Process<'a> {
    pub(crate) timings: &'a Arc<Timings>,
    pub(crate) unfinished: &'a Arc<Unfinished>,
    pub(crate) watchdog: &'a Watchdog,
}

impl Process<'_> {
    fn undo(&self, journal: &mut Journal) -> Result<Vec<Undone>, Fault> {
        self.watchdog.enter(Phase::Publishing);
        journal.undo(|step| match step {
            Step::Folder(folder) => folder.undo(),
            Step::Docker(change) => change.undo(),
            Step::Link(link) => link.undo(),
            Step::Git(change) => change.undo(),
            Step::Kubectl(change) => change.undo(self.watchdog.deadline(), self.unfinished),
            Step::Powershell(change) => change.undo(self.watchdog.deadline(), self.unfinished),
        })
    }
}

/// Signs the tools in, and returns the exit code.
pub(crate) fn login(args: &LoginArgs, cli: &Cli, process: &Process<'_>) -> Result<u8, Fault> {
    let registries = match args.is_for(LoginTool::Docker) {
        true => docker::registries(&args.registry, &ProcessEnv).and_then(|all| without_options(args).map(|()| all))?,
        false => Vec::new(),
    };
    // A signal ends the tools that run, and this process. The journal stays for `logout`.
    process.watchdog.watch_signals();
    let journals = Journals::open(&ProcessEnv)?;
    let mut journal = journals.own(&ProcessEnv)?;
    if !journal.is_empty() {
        note(b"azure-oidc: an earlier login of this job is undone first\n");
        tell(&process.undo(&mut journal)?);
    }
    let session = match Session::open(args, cli, process.timings, process.unfinished, process.watchdog)? {
        Ok(session) => session,
        Err(code) => return Ok(code),
    };
    let made = Changes { args, cli, process, session: &session, journal: &mut journal, said: Vec::new() }
        .make(&registries)
        .and_then(|(variables, said)| publish(&session, args, &variables, process).map(|()| said));
    match made {
        Ok(said) => {
            let lines: String = said.iter().map(|line| format!("azure-oidc: {line}\n")).collect();
            note(lines.as_bytes());
            Ok(0)
        }
        Err(fault) => {
            tell(&process.undo(&mut journal)?);
            Err(fault)
        }
    }
}

/// Undoes what `login` did, and returns the exit code.
pub(crate) fn logout(args: &LogoutArgs, process: &Process<'_>) -> Result<u8, Fault> {
    let journals = Journals::open(&ProcessEnv)?;
    let mut undone = Vec::new();
    if args.all {
        for journal in &mut journals.all()? {
            undone.extend(process.undo(journal)?);
        }
    } else {
        undone.extend(process.undo(&mut journals.own(&ProcessEnv)?)?);
    }
    if undone.is_empty() {
        let others = journals.all().map_or(0, |all| all.len());
        note(match others {
            0 => b"azure-oidc: there is nothing to undo\n".as_slice(),
            _ => b"azure-oidc: this job has nothing to undo; `azure-oidc logout --all` undoes the logins of other jobs of this user\n",
        });
    }
    Ok(if tell(&undone) { 0 } else { Category::Negative.exit_code() })
}

/// Says what was undone and what was not. Returns whether nothing is left.
fn tell(undone: &[Undone]) -> bool {
    for one in undone {
        match one {
            Undone::All(None) => {}
            Undone::All(Some(text)) => note(format!("azure-oidc: {text}\n").as_bytes()),
            Undone::Left(text) => note(format!("warning: {text}\n").as_bytes()),
        }
    }
    undone.iter().all(|one| matches!(one, Undone::All(_)))
}

/// The changes of one login.
struct Changes<'a> {
    args: &'a LoginArgs,
    cli: &'a Cli,
    process: &'a Process<'a>,
    session: &'a Session,
    journal: &'a mut Journal,
    /// What was done, for people.
    said: Vec<String>,
}

impl Changes<'_> {
    /// Makes them. Returns the variables for later programs, and what to say.
    fn make(mut self, registries: &[String]) -> Result<(Vec<Variable>, Vec<String>), Fault> {
        let mut variables = Vec::new();
        if !registries.is_empty() {
            self.docker(registries)?;
            variables.extend(settings(self.args));
        }
        if self.args.is_for(LoginTool::Git) {
            self.git()?;
        }
        let given = Folder::of_job(&ProcessEnv, &self.session.client_id).filter(|_| self.args.is_for(LoginTool::Az));
        let needs_own = self.args.is_for(LoginTool::Az) && given.is_none();
        let own = needs_own.then(|| Folder::in_job(&ProcessEnv, &self.session.client_id));
        for folder in own.iter().chain(&given) {
            self.journal.begin(Step::Folder(folder.clone()))?;
            folder.make()?;
        }
        if self.args.is_for(LoginTool::Kubectl) {
            variables.push(self.kubectl(&Folder::in_job(&ProcessEnv, &self.session.client_id).path)?);
        }
        if self.args.is_for(LoginTool::Az) {
            let folder = given
                .or(own)
                .map(|folder| if needs_its_own(&folder) { folder.path.join(az::WITHIN) } else { folder.path });
            variables.extend(self.az(folder.unwrap_or_default())?);
        }
        if self.args.is_for(LoginTool::Powershell) {
            self.powershell()?;
        }
        Ok((variables, self.said))
    }

    fn docker(&mut self, registries: &[String]) -> Result<(), Fault> {
        if let Some(link) = docker::Link::plan(&program()?, &ProcessEnv)? {
            self.journal.begin(Step::Link(link.clone()))?;
            link.make()?;
        }
        if let Some(change) = docker::Change::plan(registries, &ProcessEnv)? {
            self.journal.begin(Step::Docker(change.clone()))?;
            change.make()?;
        }
        self.said.push(format!("docker asks azure-oidc for {}", registries.join(", ")));
        Ok(())
    }

    fn git(&mut self) -> Result<(), Fault> {
        let Process { watchdog, unfinished, .. } = self.process;
        if let Some(change) = git::Change::plan(&self.helper("git-credential")?, &ProcessEnv, watchdog, unfinished)? {
            self.journal.begin(Step::Git(change.clone()))?;
            change.make()?;
        }
        self.said.push("git asks azure-oidc for Azure Repos".to_owned());
        Ok(())
    }

    fn kubectl(&mut self, folder: &Path) -> Result<Variable, Fault> {
        let Process { watchdog, unfinished, .. } = self.process;
        let file =
            kubectl::plan(&self.helper("kubernetes-credential")?, &self.args.kube_context, watchdog, unfinished)?;
        let change = file.plan(folder)?;
        self.journal.begin(Step::Kubectl(change.clone()))?;
        change.make()?;
        self.said.push(match file.contexts.as_slice() {
            [] => "no context of kubectl signs in by kubelogin; `--kube-context NAME` names one, and `kubectl --user azure-oidc` \
                   works with each"
                .to_owned(),
            contexts => format!("kubectl asks azure-oidc in the contexts {}", contexts.join(", ")),
        });
        Ok(kubectl::variable(change.path(), &ProcessEnv))
    }

    fn az(&mut self, folder: PathBuf) -> Result<Vec<Variable>, Fault> {
        journal::for_owner(&folder).map_err(|error| {
            let message =
                format!("The folder {} for az cannot be made: {}", folder.display(), crate::reason::of(&error));
            Fault::new(Category::Publish, "folder-not-made", message)
        })?;
        let subscription = subscription(self.args);
        let az = az::Az {
            folder,
            subscription: subscription.as_deref(),
            allow_no_subscriptions: self.args.allow_no_subscriptions,
            watchdog: self.process.watchdog,
            unfinished: self.process.unfinished,
        };
        az.sign_in(self.session, &ProcessEnv)?;
        self.said.push(format!("az is signed in as {} in {}", self.session.client_id, az.folder.display()));
        Ok(az::variables(&az.folder, &ProcessEnv))
    }

    fn powershell(&mut self) -> Result<(), Fault> {
        let Process { watchdog, unfinished, .. } = self.process;
        let change = powershell::Change::plan(self.session, watchdog, unfinished)?;
        self.journal.begin(Step::Powershell(change.clone()))?;
        change.make(self.session, subscription(self.args).as_deref(), watchdog, unfinished)?;
        self.said.push(format!("PowerShell is signed in as {}", self.session.client_id));
        Ok(())
    }

    /// The command line by which a tool asks this program later, with the options of this one.
    fn helper(&self, command: &str) -> Result<Vec<String>, Fault> {
        let host = &self.cli.host;
        let mut words = vec![program()?.display().to_string(), command.to_owned()];
        words.extend(self.args.settings());
        words.extend(host.ca_file.iter().map(|file| format!("--ca-file={file}")));
        words.extend(host.allow_host.iter().map(|host| format!("--allow-host={host}")));
        words.extend(host.allow_program.then(|| "--allow-program".to_owned()));
        Ok(words)
    }
}

/// Whether az gets a folder within this one.
fn needs_its_own(folder: &Folder) -> bool {
    ProcessEnv.present(az::FOLDER).is_none_or(|path| std::path::absolute(path).ok().as_ref() != Some(&folder.path))
}

/// The program, wherever the job is later.
fn program() -> Result<PathBuf, Fault> {
    std::env::current_exe().and_then(std::fs::canonicalize).map_err(|error| names::not_found(&error))
}

fn subscription(args: &LoginArgs) -> Option<String> {
    args.subscription.clone().or_else(|| SUBSCRIPTION_ID.iter().find_map(|name| ProcessEnv.present(name)))
}

/// Docker hands its helper no options.
fn without_options(args: &LoginArgs) -> Result<(), Fault> {
    let token = [&args.token.id_token_env, &args.token.id_token_file, &args.platform.platform, &args.audience];
    if token.into_iter().all(Option::is_none) {
        return Ok(());
    }
    let message = "docker hands its helper no options, so the helper cannot be told where the ID token is";
    Err(Fault::new(Category::Usage, "docker-takes-no-options", message)
        .hint("leave the platform to be detected, or leave `docker` out of `--for` and use `azure-oidc exec`"))
}

/// The settings that came by options, for helpers that get no options.
fn settings(args: &LoginArgs) -> impl Iterator<Item = Variable> {
    let sign_in = args.sign_in.clone();
    [
        ("AZURE_TENANT_ID", sign_in.tenant_id),
        ("AZURE_CLIENT_ID", sign_in.client_id),
        ("AZURE_AUTHORITY_HOST", sign_in.authority_host),
        ("AZURE_ENVIRONMENT", sign_in.cloud),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

/// Hands variables to later steps in the platform's way, and prints them for the shell of this one.
fn publish(session: &Session, args: &LoginArgs, variables: &[Variable], process: &Process<'_>) -> Result<(), Fault> {
    if variables.is_empty() {
        return Ok(());
    }
    let value = |(name, value): &Variable| Value { name: (*name).to_owned(), value: Secret::new(value), secret: false };
    let values: Vec<_> = variables.iter().map(value).collect();
    let platform = session.platform;
    let outputs = platform.outputs_with_settings(&ProcessEnv);
    let published = outputs.and_then(|files| Ok((files, platform.publish_with_settings(&[], &values, &ProcessEnv)?)));
    let (files, publications) = published.unwrap_or_else(|fault| {
        note(format!("warning: later steps do not get the variables: {}\n", fault.message).as_bytes());
        Default::default()
    });
    let mut granted = Grants::default();
    granted.outputs = files;
    *process.unfinished.outputs() = Outputs::prove(&granted, &ProcessEnv)?;
    process.watchdog.enter(Phase::Publishing);
    let (mut appended, mut printed) = (Vec::new(), String::new());
    for publication in publications {
        match publication {
            Publication::Append { file, lines } => {
                let (variable, path) = match file {
                    File::Variable(name) => (Some(name.to_owned()), ProcessEnv.present(name).unwrap_or_default()),
                    File::Path(path) => (None, path),
                };
                appended.push(sandbox::Publication { variable, path, lines: lines.reveal().as_bytes().to_vec() });
            }
            Publication::Mask(text) | Publication::Print(text) => printed.push_str(text.reveal()),
            Publication::Source(_) | Publication::Write { .. } | Publication::Send(_) => {}
        }
    }
    let lines = match args.shell.chosen(&ProcessEnv) {
        Shell::Bash => export_lines(&values)?,
        Shell::Powershell => powershell_lines(&values)?,
    };
    printed.push_str(lines.reveal());
    process.unfinished.outputs().publish(&appended, process.watchdog.deadline())?;
    process.watchdog.enter(Phase::Printing);
    print(printed.as_bytes()).inspect_err(|_| process.unfinished.discard())?;
    process.unfinished.keep(0);
    Ok(())
}
