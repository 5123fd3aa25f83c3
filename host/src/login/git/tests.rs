//! The sections in git's configuration, as git itself reads them.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use azure_oidc_core::ports::fixed::Variables;

use super::*;

/// What git itself finds; none where there is no git.
fn by_git(contents: &[u8], name: &str) -> Option<Result<String, String>> {
    let mut command = Command::new("git");
    command.args(["config", "--file", "-", "--null", "--get-all", name]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut git = command.spawn().ok()?;
    git.stdin.take().unwrap().write_all(contents).unwrap();
    let output = git.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Some(if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) })
}

fn plan(words: &[String], env: &Variables) -> Result<Change, Fault> {
    Change::planned(words, env, by_git).map(|change| change.expect("the mark is new"))
}

/// What git reads for a host; none where there is no git.
fn helpers(config: &std::path::Path, host: &str) -> Option<String> {
    let output = Command::new("git")
        .args(["config", "--file"])
        .arg(config)
        .args(["--get-urlmatch", "credential.helper", host])
        .output();
    Some(String::from_utf8(output.ok()?.stdout).unwrap())
}

#[test]
fn git_finds_the_helper_for_azure_repos_and_the_file_is_as_before_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gitconfig");
    let env = Variables::from([("GIT_CONFIG_GLOBAL", path.to_str().unwrap())]);
    let words = ["/opt/it's \"here\"/azure-oidc", "git-credential", "--tenant-id=a\\b"].map(str::to_owned);
    for old in [
        &b""[..],
        b"[user]\n\tname = A",
        b"[credential]\n\thelper = store\n# end\n",
        b"[alias]\n\tx = foo \\",
        b"[alias]\n\tx = foo \\\n",
        b"[alias]\r\n\tx = foo \\\r\n",
        b"[user]\n\tname = J\xfcrgen\n",
    ] {
        fs::write(&path, old).unwrap();
        let change = plan(&words, &env).unwrap();
        change.make().unwrap();
        for host in ["https://dev.azure.com/o/p", "https://contoso.visualstudio.com"] {
            let Some(helper) = helpers(&path, host) else { continue };
            let script = helper.strip_prefix('!').unwrap().replacen("", "printf '%s|' ", 1);
            let words = Command::new("sh").args(["-c", &script]).output().unwrap().stdout;
            assert_eq!(
                String::from_utf8(words).unwrap(),
                "/opt/it's \"here\"/azure-oidc|git-credential|--tenant-id=a\\b|"
            );
        }
        if let Some(other) = helpers(&path, "https://example.com") {
            assert!(!other.contains("azure-oidc"));
        }
        change.undo();
        assert_eq!(fs::read(&path).unwrap(), old);
    }
}

#[test]
fn what_was_added_to_the_file_meanwhile_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gitconfig");
    let env = Variables::from([("GIT_CONFIG_GLOBAL", path.to_str().unwrap())]);
    fs::write(&path, "[user]\n\tname = A\n").unwrap();
    let change = plan(&["azure-oidc".to_owned()], &env).unwrap();
    change.make().unwrap();
    let now = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{}[safe]\n\tdirectory = *\n", now.replace("= A", "= B"))).unwrap();
    assert!(matches!(change.undo(), Undone::All(Some(text)) if text.contains("changed after login")));
    assert_eq!(fs::read_to_string(&path).unwrap(), "[user]\n\tname = B\n[safe]\n\tdirectory = *\n");
    fs::write(&path, now.replace("helper = \"", "helper = \"x")).unwrap();
    assert!(matches!(change.undo(), Undone::Left(_)), "somebody changed our lines");
    let ours = now.find("# azure-oidc").unwrap();
    fs::write(&path, now[..ours].replace("= A", "= C")).unwrap();
    assert!(matches!(change.undo(), Undone::All(Some(text)) if text.contains("nothing of what login added")));
}

#[test]
fn the_file_is_the_one_that_git_writes() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    let env = Variables::from([("HOME", home)]);
    assert_eq!(path(&env).unwrap(), folder.path().join(".gitconfig"));
    fs::create_dir_all(folder.path().join(".config/git")).unwrap();
    fs::write(folder.path().join(".config/git/config"), "").unwrap();
    assert_eq!(path(&env).unwrap(), folder.path().join(".config/git/config"));
    fs::write(folder.path().join(".gitconfig"), "").unwrap();
    assert_eq!(path(&env).unwrap(), folder.path().join(".gitconfig"));
    assert_eq!(path(&Variables::default()), None);
}

#[test]
fn jobs_of_one_user_take_out_their_own_sections_in_any_order() {
    let words = |name: &str| [name.to_owned()];
    for old in ["", "[user]\n\tname = A", "[user]\n\tname = A\n"] {
        for is_first in [true, false] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("gitconfig");
            let env = Variables::from([("GIT_CONFIG_GLOBAL", path.to_str().unwrap())]);
            fs::write(&path, old).unwrap();
            // Two jobs have the same command line.
            let one = plan(&words("azure-oidc"), &env).unwrap();
            one.make().unwrap();
            let other = plan(&words("azure-oidc"), &env).unwrap();
            other.make().unwrap();
            let (first, last) = if is_first { (&one, &other) } else { (&other, &one) };
            assert!(matches!(first.undo(), Undone::All(Some(_))));
            if let Some(found) = helpers(&path, "https://dev.azure.com/o") {
                assert_eq!(found.trim(), "!azure-oidc");
            }
            assert!(matches!(last.undo(), Undone::All(Some(_))));
            assert_eq!(fs::read_to_string(&path).unwrap().trim_end(), old.trim_end());
        }
    }
}

#[test]
fn a_configuration_in_which_git_would_not_find_the_helper_is_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gitconfig");
    let env = Variables::from([("GIT_CONFIG_GLOBAL", path.to_str().unwrap())]);
    let words = ["azure-oidc".to_owned()];
    fs::write(&path, "[alias\n").unwrap();
    for (found, part) in [
        (Ok("\0!other\0".to_owned()), "does not find the helper"),
        (Ok("!azure-oidc\0".to_owned()), "does not find the helper"),
        (Err(String::new()), "finds no helper"),
        (Err("fatal: bad config line 1\n".to_owned()), "bad config line 1"),
    ] {
        let fault = Change::planned(&words, &env, |_, _| Some(found.clone())).unwrap_err();
        assert_eq!(fault.code, "git-configuration-invalid");
        assert!(fault.message.contains(part), "{}", fault.message);
    }
    if by_git(b"", "a.b").is_some() {
        assert!(plan(&words, &env).unwrap_err().message.contains("bad config line"));
    }
    assert_eq!(fs::read(&path).unwrap(), b"[alias\n");
    assert!(Change::planned(&words, &env, |_, _| None).is_ok(), "a machine without git");
}
