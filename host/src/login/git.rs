//! Git's configuration: names this program as the helper for Azure Repos, in sections that carry a
//! mark of their login, so that jobs of one user take out their own.

use std::path::PathBuf;
use std::process::Command;

use azure_oidc_core::ports::Env;
use azure_oidc_core::shell::Shell;
use azure_oidc_core::{Category, Fault};
use serde::{Deserialize, Serialize};

use super::edit::Edit;
use super::journal::Undone;
use super::tool;
use crate::deadline::{Phase, Watchdog};
use crate::unfinished::Unfinished;

/// The hosts of Azure Repos, as git's configuration writes them.
const HOSTS: [&str; 2] = ["https://dev.azure.com", "https://*.visualstudio.com"];

/// The line before our sections begins with it.
const MARK: &str = "# azure-oidc login ";

/// The helpers at the end of a configuration.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Change {
    edit: Edit,
}

impl Change {
    /// Plans the change, and has git read the planned contents: it must find the helper there. `words`
    /// are the helper's command line.
    ///
    /// # Errors
    ///
    /// `git-configuration-missing`, `git-configuration-invalid`, and those of the edit.
    pub(super) fn plan(
        words: &[String],
        env: &dyn Env,
        watchdog: &Watchdog,
        unfinished: &Unfinished,
    ) -> Result<Option<Self>, Fault> {
        Self::planned(words, env, |contents, name| {
            watchdog.enter(Phase::Program("git config".to_owned()));
            let mut command = Command::new("git");
            command.args(["config", "--file", "-", "--null", "--get-all", name]);
            // Without git nothing reads the configuration, so there is nothing to check.
            let printed = tool::run(command, contents, watchdog.deadline(), unfinished).ok()?;
            Some(if printed.is_success { Ok(printed.stdout) } else { Err(printed.stderr) })
        })
    }

    /// `read` is what git finds for a name in these contents, or why it cannot read them.
    fn planned(
        words: &[String],
        env: &dyn Env,
        read: impl Fn(&[u8], &str) -> Option<Result<String, String>>,
    ) -> Result<Option<Self>, Fault> {
        let Some(path) = path(env) else {
            let message = "Git's configuration cannot be found: neither `GIT_CONFIG_GLOBAL` nor `HOME` is set";
            return Err(Fault::new(Category::Usage, "git-configuration-missing", message)
                .hint("set `GIT_CONFIG_GLOBAL` to a file"));
        };
        let mut number = [0; 8];
        // Without random numbers the mark is still one that no other program has at this moment.
        if ring::rand::SecureRandom::fill(&ring::rand::SystemRandom::new(), &mut number).is_err() {
            number[..4].copy_from_slice(&std::process::id().to_ne_bytes());
        }
        let mark = format!("{:016x}", u64::from_ne_bytes(number));
        let helper = helper(words);
        let edit = Edit::plan(&path, |text| {
            let new = with_sections(text, &helper, &mark);
            let invalid = |why: &str| {
                let why = why.trim();
                let message = format!("With the helper, git could not use its configuration {}: {why}", path.display());
                Fault::new(Category::Usage, "git-configuration-invalid", message)
                    .hint("mend the file; `git config --global --list` must read it to its end")
            };
            for host in HOSTS {
                match read(&new, &format!("credential.{host}.helper")) {
                    Some(Ok(found)) if found.ends_with(&format!("\0{helper}\0")) => {}
                    Some(Ok(_)) => return Err(invalid("it does not find the helper at the file's end")),
                    Some(Err(why)) if why.trim().is_empty() => return Err(invalid("it finds no helper")),
                    Some(Err(why)) => return Err(invalid(&why)),
                    None => {}
                }
            }
            Ok(new)
        })?;
        Ok(edit.map(|edit| Self { edit }))
    }

    pub(super) fn make(&self) -> Result<(), Fault> {
        self.edit.make()
    }

    /// Takes out the sections with the mark of this login, as they were written.
    pub(super) fn undo(&self) -> Undone {
        self.edit.undo(|text| {
            let (sections, added) = (self.edit.added.trim(), self.edit.added.as_bytes());
            let (mark, unmarked) = sections.split_once('\n').filter(|(mark, _)| mark.starts_with(MARK))?;
            let has_lost_marks = || places(text, unmarked.as_bytes()).len() > places(text, MARK.as_bytes()).len();
            match (places(text, sections.as_bytes()).as_slice(), places(text, mark.as_bytes()).as_slice()) {
                (_, []) => (!has_lost_marks()).then(|| text.to_owned()),
                ([at], [_]) => {
                    let (start, end) = (&text[..*at], &text[at + sections.len()..]);
                    // The line break before it, if it is ours and nothing follows.
                    let breaks = added.iter().take_while(|byte| **byte == b'\n').count();
                    let end = end.strip_prefix(b"\n").unwrap_or(end);
                    let is_last = end.is_empty() && start.ends_with(&added[..breaks]);
                    Some([if is_last { &start[..start.len() - breaks] } else { start }, end].concat())
                }
                _ => None,
            }
        })
    }
}

/// Where one text is in another.
fn places(text: &[u8], part: &[u8]) -> Vec<usize> {
    memchr::memmem::find_iter(text, part).collect()
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

/// The helper in the words of git's configuration.
fn helper(words: &[String]) -> String {
    let words: Vec<_> = words.iter().map(|word| Shell::Bash.word(word)).collect();
    format!("!{}", words.join(" "))
}

/// The configuration with sections at its end. The empty helper before ours has git ask no helper of
/// the system or the user, which could keep the token on the disk. It tells those of the repository
/// all the same: git reads their file later.
fn with_sections(text: &[u8], helper: &str, mark: &str) -> Vec<u8> {
    let lines = text.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let end = match (text.is_empty(), lines) {
        // The value of such a line goes on in the next one, and ends with an empty one.
        (_, Some(lines)) if lines.ends_with(b"\\") => "\n",
        (true, _) | (_, Some(_)) => "",
        (false, None) if text.ends_with(b"\\") => "\n\n",
        (false, None) => "\n",
    };
    let helper = helper.replace('\\', "\\\\").replace('"', "\\\"");
    let section = |host| format!("[credential \"{host}\"]\n\thelper =\n\thelper = \"{helper}\"\n");
    let sections = format!("{end}{MARK}{mark}; `azure-oidc logout` takes it out\n{}", HOSTS.map(section).concat());
    [text, sections.as_bytes()].concat()
}

#[cfg(test)]
mod tests;
