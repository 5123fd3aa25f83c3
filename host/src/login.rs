//! The commands `login` and `logout`: sessions for the tools of a job, and how they end.
//!
//! The component signs in first ([`session`]), and then an earlier login of the job is undone. Each
//! change is written down ([`journal`]) before it is made, and all are undone unless all succeed. What
//! each tool needs is in a file of its own.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use azure_oidc_cli::grants::Grants;
use azure_oidc_cli::{Cli, LoginArgs, LoginTool, LogoutArgs};
use azure_oidc_core::platform::{File, Publication};
use azure_oidc_core::ports::Env;
use azure_oidc_core::settings::SUBSCRIPTION_ID;
use azure_oidc_core::{Category, Fault};

mod az;
mod docker;
mod edit;
mod folder;
mod git;
mod journal;
mod kubectl;
mod powershell;
mod session;
mod state;
mod tool;
mod variables;

use crate::closed;
use crate::deadline::{Phase, Watchdog};
use crate::inputs::ProcessEnv;
use crate::names;
use crate::print::{not_printed, note, print};
use crate::publish::Outputs;
use crate::sandbox;
use crate::timings::Timings;
use crate::unfinished::Unfinished;
use folder::Folder;
use journal::{Journal, Journals, Step, Undone};
use session::Session;
use variables::{Before, Set};

/// A variable for later programs.
type Variable = (&'static str, String);

/// What both commands need of the process.
pub(crate) struct Process<'a> {
    pub(crate) timings: &'a Arc<Timings>,
    pub(crate) unfinished: &'a Arc<Unfinished>,
    pub(crate) watchdog: &'a Watchdog,
}

impl Process<'_> {
    fn undo(&self, journal: &mut Journal) -> Vec<Undone> {
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
    args.check(&cli.host)?;
    let registries = match args.is_for(LoginTool::Docker) {
        true => docker::registries(&args.registry, &ProcessEnv)?,
        false => Vec::new(),
    };
    if args.hands_over() && closed::is_stdout_closed() {
        return Err(not_printed("it is closed").hint("redirect it to a file, or to `/dev/null`"));
    }
    // A signal ends the tools that run, and this process. The journal stays for `logout`.
    process.watchdog.watch_signals();
    let session = match Session::open(args, cli, process.timings, process.unfinished, process.watchdog)? {
        Ok(session) => session,
        Err(code) => return Ok(code),
    };
    if args.hands_over() {
        prove(&session, process)?;
    }
    process.watchdog.enter(Phase::OtherLogin);
    let mut journal = Journals::find(&ProcessEnv)?.own()?;
    process.watchdog.enter(Phase::Publishing);
    let earlier = journal.variables().to_vec();
    if !journal.is_empty() {
        note(b"azure-oidc: an earlier login of this job is undone first\n");
        tell(&process.undo(&mut journal));
    }
    let before = Before { env: &ProcessEnv, sets: &earlier };
    let changes = Changes { args, cli, process, session: &session, before, journal: &mut journal, said: Vec::new() };
    let made = changes.make(&registries).and_then(|(variables, said)| {
        let new: Vec<_> = variables.iter().map(|(name, value)| Set::new(name, value, &before)).collect();
        journal.hand_over(new.clone())?;
        publish(&session, args, &new, &earlier, process).map(|()| said)
    });
    match made {
        Ok(said) => {
            let lines: String = said.iter().map(|line| format!("azure-oidc: {line}\n")).collect();
            note(lines.as_bytes());
            Ok(0)
        }
        Err(fault) => {
            let fault = late(fault, process);
            // What is gone again was never seen.
            tell(&process.undo(&mut journal).into_iter().filter(|one| !one.is_done()).collect::<Vec<_>>());
            Err(fault)
        }
    }
}

