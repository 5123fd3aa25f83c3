//! `wasi:http/incoming-handler`: reads a request, answers it, keeps nothing.

use azure_oidc_core::Secret;

use crate::bindings::Component;
use crate::bindings::exports::wasi::http::incoming_handler::Guest;
use crate::bindings::wasi::http::types::{
    Fields, IncomingRequest, Method, OutgoingBody, OutgoingResponse, ResponseOutparam,
};
use crate::service::{self, Incoming, MAX_BODY, Reply};
use crate::wasi::{Wasi, streams};

impl Guest for Component {
    fn handle(request: IncomingRequest, out: ResponseOutparam) {
        let reply = match read(&request) {
            Ok(incoming) => service::answer(&incoming, Wasi::new().world()),
            Err(reply) => reply,
        };
        send(reply, out);
    }
}

fn read(request: &IncomingRequest) -> Result<Incoming, Reply> {
    let headers = request.headers();
    let header = |name: &str| headers.get(name).into_iter().next().and_then(|value| String::from_utf8(value).ok());
    let bearer = header("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| Secret::new(token))
    });
    let path = request.path_with_query().unwrap_or_default();
    let body = match request.consume().and_then(|body| body.stream().map(|stream| (body, stream))) {
        // The stream is a child of the body and must go first.
        Ok((body, stream)) => {
            let bytes = streams::read(&stream, MAX_BODY);
            drop(stream);
            drop(body);
            bytes.map_err(|_| service::too_large())?
        }
        Err(()) => Vec::new(),
    };
    Ok(Incoming {
        method: method(&request.method()),
        path: path.split('?').next().unwrap_or_default().to_owned(),
        content_type: header("content-type"),
        bearer,
        body,
    })
}

fn method(method: &Method) -> String {
    match method {
        Method::Get => "GET".to_owned(),
        Method::Post => "POST".to_owned(),
        Method::Other(name) => name.clone(),
        _ => "OTHER".to_owned(),
    }
}

fn send(reply: Reply, out: ResponseOutparam) {
    let mut headers: Vec<_> =
        reply.headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    headers.push(("content-length".to_owned(), reply.body.len().to_string().into_bytes()));
    // Names and values are ours, so they are sound.
    let fields = Fields::from_list(&headers).unwrap_or_else(|_| Fields::new());
    let response = OutgoingResponse::new(fields);
    let _ = response.set_status_code(reply.status);
    let body = response.body();
    ResponseOutparam::set(out, Ok(response));
    // Past this point the caller has its status; one who hangs up is not our concern.
    if let Ok(body) = body {
        if let Ok(stream) = body.write() {
            streams::write(&stream, reply.body.as_bytes());
        }
        let _ = OutgoingBody::finish(body, None);
    }
}
