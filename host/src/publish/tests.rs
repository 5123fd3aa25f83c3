//! Tests that results reach all files or none.

use super::*;
use std::fs;

use azure_oidc_core::ports::fixed::Variables;

const NEVER: Deadline = Deadline::NEVER;

fn publication(variable: Option<&str>, path: &Path, lines: &str) -> Publication {
    Publication {
        variable: variable.map(ToOwned::to_owned),
        path: path.to_str().unwrap().to_owned(),
        lines: lines.as_bytes().to_vec(),
    }
}

fn grants(change: impl FnOnce(&mut Grants)) -> Grants {
    let mut grants = Grants::default();
    change(&mut grants);
    grants
}

fn granted(files: &[OutputFile]) -> Grants {
    grants(|grants| grants.outputs = files.to_vec())
}

fn by_path(path: &Path) -> OutputFile {
    OutputFile::Path(path.to_str().unwrap().to_owned())
}

/// Proves that the file which `CI_OUTPUT` names can be written.
fn outputs(path: &Path) -> Result<Outputs, Fault> {
    let env = Variables(vec![("CI_OUTPUT".to_owned(), path.to_str().unwrap().to_owned())]);
    Outputs::prove(&granted(&[OutputFile::Variable("CI_OUTPUT")]), &env)
}

/// Publishes to the file that `CI_OUTPUT` names.
fn publish(path: &Path, lines: &[&str]) -> Result<(), Fault> {
    let mut outputs = outputs(path)?;
    let all: Vec<_> = lines.iter().map(|lines| publication(Some("CI_OUTPUT"), path, lines)).collect();
    outputs.publish(&all, NEVER)?;
    outputs.keep();
    Ok(())
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
fn the_proof_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let grants = grants(|grants| {
        grants.outputs = vec![by_path(&folder.path().join("output"))];
        grants.id_token_output = Some(folder.path().join("token").to_str().unwrap().to_owned());
        grants.new_file_in = Some(folder.path().to_str().unwrap().to_owned());
    });
    let outputs = Outputs::prove(&grants, &Variables::default()).unwrap();
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    drop(outputs);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_not_kept_is_taken_back_from_all_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name| folder.path().join(name);
    for (name, text) in [("there", "A=1\n"), ("unfinished", "A=1"), ("token", "earlier")] {
        fs::write(path(name), text).unwrap();
    }
    let files = ["there", "unfinished", "new", "new"].map(path);
    let publications: Vec<_> = files.iter().map(|path| publication(None, path, "B=2\n")).collect();
    let token = publication(None, &path("token"), "token");
    let publications = [publications, vec![token]].concat();
    let grants = grants(|grants| {
        grants.outputs = files.iter().map(|path| by_path(path)).collect();
        grants.id_token_output = Some(path("token").to_str().unwrap().to_owned());
    });
    let mut outputs = Outputs::prove(&grants, &Variables::default()).unwrap();
    outputs.publish(&publications, NEVER).unwrap();
    let read = |name| fs::read_to_string(path(name)).unwrap();
    assert_eq!(["there", "unfinished", "new", "token"].map(read), ["A=1\nB=2\n", "A=1\nB=2\n", "B=2\nB=2\n", "token"]);
    // Another process goes on in one of them.
    fs::write(path("there"), "A=1\nB=2\nC=3\n").unwrap();
    drop(outputs);
    assert_eq!(["there", "unfinished", "token"].map(read), ["A=1\n\n\n\n\nC=3\n", "A=1", "earlier"]);
    let mut names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["there", "token", "unfinished"]);
}

#[test]
fn one_file_that_cannot_be_written_any_more_leaves_the_others_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let grants = granted(&[by_path(&first), by_path(&second)]);
    let mut outputs = Outputs::prove(&grants, &Variables::default()).unwrap();
    fs::create_dir(&second).unwrap();
    let both = [&first, &second].map(|path| publication(None, path, "A=1\n"));
    assert_eq!(outputs.publish(&both, NEVER).unwrap_err().code, "output-not-writable");
    assert!(!first.exists());
}

#[test]
fn a_file_that_is_replaced_or_deleted_during_the_exchange_is_written_where_it_is_now() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("env");
    fs::write(&path, "A=1\n").unwrap();
    let mut outputs = outputs(&path).unwrap();
    fs::remove_file(&path).unwrap();
    outputs.publish(&[publication(Some("CI_OUTPUT"), &path, "B=2\n")], NEVER).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), "B=2\n");
}

