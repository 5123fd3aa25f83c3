//! `login` and `logout`: with az, docker, git and kubectl as they are, and with what goes wrong
//! between the two.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use azure_oidc_tests::{APPLICATION, Job, Ran, TENANT, clients};
use serde_json::{Value, json};

use crate::Place;

const REGISTRY: &str = "contoso.azurecr.io";
/// The variable with the folder of `az`.
const AZ: &str = "AZURE_OIDC_AZ";

/// A job whose home has files of its user.
struct Home {
    place: Place,
}

impl Home {
    fn new() -> Self {
        let home = Self { place: Place::new() };
        let url = home.place.stage.emulator.url();
        let clouds = format!(
            "[emulator]\nendpoint_management = {url}\nendpoint_resource_manager = {url}\nendpoint_active_directory = {url}
endpoint_active_directory_resource_id = https://management.core.windows.net/
endpoint_active_directory_graph_resource_id = https://graph.windows.net/
endpoint_microsoft_graph_resource_id = https://graph.microsoft.com/\n"
        );
        let settings =
            "[cloud]\nname = emulator\n[core]\ncollect_telemetry = no\ninstance_discovery = no\noutput = json\n";
        let docker = "{\n\t\"auths\": {\"ghcr.io\": {\"auth\": \"dTpwYXNz\"}}\n}";
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "aks",
            "clusters": [{"name": "aks", "cluster": {
                "server": url, "certificate-authority": home.place.stage.emulator.ca_file(),
            }}],
            "users": [{"name": "u", "user": {"exec": {
                "apiVersion": "client.authentication.k8s.io/v1beta1", "command": "kubelogin", "args": ["get-token"],
            }}}],
            "contexts": [{"name": "aks", "context": {"cluster": "aks", "user": "u"}}],
        });
        for (path, contents) in [
            (".azure/config", settings),
            (".azure/clouds.config", &clouds),
            (".azure/azureProfile.json", "{\"subscriptions\": []}"),
            (".docker/config.json", docker),
            (".gitconfig", "[user]\n\tname = A\n[credential]\n\thelper = store"),
            (".kube/config", &kubeconfig.to_string()),
        ] {
            std::fs::create_dir_all(home.path(path).parent().expect("it is in a folder")).expect("a folder");
            home.place.stage.write(path, contents);
        }
        for folder in ["temp", "tools"] {
            std::fs::create_dir(home.path(folder)).expect("it is new");
        }
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.stage.path(name)
    }

    /// Everything that the user has in the home, with the permissions.
    fn files(&self) -> BTreeMap<PathBuf, (u32, Vec<u8>)> {
        let mut found = BTreeMap::new();
        let mut folders: Vec<_> =
            [".azure", ".docker", ".gitconfig", ".kube", "temp", "tools"].map(|name| self.path(name)).into();
        while let Some(path) = folders.pop() {
            let mode = std::fs::metadata(&path).map_or(0, |metadata| metadata.permissions().mode());
            match std::fs::read_dir(&path) {
                Ok(entries) => {
                    folders.extend(entries.flatten().map(|entry| entry.path()));
                    found.insert(path, (mode, Vec::new()));
                }
                Err(_) => drop(found.insert(path.clone(), (mode, std::fs::read(&path).unwrap_or_default()))),
            }
        }
        found
    }

    /// A program in the job, with tools before others in the `PATH`.
    fn job(&self, program: &Path) -> Job {
        let path = [self.path("tools"), self.path("bin")].map(|path| path.display().to_string()).join(":");
        self.place
            .job(program)
            .env("PATH", format!("{path}:{}", clients::PATH))
            .env("RUNNER_TEMP", self.path("temp"))
            .env("GITHUB_ENV", self.path("github-env"))
            .env("REQUESTS_CA_BUNDLE", self.place.stage.emulator.ca_file())
    }

    fn own(&self, arguments: &[&str]) -> Job {
        self.job(&azure_oidc_tests::programs::host()).args(arguments)
    }

    /// A program of this name in the `PATH`.
    fn tool(&self, name: &str, script: &str) {
        self.place.stage.write(&format!("tools/{name}"), &format!("#!/bin/sh\n{script}\n"));
        std::fs::set_permissions(self.path("tools").join(name), PermissionsExt::from_mode(0o755)).expect("it is there");
    }

    /// az itself, behind a script that keeps its words. None, with a line that says so, where there is
    /// none.
    fn real_az(&self) -> Option<()> {
        let folder = std::env::var_os(AZ).filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let Some(folder) = folder else {
            println!("not tested: there is no az; `cargo xtask test` installs it where pip is to be had");
            return None;
        };
        let words = self.path("az-words");
        self.tool("az", &format!("echo \"$@\" >> {}\nexec {}/az \"$@\"", words.display(), folder.display()));
        Some(())
    }

    /// The variables that login hands to a shell, which later steps have too.
    #[track_caller]
    fn variables(&self, login: &Ran) -> BTreeMap<String, String> {
        let script = format!("{}\nenv", login.stdout);
        let ran = Job::program("/bin/sh".as_ref()).args(&["-ec", &script]).run().expect(0);
        let variables: BTreeMap<_, _> = ran
            .stdout
            .lines()
            .filter_map(|line| line.split_once('='))
            .filter(|(name, _)| ["AZURE_CONFIG_DIR", "KUBECONFIG", "AZURE_TENANT_ID"].contains(name))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let file = self.place.stage.read("github-env");
        assert!(variables.values().all(|value| file.contains(value.as_str())), "{file}");
        variables
    }

    #[track_caller]
    fn assert_no_token(&self, text: &str) {
        assert!(!text.contains("eyJ"), "{text}");
    }
}

