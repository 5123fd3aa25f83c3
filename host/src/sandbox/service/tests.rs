//! Tests when an instance is reused, and that only exchanges have network access.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::Mutex;

use super::*;
use crate::egress::Policy;
use crate::timings::Timings;
use crate::trust::Trust;

/// Tests run one at a time, because the image exists once in the program.
static LOADED: Mutex<()> = Mutex::const_new(());

/// A service whose exchanges may call one host.
fn service(isolate: bool) -> Service {
    let policy = Policy::new(Vec::new(), &["login.example".to_owned()]).unwrap();
    let trust = Trust::new(None, |_| ()).unwrap();
    let transport = Transport::new(policy, trust, Arc::default(), Arc::new(Timings::start()));
    let limits = Limits { requests: 4, max_compute: Duration::from_secs(60), isolate };
    Service::load(Grants { variables: Vec::new(), transport }, limits).unwrap()
}

fn request(path: &str, body: impl Into<Bytes>) -> Request<Bytes> {
    let request = Request::post(path).header("host", "localhost").header("content-type", "application/json");
    request.body(body.into()).unwrap()
}

fn explain(what: &str) -> Request<Bytes> {
    request("/v1/explain", serde_json::json!({ "text": what }).to_string())
}

async fn status(service: &Service, request: Request<Bytes>) -> u16 {
    service.answer(request).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn an_instance_answers_one_request_after_the_other() {
    let _loaded = LOADED.lock().await;
    let service = service(false);
    for answered in 1..=3 {
        assert_eq!(status(&service, explain("AADSTS700213")).await, 200);
        assert_eq!(service.idle.answered(), [answered]);
    }
}

#[tokio::test]
async fn an_exchange_neither_reuses_an_instance_nor_leaves_one() {
    let _loaded = LOADED.lock().await;
    let service = service(false);
    assert_eq!(status(&service, request("/v1/exchange", "{}")).await, 401);
    assert!(service.idle.answered().is_empty());
    assert_eq!(status(&service, explain("AADSTS700213")).await, 200);
    assert_eq!(status(&service, request("/v1/exchange", "{}")).await, 401);
    assert_eq!(service.idle.answered(), [1]);
}

#[tokio::test]
async fn an_instance_that_answers_several_requests_has_no_network() {
    let _loaded = LOADED.lock().await;
    let service = service(false);
    assert!(service.grants.transport.permits_any(), "an exchange has it");
    assert_eq!(status(&service, explain("AADSTS700213")).await, 200);
    assert!(!service.idle.take().unwrap().has_network());
}

#[tokio::test]
async fn isolated_requests_share_nothing() {
    let _loaded = LOADED.lock().await;
    let service = service(true);
    assert_eq!(status(&service, explain("AADSTS700213")).await, 200);
    assert!(service.idle.answered().is_empty());
}

#[tokio::test]
async fn an_idle_instance_is_dropped() {
    let _loaded = LOADED.lock().await;
    let service = service(false);
    assert_eq!(status(&service, explain("AADSTS700213")).await, 200);
    assert!(!service.drop_idle(Duration::from_secs(3600)));
    assert_eq!(service.idle.answered(), [1]);
    assert!(service.drop_idle(Duration::ZERO));
    assert!(service.idle.answered().is_empty());
}

#[tokio::test]
async fn an_instance_is_replaced_after_many_responses() {
    let _loaded = LOADED.lock().await;
    let service = service(false);
    for _ in 0..instance::MAX_RESPONSES {
        assert_eq!(status(&service, request("/healthz", "")).await, 405);
    }
    assert!(service.idle.answered().is_empty());
    assert_eq!(status(&service, request("/healthz", "")).await, 405);
    assert_eq!(service.idle.answered(), [1]);
}

#[tokio::test]
async fn an_instance_with_grown_memory_is_replaced() {
    let _loaded = LOADED.lock().await;
    let service = service(false);
    let many = format!("[{}0]", "0,".repeat(100_000));
    assert_eq!(status(&service, request("/v1/check", many)).await, 400);
    assert!(service.idle.answered().is_empty());
}

/// Begins a new epoch again and again until it is dropped.
struct Ticking(Arc<AtomicBool>, Option<thread::JoinHandle<()>>);

impl Ticking {
    fn start(service: &Service, pause: Duration) -> Self {
        let (engine, is_over) = (service.engine.clone(), Arc::new(AtomicBool::new(false)));
        let seen = Arc::clone(&is_over);
        let tick = move || {
            while !seen.load(Relaxed) {
                engine.increment_epoch();
                thread::sleep(pause);
            }
        };
        Self(is_over, Some(thread::spawn(tick)))
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.store(true, Relaxed);
        self.1.take().map(thread::JoinHandle::join);
    }
}

#[tokio::test]
async fn a_request_that_computes_for_too_long_is_interrupted_alone() {
    let _loaded = LOADED.lock().await;
    let service = Service { max_compute: Duration::ZERO, ..service(false) };
    let ticking = Ticking::start(&service, Duration::ZERO);
    // Long enough that the other thread gets its turn on a busy machine too.
    let fault = service.answer(explain(&"AADSTS700213 ".repeat(15_000))).await.unwrap_err();
    assert_eq!(fault.code, "request-interrupted");
    assert!(crate::sandbox::is_exhaustion(&fault));
    assert!(service.idle.answered().is_empty(), "its instance is not used again");
    drop(ticking);
    assert_eq!(status(&service, explain("AADSTS700213")).await, 200);
}

#[tokio::test]
async fn a_request_that_computes_for_long_lets_others_go_first() {
    let _loaded = LOADED.lock().await;
    let service = service(false);
    let order = async || {
        let done = std::sync::Mutex::new(Vec::new());
        let run = async |name: &'static str, request| {
            assert_eq!(status(&service, request).await, 200);
            done.lock().unwrap().push(name);
        };
        let long = format!("AADSTS700213 {}", "of no interest ".repeat(16_000));
        tokio::join!(run("long", explain(&long)), run("short", explain("AADSTS700213")));
        done.into_inner().unwrap()
    };
    assert_eq!(order().await, ["long", "short"], "nothing ends a turn");
    let _ticking = Ticking::start(&service, Duration::from_micros(200));
    assert_eq!(order().await, ["short", "long"]);
}