/// Undoes what `login` did, and returns the exit code.
pub(crate) fn logout(args: &LogoutArgs, process: &Process<'_>) -> Result<u8, Fault> {
    process.watchdog.enter(Phase::OtherLogin);
    let journals = Journals::find(&ProcessEnv)?;
    let (mut undone, mut variables) = (Vec::new(), Vec::new());
    let unusable = |fault: &Fault| Undone::Left(format!("{}; {}", fault.message, fault.hints.join("; ")));
    match journals.own_if_any() {
        Ok(None) => {}
        Ok(Some(mut journal)) => {
            variables = journal.variables().to_vec();
            undone.extend(process.undo(&mut journal));
        }
        Err(fault) if args.all => undone.push(unusable(&fault)),
        Err(fault) => return Err(fault),
    }
    if args.all {
        for journal in journals.others() {
            match journal {
                Ok(mut journal) => undone.extend(process.undo(&mut journal)),
                Err(fault) => undone.push(unusable(&fault)),
            }
        }
    }
    if undone.is_empty() {
        note(match journals.paths_of_others().len() {
            0 => b"azure-oidc: there is nothing to undo\n".as_slice(),
            _ => b"azure-oidc: this job has nothing to undo; `azure-oidc logout --all` undoes the logins of other jobs of this user\n",
        });
    }
    let is_done = tell(&undone);
    process.watchdog.enter(Phase::Printing);
    print(variables::restoring(&variables, &[], &ProcessEnv, args.shell.chosen(&ProcessEnv))?.as_bytes())?;
    Ok(if is_done { 0 } else { Category::Negative.exit_code() })
}

/// Says what was undone and what was not. Returns whether nothing is left.
fn tell(undone: &[Undone]) -> bool {
    for one in undone {
        match one {
            Undone::All(None) => {}
            Undone::All(Some(text)) => note(format!("azure-oidc: {text}\n").as_bytes()),
            Undone::Left(text) => note(format!("warning: {text}\n").as_bytes()),
            Undone::Failed(text) => note(format!("warning: {text}; `azure-oidc logout` tries again\n").as_bytes()),
        }
    }
    undone.iter().all(Undone::is_done)
}

/// The failure of a tool that got no more time is a time-out.
fn late(fault: Fault, process: &Process<'_>) -> Fault {
    let is_of_tool = fault.code.ends_with("-failed");
    if !is_of_tool || process.watchdog.deadline().left() > tool::RESERVE {
        return fault;
    }
    Fault::new(Category::Network, "deadline-passed", fault.message.clone()).hint("`--timeout TIME` gives it more time")
}

/// The changes of one login.
struct Changes<'a> {
    args: &'a LoginArgs,
    cli: &'a Cli,
    process: &'a Process<'a>,
    session: &'a Session,
    /// The environment without what an earlier login put there.
    before: Before<'a>,
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
        let client_id = &self.session.client_id;
        let given = Folder::of_job(&self.before, client_id).filter(|_| self.args.is_for(LoginTool::Az));
        let needs_own = self.args.is_for(LoginTool::Az) && given.is_none();
        let own = needs_own.then(|| Folder::in_job(&self.before, client_id));
        for folder in own.iter().chain(&given) {
            self.journal.begin(Step::Folder(folder.clone()))?;
            folder.make()?;
        }
        let own = own.map(|folder| folder.path);
        if self.args.is_for(LoginTool::Kubectl) {
            variables.push(self.kubectl(&Folder::in_job(&self.before, client_id).path)?);
        }
        if self.args.is_for(LoginTool::Az) {
            let folder = given.map(|folder| folder.path).or_else(|| Some(own?.join(az::WITHIN)));
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
        Ok(kubectl::variable(change.path(), &self.before))
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
            is_alone: self.args.tools.iter().all(|tool| *tool == LoginTool::Az),
            watchdog: self.process.watchdog,
            unfinished: self.process.unfinished,
        };
        az.sign_in(self.session, &self.before)?;
        self.said.push(format!("az is signed in as {} in {}", self.session.client_id, az.folder.display()));
        Ok(az::variables(&az.folder, &self.before))
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
        let ca_file = host.ca_file.iter().map(|file| format!("--ca-file={file}"));
        // The tool may run it in another folder.
        words.extend(self.args.settings().into_iter().chain(ca_file).map(with_absolute_path));
        words.extend(host.allow_host.iter().map(|host| format!("--allow-host={host}")));
        words.extend(host.allow_program.then(|| "--allow-program".to_owned()));
        Ok(words)
    }
}

