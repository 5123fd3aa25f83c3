//! Paths that later steps read, which can run in another folder.

use crate::fault::{Category, Fault};
use crate::ports::Env;

/// The variable in which a shell keeps the current folder. The component cannot ask for it.
pub const CURRENT_FOLDER: &str = "PWD";

/// The path with the current folder before it, unless it is absolute already.
pub(super) fn absolute(path: &str, env: &dyn Env) -> Result<String, Fault> {
    if is_absolute(path) {
        return Ok(path.to_owned());
    }
    let folder = env.present(CURRENT_FOLDER).filter(|folder| is_absolute(folder)).ok_or_else(|| {
        let message = format!(
            "Later steps can run in another folder, so they need the whole path of `{}`, and `{CURRENT_FOLDER}` does not name \
             the current folder",
            path.escape_debug()
        );
        Fault::new(Category::Usage, "id-token-output-relative", message)
            .hint("give an absolute path, such as `--id-token-output \"$RUNNER_TEMP/id-token\"`")
    })?;
    Ok(format!("{}/{}", folder.trim_end_matches(['/', '\\']), path.strip_prefix("./").unwrap_or(path)))
}

/// On Unix or on Windows.
fn is_absolute(path: &str) -> bool {
    let has_drive = matches!(path.as_bytes(), [drive, b':', b'/' | b'\\', ..] if drive.is_ascii_alphabetic());
    path.starts_with(['/', '\\']) || has_drive
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ports::fixed::Variables;

    #[test]
    fn a_path_begins_at_the_root_afterwards() {
        let env = Variables::from([(CURRENT_FOLDER, "/builds/job/")]);
        for (path, whole) in [
            ("/t/token", "/t/token"),
            (r"C:\a\token", r"C:\a\token"),
            ("C:/a/token", "C:/a/token"),
            (r"\\server\share\token", r"\\server\share\token"),
            ("token", "/builds/job/token"),
            ("./a/token", "/builds/job/a/token"),
            ("../token", "/builds/job/../token"),
        ] {
            assert_eq!(absolute(path, &env).unwrap(), whole);
        }
    }

    #[test]
    fn without_the_current_folder_an_absolute_path_is_asked_for() {
        for env in [Variables::default(), Variables::from([(CURRENT_FOLDER, "job")])] {
            let fault = absolute("token", &env).unwrap_err();
            assert_eq!((fault.code, fault.category), ("id-token-output-relative", Category::Usage));
            assert!(absolute("/token", &env).is_ok());
        }
    }
}
