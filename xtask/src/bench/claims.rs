//! `cargo xtask bench claims`: compares the claim checker in the component with the same code
//! compiled natively, and RS256 with other libraries.
//!
//! Each worker program repeats one job and measures the time itself. Workers take turns, so that
//! other load on the machine affects all of them alike. Only the ratios matter.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::Figure;
use crate::build::{self, Built};
use crate::{shell, tools};

/// The number of turns of each worker.
const ROUNDS: usize = 40;
/// The approximate length of a turn, in nanoseconds.
const TURN: u64 = 50_000_000;
/// The most credentials that an application can have.
const CREDENTIALS: usize = 20;
/// 2026-08-21T10:00:00Z.
const NOW: i64 = 1_787_306_400;

/// The key and the token of RFC 7515 appendix A.2: RS256 with 2048 bits.
const JWKS: &str = r#"{"keys": [{"kty": "RSA", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ", "e": "AQAB"}]}"#;
const JWS: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

/// Prints the ratios of the checker and of RS256.
pub(crate) fn run() -> Result<()> {
    let questions = Questions::new(&build::everything()?)?;
    questions.check()?;
    questions.verify()
}

/// The ratio of the checker only.
pub(crate) fn check(built: &Built) -> Result<Figure> {
    Questions::new(built)?.check()
}

/// A folder with the input of the workers and the component compiled for them.
pub(super) struct Questions {
    folder: TempDir,
    worker: PathBuf,
}

impl Questions {
    pub(super) fn new(built: &Built) -> Result<Self> {
        let arguments = ["build", "--profile", "native", "--locked", "--package", "azure-oidc-claims-bench"];
        shell::run(&mut shell::cargo(&arguments))?;
        let folder = tempfile::tempdir()?;
        for (name, text) in [("jws", JWS), ("jwks", JWKS)] {
            std::fs::write(folder.path().join(name), text)?;
        }
        compile(&built.component, &folder.path().join("component.cwasm"))?;
        let worker = build::target_folder().join("native").join("azure-oidc-claims-bench");
        let questions = Self { folder, worker };
        questions.ask(CREDENTIALS, 0)?;
        Ok(questions)
    }

    /// Has the workers check a token with a claim of so many bytes more against so many credentials.
    pub(super) fn ask(&self, credentials: usize, bytes: usize) -> Result<()> {
        std::fs::write(self.folder.path().join("token"), token(credentials, bytes))?;
        Ok(std::fs::write(self.folder.path().join("credentials"), list(credentials))?)
    }

    /// The time of a check natively and in the component, in microseconds.
    pub(super) fn times(&self, rounds: usize) -> Result<[f64; 2]> {
        measured([self.ours("check-native"), self.ours("check-component")], rounds)
    }

    fn ours(&self, job: &str) -> Command {
        let mut command = Command::new(&self.worker);
        command.arg(job).arg(self.folder.path());
        command
    }

    fn check(&self) -> Result<Figure> {
        let [native, component] = self.times(ROUNDS)?;
        println!("\ndecode and check against {CREDENTIALS} credentials, medians of {ROUNDS} turns:");
        println!("  native {native:.1} µs, component {component:.1} µs");
        let what = "decode and check, component / native";
        Ok(Figure { what, value: component / native, limit: 1.5, unit: "times" })
    }

    fn verify(&self) -> Result<()> {
        let peers = shell::root().join("xtask").join("claims-peers");
        let peers_target = build::target_folder().join("claims-peers");
        let mut cargo = shell::cargo(&["build", "--release", "--locked", "--manifest-path"]);
        shell::run(cargo.arg(peers.join("Cargo.toml")).arg("--target-dir").arg(&peers_target))?;
        let mut npm = Command::new("npm");
        shell::run(npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(peers.join("node")))?;

        let mut jsonwebtoken = Command::new(peers_target.join("release").join("azure-oidc-claims-peers"));
        jsonwebtoken.arg(self.folder.path());
        let mut jose = Command::new("node");
        jose.arg(peers.join("node").join("verify.mjs")).arg(self.folder.path());
        let names = ["native", "component", "jsonwebtoken with aws-lc-rs", "jose in Node"];
        let workers = [self.ours("verify-native"), self.ours("verify-component"), jsonwebtoken, jose];
        let times = measured(workers, ROUNDS)?;
        println!("one RS256 signature of 2048 bits; ours parsed the key set each time, the others only once:");
        for (name, time) in names.iter().zip(times) {
            println!("  {name:<28}{time:7.1} µs, {:.2} times jsonwebtoken", time / times[2]);
        }
        Ok(())
    }
}

