//! Whether the authority can be reached, and whether its clock and ours agree.

use std::time::{Duration, UNIX_EPOCH};

use azure_oidc_core::authority::Authority;
use azure_oidc_core::exchange::USER_AGENT;
use azure_oidc_core::ports::{Method, Ports, Request, Response};

use super::answer::Check;

const WHAT: &str = "authority";
const TIMEOUT: Duration = Duration::from_secs(10);

/// Asks for the discovery document, whose `Date` says what time it is there.
pub(super) fn reach(authority: &Authority, tolerable_skew: i64, ports: Ports<'_>) -> Check {
    let base = authority.base();
    let request = Request {
        method: Method::Get,
        url: format!("{base}/common/v2.0/.well-known/openid-configuration"),
        headers: vec![("accept", "application/json".to_owned()), ("user-agent", USER_AGENT.to_owned())],
        body: Vec::new(),
        max_response: 64 * 1024,
    };
    let bad = |message, hint: &str| Check { check: WHAT, hints: vec![hint.to_owned()], message, ok: false };
    match ports.http.send(&[request], TIMEOUT).pop() {
        Some(Ok(response)) => match skew(&response, ports.clock.now()) {
            Some(skew) if skew.abs() > tolerable_skew => bad(
                format!("{base} can be reached, but the clock here differs from its clock by {skew}s"),
                "set the runner's clock; Entra answers AADSTS700024 when they differ too far",
            ),
            Some(skew) => Check::good(WHAT, format!("{base} can be reached; the clocks differ by {skew}s")),
            None => Check::good(WHAT, format!("{base} can be reached")),
        },
        Some(Err(error)) => bad(
            format!("{base} cannot be reached: {}", error.kind.words()),
            "check proxies (`HTTPS_PROXY`, `NO_PROXY`), `--ca-file`, and what the host allows",
        ),
        None => Check::good(WHAT, "was not asked"),
    }
}

fn skew(response: &Response, now: i64) -> Option<i64> {
    let date = httpdate::parse_http_date(response.header("date")?).ok()?;
    let theirs = i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?;
    Some(now - theirs)
}
