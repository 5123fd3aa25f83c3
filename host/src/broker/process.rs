//! Starts the broker as a detached process: a session of its own, no child of this process, no
//! inherited descriptors except the standard streams.
//!
//! This program is executed anew twice. The first process begins a session, starts the second and
//! ends, so that the broker is no child of the command that this process becomes. What the broker
//! needs to know travels over a pipe that only these processes have.

use std::env;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Resource, Rlimit, setrlimit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::notes::Notes;

/// The only argument of the process that begins the session and starts the broker.
const DETACH: &str = "internal-detach";
/// The only argument of the broker.
const SERVE: &str = "internal-broker";
/// The only argument of the helper that outlives the broker.
pub(super) const GUARD: &str = "internal-guard";

/// What the broker is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Order {
    /// The command line, as the component reads it.
    pub(super) arguments: Vec<String>,
    /// The process with which the broker ends.
    pub(super) watch: i32,
}

/// What became of the start.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Report<R> {
    /// The credentials can be had.
    Ready(R),
    /// They cannot: the text to print, and the exit code.
    Failed { text: String, code: u8 },
}

/// What this program does when it was executed anew: nothing unless it is one of these.
pub(super) enum Role {
    /// Starts the broker and ends.
    Detach,
    /// Is the broker.
    Serve,
    /// Outlives the broker.
    Guard,
}

impl Role {
    /// The role that the arguments name.
    pub(super) fn of_this_process() -> Option<Self> {
        let mut arguments = env::args_os().skip(1);
        let (only, None) = (arguments.next()?, arguments.next()) else { return None };
        match only.to_str()? {
            DETACH => Some(Self::Detach),
            SERVE => Some(Self::Serve),
            GUARD => Some(Self::Guard),
            _ => None,
        }
    }
}

/// This program with one of its roles.
pub(super) fn own_program(role: &str) -> io::Result<Command> {
    // The system finds it in /proc. Where that is missing, the path must do that was called.
    let called = || env::args_os().next().map(PathBuf::from).filter(|path| path.components().count() > 1);
    let program = env::current_exe().ok().or_else(called).ok_or_else(|| {
        io::Error::other(
            "the system does not say where its program is; mount /proc, or call azure-oidc by its full path",
        )
    })?;
    let mut command = Command::new(program);
    command.arg(role);
    Ok(command)
}

/// Keeps this process from becoming the broker's parent while this exists. It would be one where it
/// is a subreaper, and the command that it becomes would have a child that it has not started. As
/// the first process of a container it becomes the parent in any case.
pub(super) struct WithoutAdoption {
    #[cfg(target_os = "linux")]
    was: Option<rustix::process::Pid>,
}

impl WithoutAdoption {
    #[cfg(target_os = "linux")]
    pub(super) fn begin() -> Self {
        let was = rustix::process::child_subreaper().ok().flatten();
        if was.is_some() {
            rustix::process::set_child_subreaper(None).ok();
        }
        Self { was }
    }

    /// Only Linux has subreapers.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn begin() -> Self {
        Self {}
    }
}

#[cfg(target_os = "linux")]
impl Drop for WithoutAdoption {
    fn drop(&mut self) {
        if self.was.is_some() {
            rustix::process::set_child_subreaper(self.was).ok();
        }
    }
}

/// Begins a session, and starts the broker in it with the standard streams and no other file.
pub(super) fn detach() -> io::Result<()> {
    rustix::process::setsid()?;
    close_fds::set_fds_cloexec(3, &[]);
    own_program(SERVE)?.spawn().map(drop)
}

/// A broker that was started and has reported readiness. It waits for an acknowledgement.
pub(super) struct Started {
    orders: ChildStdin,
}

