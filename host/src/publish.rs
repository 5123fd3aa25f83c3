//! Writes results to the files that the CI system or the job reads: all of them or none.
//!
//! Before the component starts, each file is proved to be writable: this is reported before an ID
//! token is sent, and not when there is an access token that cannot be delivered. The proof leaves
//! nothing behind, so a job that is cancelled or killed during the exchange leaves no file.

use std::io;
use std::path::{Path, PathBuf};

use azure_oidc_cli::grants::Grants;
use azure_oidc_core::platform::File as OutputFile;
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};

mod appended;
pub(crate) mod place;
mod replacement;
pub(crate) mod scratch;

use crate::deadline::Deadline;
use crate::reason;
use crate::sandbox::Publication;
use appended::Appended;
use replacement::Replacement;

/// The files that a command may write to, and what was written so far. Dropping it takes that back,
/// unless it was kept.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    targets: Vec<Target>,
    written: Vec<(Target, Written)>,
    is_kept: bool,
}

/// A file that may be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Target {
    /// Lines are appended to the file that a variable or the component's platform names.
    Append { variable: Option<&'static str>, path: PathBuf },
    /// The file is replaced or created.
    Replace(PathBuf),
    /// A file is created in this folder.
    NewIn(PathBuf),
}

#[derive(Debug)]
enum Written {
    Appended(Appended),
    Replaced(Replacement),
}

impl Outputs {
    /// Proves that each granted file can be written. A variable that is not set is skipped: the
    /// component knows what it is for and reports it.
    ///
    /// # Errors
    ///
    /// `output-not-writable` names the file, its variable, and the system's error.
    pub(crate) fn prove(granted: &Grants, env: &dyn Env) -> Result<Self, Fault> {
        let appended = granted.outputs.iter().filter_map(|file| {
            let (variable, path) = match file {
                OutputFile::Variable(name) => (Some(*name), env.present(name)?),
                OutputFile::Path(path) => (None, path.clone()),
            };
            Some(Target::Append { variable, path: path.into() })
        });
        let replaced = granted.id_token_output.iter().map(|path| Target::Replace(path.into()));
        let new = granted.new_file_in.iter().map(|folder| Target::NewIn(folder.into()));
        let targets = appended.chain(replaced).chain(new).collect();
        let outputs = Self { targets, written: Vec::new(), is_kept: false };
        outputs.targets.iter().try_for_each(Target::prove)?;
        Ok(outputs)
    }

    /// Whether no file may be written to.
    pub(crate) fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Writes each publication to its file, and checks that all of them are there afterwards. A file
    /// that was replaced or deleted meanwhile is written again. What was written is taken back when
    /// this is dropped, until [`keep`](Self::keep) is called.
    ///
    /// # Errors
    ///
    /// `output-not-granted` for a file that is not among these; `output-not-writable` when one cannot
    /// be written. Then nothing stays written. It does not wait longer than until the deadline for
    /// other programs that lock a file.
    pub(crate) fn publish(&mut self, publications: &[Publication], deadline: Deadline) -> Result<(), Fault> {
        let published = self.write_all(publications, deadline);
        if published.is_err() {
            self.take_back();
        }
        published
    }

    /// Lets everything stay that was written.
    pub(crate) fn keep(&mut self) {
        self.written.clear();
        self.is_kept = true;
    }

    /// Whether the result is out and stays.
    pub(crate) fn is_kept(&self) -> bool {
        self.is_kept
    }

