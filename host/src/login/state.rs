//! The folder of the journals: made when a journal needs it and removed when it is empty. A journal
//! is locked by a file beside it, and read only where nobody else can have written it.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use azure_oidc_core::plan::JOB_FOLDERS;
use azure_oidc_core::ports::Env;

use super::journal::{digest, for_owner};
use crate::inputs::read_capped;

/// The largest journal, in bytes.
const LARGEST: u64 = 16 << 20;

/// The ids of jobs on platforms that give a job no temporary folder of its own: GitLab, CircleCI,
/// Buildkite, Bitbucket, Semaphore, Codefresh, HCP Terraform, Jenkins.
const JOB_IDS: [&str; 8] = [
    "CI_JOB_ID",
    "CIRCLE_WORKFLOW_JOB_ID",
    "BUILDKITE_JOB_ID",
    "BITBUCKET_STEP_UUID",
    "SEMAPHORE_JOB_ID",
    "CF_BUILD_ID",
    "TFC_RUN_ID",
    "BUILD_TAG",
];

/// The folder of the journals; none where the user has no home.
pub(super) fn folder(env: &dyn Env) -> Option<PathBuf> {
    let own = |name: &str| env.present(name).map(PathBuf::from);
    let base = own("XDG_STATE_HOME").filter(|path| path.is_absolute()).or_else(|| match cfg!(windows) {
        true => own("LOCALAPPDATA"),
        false => own("HOME").map(|home| home.join(".local").join("state")),
    })?;
    Some(base.join("azure-oidc").join("login"))
}

/// The name of this job's journal, without its extension: a digest of the job's temporary folder, or
/// of its id. Without both, all such jobs of the user have one journal.
pub(super) fn key(env: &dyn Env) -> String {
    let folder = JOB_FOLDERS.iter().find_map(|name| env.present(name)).map(|path| {
        let path = std::path::absolute(&path).unwrap_or_else(|_| path.into());
        // Without a slash at its end. Links are not followed, because the folder may not exist yet.
        path.components().collect::<PathBuf>().display().to_string()
    });
    let id = || JOB_IDS.iter().find_map(|name| Some(format!("{name}={}", env.present(name)?)));
    digest(folder.or_else(id).unwrap_or_default().as_bytes())[..16].to_owned()
}

/// The folders above a path that do not exist, the outermost first.
pub(super) fn missing_above(path: &Path) -> Vec<PathBuf> {
    let missing = |folder: &&Path| !folder.as_os_str().is_empty() && fs::symlink_metadata(folder).is_err();
    let mut folders: Vec<_> = path.ancestors().skip(1).take_while(missing).map(Path::to_owned).collect();
    folders.reverse();
    folders
}

/// Removes these folders, the last one first, where they are empty. Others may use them by now.
pub(super) fn remove_empty(folders: &[PathBuf]) {
    for folder in folders.iter().rev() {
        fs::remove_dir(folder).ok();
    }
}

/// The only process that uses a journal.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Waits until no other process uses the journal.
    pub(super) fn wait(path: PathBuf) -> io::Result<Self> {
        let lock = Self::take(path, |file| file.lock().map(|()| true))?;
        lock.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }

    /// None where another process uses the journal.
    pub(super) fn now(path: PathBuf) -> io::Result<Option<Self>> {
        Self::take(path, |file| match file.try_lock() {
            Ok(()) => Ok(true),
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        })
    }

    fn take(path: PathBuf, lock: impl Fn(&File) -> io::Result<bool>) -> io::Result<Option<Self>> {
        const ATTEMPTS: usize = 1000;
        for _ in 0..ATTEMPTS {
            path.parent().map_or(Ok(()), for_owner)?;
            let file = match options().write(true).create(true).truncate(false).open(&path) {
                // Another process removed the folder at this moment.
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                opened => opened?,
            };
            if !lock(&file)? {
                return Ok(None);
            }
            if is_at(&file, &path) {
                return Ok(Some(Self { file, path }));
            }
        }
        Err(io::Error::other("other processes keep removing its lock"))
    }

    /// Removes the lock. Who waits for it notices, and makes a new one.
    pub(super) fn remove(&self) {
        // On Windows the file would stay until the last process closes it, and stop the next one.
        if cfg!(unix) && is_at(&self.file, &self.path) {
            fs::remove_file(&self.path).ok();
        }
    }
}

