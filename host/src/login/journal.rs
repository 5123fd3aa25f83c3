//! The journal of `login`: what it changes, written down before it is changed, so that `logout` can
//! undo it after a crash too.
//!
//! A job has one journal, in the folder for the state of the user's programs. The job is known by
//! its temporary folder, so that runners which share a user do not undo each other's work.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use azure_oidc_core::plan::JOB_FOLDERS;
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::{docker, folder, git, kubectl, powershell};
use crate::reason;

/// The version of the file.
const VERSION: u32 = 1;

/// One change.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum Step {
    /// A folder for the job's sessions.
    Folder(folder::Folder),
    /// The helpers in docker's configuration.
    Docker(docker::Change),
    /// The name under which docker finds the helper.
    Link(docker::Link),
    /// The helpers in git's configuration.
    Git(git::Change),
    /// The file of kubectl.
    Kubectl(kubectl::Change),
    /// The context of PowerShell's Az modules.
    Powershell(powershell::Change),
}

/// What is left of a change that was to be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Undone {
    /// Nothing. With a sentence for people, unless there was nothing to undo.
    All(Option<String>),
    /// Something that somebody else changed, or that cannot be changed: a sentence that names it.
    Left(String),
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Contents {
    version: u32,
    steps: Vec<Step>,
}

/// The journals of this user. While they are open, no other process can open them.
#[derive(Debug)]
pub(super) struct Journals {
    folder: PathBuf,
    _lock: File,
}

/// The journal of one job.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    contents: Contents,
}

impl Journals {
    /// Opens the folder of the journals.
    ///
    /// # Errors
    ///
    /// `journal-unusable`.
    pub(super) fn open(env: &dyn Env) -> Result<Self, Fault> {
        let folder = state_folder(env).ok_or_else(|| {
            let message = "There is no folder for the journal of `login`: neither `HOME` nor `XDG_STATE_HOME` is set";
            Fault::new(Category::Usage, "journal-unusable", message).hint("set `HOME` to the home folder of this user")
        })?;
        let open = || -> io::Result<File> {
            for_owner(&folder)?;
            let lock = File::options().create(true).truncate(false).write(true).open(folder.join("lock"))?;
            lock.lock()?;
            Ok(lock)
        };
        let _lock = open().map_err(|error| unusable(&folder, &error))?;
        Ok(Self { folder, _lock })
    }

    /// The journal of this job, which may be that of an earlier run.
    ///
    /// # Errors
    ///
    /// `journal-unusable`.
    pub(super) fn own(&self, env: &dyn Env) -> Result<Journal, Fault> {
        Journal::read(self.folder.join(format!("{}.json", key(env))))
    }

    /// The journals of all jobs of this user that have something to undo.
    ///
    /// # Errors
    ///
    /// `journal-unusable`.
    pub(super) fn all(&self) -> Result<Vec<Journal>, Fault> {
        let entries = fs::read_dir(&self.folder).map_err(|error| unusable(&self.folder, &error))?;
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "json"));
        paths.sort();
        paths.into_iter().map(Journal::read).collect()
    }
}

impl Journal {
    fn read(path: PathBuf) -> Result<Self, Fault> {
        let read = || -> io::Result<Contents> {
            let contents: Contents = match fs::read(&path) {
                Ok(bytes) => serde_json::from_slice(&bytes)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => Contents::default(),
                Err(error) => return Err(error),
            };
            match contents.version > VERSION {
                true => Err(io::Error::other("a newer azure-oidc wrote it")),
                false => Ok(contents),
            }
        };
        let contents = read().map_err(|error| unusable(&path, &error))?;
        Ok(Self { path, contents })
    }

    /// Whether there is nothing to undo.
    pub(super) fn is_empty(&self) -> bool {
        self.contents.steps.is_empty()
    }

    /// Writes a change down. Only afterwards it may be made.
    ///
    /// # Errors
    ///
    /// `journal-unusable`.
    pub(super) fn begin(&mut self, step: Step) -> Result<(), Fault> {
        self.contents.steps.push(step);
        self.save()
    }

    /// Undoes the changes, the last one first. What is left stays in no journal: it is told once.
    ///
    /// # Errors
    ///
    /// `journal-unusable`.
    pub(super) fn undo(&mut self, undo: impl Fn(&Step) -> Undone) -> Result<Vec<Undone>, Fault> {
        let mut undone = Vec::new();
        while let Some(step) = self.contents.steps.last() {
            undone.push(undo(step));
            self.contents.steps.pop();
            self.save()?;
        }
        Ok(undone)
    }