    fn write_all(&mut self, publications: &[Publication], deadline: Deadline) -> Result<(), Fault> {
        const ATTEMPTS: usize = 5;
        let steps: Vec<_> = publications
            .iter()
            .map(|publication| {
                let target = self.targets.iter().find_map(|target| target.of(publication));
                Ok((target.ok_or_else(|| not_granted(publication))?, publication))
            })
            .collect::<Result<_, Fault>>()?;
        // The exchange has taken its time.
        steps.iter().try_for_each(|(target, _)| target.prove())?;
        for (target, publication) in &steps {
            let written = target.write(&publication.lines, deadline)?;
            self.written.push((target.clone(), written));
        }
        for _ in 0..ATTEMPTS {
            let Some(at) = self.written.iter().position(|(_, written)| !written.is_in_place()) else { return Ok(()) };
            let (target, written) = self.written.remove(at);
            written.take_back();
            let again = target.write(&steps[at].1.lines, deadline)?;
            self.written.insert(at, (target, again));
        }
        let (target, _) = &steps[0];
        Err(target.not_writable(&io::Error::other("another program keeps changing the files of the results")))
    }

    fn take_back(&mut self) {
        while let Some((_, written)) = self.written.pop() {
            written.take_back();
        }
    }
}

impl Drop for Outputs {
    fn drop(&mut self) {
        self.take_back();
    }
}

impl Target {
    /// The file of a publication, if it is this target.
    fn of(&self, publication: &Publication) -> Option<Self> {
        let (variable, path) = (publication.variable.as_deref(), Path::new(&publication.path));
        match self {
            Self::Append { variable: Some(own), .. } => (variable == Some(own)).then(|| self.clone()),
            Self::Append { variable: None, path: own } | Self::Replace(own) => {
                (variable.is_none() && path == own).then(|| self.clone())
            }
            // A name of this program's own, so that the component cannot choose another file.
            Self::NewIn(folder) => {
                let is_ours = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"azure-oidc-"));
                (variable.is_none() && path.parent() == Some(folder.as_path()) && is_ours && !path.exists())
                    .then(|| Self::Replace(path.to_owned()))
            }
        }
    }

    fn prove(&self) -> Result<(), Fault> {
        let proved = match self {
            Self::Append { path, .. } => Appended::prove(path),
            Self::Replace(path) => Replacement::prove(path),
            Self::NewIn(folder) => replacement::prove_new_file(folder),
        };
        proved.map_err(|error| self.not_writable(&error))
    }

    fn write(&self, contents: &[u8], deadline: Deadline) -> Result<Written, Fault> {
        let written = match self {
            Self::Append { path, .. } => Appended::write(path, contents, deadline).map(Written::Appended),
            Self::Replace(path) | Self::NewIn(path) => Replacement::write(path, contents).map(Written::Replaced),
        };
        written.map_err(|error| self.not_writable(&error))
    }

    fn not_writable(&self, error: &io::Error) -> Fault {
        match self {
            Self::Append { variable, path } => not_writable(*variable, path, error),
            Self::Replace(path) | Self::NewIn(path) => not_writable(None, path, error),
        }
    }
}

impl Written {
    fn is_in_place(&self) -> bool {
        match self {
            Self::Appended(appended) => appended.is_in_place(),
            Self::Replaced(replaced) => replaced.is_in_place(),
        }
    }

    fn take_back(self) {
        match self {
            Self::Appended(appended) => appended.take_back(),
            Self::Replaced(replaced) => replaced.take_back(),
        }
    }
}

fn not_writable(variable: Option<&'static str>, path: &Path, error: &io::Error) -> Fault {
    let file = path.display().to_string();
    let named = variable.map_or(String::new(), |variable| format!(", named by {variable},"));
    let message = format!("The file {file}{named} cannot be written: {}", reason::of_writing(error));
    let fault = Fault::new(Category::Publish, "output-not-writable", message).fact("file", file);
    let fault = match variable {
        Some(variable) => fault.fact("variable", variable),
        None => fault,
    };
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => fault.hint("create the folder of the file first"),
        io::ErrorKind::IsADirectory => fault.hint("name a file instead of a folder"),
        io::ErrorKind::InvalidInput => fault.hint("name a regular file, or one that does not exist yet"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            fault.hint("make the file writable for the user that runs this step")
        }
        io::ErrorKind::StorageFull
        | io::ErrorKind::WriteZero
        | io::ErrorKind::QuotaExceeded
        | io::ErrorKind::FileTooLarge => fault.hint("free some space on the disk of the file, or raise its quota"),
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