#[track_caller]
fn assert_same(before: &BTreeMap<PathBuf, (u32, Vec<u8>)>, after: &BTreeMap<PathBuf, (u32, Vec<u8>)>) {
    let names = |files: &BTreeMap<PathBuf, (u32, Vec<u8>)>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(before), names(after));
    for (path, contents) in before {
        assert_eq!(contents, &after[path], "{}", path.display());
    }
}

#[test]
fn az_has_a_session_of_the_job_and_the_users_own_is_untouched() {
    let home = Home::new();
    let Some(()) = home.real_az() else { return };
    let before = home.files();
    let login = home.own(&["login"]).run().expect(0);
    home.assert_no_token(&login.printed());
    let variables = home.variables(&login);
    let folder = &variables["AZURE_CONFIG_DIR"];
    assert!(Path::new(folder).starts_with(home.path("temp")), "{folder}");
    let az = |words: &[&str]| home.job(&home.path("tools/az")).args(words).env("AZURE_CONFIG_DIR", folder).run();
    let account: Value = serde_json::from_str(&az(&["account", "show"]).expect(0).stdout).expect("JSON");
    assert_eq!((&account["user"]["name"], &account["tenantId"]), (&json!(APPLICATION), &json!(TENANT)));
    let token = az(&["account", "get-access-token", "--resource", "https://vault.azure.net"]).expect(0);
    assert!(token.stdout.contains("accessToken"), "{}", token.stdout);
    let words = home.place.stage.read("az-words");
    assert!(words.contains("--federated-token @-"), "{words}");
    home.assert_no_token(&words);

    let again = home.own(&["login", "--subscription", account["id"].as_str().expect("an id")]).run().expect(0);
    assert!(again.stderr.contains("an earlier login of this job is undone first"), "{}", again.stderr);
    assert!(!Path::new(folder).exists());
    // As in the same shell: the variable names the session, and the user's settings are found anyway.
    let again = home.variables(&again)["AZURE_CONFIG_DIR"].clone();
    let third = home.own(&["login"]).env("AZURE_CONFIG_DIR", &again).run().expect(0);
    assert!(!Path::new(&again).exists());
    let third = home.variables(&third)["AZURE_CONFIG_DIR"].clone();
    let logout = home.own(&["logout"]).env("AZURE_CONFIG_DIR", &third).run().expect(0);
    assert_eq!(logout.stdout, "unset AZURE_CONFIG_DIR\n");
    assert!(!home.path(".local/state/azure-oidc").exists(), "nothing of the journal stays");
    assert_same(&before, &home.files());
    assert!(home.own(&["logout"]).run().expect(0).stderr.contains("nothing to undo"));
}

#[test]
fn az_uses_the_empty_folder_that_the_job_names_and_says_why_it_fails() {
    let home = Home::new();
    let Some(()) = home.real_az() else { return };
    let before = home.files();
    let given = home.path("given");
    let job = |words: &[&str]| home.own(words).env("AZURE_CONFIG_DIR", &given);
    // Its cloud is az's own there, and the job signs in elsewhere.
    let other = job(&["login"]).run().expect(2);
    assert!(other.stderr.contains("az signs in at https://login.microsoftonline.com"), "{}", other.stderr);
    assert!(!given.exists());
    let wrong = home.own(&["login", "--subscription", "none-of-that-name"]).run().expect(2);
    assert!(wrong.stderr.contains("`az account set` failed"), "{}", wrong.stderr);
    home.assert_no_token(&wrong.printed());
    assert_same(&before, &home.files());
}

