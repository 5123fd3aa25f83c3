//! The `serve` command: answers HTTP requests with the component until a signal arrives.
//!
//! This thread accepts connections, hands them to worker threads, and shuts the workers down.

use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use azure_oidc_cli::{Cli, Form, ServeArgs, grants};
use azure_oidc_core::settings::{CLIENT_ID, TENANT_ID};
use azure_oidc_core::{Category, Fault};
use hyper_util::server::graceful::GracefulShutdown;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

mod problem;
mod request;
mod signal;
mod worker;

use crate::egress::Policy;
use crate::inputs::{self, ProcessEnv};
use crate::sandbox::{Grants, Service};
use crate::timings::Timings;
use crate::transport::Transport;
use crate::trust::Trust;
use crate::warnings::Warnings;
use request::{ServeContext, log_line};
use worker::{Connection, Worker};

/// The most concurrent requests. Each reserves four GiB of addresses, and a process has 128 TiB.
const MAX_CONCURRENCY: u32 = 1000;
/// Open connections per concurrent request. Most of them are idle or slow most of the time.
const CONNECTIONS_PER_REQUEST: usize = 4;
/// How long an idle instance of the component is kept. Its memory still holds its last request.
const MAX_IDLE: Duration = Duration::from_secs(1);
/// How long a worker may be blocked beyond the time limit of a request. The component computes for
/// a few milliseconds only.
const MAX_BLOCKED: Duration = Duration::from_secs(5);

/// Serves until SIGTERM or SIGINT, and returns the exit code.
///
/// # Errors
///
/// When the service cannot start: the address is in use, or an option has an invalid value.
pub(crate) fn run(args: &ServeArgs, cli: &Cli, timings: &Arc<Timings>) -> Result<u8, Fault> {
    let address = parse_address(args)?;
    let context = Arc::new(context(args, cli, timings)?);
    let (listener, address) = bind(address)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    runtime.map_err(|error| not_started(&error))?.block_on(async {
        // Before the address is announced: a script may send a signal as soon as it reads that
        // line.
        let mut next_signal = signal::listen().map_err(|error| not_started(&error))?;
        let listener = TcpListener::from_std(listener).map_err(|error| not_started(&error))?;
        let workers = start_workers(&context).map_err(|error| not_started(&error))?;
        let connections = Arc::new(Semaphore::new(args.max_concurrency as usize * CONNECTIONS_PER_REQUEST));
        let shutdown = GracefulShutdown::new();
        announce(args, address);
        tokio::select! {
            () = accept(&listener, &connections, &shutdown, &workers) => {}
            fault = supervise(&workers, &context, args.timeout + MAX_BLOCKED) => return Err(fault),
            () = next_signal() => {}
        }
        drop(listener);
        let is_complete = tokio::select! {
            done = timeout(args.grace, shutdown.shutdown()) => done.is_ok(),
            () = next_signal() => false,
        };
        if !is_complete {
            log_line(
                "warning: requests were cut off: they did not finish within `--grace`, or a second signal arrived",
            );
        }
        Ok(0)
    })
}

/// Checks the options, and returns the address to listen on.
fn parse_address(args: &ServeArgs) -> Result<SocketAddr, Fault> {
    let usage = |code, message: String, hint| Fault::new(Category::Usage, code, message).hint(hint);
    if args.max_concurrency == 0 || args.max_concurrency > MAX_CONCURRENCY {
        let message = format!("`--max-concurrency {}` is not between 1 and {MAX_CONCURRENCY}", args.max_concurrency);
        return Err(usage("max-concurrency-out-of-range", message, "omit the option for the default, 64"));
    }
    if args.timeout < Duration::from_secs(1) {
        let message = "`--timeout` is less than one second".to_owned();
        return Err(usage("timeout-too-short", message, "omit the option for the default, 30s"));
    }
    let text = args.listen.replacen("localhost:", "127.0.0.1:", usize::from(args.listen.starts_with("localhost:")));
    text.parse().map_err(|_| {
        let message = format!("`--listen {}` is not an IP address with a port", args.listen);
        usage("listen-malformed", message, "write an address such as `127.0.0.1:8080` or `[::1]:0`")
    })
}

/// Loads the component, and grants it its variables and the authority.
fn context(args: &ServeArgs, cli: &Cli, timings: &Arc<Timings>) -> Result<ServeContext, Fault> {
    let needed = grants::needed(cli, &ProcessEnv);
    let policy = Policy::new(needed.destinations, &cli.host.allow_host)?;
    let trust = Trust::new(cli.host.ca_file.as_deref())?;
    let grants = Grants {
        variables: inputs::granted_variables(&needed.variables, &ProcessEnv),
        transport: Transport::new(policy, trust, Arc::new(Warnings::default()), Arc::clone(timings)),
    };
    Ok(ServeContext {
        service: Service::load(grants, args.max_concurrency, args.isolate)?,
        slots: Semaphore::new(args.max_concurrency as usize),
        timeout: args.timeout,
        access_log: args.access_log,
    })
}

