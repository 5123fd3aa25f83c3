use super::*;
use std::fs;

use azure_oidc_core::ports::fixed::Variables;

fn publication(variable: Option<&str>, path: &Path, lines: &str) -> Publication {
    Publication {
        variable: variable.map(ToOwned::to_owned),
        path: path.to_str().unwrap().to_owned(),
        lines: lines.as_bytes().to_vec(),
    }
}

/// Opens the file that `CI_OUTPUT` names, and publishes to it.
fn publish(path: &Path, lines: &[&str]) -> Result<(), Fault> {
    let env = Variables(vec![("CI_OUTPUT".to_owned(), path.to_str().unwrap().to_owned())]);
    let mut outputs = Outputs::open(&[OutputFile::Variable("CI_OUTPUT")], None, &env)?;
    let all: Vec<_> = lines.iter().map(|lines| publication(Some("CI_OUTPUT"), path, lines)).collect();
    outputs.publish(&all)
}

#[test]
fn lines_are_appended_and_the_mode_of_the_file_stays() {
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
fn an_unfinished_last_line_is_ended_first() {
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
fn a_file_created_for_nothing_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("env");
    publish(&path, &[]).unwrap();
    assert!(!path.exists());
}

#[test]
fn an_existing_file_stays_when_nothing_is_published() {
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
fn an_unwritable_file_is_reported_with_the_way_to_mend_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let cases = [
        (folder.path().to_owned(), "a file instead of a folder"),
        (folder.path().join("missing").join("env"), "create the folder"),
        (file.join("env"), "create the folder"),
    ];
    for (path, hint) in cases {
        let fault = publish(&path, &["A=1\n"]).unwrap_err();
        assert_eq!((fault.code, fault.category), ("output-not-writable", Category::Publish));
        assert!(fault.message.contains(path.to_str().unwrap()) && fault.message.contains("CI_OUTPUT"), "{fault}");
        assert!(fault.hints[0].contains(hint), "{}: {:?}", path.display(), fault.hints);
    }
}

#[test]
fn one_unwritable_file_leaves_no_created_file_behind() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good");
    let path = |path: &Path| OutputFile::Path(path.to_str().unwrap().to_owned());
    let files = [path(&good), path(folder.path())];
    assert!(Outputs::open(&files, None, &Variables::default()).is_err());
    assert!(!good.exists());
}

#[test]
fn an_unset_variable_is_left_to_the_component() {
    for env in [Variables::default(), Variables::from([("CI_OUTPUT", "")])] {
        assert_eq!(Outputs::open(&[OutputFile::Variable("CI_OUTPUT")], None, &env).unwrap().appended.len(), 0);
    }
}

#[test]
fn only_granted_files_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let (granted, other) = (folder.path().join("granted"), folder.path().join("other"));
    fs::write(&other, "").unwrap();
    let mut outputs =
        Outputs::open(&[OutputFile::Path(granted.to_str().unwrap().to_owned())], None, &Variables::default()).unwrap();
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
