//! Exports `azure-oidc:federation/command`: the command line for the native host.

use crate::bindings::Component;
use crate::bindings::exports::azure_oidc::federation::command::{File, Guest, Outcome, Publication};
use crate::commands::{self, Context, Files, HostKind};
use crate::wasi::Wasi;

impl Guest for Component {
    fn run(arguments: Vec<String>, files: Vec<File>) -> Outcome {
        let wasi = Wasi::new();
        let context = Context { ports: wasi.ports(), files: &HandedOver(files), host: HostKind::Native };
        let outcome = commands::run(&arguments, context);
        let publish = outcome.publish.into_iter().map(|appendix| Publication {
            variable: appendix.variable,
            path: appendix.path,
            lines: appendix.lines.reveal().as_bytes().to_vec(),
        });
        Outcome {
            exit_code: outcome.exit_code,
            publish: publish.collect(),
            stdout: outcome.stdout.into_bytes(),
            stderr: outcome.stderr.into_bytes(),
        }
    }
}

/// The files that the host read.
struct HandedOver(Vec<File>);

impl Files for HandedOver {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        match self.0.iter().find(|file| file.name == name) {
            Some(file) => file.contents.clone().map_err(|why| format!("cannot be read: {why}")),
            None => Err("was not handed over by the host".to_owned()),
        }
    }
}
