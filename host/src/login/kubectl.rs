//! A file for kubectl that stands before the user's own in `KUBECONFIG`: its contexts sign in by this
//! program. kubectl takes the first definition that it finds, so no file of the user is changed. It
//! also writes new definitions to the first file; one that has some stays.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::edit::Edit;
use super::journal::Undone;
use super::tool;
use crate::deadline::{Deadline, Phase, Watchdog};
use crate::unfinished::Unfinished;

/// The variable with the files of kubectl.
const FILES: &str = "KUBECONFIG";
/// The name of our file.
const NAME: &str = "kubeconfig";
/// The name of our user.
const USER: &str = "azure-oidc";

/// A context that signs in by this program.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Context {
    name: String,
    cluster: String,
    namespace: Option<String>,
    /// The application of a cluster that does not have that of AKS.
    server: Option<String>,
}

/// Our file, before it is written.
#[derive(Debug)]
pub(super) struct File {
    contents: Value,
    /// The contexts that it changes.
    pub(super) contexts: Vec<String>,
}

/// Reads the user's configuration with kubectl itself, which shows no secrets.
///
/// # Errors
///
/// `kubectl-failed`, `context-unknown`.
pub(super) fn plan(
    words: &[String],
    named: &[String],
    watchdog: &Watchdog,
    unfinished: &Unfinished,
) -> Result<File, Fault> {
    const SHOWN: &str = "kubectl config view";
    watchdog.enter(Phase::Program(SHOWN.to_owned()));
    let mut command = Command::new("kubectl");
    command.args(["config", "view", "--output", "json"]);
    let failed = |why: &str| {
        Fault::new(Category::Usage, "kubectl-failed", format!("`{SHOWN}` failed: {why}"))
            .hint("install kubectl, or leave `kubectl` out of `--for`; the docs have the block for other clients")
    };
    let printed = tool::run(command, b"", watchdog.deadline(), unfinished).map_err(|why| failed(&why))?;
    if !printed.is_success {
        return Err(failed(printed.stderr.trim()));
    }
    let config: Value = serde_json::from_str(&printed.stdout).map_err(|error| failed(&error.to_string()))?;
    let contexts = contexts(&config, named)?;
    let contents = file(words, &contexts);
    Ok(File { contents, contexts: contexts.into_iter().map(|context| context.name).collect() })
}

/// The file, which is new.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct Change {
    edit: Edit,
    /// What it defines.
    names: BTreeSet<String>,
}

impl File {
    /// Plans the file in this folder, which is for it alone.
    ///
    /// # Errors
    ///
    /// `file-not-editable`.
    pub(super) fn plan(&self, folder: &Path) -> Result<Change, Fault> {
        let contents = format!("{:#}\n", self.contents);
        let edit = Edit::plan(&folder.join(NAME), |_| Ok(contents.into_bytes()))?.ok_or_else(|| {
            let message = format!("The folder {} of another login is there", folder.display());
            Fault::new(Category::Publish, "file-not-editable", message).hint("run `azure-oidc logout` there first")
        })?;
        Ok(Change { edit, names: names(&self.contents).collect() })
    }
}

impl Change {
    pub(super) fn path(&self) -> &Path {
        &self.edit.path
    }

    pub(super) fn make(&self) -> Result<(), Fault> {
        self.edit.make()
    }

    /// Removes the file, unless kubectl wrote new definitions to it.
    pub(super) fn undo(&self, deadline: Deadline, unfinished: &Unfinished) -> Undone {
        self.undo_with(|| {
            let mut command = Command::new("kubectl");
            command.args(["config", "view", "--output", "json", "--kubeconfig"]).arg(self.path());
            let printed = tool::run(command, b"", deadline, unfinished).ok().filter(|printed| printed.is_success)?;
            serde_json::from_str(&printed.stdout).ok()
        })
    }

    fn undo_with(&self, read: impl FnOnce() -> Option<Value>) -> Undone {
        let undone = self.edit.undo(|_| {
            // A chosen context or namespace ends with the contexts themselves.
            names(&read()?).all(|name| self.names.contains(&name)).then(Vec::new)
        });
        match undone {
            Undone::Left(text) => {
                let next = "`kubectl config view --raw --kubeconfig FILE` prints what kubectl wrote there";
                Undone::Left(format!("{text}; {next}"))
            }
            undone => undone,
        }
    }
}

