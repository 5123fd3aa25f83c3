//! Tests changes of files, and undoing them.

use super::*;

fn added(text: &[u8], what: &str) -> Result<Vec<u8>, Fault> {
    Ok([text, what.as_bytes()].concat())
}

#[test]
fn a_file_is_restored_byte_for_byte_with_its_permissions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    for old in ["", "a = 1\n", "\u{e4}\r\n\u{e5} = 2", "xx"] {
        fs::write(&path, old).unwrap();
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o640)).unwrap();
        let edit = Edit::plan(&path, |text| added(text, "x\u{e5}")).unwrap().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), old, "a plan changes nothing");
        edit.make().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{old}x\u{e5}"));
        assert!(matches!(edit.undo(|_| None), Undone::All(Some(_))));
        assert_eq!(fs::read_to_string(&path).unwrap(), old);
        #[cfg(unix)]
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&fs::metadata(&path).unwrap()) & 0o777, 0o640);
        assert_eq!(edit.undo(|_| None), Undone::All(None), "once");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_was_not_there_is_removed_with_its_folders_unless_others_use_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b/config");
    let edit = Edit::plan(&path, |text| added(text, "x")).unwrap().unwrap();
    edit.make().unwrap();
    fs::write(folder.path().join("a/other"), "").unwrap();
    edit.undo(|_| None);
    assert!(folder.path().join("a/other").exists() && !folder.path().join("a/b").exists());
}

#[test]
fn a_change_that_did_not_happen_or_that_somebody_else_changed_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, "old").unwrap();
    let edit = Edit::plan(&path, |text| added(text, " new")).unwrap().unwrap();
    assert_eq!(edit.undo(|_| None), Undone::All(None), "a crash came before the change");
    fs::write(&path, "theirs").unwrap();
    assert_eq!(edit.make().unwrap_err().code, "file-not-editable");
    assert!(matches!(edit.undo(|_| None), Undone::Left(_)));
    assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
    assert!(matches!(edit.undo(|text| Some(text[..3].to_vec())), Undone::All(Some(_))));
    assert_eq!(fs::read_to_string(&path).unwrap(), "the");
    assert!(Edit::plan(&path, |text| Ok(text.to_vec())).unwrap().is_none());
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link_and_a_folder_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    fs::write(&file, "old").unwrap();
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let edit = Edit::plan(&link, |text| added(text, "x")).unwrap().unwrap();
    edit.make().unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&file).unwrap(), "oldx");
    edit.undo(|_| None);
    assert_eq!(fs::read_to_string(&file).unwrap(), "old");
    assert_eq!(Edit::plan(folder.path(), |text| added(text, "x")).unwrap_err().code, "file-not-editable");
}

#[cfg(unix)]
#[test]
fn a_link_to_nothing_gets_its_file_which_is_removed_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("link");
    std::os::unix::fs::symlink("there/file", &link).unwrap();
    let edit = Edit::plan(&link, |text| added(text, "x")).unwrap().unwrap();
    edit.make().unwrap();
    assert_eq!(fs::read(folder.path().join("there/file")).unwrap(), b"x");
    edit.undo(|_| None);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_device_or_a_pipe_is_refused_and_stays_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _listening = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [Path::new("/dev/null"), &socket] {
        let fault = Edit::plan(path, |text| added(text, "x")).unwrap_err();
        assert_eq!(fault.code, "file-not-editable");
        assert!(fault.message.ends_with("it is a device, pipe or socket instead of a file"), "{}", fault.message);
    }
}

#[cfg(unix)]
#[test]
fn a_file_keeps_its_other_names() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("config"), folder.path().join("other"));
    fs::write(&path, "a longer text").unwrap();
    fs::hard_link(&path, &other).unwrap();
    let edit = Edit::plan(&path, |_| Ok(b"short".to_vec())).unwrap().unwrap();
    edit.make().unwrap();
    assert_eq!((fs::read(&other).unwrap().as_slice(), fs::metadata(&path).unwrap().nlink()), (b"short".as_slice(), 2));
    edit.undo(|_| None);
    assert_eq!(fs::read(&other).unwrap(), b"a longer text");
}

/// Only root can give a file away; others see that the group stays.
#[cfg(unix)]
#[test]
fn a_file_keeps_its_owner() {
    use std::os::unix::fs::{MetadataExt, chown};
    const OTHER: u32 = 1234;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, "old").unwrap();
    let given = chown(&path, Some(OTHER), Some(OTHER)).is_ok();
    let owner = || fs::metadata(&path).map(|metadata| (metadata.uid(), metadata.gid(), metadata.mode())).unwrap();
    let before = owner();
    assert_eq!(given, before.0 == OTHER);
    let edit = Edit::plan(&path, |text| added(text, "x")).unwrap().unwrap();
    edit.make().unwrap();
    assert_eq!(owner(), before);
    edit.undo(|_| None);
    assert_eq!((owner(), fs::read(&path).unwrap()), (before, b"old".to_vec()));
}

#[test]
fn what_a_killed_run_left_beside_the_file_is_removed() {
    for is_logout in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        fs::write(&path, "old").unwrap();
        let edit = Edit::plan(&path, |text| added(text, "x")).unwrap().unwrap();
        let left = folder.path().join(".azure-oidc-tmp/run-killed");
        for_owner(&left).unwrap();
        fs::write(left.join("new"), "a secret").unwrap();
        match is_logout {
            true => drop(edit.undo(|_| None)),
            false => drop(Edit::plan(&path, |text| added(text, "x")).unwrap()),
        }
        assert!(!left.exists());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_journal_that_does_not_fit_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    fs::write(&path, "old").unwrap();
    let edit = Edit::plan(&path, |text| added(text, "x")).unwrap().unwrap();
    for at in [999, usize::MAX, 1] {
        let hostile = Edit { at, ..edit.clone() };
        fs::write(&path, "oldx").unwrap();
        assert!(matches!(hostile.undo(|_| None), Undone::Left(text) if text.contains("does not fit")));
        assert_eq!(fs::read(&path).unwrap(), b"oldx");
        fs::write(&path, "old").unwrap();
        let hostile = Edit { removed: "l".to_owned(), ..hostile };
        assert_eq!(hostile.make().is_err(), at != 1);
        assert_eq!(fs::read(&path).unwrap(), if at == 1 { b"oxd" } else { b"old" });
    }
}

#[test]
fn what_is_no_utf_8_text_stays_and_what_is_added_can_follow_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    for old in [&b"\xe4 = \xff"[..], b"\x80", b"\xc3"] {
        fs::write(&path, old).unwrap();
        let edit = Edit::plan(&path, |text| added(text, "\nx")).unwrap().unwrap();
        edit.make().unwrap();
        assert_eq!(fs::read(&path).unwrap(), [old, b"\nx"].concat());
        edit.undo(|_| None);
        assert_eq!(fs::read(&path).unwrap(), old);
    }
}

#[test]
fn a_new_file_of_which_nothing_is_left_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    let edit = Edit::plan(&path, |text| added(text, "x")).unwrap().unwrap();
    edit.make().unwrap();
    fs::write(&path, "changed").unwrap();
    let same = edit.undo(|text| Some(text.to_vec()));
    assert!(matches!(same, Undone::All(Some(text)) if text.contains("nothing of what login added is left")));
    assert!(path.exists());
    edit.undo(|_| Some(Vec::new()));
    assert!(!path.exists());
}
