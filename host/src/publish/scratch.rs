//! A folder for temporary files beside the files that are written as a whole.
//!
//! A run that is killed cannot remove it. The next run for the same folder recognises it by its
//! name, and what is no longer in use by a lock, and removes that.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempDir};

use super::place::for_owner;

const FOLDER: &str = ".azure-oidc-tmp";
const LOCK: &str = "lock";

/// A folder of this run. Dropping it removes it, with all files in it.
#[derive(Debug)]
pub(crate) struct Scratch {
    common: PathBuf,
    own: Option<TempDir>,
    _lock: File,
}

impl Scratch {
    /// Makes the folder within `parent`, for its owner only.
    pub(crate) fn new(parent: &Path) -> io::Result<Self> {
        const ATTEMPTS: usize = 20;
        let common = parent.join(FOLDER);
        for _ in 0..ATTEMPTS {
            // Another run can remove an empty folder at any time.
            match create(&common) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && parent.is_dir() => {}
                created => return created,
            }
        }
        Err(io::Error::other(format!("another program keeps removing {}", common.display())))
    }

    /// The path of a file in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.own.as_ref().map_or_else(PathBuf::new, |own| own.path().join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(self.own.take());
        // Fails while another run uses it.
        fs::remove_dir(&self.common).ok();
    }
}

fn create(common: &Path) -> io::Result<Scratch> {
    match folder_for_owner(common) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        Err(_) | Ok(()) => {}
    }
    let mut builder = Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o700));
    let own = builder.prefix("run-").tempdir_in(common).map_err(|error| io::Error::from(error.kind()))?;
    if !belongs_to(common, &fs::metadata(own.path())?) {
        let message = format!("{} does not belong to this user alone", common.display());
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
    }
    let path = own.path().join(LOCK);
    let lock = for_owner(OpenOptions::new().write(true)).open(&path)?;
    let is_swept = matches!(lock.try_lock(), Err(fs::TryLockError::WouldBlock)) || !path.exists();
    if is_swept {
        return Err(io::ErrorKind::NotFound.into());
    }
    Ok(Scratch { common: common.to_owned(), own: Some(own), _lock: lock })
}

/// Removes what interrupted runs left in this folder. `proof` is a file that this user created.
pub(crate) fn sweep(parent: &Path, proof: &File) {
    let common = parent.join(FOLDER);
    let is_ours = || proof.metadata().is_ok_and(|proof| belongs_to(&common, &proof));
    let Ok(entries) = fs::read_dir(&common) else { return };
    if !is_ours() {
        return;
    }
    for entry in entries.flatten() {
        let lock = || File::open(entry.path().join(LOCK)).ok();
        // Without a lock it is new and empty, and its run tries again; or it was being removed.
        if lock().is_none() && fs::remove_dir(entry.path()).is_ok() {
            continue;
        }
        if lock().is_none_or(|lock| lock.try_lock().is_ok()) {
            fs::remove_dir_all(entry.path()).ok();
        }
    }
    fs::remove_dir(&common).ok();
}

#[cfg(unix)]
fn belongs_to(common: &Path, ours: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    fs::symlink_metadata(common).is_ok_and(|metadata| {
        metadata.is_dir() && metadata.uid() == ours.uid() && metadata.mode() & WRITABLE_BY_OTHERS == 0
    })
}

/// On Windows the folder above decides who may write here.
#[cfg(windows)]
fn belongs_to(common: &Path, _ours: &fs::Metadata) -> bool {
    fs::symlink_metadata(common).is_ok_and(|metadata| metadata.is_dir())
}

fn folder_for_owner(path: &Path) -> io::Result<()> {
    let builder = &mut fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_is_in_use_stays() {
        let parent = tempfile::tempdir().unwrap();
        let proof = tempfile::tempfile_in(parent.path()).unwrap();
        let used = Scratch::new(parent.path()).unwrap();
        fs::write(used.path("new"), "used").unwrap();

        let mut killed = Scratch::new(parent.path()).unwrap();
        let left = killed.path("new");
        fs::write(&left, "token").unwrap();
        std::mem::forget(killed.own.take());
        drop(killed);
        fs::create_dir(parent.path().join(FOLDER).join("run-without-a-lock")).unwrap();
        fs::create_dir_all(parent.path().join(FOLDER).join("run-half-removed/new")).unwrap();

        sweep(parent.path(), &proof);
        assert!(used.path("new").exists() && !left.exists());
        assert_eq!(fs::read_dir(parent.path().join(FOLDER)).unwrap().count(), 1);
        drop(used);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_write_to_is_neither_used_nor_emptied() {
        use std::os::unix::fs::PermissionsExt;
        let parent = tempfile::tempdir().unwrap();
        let proof = tempfile::tempfile_in(parent.path()).unwrap();
        let common = parent.path().join(FOLDER);
        fs::create_dir_all(common.join("run-1")).unwrap();
        fs::set_permissions(&common, fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(Scratch::new(parent.path()).unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        sweep(parent.path(), &proof);
        assert_eq!(fs::read_dir(common).unwrap().count(), 1);
    }
}
