//! Writing the results where the CI system takes them. That it can be done is proved before anything is sent: an access token that
//! cannot be handed on helps nobody.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use azure_oidc_core::platform::File as Named;
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};

mod replacement;

use crate::sandbox::Publication;
use replacement::Replacement;

/// The files that results may be appended to, open since it was proved that they can be.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    appended: Vec<Output>,
    /// The file that is written anew.
    replaced: Option<Replacement>,
}

#[derive(Debug)]
struct Output {
    variable: Option<&'static str>,
    path: PathBuf,
    file: File,
    /// It was not there before, and is removed again when nothing is written to it.
    created: bool,
}

impl Outputs {
    /// Opens each file for appending. A variable that is not set is left to the component, which knows what it is for.
    ///
    /// # Errors
    ///
    /// `output-not-writable` names the file, the variable, and what the system said.
    pub(crate) fn prove(files: &[Named], replaced: Option<String>, env: &dyn Env) -> Result<Self, Fault> {
        let mut outputs = Self::default();
        for named in files {
            let (variable, path) = match named {
                Named::Variable(name) => (Some(*name), env.present(name)),
                Named::Path(path) => (None, Some(path.clone())),
            };
            let Some(path) = path.map(PathBuf::from) else { continue };
            match open(&path) {
                Ok((file, created)) => outputs.appended.push(Output { variable, path, file, created }),
                Err(error) => return Err(not_writable(variable, &path, &error)),
            }
        }
        if let Some(path) = replaced.map(PathBuf::from) {
            let made = Replacement::new(&path).map_err(|error| not_writable(None, &path, &error))?;
            outputs.replaced = Some(made);
        }
        Ok(outputs)
    }

    /// Appends each publication to its file, in one write.
    ///
    /// # Errors
    ///
    /// `output-not-granted` for a file that is not among these, `output-not-writable` when the write fails; a file that took half of
    /// the lines is cut back first.
    pub(crate) fn publish(&mut self, publications: &[Publication]) -> Result<(), Fault> {
        for publication in publications {
            if let Some(replaced) = self.replaced.take_if(|replaced| replaced.is_meant_by(publication)) {
                let path = replaced.path.clone();
                replaced.write(&publication.lines).map_err(|error| not_writable(None, &path, &error))?;
                continue;
            }
            let Some(output) = self.appended.iter_mut().find(|output| output.is_meant_by(publication)) else {
                return Err(not_granted(publication));
            };
            append(&mut output.file, &output.path, &publication.lines)
                .map_err(|error| not_writable(output.variable, &output.path, &error))?;
            output.created = false;
        }
        Ok(())
    }
}

impl Drop for Outputs {
    /// Removes the files that only the proof had made, whatever came after it.
    fn drop(&mut self) {
        for output in self.appended.iter().filter(|output| output.created) {
            let is_empty = output.file.metadata().is_ok_and(|metadata| metadata.len() == 0);
            // Through a symbolic link it is the file that was made, and not the link.
            if is_empty && let Ok(path) = output.path.canonicalize() {
                std::fs::remove_file(path).ok();
            }
        }
    }
}

impl Output {
    fn is_meant_by(&self, publication: &Publication) -> bool {
        match &publication.variable {
            Some(variable) => self.variable == Some(variable),
            None => self.variable.is_none() && self.path == Path::new(&publication.path),
        }
    }
}

/// Opens for appending, and says whether the file was made. A new one is for its owner only; the mode of one that is there is left
/// alone.
fn open(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.append(true);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            options.create(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            Ok((options.open(path)?, true))
        }
        opened => Ok((opened?, false)),
    }
}

/// Appends whole lines in one write, so that lines of other processes cannot come between them.
fn append(file: &mut File, path: &Path, lines: &[u8]) -> io::Result<()> {
    let mut text = Vec::with_capacity(lines.len() + 1);
    if ends_within_a_line(path) {
        text.push(b'\n');
    }
    text.extend(lines);
    let written = file.write(&text)?;
    if written == text.len() {
        return Ok(());
    }
    if let Ok(metadata) = file.metadata()
        && metadata.is_file()
    {
        file.set_len(metadata.len().saturating_sub(written as u64))?;
    }
    Err(io::Error::new(io::ErrorKind::WriteZero, format!("only {written} of {} bytes could be written", text.len())))
}

/// Whether somebody left the last line of this file open. What cannot be read is taken to be well-formed.
fn ends_within_a_line(path: &Path) -> bool {
    let last = || {
        let mut file = File::open(path).ok().filter(|file| file.metadata().is_ok_and(|metadata| metadata.is_file()))?;
        file.seek(SeekFrom::End(-1)).ok()?;
        let mut last = [0];
        file.read_exact(&mut last).ok()?;
        Some(last[0])
    };
    last().is_some_and(|last| last != b'\n')
}

fn not_writable(variable: Option<&'static str>, path: &Path, error: &io::Error) -> Fault {
    let file = path.display().to_string();
    let named = variable.map_or(String::new(), |variable| format!(", named by {variable},"));
    let fault = Fault::new(
        Category::Publish,
        "output-not-writable",
        format!("The file {file}{named} cannot be appended to: {error}"),
    )
    .fact("file", file);
    let fault = match variable {
        Some(variable) => fault.fact("variable", variable),
        None => fault,
    };
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            fault.hint("make the folder that the file is to be in")
        }
        io::ErrorKind::IsADirectory => fault.hint("name a file instead of a folder"),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            fault.hint("make the file writable for the user that runs this step")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::WriteZero => fault.hint("free some space on the disk of the file"),
        _ => fault,
    }
    .hint("`--output json` prints the result instead")
}

