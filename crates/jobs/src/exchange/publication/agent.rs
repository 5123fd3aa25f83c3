//! Sends a result to the agent of a platform.

use std::time::Duration;

use azure_oidc_core::platform::Platform;
use azure_oidc_core::ports::{Ports, Request};
use azure_oidc_core::{Category, Fault};

use crate::Deadline;
use crate::id_token::learn_credentials;

const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn send(
    request: &Request,
    platform: &dyn Platform,
    deadline: Deadline,
    ports: Ports<'_>,
) -> Result<(), Fault> {
    learn_credentials(request, ports);
    let timeout = TIMEOUT.min(deadline.left(ports.clock));
    let why = match ports.http.send(std::slice::from_ref(request), timeout).pop() {
        Some(Ok(response)) if (200..300).contains(&response.status) => return Ok(()),
        Some(Ok(response)) => format!("it answered {}", response.status),
        Some(Err(error)) => error.kind.words().to_owned(),
        None => "there was no answer".to_owned(),
    };
    let message = format!("The agent of {} did not take the result: {why}", platform.title());
    Err(Fault::new(Category::Publish, "agent-refused", message))
}
