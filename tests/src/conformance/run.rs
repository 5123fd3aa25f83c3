//! Finds the hosts, runs each case under each of them, and fills the tables.

use std::env;
use std::path::PathBuf;

use serde_json::Value;

use super::cases::{Case, Prepared, Suite};
use super::command::{CommandHost, Engine};
use super::report::{Cell, Column, Report, Table};
use super::typed::TypedHost;
use super::{packages, same, service};
use crate::relay::Relay;
use crate::{APPLICATION, Ran, Stage, TENANT};

/// The variable with the path of the program of `examples/embed-rust`.
const EMBED: &str = "AZURE_OIDC_EMBED";
/// The variable with the path of jco.
const JCO: &str = "JCO";
/// The variables with the paths of Deno and Bun.
const DENO: &str = "DENO";
const BUN: &str = "BUN";

/// Runs all cases under all hosts.
///
/// # Panics
///
/// If a host runs another component, or cannot be started.
pub fn run() -> Report {
    let (_, digest) = packages::component();
    let mut missing = Vec::new();
    let mut named = |variable: &str, what: &str| {
        let path = env::var_os(variable).map(PathBuf::from).filter(|path| path.is_file());
        if path.is_none() {
            missing.push(format!("{what}: `{variable}` does not name it"));
        }
        path
    };
    let (embed, jco) = (named(EMBED, "the engine of examples/embed-rust"), named(JCO, "jco"));
    let (deno, bun) = (named(DENO, "Deno"), named(BUN, "Bun"));

    let stage = Stage::new();
    let relay = Relay::before(&stage.emulator);
    let package = packages::node_package(&digest);
    let mut commands = vec![CommandHost::Own, CommandHost::Wasmtime, CommandHost::Package(Engine::node(&package))];
    commands.extend(deno.map(|program| CommandHost::Package(Engine::deno(&package, program))));
    commands.extend(bun.map(|program| CommandHost::Package(Engine::bun(&package, program))));
    commands.extend(jco.map(CommandHost::Jco));
    let mut typed = vec![TypedHost::node(&package, &stage), TypedHost::python(&stage)];
    typed.extend(embed.as_ref().map(TypedHost::rust));
    for host in &typed {
        assert_eq!(host.digest, digest, "{} runs another component", host.name);
    }
    let own = crate::Job::host(&["component", "--digest"]).run().expect(0);
    assert_eq!(own.stdout.trim_end(), digest, "azure-oidc runs another component");

    let jobs = jobs(&stage, &relay, &commands, &mut typed);
    let service = service::table(&stage, &relay, &service::hosts(&mut missing));
    Report { digest, tables: vec![jobs, service], missing }
}

/// Runs the command lines and typed calls.
pub(super) fn jobs(stage: &Stage, relay: &Relay, commands: &[CommandHost], typed: &mut [TypedHost]) -> Table {
    let mut jobs = Table { title: "Jobs", rows: Vec::new(), columns: Vec::new() };
    jobs.columns.extend(commands.iter().map(|host| column(host.name(), &host.version())));
    jobs.columns.extend(typed.iter().map(|host| column(host.name, &host.version)));
    let suite = Suite::read();
    for case in &suite.cases {
        let mut proof = Proof { case, stage, printed: None, answered: None };
        let jwks = stage.get(&format!("{}/.well-known/jwks", stage.issuer("local")));
        let places = [
            ("{jwks}", jwks.as_str()),
            ("{authority}", relay.url()),
            ("{tls-authority}", stage.emulator.url()),
            ("{tenant}", TENANT),
            ("{client}", APPLICATION),
        ];
        let prepared = case.prepared(stage, &places);
        let mut cells: Vec<_> = commands.iter().map(|host| proof.command(host, &prepared)).collect();
        cells.extend(typed.iter_mut().map(|host| proof.typed(host, &prepared)));
        jobs.rows.push(case.name.clone());
        jobs.columns.iter_mut().zip(cells).for_each(|(column, cell)| column.cells.push(cell));
    }
    jobs
}

fn column(name: &str, version: &str) -> Column {
    Column { host: format!("{name} {version}"), cells: Vec::new() }
}

/// A case and the results that the hosts after the first are compared with.
struct Proof<'a> {
    case: &'a Case,
    stage: &'a Stage,
    /// The output and the requests of the native host.
    printed: Option<(String, Vec<String>)>,
    /// The answer of the first typed host.
    answered: Option<Value>,
}

