//! Which pages of the web may read answers (the Fetch standard's CORS protocol): none, unless a
//! variable names their origins.

use azure_oidc_core::ports::Env;
use azure_oidc_core::settings::SERVICE_CORS_ORIGINS;

use super::{Head, Reply};

/// Adds what a browser looks for.
pub(super) fn apply(reply: Reply, head: &Head, env: &dyn Env) -> Reply {
    let Some(configured) = env.present(SERVICE_CORS_ORIGINS) else { return reply };
    // A cache must not give one origin's answer to another.
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

/// `*` is no origin: a page that may read answers may trade tokens too, so each is named.
fn is_listed(configured: &str, origin: &str) -> bool {
    configured.split(',').map(str::trim).any(|one| one == origin && one.contains("://"))
}