#[test]
fn later_steps_get_the_variables_in_the_way_of_the_platform_and_so_does_the_shell() {
    let home = Home::new();
    let url = home.place.stage.emulator.url();
    home.tool("az", &format!("case \"$*\" in *'cloud show'*) echo {url};; esac"));
    let ready = home.place.stage.emulator.ready();
    let pipelines = ready["jobs"]["azure-pipelines"].as_object().expect("the issuer has jobs").clone();
    let temp = home.path("temp");
    let job = home.own(&["login"]).without("GITHUB_ACTIONS").without("RUNNER_TEMP").env("AGENT_TEMPDIRECTORY", &temp);
    let job = pipelines.iter().fold(job, |job, (name, value)| job.env(name, value.as_str().unwrap_or_default()));
    let login = job.run().expect(0);
    assert!(login.stderr.contains("##vso[task.setvariable variable=AZURE_CONFIG_DIR]"), "{}", login.stderr);
    assert!(login.stdout.starts_with("export AZURE_CONFIG_DIR="), "{}", login.stdout);
    assert_eq!(login.stdout.lines().count(), 1, "lines for the shell only: {}", login.stdout);

    let elsewhere = home
        .own(&["login", "--id-token-env", "T", "--platform", "generic", "--shell", "powershell"])
        .env("T", home.place.stage.id_token())
        .run()
        .expect(0);
    assert!(elsewhere.stdout.starts_with("$env:AZURE_CONFIG_DIR = '"), "{}", elsewhere.stdout);
    assert_eq!(elsewhere.stdout.lines().count(), 1);
    home.own(&["logout", "--all"]).run().expect(0);
    assert_eq!(std::fs::read_dir(temp).expect("it is a folder").count(), 0);
}

#[test]
fn a_refusal_of_entra_is_explained_and_changes_nothing() {
    let home = Home::new();
    home.tool("az", "exit 0");
    let before = home.files();
    home.own(&["login", "--for", "git"]).run().expect(0);
    let signed_in = home.files();
    assert_ne!(before, signed_in);
    home.place.refuse();
    let refused = home.own(&["login", "--for", "az,git"]).run().expect(4);
    assert!(refused.stderr.contains("AADSTS70025") && refused.stdout.is_empty(), "{}", refused.stderr);
    assert_same(&signed_in, &home.files());
    home.own(&["logout"]).run().expect(0);
    assert_same(&before, &home.files());
    assert!(!home.path(".local/state/azure-oidc").exists());
    home.own(&["login", "--for", "git"]).run().expect(4);
    assert!(!home.path(".local/state/azure-oidc").exists(), "a refused login leaves no folder");
}

#[test]
fn docker_git_and_kubectl_sign_in_and_their_files_are_as_before_afterwards() {
    let home = Home::new();
    let (Some(docker), Some(kubectl)) =
        (clients::program("docker", "docker.io"), clients::program("kubectl", "kubernetes-client"))
    else {
        return;
    };
    let before = home.files();
    let words = ["login", "--for", "docker,git,kubectl", "--registry", REGISTRY, "--tenant-id", TENANT];
    let login = home.own(&words).without("AZURE_TENANT_ID").run().expect(0);
    let variables = home.variables(&login);
    assert_eq!(variables["AZURE_TENANT_ID"], TENANT, "docker's helper gets no options");

    let docker = home.job(&docker).args(&["manifest", "inspect", "contoso.azurecr.io/team/app:1.0"]);
    assert!(docker.env("DOCKER_CLI_EXPERIMENTAL", "enabled").run().expect(0).stdout.contains("sha256:"));
    let cache = format!("--cache-dir={}", home.path("cache").display());
    let kubectl = home.job(&kubectl).args(&["get", "--raw", "/version", &cache]).without("AZURE_TENANT_ID");
    let version = kubectl.env("KUBECONFIG", &variables["KUBECONFIG"]).run().expect(0);
    assert!(version.stdout.contains("v1.32.0-emulator"), "{}", version.stdout);
    for git in clients::all("git") {
        let asked = "protocol=https\nhost=dev.azure.com\n\n";
        let fill = home.job(&git).args(&["credential", "fill"]).without("AZURE_TENANT_ID").input(asked).run().expect(0);
        assert!(fill.stdout.contains("eyJ"), "{fill:?}");
    }
    assert_ne!(before, home.files());
    home.own(&["logout"]).run().expect(0);
    assert_same(&before, &home.files());
}

