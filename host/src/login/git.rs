//! Git's configuration: names this program as the helper for Azure Repos.

use std::path::PathBuf;

use azure_oidc_core::ports::Env;
use azure_oidc_core::shell::Shell;
use azure_oidc_core::{Category, Fault};
use serde::{Deserialize, Serialize};

use super::edit::Edit;
use super::journal::Undone;

/// The hosts of Azure Repos, as git's configuration writes them.
const HOSTS: [&str; 2] = ["https://dev.azure.com", "https://*.visualstudio.com"];

/// The helpers at the end of a configuration.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Change {
    edit: Edit,
}

impl Change {
    /// Plans the change. `words` are the helper's command line.
    pub(super) fn plan(words: &[String], env: &dyn Env) -> Result<Option<Self>, Fault> {
        let Some(path) = path(env) else {
            let message = "Git's configuration cannot be found: neither `GIT_CONFIG_GLOBAL` nor `HOME` is set";
            return Err(Fault::new(Category::Usage, "git-configuration-missing", message)
                .hint("set `GIT_CONFIG_GLOBAL` to a file"));
        };
        let edit = Edit::plan(&path, |text| Ok(with_sections(text, words)))?;
        Ok(edit.map(|edit| Self { edit }))
    }

    pub(super) fn make(&self) -> Result<(), Fault> {
        self.edit.make()
    }

    pub(super) fn undo(&self) -> Undone {
        self.edit.undo(|text| {
            let ours = self.edit.added.trim();
            match text.matches(ours).count() {
                0 if !text.contains("azure-oidc") => Some(text.to_owned()),
                1 => Some(text.replacen(self.edit.added.as_str(), "", 1).replacen(ours, "", 1)),
                _ => None,
            }
        })
    }
}

/// The file that `git config --global` writes.
fn path(env: &dyn Env) -> Option<PathBuf> {
    let own = |name: &str| env.present(name).map(PathBuf::from);
    if let Some(path) = own("GIT_CONFIG_GLOBAL") {
        return Some(path);
    }
    let home = own("HOME").or_else(|| own("USERPROFILE"))?;
    let usual = home.join(".gitconfig");
    let other = own("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config")).join("git").join("config");
    Some(if !usual.exists() && other.exists() { other } else { usual })
}

/// The configuration with sections at its end. The empty helper before ours has git ask no other one,
/// which could keep the token on the disk.
fn with_sections(text: &str, words: &[String]) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    let words: Vec<_> = words.iter().map(|word| Shell::Bash.word(word)).collect();
    let helper = format!("!{}", words.join(" ")).replace('\\', "\\\\").replace('"', "\\\"");
    let section = |host| format!("[credential \"{host}\"]\n\thelper =\n\thelper = \"{helper}\"\n");
    format!("{text}{end}{}", HOSTS.map(section).concat())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::Command;

    use azure_oidc_core::ports::fixed::Variables;

    use super::*;

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
        for old in ["", "[user]\n\tname = A", "[credential]\n\thelper = store\n# end\n"] {
            fs::write(&path, old).unwrap();
            let change = Change::plan(&words, &env).unwrap().unwrap();
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
            assert_eq!(fs::read_to_string(&path).unwrap(), old);
        }
    }

    #[test]
    fn what_was_added_to_the_file_meanwhile_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gitconfig");
        let env = Variables::from([("GIT_CONFIG_GLOBAL", path.to_str().unwrap())]);
        fs::write(&path, "[user]\n\tname = A\n").unwrap();
        let change = Change::plan(&["azure-oidc".to_owned()], &env).unwrap().unwrap();
        change.make().unwrap();
        let now = fs::read_to_string(&path).unwrap();
        fs::write(&path, format!("{}[safe]\n\tdirectory = *\n", now.replace("= A", "= B"))).unwrap();
        assert!(matches!(change.undo(), Undone::All(Some(text)) if text.contains("changed after login")));
        assert_eq!(fs::read_to_string(&path).unwrap(), "[user]\n\tname = B\n[safe]\n\tdirectory = *\n");
        fs::write(&path, now.replace("helper = \"", "helper = \"x")).unwrap();
        assert!(matches!(change.undo(), Undone::Left(_)), "somebody changed our lines");
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
}
