//! `exec` on Windows, where a process cannot become another one: this process serves, and the
//! command is its child, in a job that ends with this process.

use std::io::{self, Write};
use std::os::windows::io::AsRawHandle;
use std::process::{Child, ExitStatus};

use azure_oidc_cli::{BrokerArgs, Cli};
use azure_oidc_core::{Category, Fault};
use tokio::sync::oneshot;
use win32job::{ExtendedLimitInfo, Job};

use super::session::Ready;
use super::{Outcome, command, own_arguments, serve, token_file};
use crate::deadline::Watchdog;

/// Runs the command in a job, and returns its exit code.
///
/// # Errors
///
/// When the command line cannot be used.
pub(crate) fn exec(cli: &Cli, arguments: &[String], watchdog: Watchdog) -> Result<u8, Fault> {
    // The component keeps the limits of its requests.
    drop(watchdog);
    let token_file = token_file(cli)?;
    let code = match serve(cli, &own_arguments(arguments, &cli.command), token_file, run) {
        Outcome::Over(Ok(status)) => status.code().unwrap_or(1),
        Outcome::Over(Err(code)) => code.into(),
        Outcome::Failed(text, code) => {
            io::stderr().write_all(text.as_bytes()).ok();
            code.into()
        }
    };
    // Exit codes of Windows have 32 bits.
    std::process::exit(code)
}

/// Waits until the credentials can be had, and runs the command. An error is the exit code of a
/// command that does not run.
async fn run(ready: oneshot::Receiver<Ready>) -> Result<ExitStatus, u8> {
    let Ok(Ready { set, unset, .. }) = ready.await else { return std::future::pending().await };
    let mut process = command::process(set, &unset);
    // Ctrl-C reaches all processes of the console. The command decides; this process waits for it.
    let _interrupts = tokio::signal::windows::ctrl_c();
    let child = process.spawn().map_err(|error| command::not_run(&process, &error))?;
    // Held until this process ends. Without it the command outlives a broker that is killed.
    let job = job(&child).ok();
    let (end, ended) = oneshot::channel();
    std::thread::spawn(move || {
        let mut child = child;
        end.send(child.wait()).ok();
    });
    let ended = ended.await;
    drop(job);
    ended.map_err(|_| 1)?.map_err(|_| 1)
}

/// A job with this process, which ends all of it when the last handle is closed.
fn job(child: &Child) -> Result<Job, win32job::JobError> {
    let job = Job::create_with_limit_info(ExtendedLimitInfo::new().limit_kill_on_job_close())?;
    job.assign_process(child.as_raw_handle() as isize)?;
    Ok(job)
}

/// Refused: there is no parent to end with.
pub(crate) fn broker(_args: &BrokerArgs, _cli: &Cli, _arguments: &[String], _watchdog: Watchdog) -> Result<u8, Fault> {
    let message = "`broker` does not run on Windows, where nothing tells it that the job has ended";
    Err(Fault::new(Category::Usage, "not-on-windows", message).hint("run each step with `azure-oidc exec -- CMD`"))
}

/// This program is never executed anew here.
pub(crate) fn role() -> Option<u8> {
    None
}
