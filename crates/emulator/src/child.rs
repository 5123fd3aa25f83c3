//! Runs the command of a job: without the variables of an outer job, and with the signals that this
//! process gets.

use std::io;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use azure_oidc_core::Fault;
use azure_oidc_core::fault::Category;
use azure_oidc_core::plan::JOB_FOLDERS;
use azure_oidc_core::{broker, platform, settings};

use crate::signals::Signals;

/// How often the command is asked whether it has ended.
const PAUSE: Duration = Duration::from_millis(20);

/// Runs a command with these variables, and returns its exit code, or 128 and the number of the
/// signal that ended it. After a signal it has the time of `grace`.
pub(crate) async fn run(
    words: &[String],
    variables: Vec<(String, String)>,
    signals: &mut Signals,
    grace: Duration,
) -> Result<u8, Fault> {
    let (program, arguments) = words.split_first().ok_or_else(|| failed("there is no command".into()))?;
    let mut command = Command::new(program);
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_str().is_some_and(is_of_outer_job)) {
        command.env_remove(name);
    }
    let started = Started::new(command.args(arguments).envs(variables));
    let mut started = started
        .map_err(|error| failed(format!("`{program}` can't be run: {error}")).hint("check the name and the PATH"))?;
    let status = started.wait(signals, grace).await;
    status.map(code).map_err(|error| failed(format!("`{program}` can't be waited for: {error}")))
}

/// Whether a variable belongs to the CI job around the emulator, or is a setting of azure-oidc: its
/// command must take neither for the emulated job's.
fn is_of_outer_job(name: &str) -> bool {
    name.starts_with("PLUGIN_")
        || platform::ALL.iter().any(|platform| platform.shows(name, ""))
        || settings::shown()
            .chain(settings::SERVICE)
            .chain(broker::VARIABLES)
            .chain(JOB_FOLDERS)
            .any(|known| known == name)
}

/// The command while it runs.
struct Started {
    child: Child,
    /// Whether it has a process group of its own, which signals are for.
    has_group: bool,
}

impl Started {
    /// Starts it. On a terminal it stays in this process's group: another one could not read from
    /// there, and the terminal sends Ctrl-C to all of the group.
    fn new(command: &mut Command) -> io::Result<Self> {
        let has_group = cfg!(unix) && !io::IsTerminal::is_terminal(&io::stdin());
        #[cfg(unix)]
        if has_group {
            std::os::unix::process::CommandExt::process_group(command, 0);
        }
        Ok(Self { child: command.spawn()?, has_group })
    }

    /// Waits for its end. It gets the signals of this process; what is left of its group `grace` after
    /// the first one, or when it has ended after one, is killed.
    async fn wait(&mut self, signals: &mut Signals, grace: Duration) -> io::Result<ExitStatus> {
        let mut end: Option<Instant> = None;
        loop {
            tokio::select! {
                signal = signals.next() => if self.pass_on(signal) {
                    end.get_or_insert_with(|| Instant::now() + grace);
                },
                () = tokio::time::sleep(PAUSE) => {}
            }
            if let Some(status) = self.child.try_wait()? {
                if end.is_some() && self.has_group {
                    self.kill();
                }
                return Ok(status);
            }
            if end.is_some_and(|end| end <= Instant::now()) {
                self.kill();
            }
        }
    }

    /// Sends it a signal. False if it has that already, and may go on.
    #[cfg(unix)]
    fn pass_on(&self, signal: i32) -> bool {
        use rustix::process::Signal;
        let Some(signal) = Signal::from_named_raw(signal) else { return false };
        if signal == Signal::INT && !self.has_group {
            return false;
        }
        self.send(signal);
        true
    }

    /// False: it has Ctrl-C too.
    #[cfg(not(unix))]
    fn pass_on(&self, _: i32) -> bool {
        let Self { .. } = self;
        false
    }

    #[cfg(unix)]
    fn kill(&mut self) {
        self.send(rustix::process::Signal::KILL);
    }

    #[cfg(not(unix))]
    fn kill(&mut self) {
        drop(self.child.kill());
    }

    /// Nobody is left to be told if this fails.
    #[cfg(unix)]
    fn send(&self, signal: rustix::process::Signal) {
        use rustix::process::{Pid, kill_process, kill_process_group};
        if let Some(id) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            if self.has_group { kill_process_group(id, signal) } else { kill_process(id, signal) }.ok();
        }
    }
}

/// The exit code as a shell has it.
fn code(status: ExitStatus) -> u8 {
    #[cfg(unix)]
    let ended_by = std::os::unix::process::ExitStatusExt::signal(&status).map(|signal| 128 + signal);
    #[cfg(not(unix))]
    let ended_by = None;
    status.code().or(ended_by).and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}

fn failed(message: String) -> Fault {
    Fault::new(Category::Usage, "failed", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_of_every_platform_and_settings_belong_to_an_outer_job_and_others_do_not() {
        for name in [
            "GITLAB_CI",
            "TF_BUILD",
            "CIRCLECI",
            "BITBUCKET_STEP_OIDC_TOKEN",
            "TFC_WORKLOAD_IDENTITY_TOKEN_AZURE",
            "AZURE_FEDERATED_TOKEN_FILE",
            "PLUGIN_OIDC_TOKEN_ID",
            "PLUGIN_AZURE_AUTHORITY_HOST",
            "AZURE_TENANT_ID",
            "ARM_CLIENT_ID",
            "AZURE_SUBSCRIPTION_ID",
            "ARM_OIDC_REQUEST_URL",
            "AZURE_OIDC_ALLOWED_ISSUERS",
            "AZURE_OIDC_BROKER",
            "RUNNER_TEMP",
        ] {
            assert!(is_of_outer_job(name), "{name}");
        }
        for name in ["PATH", "HOME", "TMPDIR", "HTTPS_PROXY", "AZURE_CONFIG_DIR", "GITHUB_REPOSITORY", "CI"] {
            assert!(!is_of_outer_job(name), "{name}");
        }
    }
}
