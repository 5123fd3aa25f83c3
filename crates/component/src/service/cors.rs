//! Adds CORS headers (Fetch standard). Web pages may read answers only if a variable names their
//! origins.

use azure_oidc_core::ports::Env;
use azure_oidc_core::settings::SERVICE_CORS_ORIGINS;

use super::{Head, Reply};

/// Adds the headers that a browser needs.
pub(super) fn apply(reply: Reply, head: &Head, env: &dyn Env) -> Reply {
    let Some(configured) = env.present(SERVICE_CORS_ORIGINS) else { return reply };
    // Otherwise a cache could give one origin's answer to another.
    let reply = reply.with("vary", "Origin");
    let Some(origin) = head.origin.as_deref().filter(|origin| is_listed(&configured, origin)) else { return reply };
    let reply = reply.with("access-control-allow-origin", origin);
    let allowed = reply.headers.iter().find(|(name, _)| *name == "allow").map(|(_, methods)| methods.clone());
    match allowed.filter(|_| head.method == "OPTIONS") {
        Some(methods) => reply
            .with("access-control-allow-methods", methods)
            .with("access-control-allow-headers", "authorization, content-type")
            .with("access-control-max-age", "600"),
        None => reply,
    }
}

/// `*` is not accepted: a page that may read answers may also trade tokens, so each must be named.
fn is_listed(configured: &str, origin: &str) -> bool {
    configured.split(',').map(str::trim).any(|one| one == origin && one.contains("://"))
}
