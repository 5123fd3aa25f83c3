//! Asks a platform's token service.

use std::time::Duration;

use azure_oidc_core::exchange::share;
use azure_oidc_core::plan::TokenPlan;
use azure_oidc_core::platform::Source;
use azure_oidc_core::ports::{Ports, TransportError, TransportKind};
use azure_oidc_core::{Category, Fault, Secret};

use crate::Deadline;

const PAUSE: Duration = Duration::from_secs(1);

/// Sends the request of the plan. It is sent again only after a lost connection and after an answer
/// that may be another one a moment later, and only before the deadline.
pub(super) fn ask(plan: &TokenPlan, deadline: Deadline, ports: Ports<'_>) -> Result<Secret, Fault> {
    let Source::Request { request, read, attempts, .. } = &plan.source else { return Err(not_sent()) };
    let attempts = (*attempts).max(1);
    let left = || deadline.left(ports.clock);
    let whole = left();
    let mut attempt = 1;
    loop {
        let (fault, is_transient) =
            match ports.http.send(std::slice::from_ref(request), share(whole, left(), attempts)).pop() {
                Some(Ok(response)) => match read(&response) {
                    Ok(token) => return Ok(token),
                    Err(fault) => {
                        let is_transient = fault.is_transient;
                        (fault, is_transient)
                    }
                },
                Some(Err(error)) => (unreachable(&error, plan), error.kind.is_transient()),
                None => return Err(not_sent()),
            };
        if !is_transient || attempt >= attempts || left() <= PAUSE {
            return Err(fault);
        }
        attempt += 1;
        ports.clock.sleep(PAUSE);
    }
}

fn not_sent() -> Fault {
    Fault::new(Category::IdToken, "id-token-missing", "The host sent no request")
}

fn capitalised(sentence: &str) -> String {
    let mut characters = sentence.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn unreachable(error: &TransportError, plan: &TokenPlan) -> Fault {
    let fault = Fault::new(
        Category::IdToken,
        "token-service-unreachable",
        capitalised(&format!("{} gave no answer", plan.platform.token_service())),
    )
    .fact("failure", error.kind.words());
    let fault = match error.kind {
        TransportKind::Tls(failure) => fault.hint(failure.remedy()),
        TransportKind::Timeout => fault.hint("`--timeout TIME` gives it more time"),
        _ => fault,
    };
    let fault = match (&plan.source, error.kind) {
        (Source::Request { socket: Some(socket), .. }, _) => fault.hint(format!(
            "it listens at the socket `{socket}`: mount that into the container that runs azure-oidc"
        )),
        (_, TransportKind::Dns) => fault.hint(
            "its name is known only where jobs of this platform run: run this in such a job, and let its container use the \
             network of the machine",
        ),
        _ => fault.hint("it is part of the CI system; a proxy that catches its address is the usual cause, see `NO_PROXY`"),
    };
    if error.detail.is_empty() { fault } else { fault.fact("reason", error.detail.clone()) }
}
