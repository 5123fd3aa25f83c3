//! Collects the component's inputs: arguments, granted variables, and the files that the command
//! names.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, IsTerminal, Read};

use azure_oidc_cli::Color;
use azure_oidc_cli::grants::STANDARD_INPUT;
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};

use crate::deadline::Phase;
use crate::{names, reason};

/// The largest input file, in bytes. Tokens, key sets and lists of credentials are far smaller.
const MAX_FILE: u64 = 1 << 20;

/// The environment of this process. A variable that is not UTF-8 counts as absent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProcessEnv;

impl Env for ProcessEnv {
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

/// The arguments of this process, without the program's name, which may stand for a command. What
/// follows `--` belongs to another program and may be in any encoding; here it is replaced where it
/// is not UTF-8.
pub(crate) fn arguments() -> Result<Vec<String>, Fault> {
    let mut is_own = true;
    let read = |(at, argument): (usize, OsString)| {
        is_own &= argument != "--";
        argument.into_string().or_else(|other| {
            let message = format!("Argument {} is not UTF-8 text", at + 1);
            let lossy = other.to_string_lossy().into_owned();
            if is_own { Err(Fault::new(Category::Usage, "argument-not-utf8", message)) } else { Ok(lossy) }
        })
    };
    let mut all = std::env::args_os();
    let command = all.next().and_then(|program| names::command(&program)).map(str::to_owned);
    let given = all.enumerate().map(read);
    command.map(Ok).into_iter().chain(given).collect()
}

/// The variable that makes the component colour its answer. The component cannot see whether
/// standard output is a terminal, so the host sets the variable when it is one and `NO_COLOR` is
/// not set.
pub(crate) fn color_variable(env: &dyn Env) -> Option<(String, String)> {
    // On Windows only Windows Terminal is sure to understand escape sequences.
    let understands_escapes = if cfg!(windows) {
        env.present("WT_SESSION").is_some()
    } else {
        env.var("TERM").is_none_or(|term| term != "dumb")
    };
    let on_terminal = understands_escapes && io::stdout().is_terminal() && env.present(Color::NONE).is_none();
    let wanted = on_terminal || Color::Auto.is_wanted(env);
    wanted.then(|| (Color::FORCE.to_owned(), "1".to_owned()))
}

/// The granted variables that are set, with their values.
pub(crate) fn granted_variables(granted: &[String], env: &dyn Env) -> Vec<(String, String)> {
    granted.iter().filter_map(|name| Some((name.clone(), env.var(name)?))).collect()
}

/// The contents of the files that a command reads, by their names on the command line.
#[derive(Debug)]
pub(crate) struct Files(Vec<(String, Result<Vec<u8>, String>)>);

impl Files {
    /// Reads all files, and tells `enter` which one it waits for. An unreadable file becomes the
    /// reason, so that the component can say which option named it.
    pub(crate) fn read(names: &[String], enter: impl Fn(Phase)) -> Self {
        let read = |name: &String| {
            enter(match name.as_str() {
                STANDARD_INPUT => Phase::StandardInput,
                name => Phase::File { name: name.to_owned(), kind: kind_of(name) },
            });
            (name.clone(), read(name).map_err(|error| reason::of(&error)))
        };
        Self(names.iter().map(read).collect())
    }

    /// Adds contents that do not come from a file.
    pub(crate) fn add(&mut self, name: String, contents: Result<Vec<u8>, String>) {
        self.0.push((name, contents));
    }

    /// All names, with the contents or the reason.
    pub(crate) fn into_contents(self) -> impl Iterator<Item = (String, Result<Vec<u8>, String>)> {
        self.0.into_iter()
    }

    /// The text of a file that was read and is UTF-8.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        let (_, contents) = self.0.iter().find(|(key, _)| key == name)?;
        String::from_utf8(contents.as_ref().ok()?.clone()).ok()
    }
}

