//! A change of a file that can be undone byte for byte.
//!
//! It keeps only what was taken out and put in, and digests of the whole, so that a journal holds
//! none of the secrets that the file may have. The new contents are complete before they get the
//! file's name; what a killed run left of them is removed by the next one.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use azure_oidc_core::{Category, Fault};
use serde::{Deserialize, Serialize};

use super::journal::{Undone, digest, for_owner};
use crate::inputs::read_capped;
use crate::publish::place::{self, followed, not_a_file};
use crate::publish::scratch::{self, Scratch};
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
    pub(super) fn plan(
        path: &Path,
        change: impl FnOnce(&[u8]) -> Result<Vec<u8>, Fault>,
    ) -> Result<Option<Self>, Fault> {
        let found = absolute(path).and_then(|path| Ok((read(&path)?, path)));
        let (old, path) = found.map_err(|error| not_editable(path, &error))?;
        sweep(&path);
        let (was_there, old) = (old.is_some(), old.unwrap_or_default());
        let new = change(&old)?;
        if new == old {
            return Ok(None);
        }
        let mut at = old.iter().zip(&new).take_while(|(one, other)| one == other).count();
        while !is_boundary(&old, at) || !is_boundary(&new, at) {
            at -= 1;
        }
        let (rest, other) = (&old[at..], &new[at..]);
        let mut same = rest.iter().rev().zip(other.iter().rev()).take_while(|(one, other)| one == other).count();
        while !is_boundary(rest, rest.len() - same) || !is_boundary(other, other.len() - same) {
            same -= 1;
        }
        let text = |bytes: &[u8]| {
            let no_text = |_| not_editable(&path, &io::Error::other("what is to be replaced is not UTF-8 text"));
            String::from_utf8(bytes.to_vec()).map_err(no_text)
        };
        let (removed, added) = (text(&rest[..rest.len() - same])?, text(&other[..other.len() - same])?);
        let mut folders: Vec<_> =
            path.ancestors().skip(1).take_while(|folder| !folder.exists()).map(Path::to_owned).collect();
        folders.reverse();
        let (before, after) = (digest(&old), digest(&new));
        Ok(Some(Self { was_there, folders, at, removed, added, before, after, path }))
    }

    /// Whether the file is one that this change makes.
    pub(super) fn is_new_file(&self) -> bool {
        !self.was_there
    }

    /// Makes the change.
    ///
    /// # Errors
    ///
    /// `file-not-editable`, also when somebody changed the file since the plan.
    pub(super) fn make(&self) -> Result<(), Fault> {
        let make = || -> io::Result<()> {
            let old = read(&self.path)?.unwrap_or_default();
            if digest(&old) != self.before {
                return Err(io::Error::other("another program changes it at the same time"));
            }
            let new = self.exchanged(&old, &self.removed, &self.added)?;
            if let Some(folder) = self.path.parent() {
                for_owner(folder)?;
            }
            write(&self.path, &new)
        };
        make().map_err(|error| not_editable(&self.path, &error))
    }

    /// Restores what was there before. In a file that somebody changed afterwards, `take_out` removes
    /// only what this change put in; none where that cannot be told. A new file of which nothing is
    /// left is removed.
    pub(super) fn undo(&self, take_out: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> Undone {
        let undone = self.try_undo(take_out).unwrap_or_else(|error| {
            Undone::Failed(format!("{} cannot be restored: {}", self.path.display(), reason::of_writing(&error)))
        });
        sweep(&self.path);
        if !self.path.exists() {
            for folder in self.folders.iter().rev() {
                // Others may use it by now.
                fs::remove_dir(folder).ok();
            }
        }
        undone
    }

    fn try_undo(&self, take_out: impl FnOnce(&[u8]) -> Option<Vec<u8>>) -> io::Result<Undone> {
        let file = self.path.display();
        let Some(now) = read(&self.path)? else {
            return Ok(Undone::All(self.was_there.then(|| format!("{file} was removed by somebody else"))));
        };
        let digest = digest(&now);
        if digest == self.before {
            // A crash came before the change, or somebody undid it.
            return Ok(Undone::All(None));
        }
        if digest == self.after {
            let old = match self.exchanged(&now, &self.added, &self.removed) {
                Ok(old) => old,
                Err(error) => return Ok(Undone::Left(format!("{file} stays as it is: {error}"))),
            };
            if !self.was_there {
                fs::remove_file(&self.path)?;
                return Ok(Undone::All(Some(format!("{file} is removed"))));
            }
            write(&self.path, &old)?;
            return Ok(Undone::All(Some(format!("{file} is as before"))));
        }
        let what = match take_out(&now) {
            Some(without) if without.is_empty() && !self.was_there => {
                fs::remove_file(&self.path)?;
                "is removed"
            }
            Some(without) if without == now => "was changed after login, and nothing of what login added is left",
            Some(without) => {
                write(&self.path, &without)?;
                "was changed after login, so only what login added is taken out"
            }
            None => {
                let what = "was changed after login, also what login added: it stays as it is";
                return Ok(Undone::Left(format!("{file} {what}")));
            }
        };
        Ok(Undone::All(Some(format!("{file} {what}"))))
    }

    /// The contents with another part at the place of the change. A journal can say anything.
    fn exchanged(&self, contents: &[u8], part: &str, other: &str) -> io::Result<Vec<u8>> {
        let end = self.at.checked_add(part.len()).filter(|end| contents.get(self.at..*end) == Some(part.as_bytes()));
        let end = end.ok_or_else(|| io::Error::other("the journal of `login` does not fit to it"))?;
        Ok([&contents[..self.at], other.as_bytes(), &contents[end..]].concat())
    }
}

