//! A change of a text file that can be undone byte for byte.
//!
//! It keeps only what was taken out and put in, and digests of the whole, so that a journal holds
//! none of the secrets that the file may have.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use azure_oidc_core::{Category, Fault};
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::journal::{Undone, digest, for_owner};
use crate::inputs::read_capped;
use crate::reason;

/// The largest file, in bytes.
const LARGEST: u64 = 4 << 20;

/// The change of one file.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Edit {
    /// The file itself, and no link to it.
    pub(super) path: PathBuf,
    was_there: bool,
    /// Folders that are made for it, the outermost first.
    folders: Vec<PathBuf>,
    /// Where the change is, in bytes.
    at: usize,
    removed: String,
    pub(super) added: String,
    before: String,
    after: String,
}

impl Edit {
    /// Plans the change of a file, which need not exist. `change` makes the new contents from the old
    /// ones. None where they are the same.
    ///
    /// # Errors
    ///
    /// Those of `change`, and `file-not-editable`.
    pub(super) fn plan(path: &Path, change: impl FnOnce(&str) -> Result<String, Fault>) -> Result<Option<Self>, Fault> {
        let found = absolute(path).and_then(|path| Ok((read(&path)?, path)));
        let (old, path) = found.map_err(|error| not_editable(path, &error))?;
        let (was_there, old) = (old.is_some(), old.unwrap_or_default());
        let new = change(&old)?;
        if new == old {
            return Ok(None);
        }
        let mut at = old.bytes().zip(new.bytes()).take_while(|(one, other)| one == other).count();
        while !old.is_char_boundary(at) || !new.is_char_boundary(at) {
            at -= 1;
        }
        let (rest, other) = (&old[at..], &new[at..]);
        let mut same = rest.bytes().rev().zip(other.bytes().rev()).take_while(|(one, other)| one == other).count();
        while !rest.is_char_boundary(rest.len() - same) || !other.is_char_boundary(other.len() - same) {
            same -= 1;
        }
        let mut folders: Vec<_> =
            path.ancestors().skip(1).take_while(|folder| !folder.exists()).map(Path::to_owned).collect();
        folders.reverse();
        Ok(Some(Self {
            was_there,
            folders,
            at,
            removed: rest[..rest.len() - same].to_owned(),
            added: other[..other.len() - same].to_owned(),
            before: digest(old.as_bytes()),
            after: digest(new.as_bytes()),
            path,
        }))
    }

    /// Makes the change.
    ///
    /// # Errors
    ///
    /// `file-not-editable`, also when somebody changed the file since the plan.
    pub(super) fn make(&self) -> Result<(), Fault> {
        let make = || -> io::Result<()> {
            let old = read(&self.path)?.unwrap_or_default();
            if digest(old.as_bytes()) != self.before {
                return Err(io::Error::other("another program changes it at the same time"));
            }
            if let Some(folder) = self.path.parent() {
                for_owner(folder)?;
            }
            let (start, end) = (&old[..self.at], &old[self.at + self.removed.len()..]);
            write(&self.path, &[start, &self.added, end].concat())
        };
        make().map_err(|error| not_editable(&self.path, &error))
    }

    /// Restores what was there before. In a file that somebody changed afterwards, `take_out` removes
    /// only what this change put in; none where that cannot be told.
    pub(super) fn undo(&self, take_out: impl FnOnce(&str) -> Option<String>) -> Undone {
        let undone = self.try_undo(take_out).unwrap_or_else(|error| {
            Undone::Left(format!("{} cannot be restored: {}", self.path.display(), reason::of_writing(&error)))
        });
        if !self.path.exists() {
            for folder in self.folders.iter().rev() {
                // Others may use it by now.
                fs::remove_dir(folder).ok();
            }
        }
        undone
    }

