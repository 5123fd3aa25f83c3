//! The commands `login` and `logout`: sessions for the tools of a job, and how they end.
//!
//! The component signs in first ([`session`]), and then an earlier login of the job is undone. Each
//! change ([`changes`]) is written down ([`journal`]) before it is made, and all are undone unless all
//! succeed. What each tool needs is in a file of its own.

use std::sync::Arc;

use azure_oidc_cli::{Cli, LoginArgs, LoginTool, LogoutArgs};
use azure_oidc_core::{Category, Fault};

mod az;
mod changes;
mod docker;
mod edit;
mod folder;
mod git;
mod journal;
mod kubectl;
mod powershell;
mod publish;
mod session;
mod state;
mod tool;
mod variables;

use crate::closed;
use crate::deadline::{Phase, Watchdog};
use crate::inputs::ProcessEnv;
use crate::print::{not_printed, note, print};
use crate::timings::Timings;
use crate::unfinished::Unfinished;
use changes::Changes;
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
        publish::prove(&session, process)?;
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
        publish::publish(&session, args, &new, &earlier, process).map(|()| said)
    });
    match made {
        Ok(said) => {
            let lines: String = said.iter().map(|line| format!("azure-oidc: {line}\n")).collect();
            note(lines.as_bytes());
            Ok(0)
        }
        Err(fault) => {
            let fault = late(fault, process);
            // The changes that were undone are not reported: no later program has seen them.
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
