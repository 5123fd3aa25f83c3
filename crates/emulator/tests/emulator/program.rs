//! The program: the ready line, tokens on demand, and how it ends.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use azure_oidc_core::token::Token;
use azure_oidc_emulator::client::Client;
use serde_json::Value;

fn program() -> Command {
    let program = env!("CARGO_BIN_EXE_azure-oidc-emulator");
    if cfg!(not(target_os = "linux")) {
        return Command::new(program);
    }
    // `nohup` and shells ignore signals for what they start, such as these tests.
    let mut command = Command::new("/usr/bin/env");
    command.args(["--default-signal", program]);
    command
}

/// A child that ends with this value: its stdin closes.
struct Serving {
    child: Child,
    ready: Value,
}

fn serve(options: &[&str]) -> Serving {
    let mut command = program();
    command.args(["serve", "--until-stdin-closes", "--quiet"]).args(options);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    Serving { child, ready: serde_json::from_str(&line).unwrap() }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn run(args: &[&str]) -> Output {
    program().args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_ready_line_says_where_everything_is() {
    let serving = serve(&[]);
    let ready = &serving.ready;
    let url = ready["url"].as_str().unwrap();
    assert!(url.starts_with("https://localhost:"));
    assert_eq!(ready["control"], format!("{url}/_emulator"));
    assert_eq!(ready["issuers"]["github"], "https://token.actions.githubusercontent.com");
    assert_eq!(ready["issuers"]["local"], format!("{url}/issuers/local"));
    assert_eq!(ready["tenants"][0]["domains"][0], "contoso.example");
    assert_eq!(ready["tenants"][0]["applications"][1]["kind"], "managed-identity");
    let client = Client::trusting(&PathBuf::from(ready["ca_file"].as_str().unwrap())).unwrap();
    let request = http::Request::get(format!("{url}/_emulator/health")).body(String::new()).unwrap();
    assert_eq!(client.send(request).unwrap().status(), 200);
}

#[test]
fn it_ends_and_cleans_up_when_its_stdin_closes() {
    let mut serving = serve(&[]);
    let ca_file = PathBuf::from(serving.ready["ca_file"].as_str().unwrap());
    assert!(ca_file.exists());
    drop(serving.child.stdin.take());
    assert!(serving.child.wait().unwrap().success());
    assert!(!ca_file.exists());
}

#[test]
fn a_token_is_minted_by_the_file_with_the_ready_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    let (ready_file, dir) = (path("ready.json"), path("files"));
    let serving = serve(&["--ready-file", &ready_file, "--dir", &dir]);
    assert_eq!(serving.ready["ca_file"], format!("{dir}/ca.pem"));
    let claims = ["--claim", "sub=repo:a/b:pull_request", "--claim", "run_id=null", "--claim", "n=1"];
    let minted =
        run(&[&["mint", "--ready-file", &ready_file, "--issuer", "github", "--lifetime", "-5"][..], &claims].concat());
    assert!(minted.status.success(), "{}", text(&minted.stderr));
    let token = Token::parse(text(&minted.stdout).trim_end()).unwrap();
    assert_eq!(token.claims().sub.as_deref(), Some("repo:a/b:pull_request"));
    assert_eq!((token.claims().raw.get("run_id"), token.claims().raw["n"].as_i64()), (None, Some(1)));
    assert_eq!(token.claims().exp.unwrap() - token.claims().iat.unwrap(), -5);

    let url = serving.ready["control"].as_str().unwrap();
    let refused = run(&["mint", "--url", url, "--ca-file", &format!("{dir}/ca.pem"), "--issuer", "gitea"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).starts_with("error: there is no issuer `gitea`\nhint: known issuers: github, "));
    assert!(refused.stdout.is_empty());
}

#[test]
fn a_file_without_the_ready_line_is_refused_with_what_to_name() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("ready.json").to_str().unwrap().to_owned();
    for (contents, message) in
        [(None, "does not exist\nhint: name the file"), (Some("{}"), "is not what `serve` printed: ")]
    {
        if let Some(contents) = contents {
            std::fs::write(&file, contents).unwrap();
        }
        let refused = run(&["mint", "--ready-file", &file, "--issuer", "github"]);
        let stderr = text(&refused.stderr);
        assert!(stderr.starts_with(&format!("error: `{file}` {message}")) && stderr.contains("hint: "), "{stderr}");
    }
}