    fn save(&mut self) -> Result<(), Fault> {
        self.contents.version = VERSION;
        let write = || -> io::Result<()> {
            if self.contents.steps.is_empty() {
                return match fs::remove_file(&self.path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                    _ => Ok(()),
                };
            }
            let folder = self.path.parent().unwrap_or(Path::new("."));
            let mut file = NamedTempFile::new_in(folder)?;
            file.write_all(&serde_json::to_vec(&self.contents)?)?;
            file.as_file().sync_all()?;
            file.persist(&self.path).map(drop).map_err(|error| error.error)
        };
        write().map_err(|error| unusable(&self.path, &error))
    }
}

fn unusable(path: &Path, error: &io::Error) -> Fault {
    let message = format!("The journal of `login` at {} cannot be used: {}", path.display(), reason::of_writing(error));
    Fault::new(Category::Publish, "journal-unusable", message)
        .hint("set `XDG_STATE_HOME` to a folder that you may write to, the same for `login` and `logout`")
}

/// The folder for the state of this program.
fn state_folder(env: &dyn Env) -> Option<PathBuf> {
    let own = |name: &str| env.present(name).map(PathBuf::from);
    let base = own("XDG_STATE_HOME").filter(|path| path.is_absolute()).or_else(|| match cfg!(windows) {
        true => own("LOCALAPPDATA"),
        false => own("HOME").map(|home| home.join(".local").join("state")),
    })?;
    Some(base.join("azure-oidc").join("login"))
}

/// The name of this job's journal.
fn key(env: &dyn Env) -> String {
    let job = JOB_FOLDERS.iter().find_map(|name| env.present(name)).unwrap_or_default();
    digest(job.as_bytes())[..16].to_owned()
}

/// The SHA-256 in hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in ring::digest::digest(&ring::digest::SHA256, bytes).as_ref() {
        write!(text, "{byte:02x}").ok();
    }
    text
}

/// Makes a folder, and those above it, which only this user can read.
pub(super) fn for_owner(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

#[cfg(test)]
mod tests {
    use azure_oidc_core::ports::fixed::Variables;

    use super::*;

    fn step(name: &str) -> Step {
        Step::Folder(folder::Folder::new(name.into(), false, "client"))
    }

    #[test]
    fn a_journal_survives_its_process_and_is_undone_from_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().to_str().unwrap();
        let env = Variables::from([("XDG_STATE_HOME", home), ("RUNNER_TEMP", "/a")]);
        let journals = Journals::open(&env).unwrap();
        let mut journal = journals.own(&env).unwrap();
        journal.begin(step("one")).unwrap();
        journal.begin(step("two")).unwrap();
        drop((journal, journals));

        let other = Variables::from([("XDG_STATE_HOME", home), ("RUNNER_TEMP", "/b")]);
        let journals = Journals::open(&other).unwrap();
        assert!(journals.own(&other).unwrap().is_empty(), "another job of the same user");
        assert_eq!(journals.all().unwrap().len(), 1);

        let mut journal = journals.own(&env).unwrap();
        let order = std::cell::RefCell::new(Vec::new());
        let undo = |step: &Step| {
            order.borrow_mut().push(step.clone());
            Undone::All(None)
        };
        assert_eq!(journal.undo(undo).unwrap().len(), 2);
        assert_eq!(order.into_inner(), [step("two"), step("one")]);
        assert!(journals.all().unwrap().is_empty() && !journal.path.exists());
    }

    #[test]
    fn a_journal_that_cannot_be_read_is_neither_overwritten_nor_ignored() {
        let folder = tempfile::tempdir().unwrap();
        let env = Variables::from([("XDG_STATE_HOME", folder.path().to_str().unwrap())]);
        let journals = Journals::open(&env).unwrap();
        let path = journals.own(&env).unwrap().path;
        for text in ["{", r#"{"version":2,"steps":[]}"#] {
            fs::write(&path, text).unwrap();
            assert_eq!(journals.own(&env).unwrap_err().code, "journal-unusable");
            assert_eq!(journals.all().unwrap_err().code, "journal-unusable");
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(Journals::open(&Variables::default()).unwrap_err().code, "journal-unusable");
    }
}
