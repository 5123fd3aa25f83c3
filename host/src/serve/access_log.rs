//! Prints one line for each request: method, route, status, time, size of the answer. A line holds
//! nothing as it was sent, because a caller may put a token anywhere.

use std::time::Instant;

use azure_oidc_core::settings::SERVICE_ROUTES;
use http::{Method, Request, Response};

/// A request whose line is printed when it has its answer.
pub(super) struct Entry {
    method: &'static str,
    route: &'static str,
    since: Instant,
}

impl Entry {
    pub(super) fn new<B>(request: &Request<B>) -> Self {
        let method = match *request.method() {
            Method::GET => "GET",
            Method::HEAD => "HEAD",
            Method::POST => "POST",
            Method::OPTIONS => "OPTIONS",
            _ => "other",
        };
        let path = request.uri().path();
        let route = SERVICE_ROUTES.into_iter().find(|route| *route == path).unwrap_or("unknown");
        Self { method, route, since: Instant::now() }
    }

    /// The line, with the size in bytes.
    pub(super) fn line<B: AsRef<[u8]>>(&self, response: &Response<B>) -> String {
        let Self { method, route, since } = self;
        let (status, time) = (response.status().as_u16(), since.elapsed().as_secs_f64() * 1000.0);
        format!("{method} {route} {status} {time:.1} ms {} B", response.body().as_ref().len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(method: &str, target: &str) -> String {
        let request = Request::builder().method(method).uri(target).body(()).unwrap();
        let line = Entry::new(&request).line(&Response::new("four"));
        let (start, rest) = line.split_once(" 200 ").unwrap();
        assert!(rest.ends_with(" ms 4 B"), "{rest}");
        start.to_owned()
    }

    #[test]
    fn a_line_names_the_route_and_nothing_that_was_sent() {
        assert_eq!(line("POST", "/v1/check"), "POST /v1/check");
        assert_eq!(line("GET", "/healthz?token=eyJhbGciOiJub25lIn0.e30."), "GET /healthz");
        assert_eq!(line("GET", "/v1/eyJhbGciOiJub25lIn0.e30."), "GET unknown");
        assert_eq!(line("eyJhbGciOiJub25lIn0", "/healthz/"), "other unknown");
    }
}
