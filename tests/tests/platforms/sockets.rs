//! Tests token services and agents on Unix sockets and on this machine. A socket is used only if
//! the platform's variable names it.

use std::io::{BufReader, Write};
use std::os::unix::net::UnixListener;
use std::sync::mpsc;
use std::thread;

use azure_oidc_tests::http::Message;
use azure_oidc_tests::proxy::Proxy;
use azure_oidc_tests::{Job, Stage, secrets, tokens};

use crate::fixture::{all, settled, stage};

fn job(name: &str, stage: &Stage) -> Job {
    all().into_iter().find(|fixture| fixture.name() == name).expect("there is such a fixture").job(stage, "exchange")
}

#[test]
fn the_mint_answers_over_plain_http_on_this_machine_too() {
    let stage = stage();
    let plain = stage.emulator.ready()["jobs"]["google-cloud"]["GCE_METADATA_HOST"].as_str().unwrap().to_owned();
    let url = format!("http://{plain}/mint_workload_token");
    job("harness/mint-socket", &stage).env("HARNESS_WI_MINT_URL", url).run().expect(0);
    assert!(stage.output("secrets", "AZURE_ACCESS_TOKEN").is_some());
}

#[test]
fn plain_http_to_the_mint_is_refused_over_a_network() {
    let stage = stage();
    for url in ["http://mint.example:9080/mint_workload_token", "ftp://x", "unix:relative"] {
        let ran = job("harness/mint-socket", &stage).env("HARNESS_WI_MINT_URL", url).run().expect(3);
        assert!(ran.stderr.contains("HARNESS_WI_MINT_URL"), "{}", ran.stderr);
    }
}

#[test]
fn a_socket_where_nobody_listens_is_a_failure_of_the_token_service() {
    let stage = stage();
    let url = format!("unix://{}", stage.path("nobody.sock").display());
    let ran = job("harness/mint-socket", &stage).env("HARNESS_WI_MINT_URL", url).run().expect(3);
    assert!(ran.stderr.contains("The token service of Harness gave no answer"), "{}", ran.stderr);
}

#[test]
fn the_mint_gets_the_requested_audience() {
    let stage = stage();
    let ran = job("harness/mint-socket", &stage)
        .args(&["--audience", "api://AzureADTokenExchangeChina", "--no-preflight"])
        .run()
        .expect(4);
    assert!(ran.stderr.contains("AADSTS700212"), "{}", ran.stderr);
}

#[test]
fn hosts_of_the_job_are_never_called_through_a_proxy() {
    let stage = stage();
    let proxy = Proxy::start();
    let job = job("harness/mint-socket", &stage)
        .env("HARNESS_WI_MINT_URL", "http://host.docker.internal:9080/mint_workload_token")
        .env("HTTP_PROXY", proxy.url());
    // The host does not exist here. The test checks that the policy allowed it and that the proxy
    // was not asked.
    let ran = job.args(&["--timeout", "5s"]).run().expect(3);
    assert!(!ran.stderr.contains("was refused"), "{}", ran.stderr);
    assert!(proxy.opened().is_empty(), "{:?}", proxy.opened());
}

#[test]
fn buildkite_redacts_the_token_before_it_is_written() {
    let stage = stage();
    let (path, requests) = job_api(&stage, "201 Created");
    let ran = job("buildkite/exchange", &stage)
        .env("BUILDKITE_AGENT_JOB_API_SOCKET", path)
        .env("BUILDKITE_AGENT_JOB_API_TOKEN", "job-api-token")
        .run()
        .expect(0);
    let request = requests.recv().expect("the agent was asked");
    assert_eq!(request.first, "POST /api/current-job/v0/redactions HTTP/1.1");
    assert_eq!(request.header("authorization"), Some("Bearer job-api-token"));
    let redacted = request.json()["redact"].as_str().unwrap().to_owned();
    assert_eq!(tokens::claims(&redacted)["aud"], "https://management.azure.com");
    assert!(stage.shell_file().contains(&redacted), "it is the token that is written");
    secrets::assert_none_printed(&ran, "");
}

#[test]
fn a_token_that_the_agent_does_not_redact_is_not_written() {
    let stage = stage();
    let (path, _requests) = job_api(&stage, "500 Internal Server Error");
    let ran = job("buildkite/exchange", &stage)
        .env("BUILDKITE_AGENT_JOB_API_SOCKET", path)
        .env("BUILDKITE_AGENT_JOB_API_TOKEN", "job-api-token")
        .run()
        .expect(6);
    assert_eq!((settled(&ran.stdout, &stage), stage.shell_file()), (String::new(), String::new()));
    assert!(ran.stderr.contains("The agent of Buildkite did not take the result: it answered 500"), "{}", ran.stderr);
}

/// Serves the agent's Job API for one request.
fn job_api(stage: &Stage, status: &'static str) -> (String, mpsc::Receiver<Message>) {
    let path = stage.path("job-api.sock");
    let listener = UnixListener::bind(&path).expect("the socket can be made");
    let (send, requests) = mpsc::channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept()?;
        let message = Message::read(&mut BufReader::new(stream.try_clone()?))?;
        write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{{}}")?;
        message.into_iter().for_each(|message| drop(send.send(message)));
        Ok::<_, std::io::Error>(())
    });
    (path.display().to_string(), requests)
}
