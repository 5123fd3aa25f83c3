//! A folder for the job's sessions: az's, and the file of kubectl.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use azure_oidc_core::plan::{JOB_FOLDERS, TEMPORARY_FOLDER};
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::journal::{Undone, for_owner};
use crate::reason;

/// The list of az's sessions in its folder.
const PROFILE: &str = "azureProfile.json";

/// A folder that `login` makes, or one that was empty.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    was_there: bool,
    /// Who signs in there.
    client_id: String,
}

impl Folder {
    pub(super) fn new(path: PathBuf, was_there: bool, client_id: &str) -> Self {
        Self { path, was_there, client_id: client_id.to_owned() }
    }

    /// A new folder in the job's temporary folder.
    pub(super) fn in_job(env: &dyn Env, client_id: &str) -> Self {
        let named = JOB_FOLDERS.iter().chain([&TEMPORARY_FOLDER]).find_map(|name| env.present(name));
        let parent = named.map_or_else(std::env::temp_dir, PathBuf::from);
        let parent = std::path::absolute(&parent).unwrap_or(parent);
        let mut number = [0; 8];
        // Without random numbers the name is still one that nobody else has at this moment.
        if ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut number).is_err() {
            number[..4].copy_from_slice(&std::process::id().to_ne_bytes());
        }
        Self::new(parent.join(format!("azure-oidc-login-{:016x}", u64::from_ne_bytes(number))), false, client_id)
    }

    /// The folder that `AZURE_CONFIG_DIR` names, if nobody has signed in there.
    pub(super) fn of_job(env: &dyn Env, client_id: &str) -> Option<Self> {
        let path = PathBuf::from(env.present(super::az::FOLDER)?);
        let path = std::path::absolute(&path).unwrap_or(path);
        match fs::read_dir(&path) {
            Ok(mut entries) => entries.next().is_none().then(|| Self::new(path, true, client_id)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Self::new(path, false, client_id)),
            Err(_) => None,
        }
    }

    /// Makes it, for its owner only.
    pub(super) fn make(&self) -> Result<(), Fault> {
        let make = || match self.was_there {
            true => Ok(()),
            false => {
                self.path.parent().map_or(Ok(()), for_owner)?;
                let mut builder = fs::DirBuilder::new();
                #[cfg(unix)]
                std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
                builder.create(&self.path)
            }
        };
        make().map_err(|error| {
            let path = self.path.display();
            let message =
                format!("The folder {path} for the job's sessions cannot be made: {}", reason::of_writing(&error));
            Fault::new(Category::Publish, "folder-not-made", message)
                .hint("set `TMPDIR` to a folder that you may write to and that ends with the job")
        })
    }

    /// Removes it with all that is in it, unless somebody else has signed in there.
    pub(super) fn undo(&self) -> Undone {
        let path = self.path.display();
        match fs::symlink_metadata(&self.path) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Undone::Left(format!("{path} is something else now: it stays")),
            Err(_) => return Undone::All(None),
        }
        if self.is_of_others() {
            return Undone::Left(format!("{path} has a session of az that login did not make: it stays"));
        }
        let removed = match self.was_there {
            true => empty(&self.path),
            false => fs::remove_dir_all(&self.path),
        };
        match removed {
            Ok(()) => Undone::All(Some(format!("{path} is removed"))),
            Err(error) => Undone::Left(format!("{path} cannot be removed: {}", reason::of(&error))),
        }
    }

    /// Whether az has a session there of another identity.
    fn is_of_others(&self) -> bool {
        let profiles = [self.path.join(PROFILE), self.path.join(super::az::WITHIN).join(PROFILE)];
        profiles.iter().filter_map(|path| fs::read(path).ok()).any(|bytes| {
            let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
            let profile: Value = serde_json::from_slice(text).unwrap_or_default();
            let users = profile["subscriptions"].as_array().into_iter().flatten().map(|one| &one["user"]["name"]);
            users.filter_map(Value::as_str).any(|name| !name.eq_ignore_ascii_case(&self.client_id))
        })
    }
}

fn empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false => fs::remove_file(entry.path())?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use azure_oidc_core::ports::fixed::Variables;

    use super::*;

    #[test]
    fn a_folder_of_its_own_is_removed_and_an_empty_one_is_empty_again() {
        let temp = tempfile::tempdir().unwrap();
        let env = Variables::from([("RUNNER_TEMP", temp.path().to_str().unwrap())]);
        let own = Folder::in_job(&env, "c");
        assert_ne!(own, Folder::in_job(&env, "c"));
        own.make().unwrap();
        assert_eq!(own.make().unwrap_err().code, "folder-not-made", "it is new");
        fs::create_dir(own.path.join("az")).unwrap();
        fs::write(own.path.join("az/token"), "t").unwrap();
        assert!(matches!(own.undo(), Undone::All(Some(_))));
        assert_eq!((own.undo(), fs::read_dir(temp.path()).unwrap().count()), (Undone::All(None), 0));

        let env = Variables::from([("AZURE_CONFIG_DIR", temp.path().to_str().unwrap())]);
        let given = Folder::of_job(&env, "c").unwrap();
        given.make().unwrap();
        fs::write(temp.path().join("az.json"), "").unwrap();
        assert_eq!(Folder::of_job(&env, "c"), None, "somebody uses it");
        given.undo();
        assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_session_of_somebody_else_stays() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::new(temp.path().join("f"), false, "Mine");
        folder.make().unwrap();
        let profile = |name: &str| format!("\u{feff}{{\"subscriptions\":[{{\"user\":{{\"name\":\"{name}\"}}}}]}}");
        fs::write(folder.path.join(PROFILE), profile("theirs")).unwrap();
        assert!(matches!(folder.undo(), Undone::Left(_)) && folder.path.exists());
        fs::write(folder.path.join(PROFILE), profile("mine")).unwrap();
        assert!(matches!(folder.undo(), Undone::All(Some(_))) && !folder.path.exists());
    }
}