#[test]
fn tokens_can_live_for_seconds() {
    let directory = tempfile::tempdir().unwrap();
    let ready_file = directory.path().join("ready.json").to_str().unwrap().to_owned();
    let serving = serve(&["--ready-file", &ready_file, "--id-token-life", "2", "--access-token-life", "7"]);
    for issuer in ["github", "gitlab"] {
        let minted = run(&["mint", "--ready-file", &ready_file, "--issuer", issuer]);
        let token = Token::parse(text(&minted.stdout).trim_end()).unwrap();
        assert_eq!(token.claims().exp.unwrap() - token.claims().iat.unwrap(), 2);
    }
    let traded = |token: &str| {
        let (ready, path) = (&serving.ready, |text: &Value| text.as_str().unwrap().to_owned());
        let client = Client::trusting(&PathBuf::from(path(&ready["ca_file"]))).unwrap();
        let application = &ready["tenants"][0]["applications"][0]["client_id"];
        let form = format!(
            "grant_type=client_credentials&client_id={}&scope=https%3A%2F%2Fmanagement.azure.com%2F.default\
             &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={token}",
            path(application)
        );
        let url = format!("{}/contoso.example/oauth2/v2.0/token", path(&ready["url"]));
        let request = http::Request::post(url).header("content-type", "application/x-www-form-urlencoded").body(form);
        serde_json::from_slice::<Value>(client.send(request.unwrap()).unwrap().body()).unwrap()
    };
    let audience = "api://AzureADTokenExchange";
    let token = text(&run(&["mint", "--ready-file", &ready_file, "--issuer", "github", "--audience", audience]).stdout);
    let granted = traded(token.trim_end());
    assert_eq!(granted["expires_in"], 7, "{granted}");
    // Clocks may not differ by more than the life.
    std::thread::sleep(std::time::Duration::from_millis(3_200));
    assert_eq!(traded(token.trim_end())["error_codes"][0], 700_024);
}

#[test]
fn the_default_configuration_can_be_printed_and_played() {
    let printed = run(&["config"]);
    assert_eq!(text(&printed.stdout), azure_oidc_emulator::config::DEFAULT);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("emulator.toml");
    std::fs::write(&file, &printed.stdout).unwrap();
    serve(&["--config", file.to_str().unwrap()]);
}

#[test]
fn a_configuration_with_a_misspelt_key_is_refused_with_its_line() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("emulator.toml");
    std::fs::write(&file, "[[tenant]]\nid = \"x\"\ndomain = []\n").unwrap();
    let refused = run(&["serve", "--config", file.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(2));
    let stderr = text(&refused.stderr);
    assert!(stderr.contains("line 3") && stderr.contains("`domain`") && stderr.contains("hint: "), "{stderr}");
}

#[test]
fn it_listens_where_it_is_told() {
    let refused = run(&["serve", "--listen", "192.0.2.1", "--port", "0"]);
    assert!(text(&refused.stderr).starts_with("error: can't listen on 192.0.2.1 port 0: "), "{refused:?}");
    serve(&["--listen", "0.0.0.0", "--port", "0"]);
}

#[test]
fn a_port_that_is_taken_is_named() {
    let serving = serve(&[]);
    let port = serving.ready["url"].as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    let refused = text(&run(&["serve", "--port", &port]).stderr);
    let expected =
        format!("error: can't listen on 127.0.0.1 port {port}: another program has it\nhint: leave `--port` out");
    assert!(refused.starts_with(&expected), "{refused}");
}

