//! Any request to the HTTP service.

use azure_oidc_component::service::{self, Head, MAX_BODY, Reply, Unread};
use azure_oidc_core::Secret;
use serde_json::Value;

use crate::job::{CLIENT, Job, TENANT, granted};
use crate::message::Message;

/// Every status that the service answers with. 500 is missing: it stands for a mistake of the
/// operator, and no request can cause one.
const STATUSES: [u16; 10] = [200, 204, 400, 401, 403, 404, 405, 413, 415, 422];
/// A shorter bearer token can occur in the answer by chance.
const LONG: usize = 24;

/// The reply is complete, repeats no bearer token, and does not depend on earlier requests.
pub(crate) fn request(input: &[u8]) {
    let message = Message::read(input);
    let reply = answered(&message);
    assert!(STATUSES.contains(&reply.status), "status {}: {}", reply.status, reply.body);
    let header = |name: &str| reply.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str());
    for (name, value) in &reply.headers {
        assert!(!value.contains(['\r', '\n']), "the header {name} has several lines");
    }
    if !reply.body.is_empty() {
        let body: Value = serde_json::from_str(&reply.body).expect("a reply is JSON");
        let is_problem = header("content-type") == Some("application/problem+json");
        assert_eq!(is_problem, reply.status >= 400, "status {} with {:?}", reply.status, header("content-type"));
        assert_eq!(header("cache-control"), Some("no-store"));
        if is_problem {
            assert_eq!(body["status"], reply.status);
            assert!(body["code"].as_str().is_some_and(|code| !code.is_empty()), "a problem without a code");
        }
    }
    if let Some(token) = bearer(&message).filter(|token| token.len() >= LONG) {
        assert!(!reply.body.contains(&token), "the reply repeats the bearer token");
    }
    let again = answered(&message);
    assert_eq!((reply.status, &reply.headers, &reply.body), (again.status, &again.headers, &again.body));
}

fn answered(message: &Message) -> Reply {
    let (method, target) = message.start.split_once(' ').unwrap_or(("POST", &message.start));
    let head = Head {
        method: method.to_owned(),
        path: target.split('?').next().unwrap_or_default().to_owned(),
        content_type: Some(message.header("content-type").unwrap_or("application/json").to_owned()),
        content_encoding: message.header("content-encoding").map(ToOwned::to_owned),
        content_length: message.header("content-length").and_then(|length| length.parse().ok()),
        bearer: bearer(message).map(Secret::new),
        origin: message.header("origin").map(ToOwned::to_owned),
    };
    let variables = [
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("AZURE_OIDC_SERVICE_SCOPES", "arm,graph"),
        ("AZURE_OIDC_SERVICE_CORS_ORIGINS", "https://app.example"),
    ];
    let job = Job::new(&variables, &[], &|_, _| Ok(granted()));
    let body = &message.body;
    service::answer(
        &head,
        &mut || if body.len() > MAX_BODY { Err(Unread::TooLong) } else { Ok(body.clone()) },
        job.ports(),
    )
}

fn bearer(message: &Message) -> Option<String> {
    let (scheme, token) = message.header("authorization")?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_matches(' ').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_the_corpus_reach_every_status() {
        let mut statuses: Vec<_> =
            crate::corpus::seeds("service").iter().map(|seed| answered(&Message::read(seed)).status).collect();
        statuses.sort_unstable();
        statuses.dedup();
        assert_eq!(statuses, [200, 204, 400, 401, 404, 413, 415]);
    }
}
