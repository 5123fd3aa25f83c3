//! The journal of `login`: what it changes, written down before it is changed, so that `logout` can
//! undo it after a crash too.
//!
//! A job has one journal, in the folder for the state of the user's programs ([`state`]).

use std::fmt::Write as _;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};
use serde::{Deserialize, Serialize};

use super::state::{self, Lock};
use super::variables::Set;
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
    /// Something that somebody else changed, which stays: a sentence that names it. It is told once.
    Left(String),
    /// A file or a program failed: a sentence that names it. The next `logout` tries again.
    Failed(String),
}

impl Undone {
    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        matches!(self, Self::All(_))
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Contents {
    version: u32,
    steps: Vec<Step>,
    /// What later programs got.
    #[serde(default)]
    variables: Vec<Set>,
    /// Folders that were made for the journal, the outermost first.
    #[serde(default)]
    folders: Vec<PathBuf>,
}

/// The journals of this user.
#[derive(Debug)]
pub(super) struct Journals {
    folder: PathBuf,
    own: String,
}

/// The journal of one job. No other process can open it meanwhile.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    contents: Contents,
    lock: Lock,
}

impl Journals {
    /// Finds the folder of the journals. Nothing is made yet.
    ///
    /// # Errors
    ///
    /// `journal-unusable`.
    pub(super) fn find(env: &dyn Env) -> Result<Self, Fault> {
        let folder = state::folder(env).ok_or_else(|| {
            let message = "There is no folder for the journal of `login`: neither `HOME` nor `XDG_STATE_HOME` is set";
            Fault::new(Category::Usage, "journal-unusable", message).hint("set `HOME` to the home folder of this user")
        })?;
        Ok(Self { folder, own: state::key(env) })
    }

    /// The journal of this job, which may be that of an earlier run. Waits for another process of the
    /// job.
    ///
    /// # Errors
    ///
    /// `journal-unusable`.
    pub(super) fn own(&self) -> Result<Journal, Fault> {
        let path = self.path();
        let missing = state::missing_above(&path);
        let lock = Lock::wait(path.with_extension("lock")).map_err(|error| not_writable(&path, &error))?;
        let mut journal = Journal::read(path, lock)?;
        if !missing.is_empty() {
            journal.contents.folders = missing;
        }
        Ok(journal)
    }

    /// The journal of this job, if there is one. Makes nothing.
    ///
    /// # Errors
    ///
    /// `journal-unusable`.
    pub(super) fn own_if_any(&self) -> Result<Option<Journal>, Fault> {
        match fs::symlink_metadata(self.path()) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            _ => self.own().map(Some),
        }
    }

    /// The journals of all other jobs of this user. One that cannot be used is the reason why.
    pub(super) fn others(&self) -> Vec<Result<Journal, Fault>> {
        let open = |path: PathBuf| {
            let lock = Lock::now(path.with_extension("lock")).map_err(|error| not_writable(&path, &error))?;
            Journal::read(path.clone(), lock.ok_or_else(|| busy(&path))?)
        };
        self.paths_of_others().into_iter().map(open).collect()
    }

    /// The files of the journals of all other jobs.
    pub(super) fn paths_of_others(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_some_and(|end| end == "json") && *path != self.path());
        paths.sort();
        paths
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("{}.json", self.own))
    }
}

impl Journal {
    fn read(path: PathBuf, lock: Lock) -> Result<Self, Fault> {
        let read = || -> io::Result<Contents> {
            let Some(bytes) = state::read(&path)? else { return Ok(Contents::default()) };
            let contents: Contents =
                serde_json::from_slice(&bytes).map_err(|error| io::Error::other(format!("it is damaged ({error})")))?;
            match contents.version > VERSION {
                true => Err(io::Error::other("a newer azure-oidc wrote it")),
                false => Ok(contents),
            }
        };
        let contents = read().map_err(|error| {
            unusable(&path, &reason::of(&error))
                .hint("delete it, and undo by hand what that login left; `azure-oidc logout` undoes nothing of it")
        })?;
        Ok(Self { path, contents, lock })
    }