#[test]
fn what_a_killed_login_left_is_undone() {
    let home = Home::new();
    let before = home.files();
    home.tool("az", "kill -9 $PPID");
    let killed = home.own(&["login", "--for", "az,docker,git", "--registry", REGISTRY]).run();
    assert_eq!(killed.code, -1, "{}", killed.printed());
    assert!(home.place.stage.read(".docker/config.json").contains("azure-oidc"));
    let other = home.own(&["logout"]).env("RUNNER_TEMP", "/of/another/job").run().expect(0);
    assert!(other.stderr.contains("`azure-oidc logout --all`"), "{}", other.stderr);
    let logout = home.own(&["logout", "--all"]).env("RUNNER_TEMP", "/of/another/job").run().expect(0);
    for part in [".docker/config.json is as before", ".gitconfig is as before", "azure-oidc-login-"] {
        assert!(logout.stderr.contains(part), "{part}: {}", logout.stderr);
    }
    std::fs::remove_file(home.path("tools/az")).expect("it is there");
    assert_same(&before, &home.files());
}

#[test]
fn what_somebody_changed_meanwhile_stays_and_is_said() {
    let home = Home::new();
    home.own(&["login", "--for", "docker,git", "--registry", REGISTRY]).run().expect(0);
    let docker =
        home.place.stage.read(".docker/config.json").replace("\"auths\"", "\"currentContext\": \"x\", \"auths\"");
    home.place.stage.write(".docker/config.json", &docker);
    let git = home.place.stage.read(".gitconfig").replace("git-credential", "git-credential --timeout=5s");
    home.place.stage.write(".gitconfig", &git);
    let logout = home.own(&["logout"]).run().expect(1);
    for part in ["only what login added is taken out", "warning: ", ".gitconfig was changed after login"] {
        assert!(logout.stderr.contains(part), "{part}: {}", logout.stderr);
    }
    let docker: Value = serde_json::from_str(&home.place.stage.read(".docker/config.json")).expect("JSON");
    assert_eq!(docker, json!({"currentContext": "x", "auths": {"ghcr.io": {"auth": "dTpwYXNz"}}}));
    assert_eq!(home.place.stage.read(".gitconfig"), git);
}

#[test]
fn a_tool_that_fails_undoes_the_others_and_a_wrong_line_changes_nothing() {
    let home = Home::new();
    home.tool("az", "read -r token; echo \"ERROR: no, $token\" >&2; exit 1");
    let before = home.files();
    let failed = home.own(&["login", "--for", "az,docker,git", "--registry", REGISTRY]).run().expect(2);
    assert!(failed.stderr.contains("`az cloud show` failed"), "{}", failed.stderr);
    home.assert_no_token(&failed.printed());
    assert_same(&before, &home.files());
    for (words, part) in [
        (&["--for", "docker"][..], "`--registry contoso.azurecr.io`"),
        (&["--for", "docker", "--registry", "ghcr.io"], "is no container registry of Azure"),
        (&["--for", "docker", "--registry", REGISTRY, "--id-token-env", "T"], "docker hands its helper no options"),
        (&["--for", "docker", "--registry", REGISTRY, "--ca-file", "x"], "would not know `--ca-file`"),
        (&["--registry", REGISTRY], "`--registry` needs `--for docker`"),
        (&["--for", "svn"], "az, powershell, docker, git, kubectl"),
        (&["--for", "kubectl", "--kube-context", "none"], "kubectl has no context `none`"),
    ] {
        if part.contains("no context") && clients::all("kubectl").is_empty() {
            continue;
        }
        let ran = home.own(&["login"]).args(words).run().expect(2);
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
        assert_same(&before, &home.files());
    }
}

