//! The names under which other tools find this program, and the command that makes them.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use azure_oidc_cli::LinkArgs;
use azure_oidc_core::{Category, Fault};

use crate::reason;

/// Names, and the commands that they stand for.
const NAMES: [(&str, &str); 2] =
    [("docker-credential-azure-oidc", "docker-credential"), ("git-credential-azure-oidc", "git-credential")];

/// The command that the program's own name stands for.
pub(crate) fn command(program: &OsStr) -> Option<&'static str> {
    let name = Path::new(program).file_name()?.to_str()?;
    let name = if cfg!(windows) { name.strip_suffix(".exe").unwrap_or(name) } else { name };
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, command)| *command)
}

/// Makes the names in a folder. Returns their paths, a line each.
pub(crate) fn link(args: &LinkArgs) -> Result<String, Fault> {
    let program = std::env::current_exe().and_then(fs::canonicalize).map_err(|error| not_found(&error))?;
    let folder = match &args.dir {
        Some(folder) => PathBuf::from(folder),
        None => program.parent().map(Path::to_owned).unwrap_or_default(),
    };
    let mut made = String::new();
    for path in make(&program, &folder).map_err(|(path, error)| not_made(&path, &error))? {
        made += &format!("{}\n", path.display());
    }
    Ok(made)
}

/// The fault of a program that does not know where it is.
pub(crate) fn not_found(error: &io::Error) -> Fault {
    Fault::new(
        Category::Publish,
        "program-not-found",
        format!("This program cannot find itself: {}", reason::of(error)),
    )
}

/// The names in this folder, made if they are not there.
fn make(program: &Path, folder: &Path) -> Result<Vec<PathBuf>, (PathBuf, io::Error)> {
    let one = |(name, _): &(&str, &str)| {
        let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        match link_one(program, &path) {
            Ok(()) => Ok(path),
            Err(error) => Err((path, error)),
        }
    };
    NAMES.iter().map(one).collect()
}

/// Makes one name, unless another file has it.
pub(crate) fn link_one(program: &Path, path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(_) if fs::canonicalize(path).is_ok_and(|target| target == program) => return Ok(()),
        // A link to a program that was moved or updated.
        Ok(there) if there.is_symlink() => fs::remove_file(path)?,
        Ok(_) if cfg!(windows) => fs::remove_file(path)?,
        Ok(_) => return Err(io::Error::new(io::ErrorKind::AlreadyExists, "another file has this name")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    #[cfg(unix)]
    return std::os::unix::fs::symlink(program, path);
    // On Windows a symbolic link needs a privilege.
    #[cfg(windows)]
    return fs::hard_link(program, path).or_else(|_| fs::copy(program, path).map(drop));
}

fn not_made(path: &Path, error: &io::Error) -> Fault {
    let message = format!("The name {} cannot be made: {}", path.display(), reason::of_writing(error));
    Fault::new(Category::Publish, "link-not-made", message)
        .hint("`--dir FOLDER` makes the names in a folder of the PATH that you may write to")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_for_its_command_wherever_it_is() {
        for (name, expected) in [
            ("docker-credential-azure-oidc", Some("docker-credential")),
            ("/usr/bin/docker-credential-azure-oidc", Some("docker-credential")),
            ("/opt/git-credential-azure-oidc", Some("git-credential")),
            ("/usr/bin/azure-oidc", None),
            ("docker-credential-other", None),
            ("", None),
        ] {
            assert_eq!(command(OsStr::new(name)), expected, "{name}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_are_made_again_and_nothing_else_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("program");
        fs::write(&program, "").unwrap();
        let program = fs::canonicalize(program).unwrap();
        let made = make(&program, folder.path()).unwrap();
        assert_eq!(made.len(), NAMES.len());
        assert!(made.iter().all(|path| fs::canonicalize(path).unwrap() == program));
        assert_eq!(make(&program, folder.path()).unwrap(), made);
        fs::remove_file(&made[0]).unwrap();
        std::os::unix::fs::symlink("/nowhere", &made[0]).unwrap();
        assert_eq!(make(&program, folder.path()).unwrap(), made, "a stale link");
        fs::remove_file(&made[0]).unwrap();
        fs::write(&made[0], "mine").unwrap();
        assert_eq!(make(&program, folder.path()).unwrap_err().0, made[0]);
        assert_eq!(fs::read(&made[0]).unwrap(), b"mine");
        let (path, error) = make(&program, &folder.path().join("none")).unwrap_err();
        let fault = not_made(&path, &error);
        assert!(fault.message.ends_with("cannot be made: its folder does not exist"), "{}", fault.message);
    }
}
