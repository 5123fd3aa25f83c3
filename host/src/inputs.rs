//! What the component gets to see of this machine: arguments, the variables that it was granted, the files that were named.

use std::fs::File;
use std::io::{self, IsTerminal, Read};

use azure_oidc_cli::Color;
use azure_oidc_cli::grants::STANDARD_INPUT;
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};

/// The largest file that is handed over, in bytes. Tokens, keys and lists of credentials are far smaller.
const MAX_FILE: u64 = 1 << 20;

/// The variables of this process. One that is not UTF-8 counts as absent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Process;

impl Env for Process {
    fn var(&self, name: &str) -> Option<String> {
        // A name with `=` or NUL makes the standard library panic.
        if name.is_empty() || name.contains(['=', '\0']) {
            return None;
        }
        std::env::var(name).ok()
    }

    fn all(&self) -> Vec<(String, String)> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }
}

/// The arguments, without the name of the program.
pub(crate) fn arguments() -> Result<Vec<String>, Fault> {
    let read = |(at, argument): (usize, std::ffi::OsString)| {
        argument.into_string().map_err(|_| {
            Fault::new(Category::Usage, "argument-not-utf8", format!("Argument {} is not UTF-8 text", at + 1))
        })
    };
    std::env::args_os().skip(1).enumerate().map(read).collect()
}

/// The variable that has the component colour its answer, if that goes to a terminal, which the component cannot see, or if the
/// variable is set; unless `NO_COLOR` is.
pub(crate) fn color(env: &dyn Env) -> Option<(String, String)> {
    // Consoles of Windows show escape sequences as they are, but for its Terminal.
    let shows = if cfg!(windows) {
        env.present("WT_SESSION").is_some()
    } else {
        env.var("TERM").is_none_or(|term| term != "dumb")
    };
    let on_terminal = shows && io::stdout().is_terminal() && env.present(Color::NONE).is_none();
    let wanted = on_terminal || Color::Auto.is_wanted(env);
    wanted.then(|| (Color::FORCE.to_owned(), "1".to_owned()))
}

/// The granted variables that are set.
pub(crate) fn shown(granted: &[String], env: &dyn Env) -> Vec<(String, String)> {
    granted.iter().filter_map(|name| Some((name.clone(), env.var(name)?))).collect()
}

/// The files that a command reads, under the names that the command line uses for them.
#[derive(Debug)]
pub(crate) struct Files(Vec<(String, Result<Vec<u8>, String>)>);

impl Files {
    /// Reads them all. One that cannot be read is handed over as the reason why; the component knows what it was for.
    pub(crate) fn read(names: &[String]) -> Self {
        Self(names.iter().map(|name| (name.clone(), read(name).map_err(|error| error.to_string()))).collect())
    }

    /// Hands over something else under a name.
    pub(crate) fn add(&mut self, name: String, contents: Result<Vec<u8>, String>) {
        self.0.push((name, contents));
    }

    /// The text of a file, if it was read and is text.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let (_, contents) = self.0.iter().find(|(key, _)| key == name)?;
        String::from_utf8(contents.as_ref().ok()?.clone()).ok()
    }
}

impl IntoIterator for Files {
    type Item = (String, Result<Vec<u8>, String>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

fn read(name: &str) -> io::Result<Vec<u8>> {
    if name == STANDARD_INPUT { capped(io::stdin().lock()) } else { capped(File::open(name)?) }
}

fn capped(from: impl Read) -> io::Result<Vec<u8>> {
    let mut contents = Vec::new();
    from.take(MAX_FILE + 1).read_to_end(&mut contents)?;
    if contents.len() as u64 > MAX_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {MAX_FILE} bytes")));
    }
    Ok(contents)
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_oidc_core::ports::fixed::Variables;

    #[test]
    fn only_granted_variables_are_shown() {
        let env = Variables::from([("AZURE_TENANT_ID", "t"), ("AWS_SECRET_ACCESS_KEY", "s"), ("EMPTY", "")]);
        let granted = ["AZURE_TENANT_ID".to_owned(), "EMPTY".to_owned(), "UNSET".to_owned()];
        let shown = shown(&granted, &env);
        assert_eq!(shown, [("AZURE_TENANT_ID".to_owned(), "t".to_owned()), ("EMPTY".to_owned(), String::new())]);
    }

    #[test]
    fn a_name_that_no_variable_can_have_is_absent() {
        for name in ["", "A=B", "A\0B"] {
            assert_eq!(Process.var(name), None);
        }
    }

    #[test]
    fn a_file_at_the_limit_is_read_and_a_larger_one_is_not() {
        let limit = usize::try_from(MAX_FILE).unwrap();
        assert_eq!(capped(&*vec![b'x'; limit]).unwrap().len(), limit);
        let error = capped(&*vec![b'x'; limit + 1]).unwrap_err();
        assert!(error.to_string().contains("larger than 1048576 bytes"), "{error}");
    }

    #[test]
    fn a_stream_without_end_is_not_read_to_its_end() {
        assert!(capped(io::repeat(b'x')).is_err());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_handed_over_as_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing").to_str().unwrap().to_owned();
        let directory = folder.path().to_str().unwrap().to_owned();
        let files = Files::read(&[missing.clone(), directory]);
        assert_eq!(files.text(&missing), None);
        assert!(files.into_iter().all(|(_, contents)| contents.is_err_and(|reason| !reason.is_empty())));
    }

    #[test]
    fn a_file_is_handed_over_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token").to_str().unwrap().to_owned();
        std::fs::write(&path, b"\xff\0 x\n").unwrap();
        let files = Files::read(std::slice::from_ref(&path));
        assert_eq!(files.text(&path), None, "it is not text");
        assert_eq!(files.into_iter().next(), Some((path, Ok(b"\xff\0 x\n".to_vec()))));
    }
}
