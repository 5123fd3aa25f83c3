//! Compares programs for other processors and systems with the native host: the same cases, and what
//! a system has of its own, such as paths, ends of lines and signals.

use std::panic::{self, AssertUnwindSafe};
use std::path::Path;

use serde_json::json;

use super::command::CommandHost;
use super::report::{Cell, Column, Report, Table};
use super::run::jobs;
use super::service::{self, Host, said};
use super::{Foreign, packages};
use crate::relay::Relay;
use crate::serve::Serve;
use crate::{APPLICATION, Job, Stage, TENANT, programs};

/// Runs all cases with the native host and with these programs.
///
/// # Panics
///
/// If a program embeds another component, or cannot be started.
pub fn run(systems: &[Foreign]) -> Report {
    let (_, digest) = packages::component();
    for program in std::iter::once(None).chain(systems.iter().map(Some)) {
        let said = Here { program, stage: &Stage::new() }.job(&["component", "--digest"]).run().expect(0);
        assert_eq!(said.stdout.trim_end(), digest, "{program:?} embeds another component");
    }
    let stage = Stage::new();
    let relay = Relay::before(&stage.emulator);
    let foreign = || systems.iter().cloned();
    let commands: Vec<_> = std::iter::once(CommandHost::Own).chain(foreign().map(CommandHost::Foreign)).collect();
    let hosts: Vec<_> = std::iter::once(Host::Own).chain(foreign().map(Host::Foreign)).collect();
    let jobs = jobs(&stage, &relay, &commands, &mut []);
    let service = service::table(&stage, &relay, &hosts);
    Report { digest, tables: vec![jobs, service, own(systems)], missing: Vec::new() }
}

/// A program on this machine, native or not.
struct Here<'a> {
    program: Option<&'a Foreign>,
    stage: &'a Stage,
}

type Row = (&'static str, fn(&Here<'_>));

/// What depends on the system.
const ROWS: [Row; 8] = [
    ("a step takes `PLUGIN_*`, and its results are appended to the files that variables name", step),
    ("results that cannot be written are exit code 6, and nothing is sent", unwritable),
    ("a token, credentials and a log may have CRLF at the ends of lines", carriage_returns),
    ("`--ca-file` is trusted, and an unknown authority is not", certificate_file),
    ("the component is written to a file", component),
    ("`serve` ends in order when it is interrupted", interrupted),
    (EXEC, exec),
    (STORE, certificate_store),
];
const EXEC: &str = "`exec` gives a command credentials, and its exit code is the command's";
const STORE: &str = "the system's certificate store is trusted";

/// `CERT_E_REVOCATION_FAILURE`: what Wine answers for each chain.
const NO_REVOCATION: &str = "os error -2146762482";

fn own(systems: &[Foreign]) -> Table {
    let column = |program: Option<&Foreign>| {
        let cells = ROWS.iter().map(|row| cell(row, program)).collect();
        Column { host: program.map_or("azure-oidc", |foreign| &foreign.name).to_owned(), cells }
    };
    let columns = std::iter::once(None).chain(systems.iter().map(Some)).map(column).collect();
    Table { title: "The system", rows: ROWS.iter().map(|(name, _)| (*name).to_owned()).collect(), columns }
}

fn cell((name, prove): &Row, program: Option<&Foreign>) -> Cell {
    let here = Here { program, stage: &Stage::new() };
    match program {
        Some(foreign) if *name == EXEC && !foreign.is_for_windows() && foreign.started_by_the_kernel(&[]).is_none() => {
            let why = "the program starts itself again as the broker, and the kernel of this machine cannot be told \
                       (`binfmt_misc`) that QEMU runs it";
            return Cell::Cannot(why.to_owned());
        }
        // On Linux the store is a file, and the cases above trust one.
        program if *name == STORE && !program.is_some_and(Foreign::is_for_windows) => return Cell::NotApplicable,
        _ => {}
    }
    match panic::catch_unwind(AssertUnwindSafe(|| prove(&here))) {
        Ok(()) => Cell::Ok,
        Err(why) if *name == STORE && said(&*why).contains(NO_REVOCATION) => {
            Cell::Cannot("Wine cannot check for revocation, which the verifier of Windows asks for".to_owned())
        }
        Err(why) => Cell::Differs(said(&*why)),
    }
}

impl Here<'_> {
    fn job(&self, arguments: &[&str]) -> Job {
        self.program.map_or_else(|| Job::host(arguments), |foreign| foreign.job(arguments))
    }

    fn path(&self, path: &Path) -> String {
        match self.program {
            Some(foreign) => foreign.path(path),
            None => path.to_str().expect("temporary folders have plain names").to_owned(),
        }
    }

    fn is_for_windows(&self) -> bool {
        self.program.is_some_and(Foreign::is_for_windows)
    }

    /// A file of the stage, as the program knows it.
    fn file(&self, name: &str, text: &str) -> String {
        self.stage.write(name, text);
        self.path(&self.stage.path(name))
    }

    /// A command line that signs in at the emulator.
    fn signing_in(&self, arguments: &[&str], token: &str) -> Job {
        let job = match self.program.filter(|foreign| arguments.first() == Some(&"exec") && !foreign.is_for_windows()) {
            Some(foreign) => foreign.started_by_the_kernel(arguments).expect("it was tried before"),
            None => self.job(arguments),
        };
        let url = self.stage.emulator.url();
        job.env("PLUGIN_OIDC_TOKEN_ID", token)
            .env("PLUGIN_TENANT_ID", TENANT)
            .env("PLUGIN_CLIENT_ID", APPLICATION)
            .env("PLUGIN_AZURE_AUTHORITY_HOST", url)
    }

    /// The certificate of the emulator's authority.
    fn ca_file(&self) -> String {
        self.path(self.stage.emulator.ca_file())
    }
}

