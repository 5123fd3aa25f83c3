//! A session of the Azure CLI in a folder of its own.
//!
//! az gets the ID token over a pipe: it reads an argument `@-` from standard input. So the token is
//! in no command line, and in no file but az's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use azure_oidc_core::cloud::PUBLIC;
use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};

use super::session::{Session, name_of_cloud};
use super::tool::{self, Printed};
use crate::deadline::{Deadline, Phase, Watchdog};
use crate::unfinished::Unfinished;

/// The variable with az's folder.
pub(super) const FOLDER: &str = "AZURE_CONFIG_DIR";
/// The variable with the folder of az's extensions, which is in az's folder otherwise.
const EXTENSIONS: &str = "AZURE_EXTENSION_DIR";
/// The name of az's folder in that of the job's sessions.
pub(super) const WITHIN: &str = "az";

const PROGRAM: &str = if cfg!(windows) { "az.cmd" } else { "az" };
/// The settings of az's user, without any session.
const SETTINGS: [&str; 2] = ["config", "clouds.config"];
/// The folder of extensions in az's folder.
const OWN_EXTENSIONS: &str = "cliextensions";

/// How az is to start.
#[derive(Debug)]
pub(super) struct Az<'a> {
    pub(super) folder: PathBuf,
    pub(super) subscription: Option<&'a str>,
    pub(super) allow_no_subscriptions: bool,
    /// Whether no other tool is signed in.
    pub(super) is_alone: bool,
    pub(super) watchdog: &'a Watchdog,
    pub(super) unfinished: &'a Unfinished,
}

/// The folder that az uses so far.
fn earlier(env: &dyn Env) -> Option<PathBuf> {
    let home = || env.present(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    env.present(FOLDER).map(PathBuf::from).or_else(|| Some(PathBuf::from(home()?).join(".azure")))
}

/// The variables with which later programs find the session.
pub(super) fn variables(folder: &Path, env: &dyn Env) -> Vec<(&'static str, String)> {
    if env.present(FOLDER).is_some_and(|path| Path::new(&path) == folder) {
        return Vec::new();
    }
    let extensions = earlier(env).map(|folder| folder.join(OWN_EXTENSIONS));
    let extensions = extensions.filter(|path| path.is_dir() && env.present(EXTENSIONS).is_none());
    let own = [Some((FOLDER, folder.to_owned())), extensions.map(|path| (EXTENSIONS, path))];
    own.into_iter().flatten().map(|(name, path)| (name, path.display().to_string())).collect()
}

impl Az<'_> {
    /// Signs in.
    pub(super) fn sign_in(&self, session: &Session, env: &dyn Env) -> Result<(), Fault> {
        let has_settings = self.take_settings(env);
        match session.cloud {
            Some(cloud) => {
                let name = name_of_cloud(cloud).ok_or_else(|| unknown_cloud(cloud.title))?;
                if has_settings || cloud != PUBLIC {
                    self.run(&["cloud", "set", "--name", name], b"", session)?;
                }
            }
            None => self.require_authority(session)?,
        }
        let mut words = vec!["login", "--service-principal", "--username", &session.client_id];
        words.extend(["--tenant", &session.tenant, "--federated-token", "@-"]);
        if self.allow_no_subscriptions {
            words.push("--allow-no-subscriptions");
        }
        self.run(&words, session.id_token.as_bytes(), session)?;
        if let Some(subscription) = self.subscription {
            self.run(&["account", "set", "--subscription", subscription], b"", session)?;
        }
        Ok(())
    }

    /// Copies the settings that the user has for az. A session is never copied.
    fn take_settings(&self, env: &dyn Env) -> bool {
        let Some(earlier) = earlier(env).filter(|earlier| *earlier != self.folder) else { return false };
        let copied = SETTINGS.map(|name| fs::copy(earlier.join(name), self.folder.join(name)).is_ok());
        copied.contains(&true)
    }

    /// Finds out whether az signs in at the same authority, where its cloud is none that has a name
    /// here.
    fn require_authority(&self, session: &Session) -> Result<(), Fault> {
        let printed =
            self.run(&["cloud", "show", "--query", "endpoints.activeDirectory", "--output", "tsv"], b"", session)?;
        let own = printed.stdout.trim().trim_end_matches('/');
        // Names of hosts have no case.
        if own.eq_ignore_ascii_case(&session.authority) {
            return Ok(());
        }
        let message = format!("az signs in at {own}, and this job at {}", session.authority);
        Err(Fault::new(Category::Usage, "az-cloud-differs", message).hint(
            "register the cloud with `az cloud register`, and choose it with `az cloud set`, before `azure-oidc login`",
        ))
    }

    fn run(&self, words: &[&str], input: &[u8], session: &Session) -> Result<Printed, Fault> {
        let shown = format!(
            "az {}",
            words.iter().take_while(|word| !word.starts_with('-')).copied().collect::<Vec<_>>().join(" ")
        );
        self.watchdog.enter(Phase::Program(shown.clone()));
        let mut command = Command::new(PROGRAM);
        command.args(words).arg("--only-show-errors").env(FOLDER, &self.folder);
        // What az starts for this writes to the folder later, when that may be gone.
        command.env("AZURE_CORE_COLLECT_TELEMETRY", "no");
        if !words.contains(&"--output") {
            command.args(["--output", "none"]);
        }
        let deadline: Deadline = self.watchdog.deadline();
        let printed = tool::run(command, input, deadline, self.unfinished).map_err(|why| {
            let message = format!("`{shown}` failed: {why}");
            Fault::new(Category::Usage, "az-failed", message).hint(match self.is_alone {
                true => "install the Azure CLI, or choose another tool, such as `--for docker`",
                false => "install the Azure CLI, or leave `az` out of `--for`",
            })
        })?;
        if printed.is_success { Ok(printed) } else { Err(refused(&shown, &printed, session)) }
    }
}