/// Listens on an address, and returns it with the port that the system chose.
fn bind(address: SocketAddr) -> Result<(std::net::TcpListener, SocketAddr), Fault> {
    let bind = || -> io::Result<_> {
        let listener = std::net::TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bind().map_err(|error| {
        let message = format!("The service cannot listen on {address}: {error}");
        Fault::new(Category::Usage, "address-not-usable", message).hint("use another port; port 0 takes any free port")
    })
}

fn not_started(error: &io::Error) -> Fault {
    Fault::new(Category::Usage, "not-started", format!("The service cannot start: {error}"))
}

fn start_workers(context: &Arc<ServeContext>) -> io::Result<Vec<Worker>> {
    let count = thread::available_parallelism().map_or(1, NonZero::get);
    (0..count).map(|_| Worker::start(Arc::clone(context))).collect()
}

/// Prints the address, a warning if other machines can reach it, and whether exchanges are
/// configured.
fn announce(args: &ServeArgs, address: SocketAddr) {
    let env = &ProcessEnv;
    let exchange = TENANT_ID.find(None, env).is_some() && CLIENT_ID.find(None, env).is_some();
    if let Some(warning) = exposure_warning(address) {
        log_line(&warning);
    }
    let url = format!("http://{address}");
    match args.output {
        Form::Json => log_line(&json!({ "listening": url, "exchange": exchange }).to_string()),
        Form::Text if exchange => log_line(&format!("listening on {url}")),
        Form::Text => log_line(&format!(
            "listening on {url}; /v1/exchange is off, because AZURE_TENANT_ID and AZURE_CLIENT_ID are not both set"
        )),
    }
}

/// The warning for an address that other machines can reach.
fn exposure_warning(address: SocketAddr) -> Option<String> {
    (!address.ip().is_loopback()).then(|| {
        format!(
            "warning: {address} is reachable from other machines and the service speaks plain HTTP, so ID tokens and access tokens \
             can be read on the network. Let only a proxy with TLS reach it"
        )
    })
}

/// Accepts connections and hands them to the workers in turn. Connections beyond the limit wait in
/// the system's queue.
async fn accept(listener: &TcpListener, connections: &Arc<Semaphore>, shutdown: &GracefulShutdown, workers: &[Worker]) {
    for worker in workers.iter().cycle() {
        let Ok(permit) = Arc::clone(connections).acquire_owned().await else { return };
        let stream = loop {
            match listener.accept().await {
                Ok((stream, _)) => break stream,
                // For example too many open files, which ends when a connection is closed.
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        };
        // A response is written at once, so there is nothing to wait for.
        stream.set_nodelay(true).ok();
        if let Ok(stream) = stream.into_std() {
            worker.handle(Connection { stream, permit, watcher: shutdown.watcher() });
        }
    }
}

/// Drops idle instances, and returns when a worker has been blocked in the component for this long.
/// Only the end of the process stops a component that never returns: time checks in its machine
/// code would make the code a sixth larger. A supervisor is expected to start the service again.
async fn supervise(workers: &[Worker], context: &ServeContext, limit: Duration) -> Fault {
    let mut seen: Vec<(u64, Duration)> = workers.iter().map(|_| (0, Duration::ZERO)).collect();
    loop {
        sleep(worker::HEARTBEAT).await;
        context.service.drop_idle(MAX_IDLE);
        for (worker, (last, blocked)) in workers.iter().zip(&mut seen) {
            let heartbeats = worker.heartbeats();
            // Counted in steps and not by the clock: the time that a machine sleeps does not count.
            *blocked = if heartbeats == *last { *blocked + worker::HEARTBEAT } else { Duration::ZERO };
            *last = heartbeats;
            if *blocked > limit {
                let message = format!("The component has not returned for {} s; the service ends", limit.as_secs());
                return Fault::new(Category::Network, "guest-deadline", message)
                    .hint("report this bug of azure-oidc, without any token");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_other_machines_can_reach_gives_a_warning() {
        for (address, is_exposed) in [
            ("127.0.0.1:8080", false),
            ("127.9.9.9:80", false),
            ("[::1]:8080", false),
            ("0.0.0.0:8080", true),
            ("[::]:8080", true),
            ("10.0.0.7:80", true),
        ] {
            assert_eq!(exposure_warning(address.parse().unwrap()).is_some(), is_exposed, "{address}");
        }
    }
}
