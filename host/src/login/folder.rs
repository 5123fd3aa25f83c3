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
use super::state::{missing_above, remove_empty};
use crate::reason;

/// How the names of our own folders begin. Nothing else is removed by its name.
pub(super) const PREFIX: &str = "azure-oidc-login-";
/// The file that marks a folder which the job named. Its contents are in the journal too.
const MARK: &str = ".azure-oidc-login";

/// The list of az's sessions in its folder.
const PROFILE: &str = "azureProfile.json";

/// A folder that `login` makes, or one that was empty.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) path: PathBuf,
    was_there: bool,
    /// Folders that are made for it, the outermost first.
    #[serde(default)]
    parents: Vec<PathBuf>,
    /// The contents of its mark.
    #[serde(default)]
    mark: String,
    /// Who signs in there.
    client_id: String,
}

impl Folder {
    pub(super) fn new(path: PathBuf, was_there: bool, client_id: &str) -> Self {
        Self { parents: missing_above(&path), path, was_there, mark: unique(), client_id: client_id.to_owned() }
    }

    /// A new folder in the job's temporary folder.
    pub(super) fn in_job(env: &dyn Env, client_id: &str) -> Self {
        let named = JOB_FOLDERS.iter().chain([&TEMPORARY_FOLDER]).find_map(|name| env.present(name));
        let parent = named.map_or_else(std::env::temp_dir, PathBuf::from);
        let parent = std::path::absolute(&parent).unwrap_or(parent);
        Self::new(parent.join(format!("{PREFIX}{}", unique())), false, client_id)
    }