fn unknown_cloud(title: &str) -> Fault {
    let message = format!("The name of {title} in az is not known here");
    Fault::new(Category::Usage, "az-cloud-unknown", message)
        .hint("sign az in by its own `az cloud set` and `az login --service-principal --federated-token @-`")
}

/// What az said, without the token.
fn refused(shown: &str, printed: &Printed, session: &Session) -> Fault {
    let said = printed.stderr.trim().replace(session.id_token.as_str(), "[secret]");
    // What follows is for those who write az.
    let said = said.split("Traceback (most recent call last)").next().unwrap_or_default();
    let said = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let said = said.strip_prefix("ERROR: ").unwrap_or(&said);
    let category = if said.contains("AADSTS") { Category::Refused } else { Category::Usage };
    let fault = Fault::new(category, "az-failed", format!("`{shown}` failed: {said}"));
    if said.contains("No subscriptions found") {
        return fault.hint("give the identity a role in a subscription, or add `--allow-no-subscriptions`");
    }
    if shown.starts_with("az account set") {
        return fault.hint("give an id that `az account list` prints to `--subscription`");
    }
    fault.hint("azure-oidc has signed in; this failure is az's own")
}

#[cfg(test)]
mod tests {
    use azure_oidc_core::ports::fixed::Variables;

    use super::*;

    #[test]
    fn later_programs_find_the_session_and_the_extensions_of_the_user() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name).display().to_string();
        let env =
            Variables::from([(if cfg!(windows) { "USERPROFILE" } else { "HOME" }, home.path().to_str().unwrap())]);
        let own = || (FOLDER, "/job/az".to_owned());
        assert_eq!(variables(Path::new("/job/az"), &env), [own()]);
        fs::create_dir_all(at(".azure/cliextensions")).unwrap();
        let extensions = Path::new(&at(".azure")).join("cliextensions").display().to_string();
        assert_eq!(variables(Path::new("/job/az"), &env), [own(), (EXTENSIONS, extensions)]);
        let env = Variables::from([(FOLDER, "/job/az")]);
        assert_eq!(variables(Path::new("/job/az"), &env), []);
    }
}
