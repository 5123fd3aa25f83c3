//! Writes results to the files that the CI system reads.
//!
//! The files are opened before the component starts: an unwritable file is reported before an ID
//! token is sent, and not when there is an access token that cannot be delivered.

use std::io;
use std::path::{Path, PathBuf};

use azure_oidc_core::platform::File as OutputFile;
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};

mod appended;
mod replacement;

use crate::sandbox::Publication;
use appended::Appended;
use replacement::Replacement;

/// The files that a command may write to, all open.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    appended: Vec<Appended>,
    replaced: Option<Replacement>,
}

impl Outputs {
    /// Opens each file to append to, and creates the file that will replace `replaced`. A variable
    /// that is not set is skipped: the component knows what it is for and reports it.
    ///
    /// # Errors
    ///
    /// `output-not-writable` names the file, its variable, and the system's error.
    pub(crate) fn open(files: &[OutputFile], replaced: Option<String>, env: &dyn Env) -> Result<Self, Fault> {
        let mut outputs = Self::default();
        for file in files {
            let (variable, path) = match file {
                OutputFile::Variable(name) => (Some(*name), env.present(name)),
                OutputFile::Path(path) => (None, Some(path.clone())),
            };
            let Some(path) = path.map(PathBuf::from) else { continue };
            let opened = Appended::open(variable, path.clone());
            outputs.appended.push(opened.map_err(|error| not_writable(variable, &path, &error))?);
        }
        if let Some(path) = replaced.map(PathBuf::from) {
            let created = Replacement::new(&path);
            outputs.replaced = Some(created.map_err(|error| not_writable(None, &path, &error))?);
        }
        Ok(outputs)
    }

    /// Writes each publication to its file.
    ///
    /// # Errors
    ///
    /// `output-not-granted` for a file that is not among these; `output-not-writable` when a write
    /// fails.
    pub(crate) fn publish(&mut self, publications: &[Publication]) -> Result<(), Fault> {
        for publication in publications {
            if let Some(replaced) = self.replaced.take_if(|replaced| replaced.is_target_of(publication)) {
                let path = replaced.path.clone();
                replaced.write(&publication.lines).map_err(|error| not_writable(None, &path, &error))?;
                continue;
            }
            let Some(file) = self.appended.iter_mut().find(|file| file.is_target_of(publication)) else {
                return Err(not_granted(publication));
            };
            file.append(&publication.lines).map_err(|error| not_writable(file.variable, &file.path, &error))?;
        }
        Ok(())
    }
}

fn not_writable(variable: Option<&'static str>, path: &Path, error: &io::Error) -> Fault {
    let file = path.display().to_string();
    let named = variable.map_or(String::new(), |variable| format!(", named by {variable},"));
    let message = format!("The file {file}{named} cannot be written: {error}");
    let fault = Fault::new(Category::Publish, "output-not-writable", message).fact("file", file);
    let fault = match variable {
        Some(variable) => fault.fact("variable", variable),
        None => fault,
    };
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => fault.hint("create the folder of the file first"),
        io::ErrorKind::IsADirectory => fault.hint("name a file instead of a folder"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            fault.hint("make the file writable for the user that runs this step")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::WriteZero => fault.hint("free some space on the disk of the file"),
        _ => fault,
    }
    .hint("`--output json` prints the result instead")
}

fn not_granted(publication: &Publication) -> Fault {
    let message = "The component asked to write to a file that this command may not write to";
    let file = publication.variable.as_deref().unwrap_or(&publication.path);
    Fault::new(Category::Publish, "output-not-granted", message).fact("file", file)
}

#[cfg(test)]
mod tests;