/// Whether the path still names the open file.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: &fs::Metadata| (metadata.dev(), metadata.ino());
    matches!((file.metadata(), fs::symlink_metadata(path)), (Ok(file), Ok(named)) if id(&file) == id(&named))
}

#[cfg(windows)]
fn is_at(_file: &File, _path: &Path) -> bool {
    true
}

/// Options that follow no link and wait for nobody at the other end of a pipe.
fn options() -> OpenOptions {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "modes and flags are of Unix"))]
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flags = rustix::fs::OFlags::NONBLOCK | rustix::fs::OFlags::NOFOLLOW;
        options.mode(0o600).custom_flags(flags.bits().cast_signed());
    }
    options
}

/// Reads a journal. None where there is none.
///
/// # Errors
///
/// Also where it is no file, or where somebody else can have written it: a journal says what is to be
/// removed.
pub(super) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let named = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        named => named?,
    };
    let not_a_file = || io::Error::other("it is something else than a file");
    if !named.is_file() {
        return Err(not_a_file());
    }
    let file = options().read(true).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(not_a_file());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::other("it belongs to another user"));
        }
        if metadata.mode() & 0o022 != 0 {
            return Err(io::Error::other("other users can write to it"));
        }
    }
    read_capped(file, LARGEST).map(Some)
}

/// Writes a file for its owner only.
pub(super) fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = options().write(true).create(true).truncate(true).open(path)?;
    file.write_all(contents)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use azure_oidc_core::ports::fixed::Variables;

    use super::*;

    #[test]
    fn a_job_is_known_by_its_folder_or_by_its_id() {
        let keys = [
            [("RUNNER_TEMP", "/x")].as_slice(),
            &[("RUNNER_TEMP", "/x/"), ("CI_JOB_ID", "1")],
            &[("RUNNER_TEMP", "/y")],
            &[("CI_JOB_ID", "1")],
            &[("CI_JOB_ID", "2"), ("TMPDIR", "/x")],
            &[("BUILD_TAG", "2")],
            &[],
        ]
        .map(|env| {
            key(&Variables(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()))
        });
        assert_eq!(keys[0], keys[1], "a slash at the end, and the folder before the id");
        let different: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len() - 1, "{keys:?}");
    }

    #[test]
    fn a_lock_is_for_one_and_leaves_nothing() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("state/one.lock");
        let lock = Lock::now(path.clone()).unwrap().unwrap();
        assert!(Lock::now(path.clone()).unwrap().is_none(), "it is taken");
        assert!(Lock::now(temp.path().join("state/two.lock")).unwrap().is_some(), "another job waits for nobody");
        lock.remove();
        let next = Lock::now(path.clone()).unwrap();
        assert_eq!(next.is_some(), cfg!(unix), "a removed lock is no lock");
        drop((lock, next));
        assert!(Lock::wait(path).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_journal_is_a_file_that_nobody_else_can_write() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        assert!(read(&at("none")).unwrap().is_none());
        let mode = |mode| fs::set_permissions(at("file"), fs::Permissions::from_mode(mode)).unwrap();
        fs::write(at("file"), "text").unwrap();
        mode(0o600);
        assert_eq!(read(&at("file")).unwrap().unwrap(), b"text");
        symlink(at("file"), at("link")).unwrap();
        assert!(read(&at("link")).unwrap_err().to_string().contains("something else"));
        for open in [0o620, 0o602] {
            mode(open);
            assert_eq!(read(&at("file")).unwrap_err().to_string(), "other users can write to it");
        }
        let made = std::process::Command::new("mkfifo").arg(at("pipe")).status();
        if made.is_ok_and(|made| made.success()) {
            assert!(read(&at("pipe")).unwrap_err().to_string().contains("something else"), "and nobody waits");
        }
        mode(0o600);
        if rustix::process::geteuid().is_root() {
            std::os::unix::fs::chown(at("file"), Some(1234), None).unwrap();
            assert_eq!(read(&at("file")).unwrap_err().to_string(), "it belongs to another user");
        }
    }
}