fn read(name: &str) -> io::Result<Vec<u8>> {
    match name {
        STANDARD_INPUT => read_capped(io::stdin().lock(), MAX_FILE),
        name => read_file(File::open(name)?, MAX_FILE),
    }
}

/// Reads a file to its end, at most so many bytes, and at once if it says its length.
pub(crate) fn read_file(file: File, most: u64) -> io::Result<Vec<u8>> {
    let length = file.metadata().map_or(0, |metadata| metadata.len()).min(most);
    read_into(Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1), file, most)
}

/// Reads to the end, at most so many bytes.
pub(crate) fn read_capped(from: impl Read, most: u64) -> io::Result<Vec<u8>> {
    read_into(Vec::new(), from, most)
}

fn read_into(mut contents: Vec<u8>, from: impl Read, most: u64) -> io::Result<Vec<u8>> {
    from.take(most.saturating_add(1)).read_to_end(&mut contents)?;
    if contents.len() as u64 > most {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {most} bytes")));
    }
    Ok(contents)
}

/// What a name leads to, for a message. A pipe is read like a file: a shell hands one over for
/// `<(command)`.
pub(crate) fn kind_of(name: &str) -> &'static str {
    #[cfg(unix)]
    use std::os::unix::fs::FileTypeExt;
    match fs::metadata(name).map(|metadata| metadata.file_type()) {
        #[cfg(unix)]
        Ok(kind) if kind.is_fifo() => "a pipe",
        #[cfg(unix)]
        Ok(kind) if kind.is_char_device() || kind.is_block_device() => "a device",
        _ => "a file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_oidc_core::ports::fixed::Variables;

    #[test]
    fn only_granted_variables_are_passed_on() {
        let env = Variables::from([("AZURE_TENANT_ID", "t"), ("AWS_SECRET_ACCESS_KEY", "s"), ("EMPTY", "")]);
        let granted = ["AZURE_TENANT_ID".to_owned(), "EMPTY".to_owned(), "UNSET".to_owned()];
        let shown = granted_variables(&granted, &env);
        assert_eq!(shown, [("AZURE_TENANT_ID".to_owned(), "t".to_owned()), ("EMPTY".to_owned(), String::new())]);
    }

    #[test]
    fn an_impossible_variable_name_is_absent() {
        for name in ["", "A=B", "A\0B"] {
            assert_eq!(ProcessEnv.var(name), None);
        }
    }

    #[test]
    fn a_file_at_the_limit_is_read_and_a_larger_one_is_not() {
        let limit = usize::try_from(MAX_FILE).unwrap();
        assert_eq!(read_capped(&*vec![b'x'; limit], MAX_FILE).unwrap().len(), limit);
        let error = read_capped(&*vec![b'x'; limit + 1], MAX_FILE).unwrap_err();
        assert!(error.to_string().contains("larger than 1048576 bytes"), "{error}");
    }

    #[test]
    fn an_endless_stream_is_not_read_to_its_end() {
        assert!(read_capped(io::repeat(b'x'), MAX_FILE).is_err());
    }

    #[test]
    fn an_unreadable_file_is_passed_on_as_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        let missing = folder.path().join("missing").to_str().unwrap().to_owned();
        let directory = folder.path().to_str().unwrap().to_owned();
        let files = Files::read(&[missing.clone(), directory], |_| ());
        assert_eq!(files.text(&missing), None);
        assert!(files.into_contents().all(|(_, contents)| contents.is_err_and(|reason| !reason.is_empty())));
    }

    #[test]
    fn a_file_is_passed_on_byte_for_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token").to_str().unwrap().to_owned();
        std::fs::write(&path, b"\xff\0 x\n").unwrap();
        let files = Files::read(std::slice::from_ref(&path), |_| ());
        assert_eq!(files.text(&path), None, "it is not text");
        assert_eq!(files.into_contents().next(), Some((path, Ok(b"\xff\0 x\n".to_vec()))));
    }
}