fn step(here: &Here<'_>) {
    let secrets = here.file("secrets", "EARLIER=1\n");
    // Windows takes either slash.
    let plain = here.file("plain", "").replace('\\', "/");
    let job = here.signing_in(&[], &here.stage.id_token()).env("SSL_CERT_FILE", here.ca_file());
    job.env("HARNESS_OUTPUT_SECRET_FILE", secrets).env("DRONE_OUTPUT", plain).run().expect(0);
    let text = here.stage.read("secrets");
    assert!(text.starts_with("EARLIER=1\nAZURE_ACCESS_TOKEN=ey") && text.ends_with('\n'), "{text}");
    let plain = here.stage.read("plain");
    assert_eq!(plain.lines().count(), 2, "{plain}");
    assert!(!text.contains('\r') && !plain.contains('\r'), "the lines end with CRLF");
    assert_eq!(here.stage.requests().len(), 1);
}

fn unwritable(here: &Here<'_>) {
    let job = here.signing_in(&[], &here.stage.id_token()).env("SSL_CERT_FILE", here.ca_file());
    let nowhere = here.path(&here.stage.path("no-such-folder/secrets"));
    let ran = job.env("HARNESS_OUTPUT_SECRET_FILE", nowhere).run().expect(6);
    assert!(ran.stderr.contains("its folder does not exist"), "{}", ran.stderr);
    assert!(here.stage.requests().is_empty());
}

fn carriage_returns(here: &Here<'_>) {
    let token = here.file("token", &format!("{}\r\n", here.stage.id_token()));
    let credentials = json!([{
        "name": "main",
        "issuer": "https://gitlab.com",
        "subject": "project_path:my-group/my-project:ref_type:branch:ref:main",
        "audiences": ["api://AzureADTokenExchange"]
    }]);
    let text = serde_json::to_string_pretty(&credentials).expect("it is JSON").replace('\n', "\r\n");
    let credentials = here.file("credentials.json", &text);
    let ran = here.job(&["check", "--id-token-file", &token, "--credential", &credentials]).run().expect(1);
    assert!(ran.stdout.contains("AADSTS700211"), "{}", ran.stdout);
    let log = "step\r\nAADSTS700213: No matching federated identity record found.\r\n";
    let ran = here.job(&["explain", "-"]).input(log).run().expect(0);
    assert!(ran.stdout.contains("AADSTS700213") && !ran.stdout.contains('\r'), "{:?}", ran.stdout);
}

fn certificate_file(here: &Here<'_>) {
    let text = |ca: Option<&str>| {
        let token = here.stage.id_token();
        let option = ca.map(|ca| ["--ca-file", ca]);
        let arguments: Vec<_> =
            ["exchange", "--output", "text"].into_iter().chain(option.into_iter().flatten()).collect();
        here.signing_in(&arguments, &token).run()
    };
    let refused = text(None).expect(5);
    let is_known = refused.stderr.contains("does not trust its issuer") || refused.stderr.contains(NO_REVOCATION);
    assert!(is_known, "{}", refused.stderr);
    assert!(text(Some(&here.ca_file())).expect(0).stdout.starts_with("ey"));
}

fn component(here: &Here<'_>) {
    here.job(&["component", "--output", &here.path(&here.stage.path("c.wasm"))]).run().expect(0);
    let written = std::fs::read(here.stage.path("c.wasm")).expect("it was written");
    assert!(written == std::fs::read(programs::component()).expect("it was built"), "other bytes");
}

fn interrupted(here: &Here<'_>) {
    let serve = match here.program {
        Some(foreign) => Serve::start_foreign(foreign, &[]),
        None => Serve::start(&[], &[]),
    };
    serve.signal("INT");
    let ended = serve.finish();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
}

fn exec(here: &Here<'_>) {
    let run = |unix: &str, windows: &str| {
        let shell = match here.is_for_windows() {
            true => ["C:\\windows\\system32\\cmd.exe", "/c", windows],
            false => ["/bin/sh", "-c", unix],
        };
        let token = here.stage.id_token();
        let arguments = [&["exec", "--"][..], &shell].concat();
        here.signing_in(&arguments, &token).env("SSL_CERT_FILE", here.ca_file()).run()
    };
    let ran = run("echo \"$IDENTITY_ENDPOINT\"", "echo %IDENTITY_ENDPOINT%").expect(0);
    assert!(ran.stdout.starts_with("http://127.0.0.1:"), "{ran:?}");
    run("exit 7", "exit 7").expect(7);
}

fn certificate_store(here: &Here<'_>) {
    let foreign = here.program.expect("a row of Windows");
    let exchange = || here.signing_in(&["exchange", "--output", "text"], &here.stage.id_token()).run();
    exchange().expect(5);
    // Each stage has an authority of its own, so this one may stay.
    let store = Foreign { program: foreign.program.with_file_name("store.exe"), ..foreign.clone() };
    store.job(&[&here.ca_file()]).run().expect(0);
    assert!(exchange().expect(0).stdout.starts_with("ey"));
}
