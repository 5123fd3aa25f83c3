//! The changes of one login, for the tools that were asked for.

use std::path::{Path, PathBuf};

use azure_oidc_cli::{Cli, LoginArgs, LoginTool};
use azure_oidc_core::ports::Env;
use azure_oidc_core::settings::SUBSCRIPTION_ID;
use azure_oidc_core::{Category, Fault};

use super::folder::Folder;
use super::journal::{self, Journal, Step};
use super::session::Session;
use super::variables::Before;
use super::{Process, Variable, az, docker, git, kubectl, powershell};
use crate::inputs::ProcessEnv;
use crate::names;

/// The changes of one login.
pub(super) struct Changes<'a> {
    pub(super) args: &'a LoginArgs,
    pub(super) cli: &'a Cli,
    pub(super) process: &'a Process<'a>,
    pub(super) session: &'a Session,
    /// The environment without what an earlier login put there.
    pub(super) before: Before<'a>,
    pub(super) journal: &'a mut Journal,
    /// What was done, for people.
    pub(super) said: Vec<String>,
}

impl Changes<'_> {
    /// Makes them. Returns the variables for later programs, and what to say.
    pub(super) fn make(mut self, registries: &[String]) -> Result<(Vec<Variable>, Vec<String>), Fault> {
        let mut variables = Vec::new();
        if !registries.is_empty() {
            self.docker(registries)?;
            variables.extend(settings(self.args));
        }
        if self.args.is_for(LoginTool::Git) {
            self.git()?;
        }
        let client_id = &self.session.client_id;
        let given = Folder::of_job(&self.before, client_id).filter(|_| self.args.is_for(LoginTool::Az));
        let needs_own = self.args.is_for(LoginTool::Az) && given.is_none();
        let own = needs_own.then(|| Folder::in_job(&self.before, client_id));
        for folder in own.iter().chain(&given) {
            self.journal.begin(Step::Folder(folder.clone()))?;
            folder.make()?;
        }
        let own = own.map(|folder| folder.path);
        if self.args.is_for(LoginTool::Kubectl) {
            variables.push(self.kubectl(&Folder::in_job(&self.before, client_id).path)?);
        }
        if self.args.is_for(LoginTool::Az) {
            let folder = given.map(|folder| folder.path).or_else(|| Some(own?.join(az::WITHIN)));
            variables.extend(self.az(folder.unwrap_or_default())?);
        }
        if self.args.is_for(LoginTool::Powershell) {
            self.powershell()?;
        }
        Ok((variables, self.said))
    }

    fn docker(&mut self, registries: &[String]) -> Result<(), Fault> {
        if let Some(link) = docker::Link::plan(&program()?, &ProcessEnv)? {
            self.journal.begin(Step::Link(link.clone()))?;
            link.make()?;
        }
        if let Some(change) = docker::Change::plan(registries, &ProcessEnv)? {
            self.journal.begin(Step::Docker(change.clone()))?;
            change.make()?;
        }
        self.said.push(format!("docker asks azure-oidc for {}", registries.join(", ")));
        Ok(())
    }

    fn git(&mut self) -> Result<(), Fault> {
        let Process { watchdog, unfinished, .. } = self.process;
        if let Some(change) = git::Change::plan(&self.helper("git-credential")?, &ProcessEnv, watchdog, unfinished)? {
            self.journal.begin(Step::Git(change.clone()))?;
            change.make()?;
        }
        self.said.push("git asks azure-oidc for Azure Repos".to_owned());
        Ok(())
    }

    fn kubectl(&mut self, folder: &Path) -> Result<Variable, Fault> {
        let Process { watchdog, unfinished, .. } = self.process;
        let file =
            kubectl::plan(&self.helper("kubernetes-credential")?, &self.args.kube_context, watchdog, unfinished)?;
        let change = file.plan(folder)?;
        self.journal.begin(Step::Kubectl(change.clone()))?;
        change.make()?;
        self.said.push(match file.contexts.as_slice() {
            [] => "no context of kubectl signs in by kubelogin; `--kube-context NAME` names one, and `kubectl --user azure-oidc` \
                   works with each"
                .to_owned(),
            contexts => format!("kubectl asks azure-oidc in the contexts {}", contexts.join(", ")),
        });
        Ok(kubectl::variable(change.path(), &self.before))
    }

    fn az(&mut self, folder: PathBuf) -> Result<Vec<Variable>, Fault> {
        journal::for_owner(&folder).map_err(|error| {
            let message =
                format!("The folder {} for az cannot be made: {}", folder.display(), crate::reason::of(&error));
            Fault::new(Category::Publish, "folder-not-made", message)
        })?;
        let subscription = subscription(self.args);
        let az = az::Az {
            folder,
            subscription: subscription.as_deref(),
            allow_no_subscriptions: self.args.allow_no_subscriptions,
            is_alone: self.args.tools.iter().all(|tool| *tool == LoginTool::Az),
            watchdog: self.process.watchdog,
            unfinished: self.process.unfinished,
        };
        az.sign_in(self.session, &self.before)?;
        self.said.push(format!("az is signed in as {} in {}", self.session.client_id, az.folder.display()));
        Ok(az::variables(&az.folder, &self.before))
    }

    fn powershell(&mut self) -> Result<(), Fault> {
        let Process { watchdog, unfinished, .. } = self.process;
        let change = powershell::Change::plan(self.session, watchdog, unfinished)?;
        self.journal.begin(Step::Powershell(change.clone()))?;
        change.make(self.session, subscription(self.args).as_deref(), watchdog, unfinished)?;
        self.said.push(format!("PowerShell is signed in as {}", self.session.client_id));
        Ok(())
    }

    /// The command line by which a tool asks this program later, with the options of this one.
    fn helper(&self, command: &str) -> Result<Vec<String>, Fault> {
        let host = &self.cli.host;
        let mut words = vec![program()?.display().to_string(), command.to_owned()];
        let ca_file = host.ca_file.iter().map(|file| format!("--ca-file={file}"));
        // The tool may run it in another folder.
        words.extend(self.args.settings().into_iter().chain(ca_file).map(with_absolute_path));
        words.extend(host.allow_host.iter().map(|host| format!("--allow-host={host}")));
        words.extend(host.allow_program.then(|| "--allow-program".to_owned()));
        Ok(words)
    }
}

