//! Tests requests against servers on loopback, and the code of each failure.

use super::*;
use crate::testing::{After, Authority, respond, respond_over_tls};
use std::io::{ErrorKind, Write};
use std::net::TcpListener;

mod tls;

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

/// Permits loopback, and trusts the certificates in a file.
fn transport(ca_file: Option<&str>) -> Transport {
    let policy = Policy::new(Vec::new(), &["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    Transport::new(policy, Trust::new(ca_file, |_| ()).unwrap(), Arc::default(), Arc::new(Timings::start()))
}

fn post(transport: &mut Transport, url: &str, body: Bytes, wait: Duration) -> Result<Response<Bytes>, Error> {
    let body = Full::new(body).map_err(|never| match never {}).boxed_unsync();
    let request = Request::post(url).header("x-request", "1").body(body).unwrap();
    let options =
        RequestOptions { connect_timeout: None, first_byte_timeout: Some(wait), between_bytes_timeout: Some(wait) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let sent = transport.send_request(request, Some(options), Box::new(async { Ok(()) }));
        let (response, _) = Box::into_pin(sent).await?;
        let (head, body) = response.into_parts();
        Ok(Response::from_parts(head, body.collect().await?.to_bytes()))
    })
}

fn answer(url: &str) -> Result<Response<Bytes>, Error> {
    post(&mut transport(None), url, Bytes::from_static(b"a=b"), Duration::from_secs(30))
}

#[test]
fn the_request_arrives_unchanged() {
    let (port, server) = respond(OK, After::Close);
    let response = answer(&format!("http://127.0.0.1:{port}/token?x=1")).unwrap();
    assert_eq!((response.status().as_u16(), response.body().as_ref()), (200, &b"{}"[..]));
    let sent = server.join().unwrap().to_ascii_lowercase();
    assert!(sent.starts_with("post /token?x=1 http/1.1\r\n") && sent.ends_with("\r\n\r\na=b"), "{sent}");
    assert_eq!(sent.matches("host: ").count(), 1, "{sent}");
    assert!(sent.contains("x-request: 1") && sent.contains("content-length: 3"), "{sent}");
}

#[test]
fn a_redirect_is_returned_and_not_followed() {
    let redirect = b"HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n";
    let (port, _) = respond(redirect, After::Close);
    assert_eq!(answer(&format!("http://127.0.0.1:{port}/")).unwrap().status().as_u16(), 307);
}

#[test]
fn each_failure_has_its_code() {
    let cases: [(&'static [u8], After, &str); 8] = [
        (b"", After::Close, "HttpResponseIncomplete"),
        (b"HTTP/1.1 200 OK\r\n", After::Close, "HttpResponseIncomplete"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", After::Close, "HttpResponseIncomplete"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf", After::Close, "HttpResponseIncomplete"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", After::Close, "HttpResponseBodySize(Some(9999999))"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", After::Close, "HttpProtocolError"),
        (b"", After::Wait, "HttpResponseTimeout"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", After::Wait, "ConnectionReadTimeout"),
    ];
    for (bytes, then, code) in cases {
        let (port, _) = respond(bytes, then);
        let wait = if then == After::Wait { Duration::from_millis(50) } else { Duration::from_secs(30) };
        let url = format!("http://127.0.0.1:{port}/");
        let error = post(&mut transport(None), &url, Bytes::new(), wait).unwrap_err();
        assert_eq!(format!("{error:?}"), code, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_response_without_a_length_is_read_up_to_the_limit() {
    const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";
    let endless: &'static [u8] = [HEAD, &vec![b'x'; MAX_RESPONSE + 1]].concat().leak();
    let (port, _) = respond(endless, After::Wait);
    assert!(matches!(answer(&format!("http://127.0.0.1:{port}/")), Err(Error::HttpResponseBodySize(None))));
}

#[test]
fn a_closed_port_is_reported_as_refused() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    assert!(matches!(answer(&format!("http://127.0.0.1:{port}/")), Err(Error::ConnectionRefused)));
}

#[test]
fn a_refused_destination_is_not_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let policy = Policy::new(Vec::new(), &["login.example".to_owned()]).unwrap();
    let mut transport =
        Transport::new(policy, Trust::new(None, |_| ()).unwrap(), Arc::default(), Arc::new(Timings::start()));
    let url = format!("http://127.0.0.1:{port}/");
    let error = post(&mut transport, &url, Bytes::new(), Duration::from_secs(30)).unwrap_err();
    assert!(matches!(error, Error::HttpRequestDenied), "{error}");
    assert_eq!(listener.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_request_that_is_too_long_is_not_sent() {
    let body = Bytes::from(vec![b'x'; MAX_REQUEST + 1]);
    let error = post(&mut transport(None), "http://127.0.0.1:1/", body, Duration::from_secs(30)).unwrap_err();
    assert!(matches!(error, Error::HttpRequestBodySize(None)), "{error}");
}

#[cfg(unix)]
#[test]
fn the_name_of_a_socket_connects_to_the_socket() {
    use std::io::Read;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("agent.sock").to_str().unwrap().to_owned();
    let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut buffer = [0; 4096];
        let length = stream.read(&mut buffer).unwrap();
        stream.write_all(OK).unwrap();
        String::from_utf8_lossy(&buffer[..length]).into_owned()
    });
    let policy = Policy::new(Vec::new(), &[]).unwrap().with_sockets(vec![("agent.localhost", path)]);
    let mut transport =
        Transport::new(policy, Trust::new(None, |_| ()).unwrap(), Arc::default(), Arc::new(Timings::start()));
    let answer = post(&mut transport, "http://agent.localhost/mint", Bytes::new(), Duration::from_secs(30)).unwrap();
    assert_eq!(answer.status().as_u16(), 200);
    assert!(server.join().unwrap().starts_with("POST /mint HTTP/1.1\r\n"));
}

#[test]
fn a_second_request_to_the_same_host_reuses_the_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        for _ in 0..2 {
            let mut buffer = [0; 4096];
            assert!(std::io::Read::read(&mut stream, &mut buffer).unwrap() > 0);
            stream.write_all(OK).unwrap();
        }
    });
    let mut transport = transport(None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        for _ in 0..2 {
            let request =
                Request::get(&url).body(Full::new(Bytes::new()).map_err(|never| match never {}).boxed_unsync());
            let sent = transport.send_request(request.unwrap(), None, Box::new(async { Ok(()) }));
            assert_eq!(Box::into_pin(sent).await.unwrap().0.status().as_u16(), 200);
        }
    });
    server.join().unwrap();
}
