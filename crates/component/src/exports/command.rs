//! Exports `azure-oidc:federation/command`: the command line for the native host.

use azure_oidc_core::platform::{File as Named, Publication as CorePublication};
use azure_oidc_core::ports::Env;

use crate::bindings::Component;
use crate::bindings::exports::azure_oidc::federation::command::{File, Guest, Outcome, Publication};
use crate::commands::{self, Context, Files, HostKind};
use crate::wasi::Wasi;

impl Guest for Component {
    fn run(arguments: Vec<String>, files: Vec<File>) -> Outcome {
        let wasi = Wasi::new();
        let context = Context { ports: wasi.ports(), files: &HandedOver(files), host: HostKind::Native };
        let outcome = commands::run(&arguments, context);
        let publish = outcome.publish.iter().filter_map(|publication| file_publication(publication, &wasi));
        Outcome {
            exit_code: outcome.exit_code,
            masks: outcome.masks.into_bytes(),
            publish: publish.collect(),
            stdout: outcome.stdout.into_bytes(),
            stderr: outcome.stderr.into_bytes(),
        }
    }
}

/// The files that the host must write. Everything else was already printed or sent.
fn file_publication(publication: &CorePublication, env: &dyn Env) -> Option<Publication> {
    let (variable, path) = match publication {
        CorePublication::Append { file: Named::Variable(name), .. } => {
            (Some((*name).to_owned()), env.present(name).unwrap_or_default())
        }
        CorePublication::Append { file: Named::Path(path), .. } | CorePublication::Write { path, .. } => {
            (None, path.clone())
        }
        CorePublication::Mask(_)
        | CorePublication::Print(_)
        | CorePublication::Source(_)
        | CorePublication::Send(_) => return None,
    };
    Some(Publication { variable, path, lines: publication.text().as_bytes().to_vec() })
}

/// The files that the host has read.
pub(super) struct HandedOver(pub(super) Vec<File>);

impl Files for HandedOver {
    fn read(&self, name: &str) -> Result<Vec<u8>, String> {
        match self.0.iter().find(|file| file.name == name) {
            Some(file) => file.contents.clone().map_err(|why| format!("cannot be read: {why}")),
            None => Err("was not passed by the host".to_owned()),
        }
    }
}
