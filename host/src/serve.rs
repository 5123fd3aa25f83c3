//! `serve`: the component's HTTP service, natively. This thread listens, hands connections to the workers, and ends them all when it
//! is told to.

use std::net::{SocketAddr, TcpListener as Bound};
use std::num::NonZero;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use azure_oidc_cli::{Cli, Form, ServeArgs, grants};
use azure_oidc_core::settings::{CLIENT_ID, TENANT_ID};
use azure_oidc_core::{Category, Fault};
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

mod problem;
mod request;
mod signal;
mod worker;

use crate::egress::Policy;
use crate::inputs::{self, Process};
use crate::sandbox::{Grants, Service};
use crate::timings::Timings;
use crate::transport::Transport;
use crate::trust::Trust;
use crate::warnings::Warnings;
use request::{Desk, note};
use signal::Signals;
use worker::Worker;

/// The most requests at the same time. Each takes four GiB of addresses, and a process has 128 TiB of them.
const MOST: u32 = 1000;
/// Connections for each request that may be answered: most of them are idle or slow most of the time.
const CONNECTIONS: usize = 4;
/// How long an instance of the component may wait for its next request. Its memory still has the last one meanwhile.
const IDLE: Duration = Duration::from_secs(1);
/// How much longer than a request's time a worker may be stuck in one. The component computes for a few milliseconds, ever.
const STUCK: Duration = Duration::from_secs(5);

/// Serves until a signal, and gives the exit code.
///
/// # Errors
///
/// When it cannot begin: the address is in use, or an option has no sense.
pub(crate) fn run(args: &ServeArgs, cli: &Cli, timings: &Arc<Timings>) -> Result<u8, Fault> {
    let address = address(args)?;
    let desk = Arc::new(desk(args, cli, timings)?);
    let (bound, address) = bind(address)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    runtime.map_err(|error| not_started(&error))?.block_on(async {
        // Before it is said that it listens: a script may send a signal as soon as it reads that.
        let mut signals = Signals::new().map_err(|error| not_started(&error))?;
        let listener = TcpListener::from_std(bound).map_err(|error| not_started(&error))?;
        let (end, ending) = watch::channel(false);
        let workers = workers(&desk, &ending).map_err(|error| not_started(&error))?;
        let connections = Arc::new(Semaphore::new(args.max_concurrency as usize * CONNECTIONS));
        let most = connections.available_permits();
        say(args, address);
        tokio::select! {
            () = listen(&listener, &connections, &workers) => {}
            fault = watch_over(&workers, &desk, args.timeout + STUCK) => return Err(fault),
            () = signals.next() => {}
        }
        drop(listener);
        end.send(true).ok();
        // All places are free when all connections are closed.
        let all = u32::try_from(most).unwrap_or(u32::MAX);
        let closed = async { timeout(args.grace, connections.acquire_many(all)).await.is_ok() };
        let done = tokio::select! {
            closed = closed => closed,
            () = signals.next() => false,
        };
        if !done {
            note("warning: requests were cut off: they were not done within `--grace`, or a second signal came");
        }
        Ok(0)
    })
}

fn address(args: &ServeArgs) -> Result<SocketAddr, Fault> {
    let usage = |code, message: String, hint| Fault::new(Category::Usage, code, message).hint(hint);
    if args.max_concurrency == 0 || args.max_concurrency > MOST {
        let message = format!("`--max-concurrency {}` is not from 1 to {MOST}", args.max_concurrency);
        return Err(usage("max-concurrency-out-of-range", message, "leave it out for 64"));
    }
    if args.timeout < Duration::from_secs(1) {
        return Err(usage("timeout-too-short", "`--timeout` is less than a second".to_owned(), "leave it out for 30s"));
    }
    let text = args.listen.replacen("localhost:", "127.0.0.1:", usize::from(args.listen.starts_with("localhost:")));
    text.parse().map_err(|_| {
        let message = format!("`--listen {}` is not an address and a port", args.listen);
        usage("listen-malformed", message, "write one such as `127.0.0.1:8080` or `[::1]:0`; a name is not looked up")
    })
}

/// Loads the component with what it is granted: its variables, and the way to the authority.
fn desk(args: &ServeArgs, cli: &Cli, timings: &Arc<Timings>) -> Result<Desk, Fault> {
    let needed = grants::needed(cli, &Process);
    let policy = Policy::new(needed.destinations, &cli.host.allow_host)?;
    let trust = Trust::new(cli.host.ca_file.as_deref())?;
    let grants = Grants {
        variables: inputs::shown(&needed.variables, &Process),
        transport: Transport::new(policy, trust, Arc::new(Warnings::default()), Arc::clone(timings)),
    };
    Ok(Desk {
        service: Service::load(grants, args.max_concurrency, args.isolate)?,
        places: Semaphore::new(args.max_concurrency as usize),
        time: args.timeout,
        access_log: args.access_log,
    })
}

