//! Writes a script for the Azure CLI.
//!
//! Lines are written once, for Bash; [`Shell`] turns their variables into those of PowerShell.
//! `=NAME` before a command sets that variable to what the command prints. No command has a
//! parenthesis: on Windows it would end a block of the batch file that is the CLI.

use super::super::az::{Line, create_of_application, identity_of};
use super::{AGAIN, Home, Setup, TAG, fill};
use crate::Fault;
use crate::shell::Shell;

const APPLICATION: &str = "\
=AZURE_CLIENT_ID az ad app create --display-name <name> --sign-in-audience AzureADMyOrg --query appId --output tsv
=PRINCIPAL_ID az ad sp create --id \"${AZURE_CLIENT_ID:?}\" --query id --output tsv";

const GROUP: &str = "az group create --name <name> --location <location> --tags <tag>=<name> --output none";

const IDENTITY: &str = "\
az identity create <identity> --output none
=AZURE_CLIENT_ID az identity show <identity> --query clientId --output tsv
=PRINCIPAL_ID az identity show <identity> --query principalId --output tsv";

const ROLE: &str = "az role assignment create --assignee-object-id \"${PRINCIPAL_ID:?}\" \
                    --assignee-principal-type ServicePrincipal --role <role> --scope <scope> --output none";

/// The settings of the pipeline.
const SETTINGS: &str = "\
<echo>\"AZURE_CLIENT_ID=${AZURE_CLIENT_ID:?}\"
<echo>\"AZURE_TENANT_ID=$(az account show --query tenantId --output tsv)\"
<echo>\"AZURE_SUBSCRIPTION_ID=<subscription>\"
";

const FIND_APPLICATION: &str =
    "=AZURE_CLIENT_ID az ad app list --filter \"displayName eq '<name>'\" --query \"[].appId\" --output tsv";
const FIND_GROUP: &str = "=FOUND az group exists --name <name>";
const FIND_IN_GROUP: &str =
    "=FOUND az identity list --resource-group <group> --query \"[?name=='<name>'].id\" --output tsv";
const FIND_IDENTITY: &str =
    "=PRINCIPAL_ID az identity show <identity> --subscription <subscription> --query principalId --output tsv";
const UNASSIGN: &str =
    "az role assignment delete --subscription <subscription> --assignee \"${<of>:?}\" --role <role> --scope <scope>";
const FIND_TAG: &str =
    "=FOUND az group show --name <name> --subscription <subscription> --query tags.<tag> --output tsv";
const FIND_REST: &str =
    "=FOUND az resource list --resource-group <name> --subscription <subscription> --query \"[].id\" --output tsv";