#[cfg(unix)]
#[test]
fn a_command_runs_as_a_job_and_its_exit_code_is_kept() {
    let script = "test -s \"$SSL_CERT_FILE\" && test -s \"$AZURE_OIDC_EMULATOR\" && echo $AZURE_CLIENT_ID $GITHUB_ACTIONS \
                  $AZURE_OIDC_REGISTRIES && exit 7";
    let ran = run(&["run", "--port", "0", "--", "sh", "-c", script]);
    assert_eq!(ran.status.code(), Some(7), "{}", text(&ran.stderr));
    let stdout = text(&ran.stdout);
    assert!(stdout.starts_with("22222222-2222-4222-8222-222222222222 true localhost:"), "{stdout}");

    let unknown = run(&["run", "--job", "gitlab", "--", "true"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("known jobs: "), "{}", text(&unknown.stderr));
    assert_eq!(run(&["run", "--", "no-such-program-here"]).status.code(), Some(2));
}

#[cfg(unix)]
#[test]
fn a_job_hands_on_results_as_on_its_platform_and_they_are_kept_where_somebody_wants_them() {
    let directory = tempfile::tempdir().unwrap();
    let kept = directory.path().join("job");
    let script = "echo A=1 >> \"$GITHUB_OUTPUT\" && test -w \"$GITHUB_ENV\" && test -d \"$RUNNER_TEMP\"";
    let ran = run(&["run", "--port=0", "--dir", kept.to_str().unwrap(), "--", "sh", "-c", script]);
    assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    assert_eq!(std::fs::read_to_string(kept.join("github_output")).unwrap(), "A=1\n");
    let told = format!("GITHUB_OUTPUT={}", kept.join("github_output").display());
    assert!(text(&ran.stderr).contains(&told), "{}", text(&ran.stderr));
    for (job, names) in
        [("harness", "$HARNESS_OUTPUT_SECRET_FILE $HARNESS_SCRATCH_DIR"), ("azure-pipelines", "$AGENT_TEMPDIRECTORY")]
    {
        let script = format!("for path in {names}; do test -w \"$path\" || exit 9; done");
        let ran = run(&["run", "--port=0", "--job", job, "--", "sh", "-c", &script]);
        assert_eq!(ran.status.code(), Some(0), "{job}: {}", text(&ran.stderr));
    }
}

#[test]
fn the_usual_port_is_taken_where_it_is_free() {
    let (first, second) = (serve(&[]), serve(&[]));
    assert_ne!(first.ready["url"], second.ready["url"]);
    assert_ne!(second.ready["url"], "https://localhost:8443", "one of them has another one");
}

#[cfg(unix)]
#[test]
fn a_command_sees_nothing_of_the_job_around_the_emulator() {
    let outer = [
        ("GITLAB_CI", "true"),
        ("TF_BUILD", "True"),
        ("CIRCLECI", "true"),
        ("PLUGIN_TENANT_ID", "outer"),
        ("PLUGIN_AZURE_AUTHORITY_HOST", "https://outer.example"),
        ("AZURE_SUBSCRIPTION_ID", "outer"),
        ("TFC_WORKLOAD_IDENTITY_TOKEN_OUTER", "outer"),
    ];
    let names: Vec<_> = outer.iter().map(|(name, _)| *name).collect();
    let seen = |variables: &[&str], pattern: &str| {
        let mut command = program();
        command.args(["run", "--port=0", "--", "env"]).args(variables).args([
            "sh",
            "-c",
            &format!("env | grep -E '{pattern}'"),
        ]);
        let ran = command.envs(outer).env("KEPT", "outer").output().unwrap();
        text(&ran.stdout)
    };
    assert_eq!(seen(&[], &format!("^({}|KEPT)=", names.join("|"))), "KEPT=outer\n");
    assert_eq!(seen(&["PLUGIN_SCOPE=graph"], "^PLUGIN_"), "PLUGIN_SCOPE=graph\n");
}

#[cfg(unix)]
#[test]
fn a_job_of_harness_chooses_its_identity() {
    let ran = run(&["run", "--port=0", "--job", "harness", "--", "sh", "-c", "echo $PLUGIN_WORKLOAD_IDENTITY"]);
    assert_eq!(text(&ran.stdout), "harness\n", "{}", text(&ran.stderr));
}

#[cfg(unix)]
mod signals {
    use std::io::{BufRead, BufReader, Read};
    use std::process::{ChildStdout, Stdio};

    use rustix::process::{Pid, Signal, kill_process, test_kill_process};

    use super::*;

    /// A command that has started, beside its emulator.
    struct Running {
        child: Child,
        stdout: BufReader<ChildStdout>,
        first: String,
    }

    /// Runs a script, whose first line says that it is ready.
    fn start(options: &[&str], folder: &std::path::Path, script: &str) -> Running {
        let mut command = program();
        command.args(["run", "--port=0"]).args(options).args(["--", "sh", "-c", script]).env("TMPDIR", folder);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        Running { child, stdout, first }
    }

    impl Running {
        /// Sends a signal to the emulator alone. Returns its exit code and what the command printed
        /// until nothing held its output.
        fn end(mut self, signal: Signal) -> (Option<i32>, String) {
            kill_process(Pid::from_child(&self.child), signal).unwrap();
            let mut rest = String::new();
            self.stdout.read_to_string(&mut rest).unwrap();
            (self.child.wait().unwrap().code(), rest)
        }
    }

    #[test]
    fn the_command_gets_them_and_nothing_stays() {
        for (signal, name) in [(Signal::HUP, "HUP"), (Signal::INT, "INT"), (Signal::TERM, "TERM")] {
            let folder = tempfile::tempdir().unwrap();
            let script = format!("trap 'echo trapped; exit 9' {name}; echo ready; while :; do sleep 0.05; done");
            let ended = start(&[], folder.path(), &script).end(signal);
            assert_eq!(ended, (Some(9), "trapped\n".to_owned()), "{name}");
            assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{name}");
        }
    }

    #[test]
    fn serve_ends_and_cleans_up() {
        for signal in [Signal::HUP, Signal::INT, Signal::TERM] {
            let mut serving = serve(&[]);
            let ca_file = PathBuf::from(serving.ready["ca_file"].as_str().unwrap());
            assert!(ca_file.exists());
            kill_process(Pid::from_child(&serving.child), signal).unwrap();
            assert!(serving.child.wait().unwrap().success(), "{signal:?}");
            assert!(!ca_file.exists(), "{signal:?}");
        }
    }

    #[test]
    fn what_the_command_started_gets_them_too_and_the_exit_code_names_them() {
        let folder = tempfile::tempdir().unwrap();
        let running = start(&[], folder.path(), "sleep 600 & echo $!; wait");
        let sleeping = Pid::from_raw(running.first.trim().parse().unwrap()).unwrap();
        let (code, _) = running.end(Signal::TERM);
        assert_eq!(code, Some(128 + Signal::TERM.as_raw()));
        // Its output is closed, so it has ended; whoever adopted it may not have asked for its code.
        let status = std::fs::read_to_string(format!("/proc/{sleeping}/stat")).unwrap_or_default();
        assert!(test_kill_process(sleeping).is_err() || status.contains(") Z "), "{status}");
    }

    #[test]
    fn a_command_that_ignores_them_is_killed_with_what_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let running = start(&["--grace=1"], folder.path(), "trap '' TERM; sleep 600 & echo ready; wait; sleep 600");
        assert_eq!(running.end(Signal::TERM).0, Some(128 + Signal::KILL.as_raw()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