fn not_granted(publication: &Publication) -> Fault {
    let named = publication.variable.as_deref().unwrap_or(&publication.path);
    Fault::new(
        Category::Publish,
        "output-not-granted",
        "The component asked to write to a file that this command does not write to",
    )
    .fact("file", named)
}

#[cfg(test)]
mod tests {
    use super::*;
    use azure_oidc_core::ports::fixed::Variables;
    use std::fs;

    fn publication(variable: Option<&str>, path: &Path, lines: &str) -> Publication {
        Publication {
            variable: variable.map(ToOwned::to_owned),
            path: path.to_str().unwrap().to_owned(),
            lines: lines.as_bytes().to_vec(),
        }
    }

    /// Proves and publishes to the file that `CI_OUTPUT` names.
    fn publish(path: &Path, lines: &[&str]) -> Result<(), Fault> {
        let env = Variables(vec![("CI_OUTPUT".to_owned(), path.to_str().unwrap().to_owned())]);
        let mut outputs = Outputs::prove(&[Named::Variable("CI_OUTPUT")], None, &env)?;
        let all: Vec<_> = lines.iter().map(|lines| publication(Some("CI_OUTPUT"), path, lines)).collect();
        outputs.publish(&all)
    }

    #[test]
    fn lines_are_added_to_a_file_and_its_mode_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");
        fs::write(&path, "A=1\n").unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o664)).unwrap();
        publish(&path, &["B=2\n", "C=3\n"]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "A=1\nB=2\nC=3\n");
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o664);
    }

    #[test]
    fn a_line_that_somebody_left_open_is_closed_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");
        fs::write(&path, "A=1").unwrap();
        publish(&path, &["B=2\n"]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "A=1\nB=2\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_new_file_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");
        publish(&path, &["A=1\n"]).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "A=1\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_only_the_proof_made_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");
        publish(&path, &[]).unwrap();
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_was_there_stays_when_nothing_is_published() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");
        fs::write(&path, "").unwrap();
        publish(&path, &[]).unwrap();
        assert!(path.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_symbolic_link_is_followed_and_survives() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join("link"), folder.path().join("file"));
        std::os::unix::fs::symlink(&file, &link).unwrap();
        publish(&link, &[]).unwrap();
        assert!(link.is_symlink() && !file.exists());
        publish(&link, &["A=1\n"]).unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "A=1\n");
        assert!(link.is_symlink());
    }

    #[test]
    fn what_cannot_be_written_is_found_out_before_anything_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let cases = [
            (folder.path().to_owned(), "a file instead of a folder"),
            (folder.path().join("missing").join("env"), "make the folder"),
            (file.join("env"), "make the folder"),
        ];
        for (path, hint) in cases {
            let fault = publish(&path, &["A=1\n"]).unwrap_err();
            assert_eq!((fault.code, fault.category), ("output-not-writable", Category::Publish));
            assert!(fault.message.contains(path.to_str().unwrap()) && fault.message.contains("CI_OUTPUT"), "{fault}");
            assert!(fault.hints[0].contains(hint), "{}: {:?}", path.display(), fault.hints);
        }
    }

    #[test]
    fn one_file_that_cannot_be_written_leaves_nothing_behind_of_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let good = folder.path().join("good");
        let path = |path: &Path| Named::Path(path.to_str().unwrap().to_owned());
        let files = [path(&good), path(folder.path())];
        assert!(Outputs::prove(&files, None, &Variables::default()).is_err());
        assert!(!good.exists());
    }

    #[test]
    fn a_variable_that_is_not_set_is_left_to_the_component() {
        for env in [Variables::default(), Variables::from([("CI_OUTPUT", "")])] {
            assert_eq!(Outputs::prove(&[Named::Variable("CI_OUTPUT")], None, &env).unwrap().appended.len(), 0);
        }
    }

    #[test]
    fn a_file_that_was_not_granted_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let (granted, other) = (folder.path().join("granted"), folder.path().join("other"));
        fs::write(&other, "").unwrap();
        let mut outputs =
            Outputs::prove(&[Named::Path(granted.to_str().unwrap().to_owned())], None, &Variables::default()).unwrap();
        for asked in [publication(None, &other, "A=1\n"), publication(Some("PATH"), &granted, "A=1\n")] {
            let fault = outputs.publish(std::slice::from_ref(&asked)).unwrap_err();
            assert_eq!(fault.code, "output-not-granted");
        }
        drop(outputs);
        assert_eq!(fs::read_to_string(&other).unwrap(), "");
        assert!(!granted.exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_reported() {
        let fault = publish(Path::new("/dev/full"), &["A=1\n"]).unwrap_err();
        assert_eq!(fault.code, "output-not-writable");
        assert!(fault.hints[0].contains("space"), "{:?}", fault.hints);
    }

    #[cfg(unix)]
    #[test]
    fn all_lines_of_a_publication_go_out_in_one_write() {
        use std::os::fd::OwnedFd;
        use std::os::unix::net::UnixDatagram;
        let (ours, theirs) = UnixDatagram::pair().unwrap();
        let mut file = File::from(OwnedFd::from(ours));
        append(&mut file, Path::new("/nonexistent"), b"A=1\nB=2\n").unwrap();
        // A datagram is what one write sent.
        let mut received = [0; 64];
        let length = theirs.recv(&mut received).unwrap();
        assert_eq!(&received[..length], b"A=1\nB=2\n");
    }
}