impl Proof<'_> {
    fn command(&mut self, host: &CommandHost, prepared: &Prepared) -> Cell {
        if self.case.arguments.is_empty() {
            return Cell::NotApplicable;
        }
        self.stage.emulator.clear_requests();
        let ran = host.run(prepared, self.stage);
        let requests = self.requests();
        self.cell(host.name(), ran.code != 0, &requests, |proof| proof.differs(host, prepared, &ran, &requests))
    }

    fn differs(&mut self, host: &CommandHost, prepared: &Prepared, ran: &Ran, requests: &[String]) -> Option<String> {
        let expect = &self.case.expect;
        let wanted = if host.has_exit_codes() { expect.exit } else { i32::from(expect.exit != 0) };
        if ran.code != wanted {
            return Some(format!("exit code {} and not {wanted}: {}", ran.code, same::text(&ran.printed())));
        }
        if prepared.id_token.as_ref().is_some_and(|token| ran.printed().contains(token)) {
            return Some("it printed the ID token".to_owned());
        }
        let stdout = same::text(&ran.stdout);
        match &self.printed {
            Some((printed, _)) if *printed != stdout => return Some(format!("printed {stdout:?} and not {printed:?}")),
            Some((_, made)) if made != requests => return Some(format!("requests {requests:?} and not {made:?}")),
            Some(_) => return None,
            None => {}
        }
        let output: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        let wrong = expect.stdout.iter().find(|(pointer, value)| output.pointer(pointer) != Some(value));
        self.printed = Some((stdout, requests.to_vec()));
        if let Some((pointer, value)) = wrong {
            return Some(format!("{pointer} is not {value}: {output}"));
        }
        (requests.len() != expect.requests).then(|| format!("{} requests: {requests:?}", requests.len()))
    }

    fn typed(&mut self, host: &mut TypedHost, prepared: &Prepared) -> Cell {
        let Some(call) = &prepared.typed else { return Cell::NotApplicable };
        self.stage.emulator.clear_requests();
        let authority = call.arguments.pointer("/0/authority_host").and_then(Value::as_str);
        let hosts: Vec<_> = authority.and_then(|url| url.split_once("//")).map(|(_, host)| host).into_iter().collect();
        let answer = host.ask(call, &hosts);
        let requests = self.requests();
        let failed = answer.get("err").is_some();
        self.cell(host.name, failed, &requests, |proof| proof.answers_differ(answer, &requests))
    }

    fn answers_differ(&mut self, answer: Value, requests: &[String]) -> Option<String> {
        let wrong = self.case.expect.typed.iter().find(|(pointer, value)| answer.pointer(pointer) != Some(value));
        if let Some((pointer, value)) = wrong {
            return Some(format!("{pointer} is not {value}: {answer}"));
        }
        if let Some((_, made)) = self.printed.as_ref().filter(|(_, made)| made != requests) {
            return Some(format!("requests {requests:?} and not {made:?}"));
        }
        match &self.answered {
            Some(first) if *first != answer => Some(format!("answered {answer} and not {first}")),
            Some(_) => None,
            None => {
                self.answered = Some(answer);
                None
            }
        }
    }

    /// A host that does not support a case must fail and send no request.
    fn cell(
        &mut self,
        host: &str,
        failed: bool,
        requests: &[String],
        differs: impl FnOnce(&mut Self) -> Option<String>,
    ) -> Cell {
        match self.case.cannot.get(host) {
            Some(why) if failed && requests.is_empty() => Cell::Cannot(why.clone()),
            Some(_) => Cell::Differs("it can, although the case says that it cannot".to_owned()),
            None => differs(self).map_or(Cell::Ok, Cell::Differs),
        }
    }

    /// The requests to the emulator, without what differs from run to run.
    fn requests(&self) -> Vec<String> {
        let seen = self.stage.requests().into_iter().map(|seen| {
            let assertion = seen.assertion.map(|assertion| assertion.sha256);
            format!(
                "{} {} {:?} {:?} {:?} {:?} {assertion:?}",
                seen.method,
                seen.path,
                seen.status,
                seen.aadsts,
                seen.credential,
                seen.form.get("scope")
            )
        });
        let mut seen: Vec<_> = seen.collect();
        // Requests for several scopes are concurrent, so their order varies.
        seen.sort();
        seen
    }
}