/// An option, with the whole path if it names a file.
fn with_absolute_path(option: String) -> String {
    match option.split_once('=') {
        Some((name @ ("--ca-file" | "--id-token-file"), path)) => match std::path::absolute(path) {
            Ok(path) => format!("{name}={}", path.display()),
            Err(_) => option,
        },
        _ => option,
    }
}

/// The program, wherever the job is later.
fn program() -> Result<PathBuf, Fault> {
    std::env::current_exe().and_then(std::fs::canonicalize).map_err(|error| names::not_found(&error))
}

fn subscription(args: &LoginArgs) -> Option<String> {
    args.subscription.clone().or_else(|| SUBSCRIPTION_ID.iter().find_map(|name| ProcessEnv.present(name)))
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

/// Proves that later steps can be handed variables, before anything is changed.
fn prove(session: &Session, process: &Process<'_>) -> Result<(), Fault> {
    let mut granted = Grants::default();
    granted.outputs = session.platform.outputs_with_settings(&ProcessEnv).unwrap_or_default();
    *process.unfinished.outputs() = Outputs::prove(&granted, &ProcessEnv).map_err(|mut fault| {
        fault.hints = vec!["make it writable; without its variable, only the shell gets the variables".to_owned()];
        fault
    })?;
    Ok(())
}

/// Hands variables to later steps in the platform's way, and prints them for the shell of this one,
/// with what an earlier login of the job had set. The platform's lines go to standard error, which it
/// reads too, so that the shell gets its own only.
fn publish(
    session: &Session,
    args: &LoginArgs,
    new: &[Set],
    earlier: &[Set],
    process: &Process<'_>,
) -> Result<(), Fault> {
    let shell = args.shell.chosen(&ProcessEnv);
    let printed = variables::restoring(earlier, new, &ProcessEnv, shell)? + &variables::setting(new, shell)?;
    if printed.is_empty() {
        return Ok(());
    }
    let platform = session.platform;
    let outputs = platform.outputs_with_settings(&ProcessEnv);
    let values = variables::values(new.iter().map(Into::into));
    let published = outputs.and_then(|_| platform.publish_with_settings(&[], &values, &ProcessEnv));
    let publications = published.unwrap_or_else(|fault| {
        note(format!("warning: later steps do not get the variables: {}\n", fault.message).as_bytes());
        Vec::new()
    });
    process.watchdog.enter(Phase::Publishing);
    let (mut appended, mut noted) = (Vec::new(), String::new());
    for publication in publications {
        match publication {
            Publication::Append { file, lines } => {
                let (variable, path) = match file {
                    File::Variable(name) => (Some(name.to_owned()), ProcessEnv.present(name).unwrap_or_default()),
                    File::Path(path) => (None, path),
                };
                appended.push(sandbox::Publication { variable, path, lines: lines.reveal().as_bytes().to_vec() });
            }
            Publication::Mask(text) | Publication::Print(text) => noted.push_str(text.reveal()),
            Publication::Source(_) | Publication::Write { .. } | Publication::Send(_) => {}
        }
    }
    process.unfinished.outputs().publish(&appended, process.watchdog.deadline())?;
    process.watchdog.enter(Phase::Printing);
    io::stderr()
        .write_all(noted.as_bytes())
        .map_err(not_noted)
        .and_then(|()| print(printed.as_bytes()))
        .inspect_err(|_| process.unfinished.discard())?;
    process.unfinished.keep(0);
    Ok(())
}

fn not_noted(error: io::Error) -> Fault {
    let message = format!("The lines for the CI system cannot be written to standard error: {error}");
    Fault::new(Category::Publish, "stderr-not-writable", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_find_their_files_from_every_folder() {
        let here = std::env::current_dir().unwrap();
        for (option, expected) in [
            ("--ca-file=ca.pem", format!("--ca-file={}", here.join("ca.pem").display())),
            ("--id-token-file=a/b", format!("--id-token-file={}", here.join("a/b").display())),
            ("--audience=api://x", "--audience=api://x".to_owned()),
            ("--allow-program", "--allow-program".to_owned()),
        ] {
            assert_eq!(with_absolute_path(option.to_owned()), expected);
        }
    }
}