pub(super) fn script(setup: &Setup<'_>) -> Result<String, Fault> {
    let shell = setup.shell;
    let word = |option: &str, value: &str| Line::word(shell, option, value);
    let location = match setup.home {
        Some(Home::New { location }) => word("--location", location)?,
        _ => String::new(),
    };
    let group = word("--resource-group", setup.identity_group())?;
    let values = [
        ("name", setup.name),
        ("group", &group),
        ("identity", &fill("--name <name> --resource-group <group>", &[("name", setup.name), ("group", &group)])),
        ("location", &location),
        ("subscription", setup.subscription),
        ("tag", TAG),
        ("echo", if shell == Shell::Bash { "echo " } else { "" }),
    ];
    let scope = word("--scope", setup.scope)?;
    let roles: Vec<_> = setup.roles.iter().map(|role| word("--role", role)).collect::<Result<_, _>>()?;

    let mut script = Script { shell, text: String::new() };
    script.text = match shell {
        // Git Bash would take the path of a scope for one of its own.
        Shell::Bash => "#!/bin/sh\n".to_owned() + &setup.header("#") + AGAIN + "set -eu\nexport MSYS_NO_PATHCONV=1\n",
        Shell::Powershell => setup.header("#") + AGAIN + "$ErrorActionPreference = 'Stop'\n",
    };
    script.play("az account set --subscription <subscription>", &values);
    let (find, variable, nothing) = match setup.home {
        None => (FIND_APPLICATION, "AZURE_CLIENT_ID", ""),
        Some(Home::New { .. }) => (FIND_GROUP, "FOUND", "false"),
        Some(Home::Existing(_)) => (FIND_IN_GROUP, "FOUND", ""),
    };
    script.play(find, &values);
    script.expect(variable, Some(nothing), &setup.exists());
    if let Some(Home::New { .. }) = setup.home {
        script.play(GROUP, &values);
    }
    script.play(if setup.home.is_some() { IDENTITY } else { APPLICATION }, &values);
    for credential in setup.credentials {
        script.run(&match setup.home {
            None => create_of_application(credential, None, setup.cloud, shell)?,
            Some(_) => identity_of(setup.name, setup.identity_group(), shell).set("create", credential)?,
        });
    }
    for role in &roles {
        script.play(ROLE, &[("role", role), ("scope", &scope)]);
    }
    script.text += &fill(&shell.with_variables(SETTINGS), &values);

    let mut back = Script { shell, text: String::new() };
    back.start();
    let (find, of, delete) = match setup.home {
        None => (
            FIND_APPLICATION.replace("az ad app list", "az ad app list --subscription <subscription>"),
            "AZURE_CLIENT_ID",
            "az ad app delete --subscription <subscription> --id \"${AZURE_CLIENT_ID:?}\"",
        ),
        Some(_) => {
            (FIND_IDENTITY.to_owned(), "PRINCIPAL_ID", "az identity delete <identity> --subscription <subscription>")
        }
    };
    back.play(&find, &values);
    back.expect(of, None, &setup.not_one());
    for role in &roles {
        let unassign = [("role", role.as_str()), ("scope", &scope), ("subscription", setup.subscription)];
        // A script that stopped early has assigned no role.
        back.text += &fill(&shell.with_variables(&UNASSIGN.replace("<of>", of)), &unassign);
        back.text += if shell == Shell::Bash { " || true\n" } else { "\n" };
    }
    back.play(delete, &values);
    back.end();
    if let Some(Home::New { .. }) = setup.home {
        back.start();
        back.play(FIND_TAG, &values);
        back.expect("FOUND", Some(setup.name), &setup.not_made());
        back.play(FIND_REST, &values);
        back.expect("FOUND", Some(""), &setup.not_made());
        back.play("az group delete --name <name> --subscription <subscription> --yes", &values);
        back.end();
    }
    script.text += super::UNDO;
    back.text.lines().for_each(|line| script.text.extend(["# ", line, "\n"]));
    Ok(script.text)
}

struct Script {
    shell: Shell,
    text: String,
}

impl Script {
    /// Begins commands of which none runs after one that failed.
    fn start(&mut self) {
        self.text += if self.shell == Shell::Bash { "( set -eu\n" } else { "& {\n" };
    }

    fn end(&mut self) {
        self.text += if self.shell == Shell::Bash { ")\n" } else { "}\n" };
    }

    /// Stops with this sentence unless the variable has this value; without a value, unless it is
    /// one GUID.
    fn expect(&mut self, variable: &str, value: Option<&str>, sentence: &str) {
        let template = match (self.shell, value) {
            (Shell::Bash, Some(_)) => "[ \"$<variable>\" = '<value>' ] || { echo '<sentence>' >&2; exit 1; }\n",
            (Shell::Bash, None) => "[ \"${#<variable>}\" = 36 ] || { echo '<sentence>' >&2; exit 1; }\n",
            (Shell::Powershell, Some(_)) => "if (\"$env:<variable>\" -ne '<value>') { throw '<sentence>' }\n",
            (Shell::Powershell, None) => "if (\"$env:<variable>\".Length -ne 36) { throw '<sentence>' }\n",
        };
        let values = [("variable", variable), ("value", value.unwrap_or_default()), ("sentence", sentence)];
        self.text += &fill(template, &values);
    }

    /// Adds a command. PowerShell does not stop by itself when one fails.
    fn run(&mut self, command: &str) {
        let check = match self.shell {
            Shell::Bash => "\n",
            Shell::Powershell => "\nif ($LASTEXITCODE) { throw 'the command above failed' }\n",
        };
        self.text.extend([command, check]);
    }

    /// Adds the commands of a template.
    fn play(&mut self, template: &str, values: &[(&str, &str)]) {
        for line in fill(&self.shell.with_variables(template), values).lines() {
            match (line.strip_prefix('=').and_then(|line| line.split_once(' ')), self.shell) {
                (Some((name, command)), Shell::Bash) => self.run(&[name, "=$(", command, ")"].concat()),
                (Some((name, command)), Shell::Powershell) => self.run(&["$env:", name, " = ", command].concat()),
                (None, _) => self.run(line),
            }
        }
    }
}
