//! The variables that a login sets for later programs, and their earlier values.

use std::path::Path;

use azure_oidc_core::Fault;
use azure_oidc_core::Secret;
use azure_oidc_core::platform::Value;
use azure_oidc_core::platform::text::{export_lines, powershell_lines};
use azure_oidc_core::ports::Env;
use azure_oidc_core::shell::Shell;
use serde::{Deserialize, Serialize};

use super::az;
use super::folder::PREFIX;

/// The variable with the files of kubectl.
const KUBECONFIG: &str = "KUBECONFIG";

/// A variable that a login handed over. None of them is a secret.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Set {
    pub(super) name: String,
    value: String,
    /// Its value before the login.
    earlier: Option<String>,
}

impl Set {
    pub(super) fn new(name: &str, value: &str, before: &dyn Env) -> Self {
        Self { name: name.to_owned(), value: value.to_owned(), earlier: before.var(name) }
    }

    /// Whether the variable still has the value of the login.
    fn is_in(&self, env: &dyn Env) -> bool {
        env.var(&self.name).as_ref() == Some(&self.value)
    }
}

/// The environment without what an earlier login of the job put there.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    pub(super) env: &'a dyn Env,
    pub(super) sets: &'a [Set],
}

impl Env for Before<'_> {
    fn var(&self, name: &str) -> Option<String> {
        let now = self.env.var(name)?;
        if let Some(set) = self.sets.iter().find(|set| set.name == name && set.value == now) {
            return set.earlier.clone();
        }
        match name {
            az::FOLDER if is_gone(&now) => None,
            KUBECONFIG => {
                let files: Vec<_> = std::env::split_paths(&now).filter(|file| !is_gone(file)).collect();
                std::env::join_paths(files).ok()?.into_string().ok()
            }
            _ => Some(now),
        }
    }

    fn all(&self) -> Vec<(String, String)> {
        self.env.all().into_iter().filter_map(|(name, _)| Some((name.clone(), self.var(&name)?))).collect()
    }
}

/// Whether this was in a folder of a login that has been undone.
fn is_gone(path: impl AsRef<Path>) -> bool {
    let path = path.as_ref();
    let is_ours = path.components().any(|part| part.as_os_str().to_string_lossy().starts_with(PREFIX));
    is_ours && !path.exists()
}

/// Lines for a shell that give variables the values that they had before a login, unless they have
/// others by now or are among those that a new login hands over.
pub(super) fn restoring(sets: &[Set], new: &[Set], env: &dyn Env, shell: Shell) -> Result<String, Fault> {
    let is_new = |set: &Set| new.iter().any(|new| new.name == set.name);
    let old = sets.iter().filter(|set| set.is_in(env) && !is_new(set));
    old.map(|set| match (&set.earlier, shell) {
        (Some(earlier), _) => lines([(set.name.as_str(), earlier.as_str())], shell),
        (None, Shell::Bash) => Ok(format!("unset {}\n", set.name)),
        (None, Shell::Powershell) => Ok(format!("Remove-Item -ErrorAction Ignore Env:{}\n", set.name)),
    })
    .collect()
}

/// Lines for a shell that hand variables over.
pub(super) fn setting(sets: &[Set], shell: Shell) -> Result<String, Fault> {
    lines(sets.iter().map(|set| (set.name.as_str(), set.value.as_str())), shell)
}

/// The variables as a platform takes them.
pub(super) fn values<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<Value> {
    let value = |(name, value): (&str, &str)| Value { name: name.to_owned(), value: Secret::new(value), secret: false };
    pairs.into_iter().map(value).collect()
}

impl<'a> From<&'a Set> for (&'a str, &'a str) {
    fn from(set: &'a Set) -> Self {
        (&set.name, &set.value)
    }
}

fn lines<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>, shell: Shell) -> Result<String, Fault> {
    let values = values(pairs);
    let lines = match shell {
        Shell::Bash => export_lines(&values)?,
        Shell::Powershell => powershell_lines(&values)?,
    };
    Ok(lines.reveal().to_owned())
}

#[cfg(test)]
mod tests {
    use azure_oidc_core::ports::fixed::Variables;

    use super::*;

    #[test]
    fn a_second_login_sees_what_was_there_before_the_first() {
        let first = Variables::from([("AZURE_CONFIG_DIR", "/mine"), ("HOME", "/h")]);
        let sets = [
            Set::new("AZURE_CONFIG_DIR", "/t/azure-oidc-login-1/az", &first),
            Set::new("KUBECONFIG", "/t/azure-oidc-login-1/kubeconfig:/h/.kube/config", &first),
        ];
        let now = Variables::from([
            ("AZURE_CONFIG_DIR", "/t/azure-oidc-login-1/az"),
            ("KUBECONFIG", "/t/azure-oidc-login-1/kubeconfig:/h/.kube/config"),
            ("HOME", "/h"),
        ]);
        let before = Before { env: &now, sets: &sets };
        let seen = |before: &Before<'_>| ["AZURE_CONFIG_DIR", "KUBECONFIG", "HOME"].map(|name| before.present(name));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(seen(&before), [some("/mine"), None, some("/h")]);
        // `logout` came between, and the shell kept the variables.
        let forgotten = Before { env: &now, sets: &[] };
        let kubeconfig = cfg!(unix).then(|| "/h/.kube/config".to_owned());
        assert_eq!(forgotten.present("AZURE_CONFIG_DIR"), None);
        assert!(!cfg!(unix) || forgotten.present("KUBECONFIG") == kubeconfig);
        // Another folder, which somebody chose meanwhile.
        let other = Variables::from([("AZURE_CONFIG_DIR", "/other")]);
        assert_eq!(Before { env: &other, sets: &sets }.present("AZURE_CONFIG_DIR"), some("/other"));
    }

    #[test]
    fn variables_get_their_earlier_values_in_the_words_of_the_shell() {
        let before = Variables::from([("AZURE_CONFIG_DIR", "/it's")]);
        let sets = [("AZURE_CONFIG_DIR", "/own"), ("KUBECONFIG", "/k"), ("AZURE_TENANT_ID", "t")]
            .map(|(name, value)| Set::new(name, value, &before));
        let now = Variables::from([("AZURE_CONFIG_DIR", "/own"), ("KUBECONFIG", "/k"), ("AZURE_TENANT_ID", "other")]);
        let bash = restoring(&sets, &[], &now, Shell::Bash).unwrap();
        assert_eq!(bash, "export AZURE_CONFIG_DIR='/it'\\''s'\nunset KUBECONFIG\n");
        let powershell = restoring(&sets, &sets[..1], &now, Shell::Powershell).unwrap();
        assert_eq!(powershell, "Remove-Item -ErrorAction Ignore Env:KUBECONFIG\n");
        assert_eq!(setting(&sets[1..2], Shell::Bash).unwrap(), "export KUBECONFIG='/k'\n");
        assert_eq!(restoring(&sets, &[], &Variables::default(), Shell::Bash).unwrap(), "");
    }
}
