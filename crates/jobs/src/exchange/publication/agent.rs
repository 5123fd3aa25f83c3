//! Sends a result to the agent of a platform.

use std::time::Duration;

use azure_oidc_core::platform::Platform;
use azure_oidc_core::ports::{Http, Request};
use azure_oidc_core::{Category, Fault};

const TIMEOUT: Duration = Duration::from_secs(10);

pub(super) fn send(request: &Request, platform: &dyn Platform, http: &dyn Http) -> Result<(), Fault> {
    let why = match http.send(std::slice::from_ref(request), TIMEOUT).pop() {
        Some(Ok(response)) if (200..300).contains(&response.status) => return Ok(()),
        Some(Ok(response)) => format!("it answered {}", response.status),
        Some(Err(error)) => format!("{:?} {}", error.kind, error.detail),
        None => "there was no answer".to_owned(),
    };
    let message = format!("The agent of {} did not take the result: {why}", platform.title());
    Err(Fault::new(Category::Publish, "agent-refused", message))
}