/// What a configuration of kubectl defines, with the kind before the name.
fn names(config: &Value) -> impl Iterator<Item = String> {
    ["clusters", "contexts", "users"].into_iter().flat_map(move |kind| {
        let all = config[kind].as_array().into_iter().flatten();
        all.filter_map(move |one| Some(format!("{kind}/{}", one["name"].as_str()?)))
    })
}

/// The variable with our file before the user's own.
pub(super) fn variable(path: &Path, env: &dyn Env) -> (&'static str, String) {
    let separator = if cfg!(windows) { ';' } else { ':' };
    let home = || env.present(if cfg!(windows) { "USERPROFILE" } else { "HOME" });
    let usual = || Some(Path::new(&home()?).join(".kube").join("config").display().to_string());
    let path = path.display();
    let value = match env.present(FILES).or_else(usual) {
        Some(earlier) => format!("{path}{separator}{earlier}"),
        None => path.to_string(),
    };
    (FILES, value)
}

/// The contexts that were named, or those that sign in by kubelogin.
fn contexts(config: &Value, named: &[String]) -> Result<Vec<Context>, Fault> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let all = || config["contexts"].as_array().into_iter().flatten();
    let user = |name: &Value| {
        config["users"].as_array().into_iter().flatten().find(|user| &user["name"] == name).map(|user| &user["user"])
    };
    let context = |one: &Value, server| {
        let context = &one["context"];
        Some(Context {
            name: text(&one["name"])?,
            cluster: text(&context["cluster"])?,
            namespace: text(&context["namespace"]),
            server,
        })
    };
    if named.is_empty() {
        let by_kubelogin = all().filter_map(|one| context(one, server_of(user(&one["context"]["user"])?)?));
        return Ok(by_kubelogin.collect());
    }
    let find = |name: &String| {
        let one = all().find(|one| one["name"] == name.as_str());
        let server = one.and_then(|one| server_of(user(&one["context"]["user"])?)).flatten();
        one.and_then(|one| context(one, server)).ok_or_else(|| {
            let message = format!("kubectl has no context `{}`", name.escape_debug());
            Fault::new(Category::Usage, "context-unknown", message)
                .hint("`kubectl config get-contexts` lists them; `az aks get-credentials` makes one")
        })
    };
    named.iter().map(find).collect()
}

/// The application of the cluster, where its user signs in by kubelogin or by the plugin before it.
#[expect(clippy::option_option, reason = "there may be such a user without an application of its own")]
fn server_of(user: &Value) -> Option<Option<String>> {
    const FLAG: &str = "--server-id";
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    let exec = &user["exec"];
    let program = exec["command"].as_str().map(|command| command.rsplit(['/', '\\']).next().unwrap_or(command));
    if matches!(program, Some("kubelogin" | "kubelogin.exe")) {
        let words: Vec<_> = exec["args"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let after = words.iter().position(|word| *word == FLAG).and_then(|at| words.get(at + 1)).copied();
        let joined = words.iter().find_map(|word| word.strip_prefix(FLAG)?.strip_prefix('='));
        return Some(after.or(joined).map(str::to_owned));
    }
    let old = &user["auth-provider"];
    (old["name"] == "azure").then(|| text(&old["config"]["apiserver-id"]))
}

fn file(words: &[String], contexts: &[Context]) -> Value {
    let name = |server: &Option<String>| server.as_ref().map_or(USER.to_owned(), |server| format!("{USER}-{server}"));
    let mut servers: BTreeSet<_> = contexts.iter().map(|context| context.server.clone()).collect();
    servers.insert(None);
    let user = |server: &Option<String>| {
        let (command, rest) = words.split_first().map_or(("", &[][..]), |(command, rest)| (command.as_str(), rest));
        let server_id = server.iter().map(|server| format!("--server-id={server}"));
        let arguments: Vec<_> = rest.iter().cloned().chain(server_id).collect();
        json!({"name": name(server), "user": {"exec": {
            "apiVersion": "client.authentication.k8s.io/v1beta1",
            "command": command,
            "args": arguments,
            "interactiveMode": "Never",
        }}})
    };
    let context = |context: &Context| {
        let mut own = json!({"cluster": context.cluster, "user": name(&context.server)});
        if let Some(namespace) = &context.namespace {
            own["namespace"] = namespace.as_str().into();
        }
        json!({"name": context.name, "context": own})
    };
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "users": servers.iter().map(user).collect::<Vec<_>>(),
        "contexts": contexts.iter().map(context).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests;
