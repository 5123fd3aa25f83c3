//! A file for kubectl that stands before the user's own in `KUBECONFIG`: its contexts sign in by this
//! program. kubectl takes the first definition that it finds, so no file of the user is changed.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use azure_oidc_core::ports::Env;
use azure_oidc_core::{Category, Fault};
use serde_json::{Value, json};

use super::tool;
use crate::deadline::{Phase, Watchdog};
use crate::reason;
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

impl File {
    /// Writes the file in this folder.
    pub(super) fn write(&self, folder: &Path) -> Result<PathBuf, Fault> {
        let path = folder.join(NAME);
        let write = || {
            let mut options = OpenOptions::new();
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            options.write(true).create_new(true).open(&path)?.write_all(format!("{:#}\n", self.contents).as_bytes())
        };
        write().map_err(|error| {
            let message = format!("The file {} cannot be written: {}", path.display(), reason::of_writing(&error));
            Fault::new(Category::Publish, "file-not-editable", message).hint("make its folder writable")
        })?;
        Ok(path)
    }
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
mod tests {
    use azure_oidc_core::ports::fixed::Variables;

    use super::*;

    fn config() -> Value {
        json!({
            "contexts": [
                {"name": "aks", "context": {"cluster": "a", "user": "one", "namespace": "web"}},
                {"name": "own", "context": {"cluster": "b", "user": "two"}},
                {"name": "old", "context": {"cluster": "c", "user": "three"}},
                {"name": "kind", "context": {"cluster": "d", "user": "four"}},
                {"name": "broken", "context": {"cluster": "d", "user": "nobody"}},
            ],
            "users": [
                {"name": "one", "user": {"exec": {"command": "/usr/bin/kubelogin", "args": ["get-token"]}}},
                {"name": "two", "user": {"exec": {"command": "kubelogin", "args": ["get-token", "--server-id", "s"]}}},
                {"name": "three", "user": {"auth-provider": {"name": "azure", "config": {"apiserver-id": "t"}}}},
                {"name": "four", "user": {"client-certificate-data": "DATA+OMITTED"}},
            ],
        })
    }

    #[test]
    fn only_contexts_that_sign_in_by_kubelogin_change_unless_others_are_named() {
        let names = |named: &[&str]| {
            let named: Vec<_> = named.iter().map(ToString::to_string).collect();
            let found = contexts(&config(), &named)?;
            Ok::<_, Fault>(found.into_iter().map(|one| (one.name, one.server.unwrap_or_default())).collect::<Vec<_>>())
        };
        let pair = |name: &str, server: &str| (name.to_owned(), server.to_owned());
        assert_eq!(names(&[]).unwrap(), [pair("aks", ""), pair("own", "s"), pair("old", "t")]);
        assert_eq!(names(&["kind", "own"]).unwrap(), [pair("kind", ""), pair("own", "s")]);
        assert_eq!(names(&["none"]).unwrap_err().code, "context-unknown");
        assert_eq!(contexts(&Value::Null, &[]).unwrap(), []);
    }

    #[test]
    fn each_application_has_a_user_and_contexts_keep_their_cluster_and_namespace() {
        let words = ["/opt/azure-oidc", "kubernetes-credential"].map(str::to_owned);
        let written = file(&words, &contexts(&config(), &[]).unwrap());
        let users: Vec<_> = written["users"].as_array().unwrap().iter().map(|user| &user["name"]).collect();
        assert_eq!(users, ["azure-oidc", "azure-oidc-s", "azure-oidc-t"]);
        assert_eq!(written["users"][1]["user"]["exec"]["args"], json!(["kubernetes-credential", "--server-id=s"]));
        let context = json!({"cluster": "a", "user": "azure-oidc", "namespace": "web"});
        assert_eq!(written["contexts"][0], json!({"name": "aks", "context": context}));
        assert_eq!(file(&words, &[])["users"][0]["name"], "azure-oidc", "for `kubectl --user`");
    }

    #[cfg(unix)]
    #[test]
    fn our_file_stands_before_those_of_the_user() {
        let path = Path::new("/job/kubeconfig");
        for (env, expected) in [
            (("KUBECONFIG", "/a:/b"), "/job/kubeconfig:/a:/b"),
            (("HOME", "/home/u"), "/job/kubeconfig:/home/u/.kube/config"),
            (("OTHER", ""), "/job/kubeconfig"),
        ] {
            assert_eq!(variable(path, &Variables::from([env])), (FILES, expected.to_owned()));
        }
    }
}
