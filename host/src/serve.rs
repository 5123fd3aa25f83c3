//! The `serve` command: answers HTTP requests with the component until a signal arrives.
//!
//! This thread accepts connections, hands them to worker threads, and shuts the workers down.

use std::io;
use std::net::SocketAddr;
use std::num::NonZero;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use azure_oidc_cli::{Cli, Form, ServeArgs, check_proxies, grants};
use azure_oidc_core::settings::{CLIENT_ID, TENANT_ID};
use azure_oidc_core::{Category, Fault};
use hyper_util::server::graceful::GracefulShutdown;
use serde_json::json;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

mod access_log;
mod admission;
mod bounds;
pub(crate) mod connections;
pub(crate) mod descriptors;
mod issuers;
mod problem;
mod request;
mod signal;
mod worker;

use crate::deadline::{Phase, Watchdog};
use crate::egress::Policy;
use crate::exhausted::{self, Resource};
use crate::inputs::{self, ProcessEnv};
use crate::sandbox::{Grants, Limits, Service};
use crate::timings::Timings;
use crate::transport::{MAX_IDLE as MAX_IDLE_TO_AUTHORITY, Transport};
use crate::trust::Trust;
use crate::warnings::Warnings;
use admission::Admission;
use bounds::{CONNECTIONS_PER_REQUEST, MAX_CONCURRENCY, MAX_IDLE, MAX_IN_FLIGHT, SEND_BUFFER};
use connections::Connections;
use request::{ServeContext, log_line};
use worker::{Accepted, Worker};

/// How often overdue connections and idle instances are looked for.
const SWEEP: Duration = Duration::from_millis(500);
/// For how long memory is given back after a release. The HTTP client looks for idle connections at
/// intervals of their longest age, so the last one can be closed at twice that age.
const RELEASE: Duration = Duration::from_secs(3 * MAX_IDLE_TO_AUTHORITY.as_secs());
/// Time between two warnings about connections that cannot be accepted.
const WARNING_PAUSE: Duration = Duration::from_secs(10);