    /// Whether there is nothing to undo.
    pub(super) fn is_empty(&self) -> bool {
        self.contents.steps.is_empty() && self.contents.variables.is_empty()
    }

    /// What later programs got from this login.
    pub(super) fn variables(&self) -> &[Set] {
        &self.contents.variables
    }

    /// Writes down what later programs are about to get.
    ///
    /// # Errors
    ///
    /// `journal-unusable`.
    pub(super) fn hand_over(&mut self, variables: Vec<Set>) -> Result<(), Fault> {
        self.contents.variables = variables;
        self.save()
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

    /// Undoes the changes, the last one first. What failed stays in the journal.
    pub(super) fn undo(&mut self, undo: impl Fn(&Step) -> Undone) -> Vec<Undone> {
        let mut remaining = std::mem::take(&mut self.contents.steps);
        let (mut undone, mut kept) = (Vec::new(), Vec::new());
        while let Some(step) = remaining.pop() {
            let one = undo(&step);
            if matches!(one, Undone::Failed(_)) {
                kept.insert(0, step);
            }
            undone.push(one);
            self.contents.steps = remaining.iter().chain(&kept).cloned().collect();
            // Undoing a step twice does no harm, so a full disk stops nothing.
            self.save().ok();
        }
        if self.contents.steps.is_empty() {
            self.contents.variables.clear();
        }
        undone.extend(self.save().err().map(|fault| Undone::Failed(fault.message.clone())));
        undone
    }

    fn save(&mut self) -> Result<(), Fault> {
        self.contents.version = VERSION;
        let new = self.path.with_extension("new");
        let write = || -> io::Result<()> {
            if self.is_empty() {
                return remove(&new).and_then(|()| remove(&self.path));
            }
            state::write(&new, &serde_json::to_vec(&self.contents)?)?;
            fs::rename(&new, &self.path)
        };
        write().map_err(|error| not_writable(&self.path, &error))
    }
}

impl Drop for Journal {
    /// Leaves nothing where there is nothing to undo.
    fn drop(&mut self) {
        if !self.is_empty() || self.path.exists() {
            return;
        }
        self.lock.remove();
        let own: Vec<_> = self.path.ancestors().skip(1).take(2).map(Path::to_owned).collect();
        own.iter().for_each(|folder| drop(fs::remove_dir(folder)));
        state::remove_empty(&self.contents.folders);
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn unusable(path: &Path, why: &str) -> Fault {
    let message = format!("The journal of `login` at {} cannot be used: {why}", path.display());
    Fault::new(Category::Publish, "journal-unusable", message)
}

fn not_writable(path: &Path, error: &io::Error) -> Fault {
    unusable(path, &reason::of_writing(error)).hint(match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => "make room on its disk, and try again",
        _ => "set `XDG_STATE_HOME` to a folder that you may write to, the same for `login` and `logout`",
    })
}

fn busy(path: &Path) -> Fault {
    unusable(path, "a `login` or `logout` of that job runs").hint("try again when it has ended")
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
    use std::cell::RefCell;

    use azure_oidc_core::ports::fixed::Variables;

    use super::*;

    fn step(name: &str) -> Step {
        Step::Folder(folder::Folder::new(name.into(), false, "client"))
    }

    fn name(step: &Step) -> &str {
        let Step::Folder(folder) = step else { panic!("{step:?}") };
        folder.path.to_str().unwrap()
    }

    fn env(home: &Path, job: &str) -> Variables {
        Variables::from([("XDG_STATE_HOME", home.to_str().unwrap()), ("RUNNER_TEMP", job)])
    }

    fn entries(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_journal_survives_its_process_and_is_undone_from_its_end() {
        let temp = tempfile::tempdir().unwrap();
        let home = temp.path().join("a/b");
        let journals = Journals::find(&env(&home, "/a")).unwrap();
        assert!(journals.own_if_any().unwrap().is_none());
        assert_eq!(entries(temp.path()), 0, "looking makes nothing");
        let mut journal = journals.own().unwrap();
        journal.begin(step("one")).unwrap();
        journal.begin(step("two")).unwrap();
        drop(journal);

        let other = Journals::find(&env(&home, "/b")).unwrap();
        assert!(other.own().unwrap().is_empty(), "another job of the same user");
        assert_eq!(other.others().len(), 1);

        let mut journal = journals.own_if_any().unwrap().unwrap();
        let busy = other.others().remove(0).unwrap_err();
        assert!(busy.message.contains("of that job runs"), "{}", busy.message);
        let order = RefCell::new(Vec::new());
        let undo = |step: &Step| {
            order.borrow_mut().push(name(step).to_owned());
            Undone::All(None)
        };
        assert_eq!(journal.undo(undo).len(), 2);
        assert_eq!(order.into_inner(), ["two", "one"]);
        drop(journal);
        assert!(!cfg!(unix) || entries(temp.path()) == 0, "also the folders that were made for it are removed");
    }

    #[test]
    fn what_failed_stays_in_the_journal_with_its_variables_until_it_is_undone() {
        let temp = tempfile::tempdir().unwrap();
        let env = env(temp.path(), "/a");
        let journals = Journals::find(&env).unwrap();
        let mut journal = journals.own().unwrap();
        for name in ["one", "two", "three", "four"] {
            journal.begin(step(name)).unwrap();
        }
        journal.hand_over(vec![Set::new("KUBECONFIG", "/k", &env)]).unwrap();
        let fails = ["two", "four"];
        let undo = |one: &Step| match fails.contains(&name(one)) {
            true => Undone::Failed("no".to_owned()),
            false => Undone::Left("changed".to_owned()),
        };
        assert_eq!(journal.undo(undo).len(), 4);
        drop(journal);
        let mut journal = journals.own_if_any().unwrap().unwrap();
        let kept: Vec<_> = journal.contents.steps.iter().map(name).collect();
        assert_eq!((kept.as_slice(), journal.variables().len()), (&fails[..], 1));
        assert_eq!(journal.undo(|_| Undone::All(None)).len(), 2);
        assert!(journal.is_empty() && !journal.path.exists());
    }

    #[test]
    fn a_journal_that_cannot_be_written_stops_no_undoing() {
        let temp = tempfile::tempdir().unwrap();
        let mut journal = Journals::find(&env(temp.path(), "/a")).unwrap().own().unwrap();
        journal.begin(step("one")).unwrap();
        journal.begin(step("two")).unwrap();
        // Nothing can take the place of a folder with contents.
        fs::create_dir_all(journal.path.with_extension("new").join("in the way")).unwrap();
        let undone = journal.undo(|_| Undone::All(None));
        assert!(matches!(undone.as_slice(), [Undone::All(_), Undone::All(_), Undone::Failed(_)]), "{undone:?}");
    }

    #[test]
    fn a_journal_that_cannot_be_read_is_named_and_stops_no_other() {
        let temp = tempfile::tempdir().unwrap();
        let journals = Journals::find(&env(temp.path(), "/a")).unwrap();
        Journals::find(&env(temp.path(), "/b")).unwrap().own().unwrap().begin(step("one")).unwrap();
        let path = journals.own().unwrap().path.clone();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        for (text, why) in [("{", "it is damaged"), (r#"{"version":2,"steps":[]}"#, "a newer azure-oidc")] {
            state::write(&path, text.as_bytes()).unwrap();
            let fault = journals.own().unwrap_err();
            assert!(fault.message.contains(why) && fault.message.contains(path.to_str().unwrap()), "{}", fault.message);
            assert!(fault.hints[0].starts_with("delete it"), "{:?}", fault.hints);
            assert!(journals.own_if_any().is_err());
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        let third = Journals::find(&env(temp.path(), "/c")).unwrap();
        let others: Vec<_> = third.others().iter().map(Result::is_ok).collect();
        assert_eq!(others.iter().filter(|is_ok| **is_ok).count(), 1, "{others:?}");
        assert_eq!(others.len(), 2);
        assert_eq!(Journals::find(&Variables::default()).unwrap_err().code, "journal-unusable");
    }
}