#[test]
fn lines_that_are_gone_after_they_were_written_are_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("env");
    let appended = Appended::write(&path, b"A=1\n", NEVER).unwrap();
    assert!(appended.is_in_place());
    fs::remove_file(&path).unwrap();
    assert!(!appended.is_in_place());
    fs::write(&path, "B=2\n").unwrap();
    assert!(!appended.is_in_place());
    appended.take_back();
    assert_eq!(fs::read_to_string(&path).unwrap(), "B=2\n");
}

/// One job fails after it created the file, the other succeeds: its line stays, however they
/// interleave.
#[test]
fn a_job_that_fails_never_removes_the_lines_of_another() {
    let folder = tempfile::tempdir().unwrap();
    for round in 0..300 {
        let path = folder.path().join(round.to_string());
        let job = |fails: bool, line: String| {
            let path = path.clone();
            move || {
                let mut outputs = outputs(&path).unwrap();
                outputs.publish(&[publication(Some("CI_OUTPUT"), &path, &line)], NEVER).unwrap();
                if !fails {
                    outputs.keep();
                }
            }
        };
        std::thread::scope(|scope| {
            for at in 0..4 {
                scope.spawn(job(at % 2 == 0, format!("JOB={at}\n")));
            }
        });
        let text = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<_> = text.lines().filter(|line| !line.is_empty()).collect();
        lines.sort_unstable();
        assert_eq!(lines, ["JOB=1", "JOB=3"], "round {round}");
    }
}

#[test]
fn one_unwritable_file_leaves_no_created_file_behind() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good");
    let files = [by_path(&good), by_path(folder.path())];
    assert!(Outputs::prove(&granted(&files), &Variables::default()).is_err());
    assert!(!good.exists());
}

#[test]
fn an_unset_variable_is_left_to_the_component() {
    for env in [Variables::default(), Variables::from([("CI_OUTPUT", "")])] {
        assert!(Outputs::prove(&granted(&[OutputFile::Variable("CI_OUTPUT")]), &env).unwrap().is_empty());
    }
}

#[test]
fn only_granted_files_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let (allowed, other) = (folder.path().join("allowed"), folder.path().join("other"));
    fs::write(&other, "").unwrap();
    let grants = grants(|grants| {
        grants.outputs = vec![by_path(&allowed)];
        grants.new_file_in = Some(folder.path().to_str().unwrap().to_owned());
    });
    let mut outputs = Outputs::prove(&grants, &Variables::default()).unwrap();
    let elsewhere = folder.path().join("folder/azure-oidc-1.sh");
    for asked in [
        publication(None, &other, "A=1\n"),
        publication(None, &elsewhere, "A=1\n"),
        publication(Some("PATH"), &allowed, "A=1\n"),
    ] {
        let fault = outputs.publish(std::slice::from_ref(&asked), NEVER).unwrap_err();
        assert_eq!(fault.code, "output-not-granted");
    }
    drop(outputs);
    assert_eq!(fs::read_to_string(&other).unwrap(), "");
    assert!(!allowed.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_device_is_refused() {
    let fault = publish(Path::new("/dev/full"), &["A=1\n"]).unwrap_err();
    assert_eq!(fault.code, "output-not-writable");
    assert!(fault.hints[0].contains("regular file"), "{:?}", fault.hints);
}

#[test]
fn a_new_file_for_the_shell_is_for_its_owner_only_and_never_replaces_another() {
    let folder = tempfile::tempdir().unwrap();
    let grants = grants(|grants| grants.new_file_in = Some(folder.path().to_str().unwrap().to_owned()));
    let path = folder.path().join("azure-oidc-1.sh");
    let publications = [publication(None, &path, "export A='1'\n")];
    let mut outputs = Outputs::prove(&grants, &Variables::default()).unwrap();
    outputs.publish(&publications, NEVER).unwrap();
    outputs.keep();
    assert_eq!(fs::read_to_string(&path).unwrap(), "export A='1'\n");
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions()) & 0o777, 0o600);
    assert_eq!(outputs.publish(&publications, NEVER).unwrap_err().code, "output-not-granted");
}
