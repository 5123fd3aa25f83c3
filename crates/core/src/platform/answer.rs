//! Requests to a platform's token service, and its answers.

use serde_json::Value;

use super::id_token_missing;
use crate::fault::{Category, Fault};
use crate::harmless::shown;
use crate::ports::{Method, Request, Response};
use crate::secret::Secret;
use crate::shorten::LONGEST_ID;
use crate::token::json;

/// The largest answer of a token service that is read, in bytes. A token has a few thousand.
const MAX_ANSWER: usize = 256 * 1024;

/// How much of a service's error message is shown, in characters.
const MAX_MESSAGE: usize = 500;

/// A request to a token service.
pub(super) fn request(method: Method, url: String, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Request {
    Request { method, url, headers, body, max_response: MAX_ANSWER }
}

/// Checks the URL of a token service that a variable gives: `https`, or plain `http` where `plain`
/// allows the host.
///
/// The request carries a bearer token, so every other value is refused, and with it placeholders
/// and control characters.
pub(super) fn service_url(variable: &'static str, value: &str, plain: fn(&str) -> bool) -> Result<String, Fault> {
    let allowed = match value.split_once("://") {
        Some(("https", rest)) => !rest.is_empty(),
        Some(("http", rest)) => plain(host(rest)),
        _ => false,
    };
    if allowed && value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(value.to_owned());
    }
    Err(Fault::new(
        Category::IdToken,
        "id-token-service-invalid",
        format!("`{variable}` is not the URL of a token service"),
    )
    .hint("remove your own setting of this variable: the platform sets it to an `https` URL")
    .fact("variable", variable))
}

/// Appends parameters to a URL, with or without a query.
pub(super) fn with_query(mut url: String, parameters: &[(&str, &str)]) -> String {
    for (name, value) in parameters {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(name);
        url.push('=');
        url.extend(form_urlencoded::byte_serialize(value.as_bytes()));
    }
    url
}

/// Whether the host is always this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Checks a value that is sent in a header, which a line end would end.
pub(super) fn header_value(variable: &'static str, value: String) -> Result<String, Fault> {
    if value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Ok(value);
    }
    Err(id_token_missing(format!("`{variable}` contains a line end or another character that a token cannot have"))
        .hint("set it to the value alone, without quotes and without a line end"))
}

/// The token in `member` of a JSON answer with status 200, or a fault that describes the answer.
pub(super) fn token(response: &Response, service: &str, member: &str) -> Result<Secret, Fault> {
    if response.status != 200 {
        return Err(refused(response, service));
    }
    let Ok(body) = json::lenient(&response.body) else {
        return Err(unreadable(response, service, "is not JSON"));
    };
    match body.get(member) {
        Some(Value::String(token)) if !token.is_empty() => Ok(Secret::new(token.as_str())),
        None | Some(Value::Null | Value::String(_)) => {
            Err(Fault::new(Category::IdToken, "id-token-null", format!("{service} answered without a token"))
                .transient()
                .hint("start a new run: a job that is run again does not always get a token"))
        }
        Some(_) => Err(unreadable(response, service, &format!("has a `{member}` that is not a string"))),
    }
}

/// The fault for a status other than 200.
pub(super) fn refused(response: &Response, service: &str) -> Fault {
    let status = response.status;
    let is_busy = matches!(status, 429 | 500..=599);
    let (code, hint) = match status {
        _ if is_busy => ("id-token-service-busy", "run the job again in a few minutes"),
        401 | 403 => ("id-token-refused", "check that the job is still running and may request an ID token"),
        _ => ("id-token-answer-unexpected", "run `azure-oidc doctor` in the job: it shows what the platform offers"),
    };
    let fault = Fault::new(Category::IdToken, code, format!("{service} refused to issue an ID token (HTTP {status})"));
    let fault = if is_busy { fault.transient() } else { fault };
    with_message(fault, response).hint(hint)
}

/// The fault for an answer that does not have the documented form.
pub(super) fn unreadable(response: &Response, service: &str, what: &str) -> Fault {
    let fault = Fault::new(Category::IdToken, "id-token-answer-unexpected", format!("The answer of {service} {what}"));
    match response.header("content-type") {
        Some(kind) => {
            let fault = fault.fact("content-type", shown(kind, LONGEST_ID));
            match kind.starts_with("text/html") {
                true => {
                    fault.hint("a web page came in its place, often from a proxy: check `HTTPS_PROXY` and `NO_PROXY`")
                }
                false => fault,
            }
        }
        None => fault,
    }
}

/// Adds the service's error message, if it answered in JSON.
fn with_message(fault: Fault, response: &Response) -> Fault {
    match message(response) {
        Some(message) => fault.fact("answer", message),
        None => fault,
    }
}

/// The error message in a JSON answer, on one line. Of a long one the beginning.
pub(super) fn message(response: &Response) -> Option<String> {
    let body = json::lenient(&response.body).ok()?;
    let text = ["message", "error", "error_description"].iter().find_map(|name| body.get(name)?.as_str())?;
    Some(shown(text, MAX_MESSAGE).replace('\r', "").replace(['\n', '\t'], " "))
}

fn host(rest: &str) -> &str {
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Response {
        Response { status, headers: vec![("content-type".into(), "text/plain".into())], body: body.into() }
    }

    #[test]
    fn each_failure_of_a_token_service_has_its_own_code() {
        for (status, body, code) in [
            (200, "<html>", "id-token-answer-unexpected"),
            (200, r#"{"value":1}"#, "id-token-answer-unexpected"),
            (200, r#"{"value":null}"#, "id-token-null"),
            (200, r#"{"value":""}"#, "id-token-null"),
            (200, "{}", "id-token-null"),
            (200, "null", "id-token-null"),
            (401, "", "id-token-refused"),
            (404, "", "id-token-answer-unexpected"),
            (302, "", "id-token-answer-unexpected"),
            (429, "", "id-token-service-busy"),
            (503, "", "id-token-service-busy"),
        ] {
            assert_eq!(token(&answer(status, body), "The service", "value").unwrap_err().code, code, "{status} {body}");
        }
        assert_eq!(token(&answer(200, r#"{"value":"jwt"}"#), "The service", "value").unwrap().reveal(), "jwt");
    }

    #[test]
    fn a_services_message_is_shown_on_one_line_and_cut() {
        let message = |text: &str| message(&answer(400, &serde_json::json!({ "message": text }).to_string())).unwrap();
        assert_eq!(message("it's \"no\"\n##vso[x]\u{202e}"), r#"it's "no" ##vso[x]\u{202e}"#);
        assert!(message(&"x".repeat(10_000)).ends_with("x… (cut: 10000 characters in all)"));
    }

    #[test]
    fn a_bearer_token_is_sent_over_https_or_to_this_machine() {
        let check = |url| service_url("URL", url, is_loopback).is_ok();
        for good in ["https://ci.example/x?a=b", "http://127.0.0.1:8080/x", "http://localhost", "http://[::1]:1/"] {
            assert!(check(good), "{good}");
        }
        for bad in [
            "",
            "https://",
            "http://ci.example/",
            "ftp://x",
            "$(URL)",
            "https://ci\n.example",
            "http://localhost@ci.example/",
        ] {
            assert!(!check(bad), "{bad}");
        }
    }
}