#[test]
fn what_failed_is_undone_by_the_next_logout() {
    let home = Home::new();
    home.tool("pwsh", "cat > /dev/null; case \"$*\" in *Disconnect*) exec test ! -e broken;; esac");
    let at_azure = |words: &[&str]| home.own(words).without("AZURE_AUTHORITY_HOST");
    at_azure(&["login", "--for", "powershell"]).run().expect(0);
    home.place.stage.write("broken", "");
    let failed = at_azure(&["logout"]).run().expect(1);
    assert!(failed.stderr.contains("`azure-oidc logout` tries again"), "{}", failed.stderr);
    std::fs::remove_file(home.path("broken")).expect("it is there");
    let logout = at_azure(&["logout"]).run().expect(0);
    assert!(logout.stderr.contains("of PowerShell is removed"), "{}", logout.stderr);
    assert!(at_azure(&["logout"]).run().expect(0).stderr.contains("nothing to undo"));
}

#[test]
fn a_tool_that_gets_no_more_time_is_a_time_out() {
    let home = Home::new();
    let before = home.files();
    home.tool("az", "exec sleep 60");
    let before_tool = home.files();
    let late = home.own(&["login", "--timeout", "8s"]).run().expect(5);
    for part in ["did not end within ", "`--timeout TIME` gives it more time"] {
        assert!(late.stderr.contains(part), "{part}: {}", late.stderr);
    }
    assert!(!late.stderr.contains("is removed"), "{}", late.stderr);
    assert_same(&before_tool, &home.files());
    assert_ne!(before, before_tool);
}

#[test]
fn journals_of_others_and_broken_ones_are_named_and_stop_nothing() {
    let home = Home::new();
    let before = home.files();
    home.own(&["login", "--for", "git"]).run().expect(0);
    let folder = home.path(".local/state/azure-oidc/login");
    std::fs::write(folder.join("0000.json"), "{").expect("it is new");
    let precious = home.path("precious");
    std::fs::create_dir(&precious).expect("it is new");
    let hostile = json!({"version": 1, "steps": [
        {"kind": "folder", "path": precious, "was_there": false, "client_id": "c"},
    ]});
    std::fs::write(folder.join("0001.json"), hostile.to_string()).expect("it is new");
    std::fs::write(precious.join("file"), "").expect("it is new");
    for name in ["0000.json", "0001.json"] {
        let mode = if name == "0001.json" { 0o666 } else { 0o600 };
        std::fs::set_permissions(folder.join(name), PermissionsExt::from_mode(mode)).expect("it is there");
    }
    let logout = home.own(&["logout", "--all"]).run().expect(1);
    for part in ["0000.json cannot be used: it is damaged", "0001.json cannot be used: other users can", "delete it"] {
        assert!(logout.stderr.contains(part), "{part}: {}", logout.stderr);
    }
    // Even one of this user removes no folder that is not marked.
    std::fs::set_permissions(folder.join("0001.json"), PermissionsExt::from_mode(0o600)).expect("it is there");
    let logout = home.own(&["logout", "--all"]).run().expect(1);
    assert!(logout.stderr.contains("is not the folder that login used"), "{}", logout.stderr);
    assert!(precious.join("file").exists());
    assert_same(&before, &home.files());
}

#[test]
fn powershell_gets_the_token_over_a_pipe_and_its_context_is_removed() {
    let home = Home::new();
    let script = "printf '%s\\n' \"$@\" >> words\ncase \"$*\" in *'(Get-AzContext).Name'*) echo mine;; *) cat >> input; echo >> input;; esac";
    home.tool("pwsh", script);
    let at_azure = |words: &[&str]| home.own(words).without("AZURE_AUTHORITY_HOST");
    let login = at_azure(&["login", "--for", "powershell", "--subscription", "s"]).run().expect(0);
    home.assert_no_token(&login.printed());
    home.assert_no_token(&home.place.stage.read("words"));
    at_azure(&["logout"]).run().expect(0);
    let input = home.place.stage.read("input");
    let orders: Vec<Value> = input.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let [connect, disconnect] = orders.as_slice() else { panic!("{input}") };
    assert!(connect["token"].as_str().is_some_and(|token| token.starts_with("eyJ")));
    for (name, expected) in
        [("client", APPLICATION), ("tenant", TENANT), ("environment", "AzureCloud"), ("subscription", "s")]
    {
        assert_eq!(connect[name], expected);
    }
    assert_eq!((&disconnect["context"], &disconnect["earlier"]), (&connect["context"], &json!("mine")));

    let elsewhere = home.own(&["login", "--for", "powershell"]).run().expect(2);
    assert!(elsewhere.stderr.contains("know no environment"), "{}", elsewhere.stderr);
    assert!(home.own(&["logout"]).run().expect(0).stderr.contains("nothing to undo"));
}