impl Started {
    /// Starts a broker, and waits for its report. Its standard input and output are pipes that
    /// nobody waits for. Its standard error is that of this process, or one that leads here until
    /// the report.
    ///
    /// # Errors
    ///
    /// With the text to print and the exit code.
    pub(super) fn new<R: DeserializeOwned>(order: &Order, errors: Errors) -> Result<(Self, R), (String, u8)> {
        let failed = |error: io::Error| {
            let fault = super::not_started(&error);
            (azure_oidc_cli::failure::text(&fault), fault.category.exit_code())
        };
        let (mut child, report) = ask(order, errors).map_err(failed)?;
        // Kept open by this: waiting would close it.
        let orders = child.stdin.take().ok_or_else(|| failed(io::Error::other("it has no pipe")))?;
        // Reaped, so that the command finds no child that it does not know.
        child.wait().ok();
        match serde_json::from_str(&report) {
            Ok(Report::Ready(ready)) => Ok((Self { orders }, ready)),
            Ok(Report::Failed { text, code }) => Err((text, code)),
            Err(_) => Err(failed(io::Error::other("it ended early"))),
        }
    }

    /// Tells the broker to go on. Without this it ends.
    pub(super) fn go_on(mut self) -> io::Result<()> {
        self.orders.write_all(b"\n")
    }
}

/// Where the broker's standard error leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Errors {
    /// Where that of this process leads, for as long as the broker runs.
    Same,
    /// To this process until it has the report, and nowhere afterwards.
    UntilReport,
}

/// Starts the broker and gives it its order. Returns the process between, and the report.
fn ask(order: &Order, errors: Errors) -> io::Result<(Child, String)> {
    let errors = if errors == Errors::Same { Stdio::inherit() } else { Stdio::piped() };
    let mut between = own_program(DETACH)?.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors).spawn()?;
    let (Some(orders), Some(report)) = (between.stdin.as_mut(), between.stdout.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    // A broker that ended says why below.
    orders.write_all(format!("{}\n", serde_json::to_string(order)?).as_bytes()).ok();
    if let Some(errors) = between.stderr.take() {
        pass_on(errors, &report)?;
    }
    let mut line = String::new();
    BufReader::new(report).read_line(&mut line)?;
    Ok((between, line))
}

/// Prints what arrives until there is a report. What the broker printed before has arrived by then.
fn pass_on(mut errors: ChildStderr, report: &ChildStdout) -> io::Result<()> {
    let (mut buffer, mut notes) = ([0; 4096], Notes::default());
    loop {
        let mut polled = [PollFd::new(&errors, PollFlags::IN), PollFd::new(report, PollFlags::IN)];
        poll(&mut polled, None)?;
        let [has_errors, has_report] = polled.map(|one| one.revents());
        if has_errors.contains(PollFlags::IN) {
            let length = errors.read(&mut buffer)?;
            notes.pass(buffer[..length].to_vec());
        } else if !has_report.is_empty() || !has_errors.is_empty() {
            notes.wait();
            return Ok(());
        }
    }
}

/// The broker's end of the pipes to the process that started it.
pub(super) struct Starter;

impl Starter {
    /// Reads the order.
    pub(super) fn order() -> io::Result<(Self, Order)> {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        Ok((Self, serde_json::from_str(&line)?))
    }

    /// Whether the process that started this one is still there. It keeps the pipe open.
    pub(super) fn is_there(&self) -> bool {
        let stdin = io::stdin();
        let mut polled = [PollFd::new(&stdin, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut polled, Some(&now)).is_ok() && !polled[0].revents().contains(PollFlags::HUP)
    }

    /// Sends the report, and waits for the acknowledgement.
    ///
    /// # Errors
    ///
    /// When the other process has ended meanwhile.
    pub(super) fn report<R: Serialize>(self, report: &Report<R>) -> io::Result<()> {
        tell(report)?;
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line)? {
            0 => Err(io::ErrorKind::BrokenPipe.into()),
            _ => Ok(()),
        }
    }
}

/// Writes a report to the process that started this one.
pub(super) fn tell<R: Serialize>(report: &Report<R>) -> io::Result<()> {
    let mut stdout = io::stdout();
    stdout.write_all(format!("{}\n", serde_json::to_string(report)?).as_bytes())?;
    stdout.flush()
}

/// Keeps the memory of this process from other processes of the same user and from core dumps.
pub(super) fn protect_memory() {
    // Each of the two is enough for core dumps, so a system that refuses one is no reason to end.
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }).ok();
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).ok();
}