    /// The folder that `AZURE_CONFIG_DIR` names, if nobody has signed in there.
    pub(super) fn of_job(env: &dyn Env, client_id: &str) -> Option<Self> {
        let path = PathBuf::from(env.present(super::az::FOLDER)?);
        let path = std::path::absolute(&path).unwrap_or(path);
        match fs::read_dir(&path) {
            // The folder itself, and no link to it, which somebody could change meanwhile.
            Ok(mut entries) => match entries.next() {
                None => Some(Self::new(fs::canonicalize(&path).ok()?, true, client_id)),
                Some(_) => None,
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Some(Self::new(path, false, client_id)),
            Err(_) => None,
        }
    }

    /// Makes it, for its owner only.
    pub(super) fn make(&self) -> Result<(), Fault> {
        let make = || {
            if !self.was_there {
                self.path.parent().map_or(Ok(()), for_owner)?;
                #[cfg_attr(not(unix), expect(unused_mut, reason = "modes are of Unix"))]
                let mut builder = fs::DirBuilder::new();
                #[cfg(unix)]
                std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
                builder.create(&self.path)?;
            }
            match self.is_own() {
                true => Ok(()),
                false => fs::write(self.path.join(MARK), &self.mark),
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
        let undone = self.try_undo().unwrap_or_else(|error| {
            Undone::Failed(format!("{} cannot be removed: {}", self.path.display(), reason::of(&error)))
        });
        if fs::symlink_metadata(&self.path).is_err() {
            remove_empty(&self.parents);
        }
        undone
    }

    fn try_undo(&self) -> io::Result<Undone> {
        let path = self.path.display();
        match fs::symlink_metadata(&self.path) {
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => return Ok(Undone::Left(format!("{path} is something else now: it stays"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Undone::All(None)),
            Err(error) => return Err(error),
        }
        if self.is_of_others() {
            let next = "run `az logout` there, then remove the folder";
            return Ok(Undone::Left(format!("{path} has a session of az that login did not make: it stays; {next}")));
        }
        if self.is_own() {
            fs::remove_dir_all(&self.path)?;
        } else if fs::read_to_string(self.path.join(MARK)).is_ok_and(|mark| mark == self.mark) {
            empty(&self.path)?;
            if !self.was_there {
                fs::remove_dir(&self.path)?;
            }
        } else if fs::read_dir(&self.path)?.next().is_some() {
            return Ok(Undone::Left(format!("{path} is not the folder that login used: it stays")));
        } else if self.was_there {
            // A crash came before the mark.
            return Ok(Undone::All(None));
        } else {
            fs::remove_dir(&self.path)?;
        }
        Ok(Undone::All(Some(format!("{path} is {}", if self.was_there { "empty again" } else { "removed" }))))
    }

    /// Whether the name is one that only this program gives.
    fn is_own(&self) -> bool {
        self.path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX))
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

/// Removes what is in a folder, the mark last.
fn empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()?.is_dir() {
            true => fs::remove_dir_all(entry.path())?,
            false if entry.file_name() == MARK => {}
            false => fs::remove_file(entry.path())?,
        }
    }
    fs::remove_file(folder.join(MARK))
}

/// A text that nobody else has.
fn unique() -> String {
    let mut number = [0; 8];
    // Without random numbers it is still one that nobody else has at this moment.
    if ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut number).is_err() {
        number[..4].copy_from_slice(&std::process::id().to_ne_bytes());
    }
    format!("{:016x}", u64::from_ne_bytes(number))
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
        let folder = Folder::new(temp.path().join("azure-oidc-login-f"), false, "Mine");
        folder.make().unwrap();
        let profile = |name: &str| format!("\u{feff}{{\"subscriptions\":[{{\"user\":{{\"name\":\"{name}\"}}}}]}}");
        fs::write(folder.path.join(PROFILE), profile("theirs")).unwrap();
        assert!(matches!(folder.undo(), Undone::Left(text) if text.contains("az logout")) && folder.path.exists());
        fs::write(folder.path.join(PROFILE), profile("mine")).unwrap();
        assert!(matches!(folder.undo(), Undone::All(Some(_))) && !folder.path.exists());
    }

    #[test]
    fn folders_that_were_made_for_it_are_removed_too() {
        let temp = tempfile::tempdir().unwrap();
        let given = temp.path().join("n1/n2/n3");
        for env in [("AZURE_CONFIG_DIR", &given), ("RUNNER_TEMP", &given)] {
            let env = Variables::from([(env.0, env.1.to_str().unwrap())]);
            let folder = Folder::of_job(&env, "c").unwrap_or_else(|| Folder::in_job(&env, "c"));
            folder.make().unwrap();
            fs::write(folder.path.join("token"), "t").unwrap();
            assert!(matches!(folder.undo(), Undone::All(Some(_))));
            assert_eq!(fs::read_dir(temp.path()).unwrap().count(), 0);
        }
    }

    #[test]
    fn a_folder_that_is_not_marked_as_ours_stays() {
        let temp = tempfile::tempdir().unwrap();
        for was_there in [false, true] {
            let folder = Folder::new(temp.path().join("theirs"), was_there, "c");
            fs::create_dir_all(&folder.path).unwrap();
            fs::write(folder.path.join("precious"), "").unwrap();
            assert!(matches!(folder.undo(), Undone::Left(_)));
            fs::write(folder.path.join(MARK), "of another login").unwrap();
            assert!(matches!(folder.undo(), Undone::Left(_)));
            assert!(folder.path.join("precious").exists());
            fs::remove_dir_all(&folder.path).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_an_empty_folder_is_followed_once() {
        let temp = tempfile::tempdir().unwrap();
        let at = |name: &str| temp.path().join(name);
        fs::create_dir(at("real")).unwrap();
        std::os::unix::fs::symlink(at("real"), at("link")).unwrap();
        let env = Variables::from([("AZURE_CONFIG_DIR", at("link").to_str().unwrap())]);
        let folder = Folder::of_job(&env, "c").unwrap();
        folder.make().unwrap();
        fs::write(at("link/token"), "t").unwrap();
        assert!(matches!(folder.undo(), Undone::All(Some(_))));
        assert!(at("link").is_symlink() && fs::read_dir(at("real")).unwrap().next().is_none());
    }
}
