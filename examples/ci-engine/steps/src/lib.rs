//! Sends a request, for steps of the CI engine.

use std::io::Read;

use wasi::http::outgoing_handler::handle;
use wasi::http::types::{Fields, OutgoingRequest, Scheme};

/// Gets a document over HTTPS. The token, if any, is sent as a bearer token.
///
/// # Errors
///
/// Says what went wrong; with `HttpRequestDenied`, the engine refused the host.
pub fn get(url: &str, token: Option<&str>) -> Result<Vec<u8>, String> {
    let rest = url.strip_prefix("https://").ok_or_else(|| format!("{url} does not begin with https://"))?;
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let bearer = token.map(|token| ("authorization".to_owned(), format!("Bearer {token}").into_bytes()));
    let headers = Fields::from_list(&Vec::from_iter(bearer)).map_err(|error| error.to_string())?;
    let request = OutgoingRequest::new(headers);
    let is_set = request.set_scheme(Some(&Scheme::Https)).is_ok()
        && request.set_authority(Some(authority)).is_ok()
        && request.set_path_with_query(Some(if path.is_empty() { "/" } else { path })).is_ok();
    if !is_set {
        return Err(format!("{url} is not a URL"));
    }
    let future = handle(request, None).map_err(|code| format!("{authority}: {code:?}"))?;
    future.subscribe().block();
    let answer = future.get().and_then(Result::ok).ok_or("the engine gave no answer")?;
    let answer = answer.map_err(|code| format!("{authority}: {code:?}"))?;
    let body = answer.consume().map_err(|()| "the answer has no body")?;
    let mut contents = Vec::new();
    let mut stream = body.stream().map_err(|()| "the answer has no body")?;
    stream.read_to_end(&mut contents).map_err(|error| error.to_string())?;
    match answer.status() {
        200 => Ok(contents),
        status => Err(format!("{authority} answered {status}: {}", String::from_utf8_lossy(&contents))),
    }
}