/// An option, with the whole path if it names a file.
fn with_absolute_path(option: String) -> String {
    match option.split_once('=') {
        Some((name @ ("--ca-file" | "--id-token-file"), path)) => match std::path::absolute(path) {
            Ok(path) => format!("{name}={}", path.display()),
            Err(_) => option,
        },
        _ => option,
    }
}

/// The program, wherever the job is later.
fn program() -> Result<PathBuf, Fault> {
    std::env::current_exe().and_then(std::fs::canonicalize).map_err(|error| names::not_found(&error))
}

fn subscription(args: &LoginArgs) -> Option<String> {
    args.subscription.clone().or_else(|| SUBSCRIPTION_ID.iter().find_map(|name| ProcessEnv.present(name)))
}

/// The settings that came by options, for helpers that get no options.
fn settings(args: &LoginArgs) -> impl Iterator<Item = Variable> {
    let sign_in = args.sign_in.clone();
    [
        ("AZURE_TENANT_ID", sign_in.tenant_id),
        ("AZURE_CLIENT_ID", sign_in.client_id),
        ("AZURE_AUTHORITY_HOST", sign_in.authority_host),
        ("AZURE_ENVIRONMENT", sign_in.cloud),
    ]
    .into_iter()
    .filter_map(|(name, value)| Some((name, value?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn helpers_find_their_files_from_every_folder() {
        let here = std::env::current_dir().unwrap();
        for (option, expected) in [
            ("--ca-file=ca.pem", format!("--ca-file={}", here.join("ca.pem").display())),
            ("--id-token-file=a/b", format!("--id-token-file={}", here.join("a/b").display())),
            ("--audience=api://x", "--audience=api://x".to_owned()),
            ("--allow-program", "--allow-program".to_owned()),
        ] {
            assert_eq!(with_absolute_path(option.to_owned()), expected);
        }
    }
}