/// Compiles for the workers' runtime, which lacks some features of wasmtime.
fn compile(component: &Path, image: &Path) -> Result<()> {
    let mut command = Command::new(tools::wasmtime()?);
    command.arg("compile");
    for feature in [
        "gc",
        "gc-support",
        "concurrency-support",
        "component-model-async",
        "threads",
        "exceptions",
        "function-references",
    ] {
        command.arg(format!("-W{feature}=n"));
    }
    shell::run(command.arg("--output").arg(image).arg(component))
}

/// A token of GitLab that matches the last of so many credentials, with a claim of so many bytes.
fn token(credentials: usize, bytes: usize) -> String {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({
        "iss": "https://gitlab.com", "aud": "api://AzureADTokenExchange", "sub": subject(credentials - 1),
        "iat": NOW - 10, "nbf": NOW - 15, "exp": NOW + 290, "jti": "0a6ba2b5-3a83-4d0a-9c4b-53c7b8b2a1f0",
        "namespace_id": "72", "namespace_path": "my-group", "project_id": "20", "project_path": "my-group/my-project",
        "user_id": "1", "user_login": "sample-user", "user_email": "sample-user@example.com", "pipeline_id": "574",
        "pipeline_source": "push", "job_id": "302", "ref": "auto-deploy-2020-04-01", "ref_type": "branch", "ref_path": "refs/heads/main",
        "ref_protected": "true", "groups_direct": ["mygroup/mysubgroup", "myothergroup/myothersubgroup"], "environment": "production",
        "environment_protected": "false", "deployment_tier": "production", "runner_id": 1, "runner_environment": "self-hosted",
        "sha": "714a629c0b401fdce83e847fc9589983fc6f46bc", "project_visibility": "public", "user_groups": "x".repeat(bytes),
    });
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "4i3sFE7sxqNPOT7FdvcGA1ZVGGI_r-tsDXnEuYT4ZqE"});
    format!("{}.{}.{}", part(&header), part(&claims), BASE64_URL_SAFE_NO_PAD.encode([7; 256]))
}

fn subject(number: usize) -> String {
    format!("project_path:my-group/my-project:ref_type:branch:ref:release-{number}")
}

/// Credentials in the form that `az ad app federated-credential list` prints.
fn list(credentials: usize) -> String {
    let one = |number: usize| {
        json!({
            "@odata.id": "x", "id": format!("00000000-0000-4000-8000-{number:012}"), "name": format!("release-{number}"),
            "description": null, "issuer": "https://gitlab.com", "subject": subject(number), "audiences": ["api://AzureADTokenExchange"],
        })
    };
    (0..credentials).map(one).collect::<Value>().to_string()
}

/// The median time of one repetition for each worker, in microseconds.
fn measured<const N: usize>(commands: [Command; N], rounds: usize) -> Result<[f64; N]> {
    let mut workers = Vec::new();
    for command in commands {
        let mut worker = Worker::start(command)?;
        // The first turn is for warming up.
        worker.turn(1)?;
        let one = worker.turn(20)?.max(20) / 20;
        workers.push((worker, u32::try_from(TURN / one).unwrap_or(u32::MAX).max(1), Vec::new()));
    }
    for _ in 0..rounds {
        for (worker, count, times) in &mut workers {
            #[expect(clippy::cast_precision_loss, reason = "a turn takes far less than 2^53 nanoseconds")]
            let nanoseconds = worker.turn(*count)? as f64;
            times.push(nanoseconds / f64::from(*count) / 1000.0);
        }
    }
    let mut medians = [0.0; N];
    for (median, (_, _, mut times)) in medians.iter_mut().zip(workers) {
        times.sort_by(f64::total_cmp);
        *median = times[times.len() / 2];
    }
    Ok(medians)
}

struct Worker {
    program: PathBuf,
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Worker {
    fn start(mut command: Command) -> Result<Self> {
        let program = PathBuf::from(command.get_program());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("{} could not be started", program.display()))?;
        let input = child.stdin.take().context("it is piped")?;
        let output = BufReader::new(child.stdout.take().context("it is piped")?);
        Ok(Self { program, child, input, output })
    }

    /// The time of this many repetitions, in nanoseconds.
    fn turn(&mut self, count: u32) -> Result<u64> {
        writeln!(self.input, "{count}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        line.trim().parse().with_context(|| format!("{} ended", self.program.display()))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