    fn try_undo(&self, take_out: impl FnOnce(&str) -> Option<String>) -> io::Result<Undone> {
        let file = self.path.display();
        let Some(now) = read(&self.path)? else {
            return Ok(Undone::All(self.was_there.then(|| format!("{file} was removed by somebody else"))));
        };
        let digest = digest(now.as_bytes());
        if digest == self.before {
            // A crash came before the change, or somebody undid it.
            return Ok(Undone::All(None));
        }
        if digest == self.after {
            if !self.was_there {
                fs::remove_file(&self.path)?;
                return Ok(Undone::All(Some(format!("{file} is removed"))));
            }
            let (start, end) = (&now[..self.at], &now[self.at + self.added.len()..]);
            write(&self.path, &[start, &self.removed, end].concat())?;
            return Ok(Undone::All(Some(format!("{file} is as before"))));
        }
        match take_out(&now) {
            Some(without) => {
                write(&self.path, &without)?;
                let what = "was changed after login, so only what login added is taken out";
                Ok(Undone::All(Some(format!("{file} {what}"))))
            }
            None => {
                Ok(Undone::Left(format!("{file} was changed after login, also what login added: it stays as it is")))
            }
        }
    }
}

/// The path of the file itself.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::path::absolute(path),
        found => found,
    }
}

fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let bytes = read_capped(file, LARGEST)?;
    String::from_utf8(bytes).map(Some).map_err(|_| io::Error::other("it is not UTF-8 text"))
}

/// Replaces the contents at once. The permissions stay; a new file is for its owner only.
fn write(path: &Path, contents: &str) -> io::Result<()> {
    let mut file = NamedTempFile::new_in(path.parent().unwrap_or(Path::new(".")))?;
    file.write_all(contents.as_bytes())?;
    if let Ok(metadata) = fs::metadata(path) {
        file.as_file().set_permissions(metadata.permissions())?;
    }
    file.as_file().sync_all()?;
    match file.persist(path) {
        // A container mounts single files, which cannot be replaced.
        Err(error) if error.error.kind() == io::ErrorKind::ResourceBusy => fs::write(path, contents),
        persisted => persisted.map(drop).map_err(|error| error.error),
    }
}

fn not_editable(path: &Path, error: &io::Error) -> Fault {
    let message = format!("The file {} cannot be changed: {}", path.display(), reason::of_writing(error));
    Fault::new(Category::Publish, "file-not-editable", message)
        .hint("make it readable and writable for this user, or leave its tool out of `--for`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(text: &str, what: &str) -> Result<String, Fault> {
        Ok(format!("{text}{what}"))
    }

    #[test]
    fn a_file_is_restored_byte_for_byte_with_its_permissions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        for old in ["", "a = 1\n", "\u{e4}\r\n\u{e5} = 2", "xx"] {
            fs::write(&path, old).unwrap();
            #[cfg(unix)]
            fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
            let edit = Edit::plan(&path, |text| added(text, "x\u{e5}")).unwrap().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), old, "a plan changes nothing");
            edit.make().unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{old}x\u{e5}"));
            assert!(matches!(edit.undo(|_| None), Undone::All(Some(_))));
            assert_eq!(fs::read_to_string(&path).unwrap(), old);
            #[cfg(unix)]
            assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap()) & 0o777, 0o640);
            assert_eq!(edit.undo(|_| None), Undone::All(None), "once");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_was_not_there_is_removed_with_its_folders_unless_others_use_them() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/config");
        let edit = Edit::plan(&path, |text| added(text, "x")).unwrap().unwrap();
        edit.make().unwrap();
        fs::write(folder.path().join("a/other"), "").unwrap();
        edit.undo(|_| None);
        assert!(folder.path().join("a/other").exists() && !folder.path().join("a/b").exists());
    }

    #[test]
    fn a_change_that_did_not_happen_or_that_somebody_else_changed_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, "old").unwrap();
        let edit = Edit::plan(&path, |text| added(text, " new")).unwrap().unwrap();
        assert_eq!(edit.undo(|_| None), Undone::All(None), "a crash came before the change");
        fs::write(&path, "theirs").unwrap();
        assert_eq!(edit.make().unwrap_err().code, "file-not-editable");
        assert!(matches!(edit.undo(|_| None), Undone::Left(_)));
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        assert!(matches!(edit.undo(|text| Some(text.replace("irs", ""))), Undone::All(Some(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), "the");
        assert!(Edit::plan(&path, |text| Ok(text.to_owned())).unwrap().is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_a_folder_is_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let edit = Edit::plan(&link, |text| added(text, "x")).unwrap().unwrap();
        edit.make().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "oldx");
        edit.undo(|_| None);
        assert_eq!(fs::read_to_string(&file).unwrap(), "old");
        assert_eq!(Edit::plan(folder.path(), |text| added(text, "x")).unwrap_err().code, "file-not-editable");
    }
}