fn bind(address: SocketAddr) -> Result<(Bound, SocketAddr), Fault> {
    let bound = || {
        let bound = Bound::bind(address)?;
        bound.set_nonblocking(true)?;
        let address = bound.local_addr()?;
        Ok((bound, address))
    };
    bound().map_err(|error: std::io::Error| {
        let message = format!("{address} cannot be listened on: {error}");
        Fault::new(Category::Usage, "address-not-usable", message).hint("port 0 takes any free port")
    })
}

fn not_started(error: &std::io::Error) -> Fault {
    Fault::new(Category::Usage, "not-started", format!("The service cannot be started: {error}"))
}

fn workers(desk: &Arc<Desk>, ending: &watch::Receiver<bool>) -> std::io::Result<Vec<Worker>> {
    let count = thread::available_parallelism().map_or(1, NonZero::get);
    (0..count).map(|_| Worker::start(Arc::clone(desk), ending.clone())).collect()
}

/// Says that it listens, and to whom it speaks.
fn say(args: &ServeArgs, address: SocketAddr) {
    let env = &Process;
    let trades = TENANT_ID.find(None, env).is_some() && CLIENT_ID.find(None, env).is_some();
    if let Some(warning) = warning(address) {
        note(&warning);
    }
    let url = format!("http://{address}");
    match args.output {
        Form::Json => note(&json!({ "listening": url, "exchange": trades }).to_string()),
        Form::Text if trades => note(&format!("listening on {url}")),
        Form::Text => note(&format!(
            "listening on {url}; /v1/exchange is off, because AZURE_TENANT_ID and AZURE_CLIENT_ID are not both set"
        )),
    }
}

/// What should be known of an address that other machines reach.
fn warning(address: SocketAddr) -> Option<String> {
    (!address.ip().is_loopback()).then(|| {
        format!(
            "warning: {address} can be reached from other machines, and this speaks plain HTTP: ID tokens and access tokens can be \
             read on the way. Let only a proxy with TLS reach it"
        )
    })
}

/// Takes connections and hands them out in turn. When there are as many as may be, further ones wait in the system's queue.
async fn listen(listener: &TcpListener, connections: &Arc<Semaphore>, workers: &[Worker]) {
    for worker in workers.iter().cycle() {
        let Ok(place) = Arc::clone(connections).acquire_owned().await else { return };
        let stream = loop {
            match listener.accept().await {
                Ok((stream, _)) => break stream,
                // No more files, for one. Those that are open will be closed at some time.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        };
        // An answer is written at once: nothing is to be waited for.
        stream.set_nodelay(true).ok();
        if let Ok(stream) = stream.into_std() {
            worker.give((stream, place));
        }
    }
}

/// Ends idle instances, and returns when a worker has been stuck in the component for so long: nothing else can end a component that
/// computes forever, whose machine code would be a sixth larger with checks for the time in it. Whoever runs this starts it again.
async fn watch_over(workers: &[Worker], desk: &Desk, longest: Duration) -> Fault {
    let mut seen: Vec<(u64, Duration)> = workers.iter().map(|_| (0, Duration::ZERO)).collect();
    loop {
        tokio::time::sleep(worker::BEAT).await;
        desk.service.forget(IDLE);
        for (worker, (beats, silent)) in workers.iter().zip(&mut seen) {
            let now = worker.beats();
            // In steps, and not by the clock: a machine that slept has not been stuck.
            *silent = if now == *beats { *silent + worker::BEAT } else { Duration::ZERO };
            *beats = now;
            if *silent > longest {
                let message = format!("The component computes for more than {} s; the service ends", longest.as_secs());
                return Fault::new(Category::Network, "guest-deadline", message)
                    .hint("this is a defect of azure-oidc: please report it, without any token");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_others_reach_is_warned_of() {
        for (address, is_warned) in [
            ("127.0.0.1:8080", false),
            ("127.9.9.9:80", false),
            ("[::1]:8080", false),
            ("0.0.0.0:8080", true),
            ("[::]:8080", true),
            ("10.0.0.7:80", true),
        ] {
            assert_eq!(warning(address.parse().unwrap()).is_some(), is_warned, "{address}");
        }
    }
}