/// Serves until SIGTERM or SIGINT, and returns the exit code. The watchdog watches the start only.
///
/// # Errors
///
/// When the service cannot start: the address is in use, or an option has an invalid value.
pub(crate) fn run(args: &ServeArgs, cli: &Cli, timings: &Arc<Timings>, watchdog: Watchdog) -> Result<u8, Fault> {
    let address = parse_address(args)?;
    exhausted::require_descriptors()?;
    let context = Arc::new(context(args, cli, timings, &watchdog)?);
    let connections = Arc::new(Connections::new(max_connections(args.max_concurrency)));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build();
    runtime.map_err(|error| not_started(&error))?.block_on(async {
        // Before the address is announced: a script may send a signal as soon as it reads that
        // line.
        let mut next_signal = signal::listen().map_err(|error| not_started(&error))?;
        let listener = bind(address)?;
        let address = listener.local_addr().map_err(|error| not_started(&error))?;
        let workers = start_workers(&context, &connections).map_err(|error| not_started(&error))?;
        tokio::spawn(supervise(Arc::clone(&context), Arc::clone(&connections)));
        tokio::spawn(async move { context.service.take_turns().await });
        let shutdown = GracefulShutdown::new();
        watchdog.enter(Phase::Printing);
        announce(args, address);
        drop(watchdog);
        tokio::select! {
            () = accept(&listener, &connections, &shutdown, &workers) => {}
            () = next_signal() => {}
        }
        drop(listener);
        connections.end();
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

/// The most open connections. The others of the process's file descriptors are for requests to the
/// authority.
fn max_connections(concurrency: u32) -> usize {
    let wanted = concurrency as usize * CONNECTIONS_PER_REQUEST;
    let descriptors = usize::try_from(descriptors::raise(2 * wanted as u64)).unwrap_or(usize::MAX);
    wanted.min(descriptors / 2)
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
    if args.max_compute.is_zero() {
        let message = "`--max-compute` is zero".to_owned();
        return Err(usage("max-compute-too-short", message, "omit the option for the default, 2s"));
    }
    let text = args.listen.replacen("localhost:", "127.0.0.1:", usize::from(args.listen.starts_with("localhost:")));
    text.parse().map_err(|_| {
        let message = format!("`--listen {}` is not an IP address with a port", args.listen);
        usage("listen-malformed", message, "write an address such as `127.0.0.1:8080` or `[::1]:0`")
    })
}

/// Loads the component, and grants it its variables and the authority.
fn context(args: &ServeArgs, cli: &Cli, timings: &Arc<Timings>, watchdog: &Watchdog) -> Result<ServeContext, Fault> {
    let mut needed = grants::needed(cli, &ProcessEnv);
    let allowed = issuers::allowed_hosts(&cli.host.allow_host, &ProcessEnv);
    needed.destinations.extend(issuers::fetchable(&allowed, &ProcessEnv)?);
    let policy = Policy::new(needed.destinations, &allowed)?;
    if !policy.is_empty() {
        check_proxies(&|name| std::env::var_os(name))?;
    }
    let trust = Trust::new(cli.host.ca_file.as_deref(), |phase| watchdog.enter(phase))?;
    let variables = inputs::granted_variables(&needed.variables, &ProcessEnv);
    let variables =
        issuers::with_allowed_hosts(issuers::with_keys(variables, &|phase| watchdog.enter(phase))?, &allowed);
    let grants = Grants {
        variables,
        transport: Transport::new(policy, trust, Arc::new(Warnings::default()), Arc::clone(timings))
            .keeping_documents(),
    };
    let limits = Limits {
        requests: Admission::most(args.max_concurrency),
        max_compute: args.max_compute,
        isolate: args.isolate,
    };
    Ok(ServeContext {
        service: Service::load(grants, limits)?,
        admission: Admission::new(args.max_concurrency),
        in_flight: Arc::new(Semaphore::new(MAX_IN_FLIGHT)),
        timeout: args.timeout,
        access_log: args.access_log,
    })
}

/// Listens on an address.
fn bind(address: SocketAddr) -> Result<TcpListener, Fault> {
    /// Connections that wait in the system's queue, for the moments when many arrive at once.
    const QUEUE: u32 = 1024;
    let bind = || -> io::Result<_> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // On Windows the option would let another program take the address.
        #[cfg(not(windows))]
        socket.set_reuseaddr(true)?;
        socket.set_send_buffer_size(SEND_BUFFER)?;
        socket.bind(address)?;
        socket.listen(QUEUE)
    };
    bind().map_err(|error| {
        let message = format!("The service cannot listen on {address}: {error}");
        Fault::new(Category::Usage, "address-not-usable", message).hint("use another port; port 0 takes any free port")
    })
}

fn not_started(error: &io::Error) -> Fault {
    let what = "The service cannot start";
    let exhausted =
        if error.kind() == io::ErrorKind::WouldBlock { Some(Resource::Threads) } else { Resource::of(error) };
    if let Some(resource) = exhausted {
        return resource.fault(what, error);
    }
    Fault::new(Category::Usage, "not-started", format!("{what}: {error}"))
}

fn start_workers(context: &Arc<ServeContext>, connections: &Arc<Connections>) -> io::Result<Vec<Worker>> {
    let count = thread::available_parallelism().map_or(1, NonZero::get);
    (0..count).map(|_| Worker::start(Arc::clone(context), Arc::clone(connections))).collect()
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

/// Accepts connections and hands them to the workers in turn.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Connections>,
    shutdown: &GracefulShutdown,
    workers: &[Worker],
) {
    let mut last_warning = None::<Instant>;
    for worker in workers.iter().cycle() {
        let stream = loop {
            match listener.accept().await {
                Ok((stream, _)) => break stream,
                Err(error) => {
                    // Most often there are too many open files. Closing a connection mends that.
                    connections.close_longest_waiting();
                    if last_warning.is_none_or(|last| last.elapsed() > WARNING_PAUSE) {
                        log_line(&format!(
                            "warning: a connection cannot be accepted: {error}. Raise the limit of open files (`ulimit -n`)"
                        ));
                        last_warning = Some(Instant::now());
                    }
                    sleep(Duration::from_millis(10)).await;
                }
            }
        };
        // A response is written at once, so there is nothing to wait for.
        stream.set_nodelay(true).ok();
        if let Ok(stream) = stream.into_std() {
            worker.handle(Accepted { stream, watcher: shutdown.watcher() }).await;
        }
    }
}

/// Closes overdue connections, drops idle instances, and gives the memory of both back to the system,
/// with that of the connections to the authority, which end by themselves soon after.
async fn supervise(context: Arc<ServeContext>, connections: Arc<Connections>) {
    let mut before = 0;
    let mut last_release = None::<Instant>;
    loop {
        sleep(SWEEP).await;
        connections.close_overdue();
        let has_dropped = context.service.drop_idle(MAX_IDLE);
        let open = connections.count();
        if has_dropped || open < before {
            last_release = Some(Instant::now());
        }
        if last_release.is_some_and(|last| last.elapsed() < RELEASE) {
            #[cfg(target_os = "linux")]
            crate::ALLOCATOR.trim();
        }
        before = open;
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
