//! Tests proxy variables that cannot be used, issuers in private networks, and a system without free
//! memory, threads or file descriptors.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use azure_oidc_emulator::Order;
use azure_oidc_tests::{Job, Stage, stock};

use crate::case::{Case, STEP};

#[test]
fn a_proxy_variable_that_cannot_be_used_is_an_error_and_never_a_way_around_the_proxy() {
    let stage = Stage::new();
    for value in [
        "ftp://user:s3cr3t@proxy:1",
        "http://user:s3cr3t@proxy:port",
        "http://user:s3@cr3t@proxy:1",
        "socks5://s3cr3t:1",
    ] {
        for name in ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"] {
            let case = Case { exit: 2, code: "proxy-invalid", names: &["http://HOST:PORT"], ..STEP };
            case.check_with(&stage, |job| job.env(name, value));
            let ran = stage.harness(&stage.id_token()).env(name, value).run().expect(2);
            assert!(ran.stderr.contains(name), "{name}: {}", ran.stderr);
            assert!(!ran.stderr.contains("s3") && !ran.stderr.contains("cr3t"), "{}", ran.stderr);
        }
    }
    for name in ["HTTPS_PROXY", "NO_PROXY"] {
        let value = OsStr::from_bytes(b"http://s3cr3t\xff@proxy:1");
        let ran = stage.harness(&stage.id_token()).env(name, value).run().expect(2);
        assert!(ran.stderr.contains(name) && ran.stderr.contains("UTF-8"), "{}", ran.stderr);
        assert!(!ran.stderr.contains("s3cr3t"), "{}", ran.stderr);
    }
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn the_service_refuses_such_a_proxy_at_its_start() {
    let service = || Job::host(&["serve", "--listen", "127.0.0.1:0", "--output", "json"]);
    let ran = service().env("HTTPS_PROXY", "http://user:s3cr3t@proxy:port").run().expect(2);
    assert_eq!(ran.error()["code"], "proxy-invalid");
    assert!(!ran.printed().contains("s3cr3t"), "{}", ran.printed());
}

#[test]
fn commands_that_send_nothing_and_cgi_programs_do_not_read_the_proxy_variables() {
    let stage = Stage::new();
    Job::host(&["explain", "AADSTS700213"]).env("HTTPS_PROXY", "ftp://x").run().expect(0);
    stage.harness(&stage.id_token()).env("HTTPS_PROXY", "ftp://x").env("REQUEST_METHOD", "GET").run().expect(0);
}

#[test]
fn an_issuer_on_this_machine_is_asked_for_keys_only_if_a_flag_allows_it() {
    let stage = Stage::new();
    let id_token = stage.mint(&Order::of("local"));
    let verify = |arguments: &[&str]| {
        let job = Job::host(&["verify", "--discover", "--id-token-env", "T", "--output", "json"]).args(arguments);
        job.env("T", &id_token).env("SSL_CERT_FILE", stage.emulator.ca_file())
    };
    let error = verify(&[]).run().expect(2).error();
    assert_eq!(error["code"], "issuer-not-public");
    assert!(error["message"].as_str().is_some_and(|text| text.contains("`--allow-host localhost`")), "{error}");
    assert_eq!(stage.requests().len(), 0);
    verify(&["--allow-host", "localhost"]).run().expect(0);

    let issuer = stage.issuer("local");
    let check =
        Job::host(&["check", "--discover", "--id-token-env", "T", "--issuer", issuer, "--subject", "job:deploy"]);
    let ran = check.env("T", &id_token).run().expect(1);
    assert!(ran.stdout.contains("AADSTS501661") && ran.stdout.contains("--allow-host"), "{}", ran.stdout);
}

#[test]
fn a_stock_host_is_refused_the_same_issuers_by_the_component() {
    let stage = Stage::new();
    let id_token = stage.mint(&Order::of("local"));
    let arguments = ["verify", "--discover", "--id-token-env", "T", "--output", "json"];
    let error = stock::run(&[("T", &id_token)], &arguments).run().error();
    assert_eq!(error["code"], "issuer-not-public", "{error}");
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn a_process_without_free_descriptors_is_told_so_and_it_is_no_defect() {
    let stage = Stage::new();
    // With fewer the system cannot load the program where it is not static.
    for limit in 5..=40 {
        let script = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
        let job = stage.harness(&stage.id_token()).args(&["--retries", "0", "--timeout", "20s"]);
        let ran = job.through_a_shell(&script).run();
        for word in ["panicked", "report this bug", "guest-"] {
            assert!(!ran.printed().contains(word), "{limit} descriptors: {}", ran.printed());
        }
        match ran.code {
            0 => assert!(stage.output("secrets", "AZURE_ACCESS_TOKEN").is_some(), "{limit} descriptors"),
            _ => assert!(ran.stderr.contains("free file descriptors"), "{limit} descriptors: {}", ran.printed()),
        }
    }
}

#[test]
fn a_process_without_memory_is_told_so_and_it_is_no_defect() {
    let stage = Stage::new();
    for mebibytes in [100, 1000, 4000] {
        let script = format!("ulimit -v {}; exec \"$0\" \"$@\"", mebibytes * 1024);
        let ran = stage.harness(&stage.id_token()).args(&["--output", "json"]).through_a_shell(&script).run().expect(2);
        assert_eq!(ran.error()["code"], "out-of-memory", "{mebibytes} MiB: {}", ran.printed());
    }
}
