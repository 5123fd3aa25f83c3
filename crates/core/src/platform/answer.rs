//! Asking a platform's token service, and finding the token in what it answers.

use serde_json::Value;

use super::missing_half;
use crate::fault::{Category, Fault};
use crate::ports::{Method, Request, Response};
use crate::secret::Secret;

/// The largest answer of a token service that is read, in bytes. Tokens have a few thousand.
const MAX_ANSWER: usize = 256 * 1024;

/// How much of a service's own words is shown, in characters.
const MAX_WORDS: usize = 500;

/// A request to a token service.
pub(super) fn request(method: Method, url: String, headers: Vec<(&'static str, String)>, body: Vec<u8>) -> Request {
    Request { method, url, headers, body, max_response: MAX_ANSWER }
}

/// The URL of a token service as a variable gives it: `https`, or plain `http` where `plain` allows the host.
///
/// A bearer token travels there, so nothing else will do. A value that still is a placeholder or has control characters in it is
/// refused as well.
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
    .hint("the platform sets it to an `https` URL; do not set it yourself")
    .fact("variable", variable))
}

/// Adds parameters to a URL's query, which it may have already.
pub(super) fn with_query(mut url: String, parameters: &[(&str, &str)]) -> String {
    for (name, value) in parameters {
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(name);
        url.push('=');
        url.extend(form_urlencoded::byte_serialize(value.as_bytes()));
    }
    url
}

/// Whether a host can only be this machine.
pub(super) fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A value that goes into a header as it is: a line end in it would end the header.
pub(super) fn header_value(variable: &'static str, value: String) -> Result<String, Fault> {
    if value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Ok(value);
    }
    Err(missing_half(format!("`{variable}` has a line end or another character in it that no credential has"))
        .hint("set it to the bare value, without quotes around it and without a line end after it"))
}

/// The token in the member `member` of a JSON answer with status 200, or a fault that says what came instead.
pub(super) fn token(response: &Response, service: &str, member: &str) -> Result<Secret, Fault> {
    if response.status != 200 {
        return Err(refused(response, service));
    }
    let Ok(body) = serde_json::from_slice::<Value>(&response.body) else {
        return Err(unreadable(response, service, "is not JSON"));
    };
    match body.get(member) {
        Some(Value::String(token)) if !token.is_empty() => Ok(Secret::new(token.as_str())),
        None | Some(Value::Null | Value::String(_)) => {
            Err(Fault::new(Category::IdToken, "id-token-null", format!("{service} answered without a token"))
                .hint("start a new run; a failed job that is run again does not always get one"))
        }
        Some(_) => Err(unreadable(response, service, &format!("has a `{member}` that is no text"))),
    }
}

/// The fault of a status that is not 200.
pub(super) fn refused(response: &Response, service: &str) -> Fault {
    let status = response.status;
    let (code, hint) = match status {
        429 | 500..=599 => ("id-token-service-busy", "run the job again in a few minutes"),
        401 | 403 => ("id-token-refused", "the job may have ended, or it is not allowed to ask for an ID token"),
        _ => ("id-token-answer-unexpected", "`azure-oidc doctor` shows what the platform offers this job"),
    };
    let fault = Fault::new(Category::IdToken, code, format!("{service} refused to make an ID token (HTTP {status})"));
    with_words(fault, response).hint(hint)
}

/// The fault of an answer in another form than the one that is documented.
pub(super) fn unreadable(response: &Response, service: &str, what: &str) -> Fault {
    let fault = Fault::new(Category::IdToken, "id-token-answer-unexpected", format!("The answer of {service} {what}"));
    match response.header("content-type") {
        Some(kind) => fault.fact("content-type", kind.escape_debug().to_string()),
        None => fault,
    }
}

/// Adds what the service says in its own words, if it answered in JSON: `message`, `error` or `errors`.
fn with_words(fault: Fault, response: &Response) -> Fault {
    match words(response) {
        Some(words) => fault.fact("answer", words),
        None => fault,
    }
}

/// What a service says in its own words, on one line.
pub(super) fn words(response: &Response) -> Option<String> {
    let body: Value = serde_json::from_slice(&response.body).ok()?;
    let text = ["message", "error", "error_description"].iter().find_map(|name| body.get(name)?.as_str())?;
    Some(one_line(text))
}

/// The beginning of a text, with what is not printable escaped.
fn one_line(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars().take(MAX_WORDS) {
        match character {
            '\'' | '"' => line.push(character),
            _ => line.extend(character.escape_debug()),
        }
    }
    line
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
    fn each_way_an_answer_can_fail_has_a_code_of_its_own() {
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
    fn what_a_service_says_is_shown_on_one_line_and_not_without_end() {
        let words = |text: &str| words(&answer(400, &serde_json::json!({ "message": text }).to_string())).unwrap();
        assert_eq!(words("it's \"no\"\n##vso[x]"), r#"it's "no"\n##vso[x]"#);
        assert!(words(&"x".repeat(10_000)).len() <= MAX_WORDS);
    }

    #[test]
    fn a_bearer_token_goes_over_https_or_to_this_machine() {
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