/// Whether no character of a UTF-8 text is divided here.
fn is_boundary(bytes: &[u8], at: usize) -> bool {
    const MARK: u8 = 0b1100_0000;
    const CONTINUED: u8 = 0b1000_0000;
    at == 0 || bytes.get(at).is_none_or(|byte| byte & MARK != CONTINUED)
}

/// The path of the file itself, also where a link leads to a file that is not there yet.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    match fs::canonicalize(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => std::path::absolute(followed(&path)?),
        found => found,
    }
}

/// Reads a regular file. Others are not opened: a pipe would wait, and a device is no configuration.
fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let metadata = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    if !metadata.is_file() {
        return Err(not_a_file(metadata.file_type()));
    }
    read_capped(File::open(path)?, LARGEST).map(Some)
}

/// Removes what killed runs left in the folder of a file.
fn sweep(path: &Path) {
    let folder = place::folder_of(path);
    if let Ok(proof) = place::prove_folder(folder) {
        scratch::sweep(folder, &proof);
    }
}

/// Replaces the contents at once, except in a file with several names, which would be divided. Owner
/// and permissions stay; a new file is for its owner only.
fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    let metadata = fs::metadata(path).ok();
    if metadata.as_ref().is_some_and(has_other_names) {
        return overwrite(path, contents);
    }
    let scratch = Scratch::new(place::folder_of(path))?;
    let staged = scratch.path("new");
    let mut file = place::for_owner(OpenOptions::new().write(true)).open(&staged)?;
    file.write_all(contents)?;
    if let Some(metadata) = metadata {
        keep_owner(&file, &metadata)?;
        file.set_permissions(metadata.permissions())?;
    }
    file.sync_all()?;
    match fs::rename(&staged, path) {
        // A container mounts single files, which cannot be replaced.
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => overwrite(path, contents),
        renamed => renamed,
    }
}

/// Writes into the file itself, whose names all stay.
fn overwrite(path: &Path, contents: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.write_all(contents)?;
    file.set_len(contents.len() as u64)?;
    file.sync_all()
}

/// Gives a new file the owner and the group of the one that it replaces.
#[cfg(unix)]
fn keep_owner(file: &File, earlier: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let new = file.metadata()?;
    if (new.uid(), new.gid()) == (earlier.uid(), earlier.gid()) {
        return Ok(());
    }
    fchown(file, Some(earlier.uid()), Some(earlier.gid()))
        .map_err(|_| io::Error::other("it belongs to another user or group"))
}

/// On Windows the folder decides who owns a file.
#[cfg(windows)]
fn keep_owner(_file: &File, _earlier: &Metadata) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn has_other_names(metadata: &Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(metadata) > 1
}

#[cfg(windows)]
fn has_other_names(_metadata: &Metadata) -> bool {
    false
}

fn not_editable(path: &Path, error: &io::Error) -> Fault {
    let message = format!("The file {} cannot be changed: {}", path.display(), reason::of_writing(error));
    Fault::new(Category::Publish, "file-not-editable", message)
        .hint("make it readable and writable for this user, or leave its tool out of `--for`")
}

#[cfg(test)]
mod tests;
