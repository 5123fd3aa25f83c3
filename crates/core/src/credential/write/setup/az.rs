//! Writes a script for the Azure CLI.
//!
//! Lines are written once, for Bash; [`Shell`] turns their variables into those of PowerShell.
//! `=NAME` before a command sets that variable to what the command prints.

use super::super::az::{Line, create_of_application, identity_of};
use super::{Home, Setup, fill};
use crate::Fault;
use crate::shell::Shell;

const APPLICATION: &str = "\
=AZURE_CLIENT_ID az ad app create --display-name <name> --sign-in-audience AzureADMyOrg --query appId --output tsv
=PRINCIPAL_ID az ad sp create --id \"${AZURE_CLIENT_ID:?}\" --query id --output tsv";

const GROUP: &str = "az group create --name <name> --location <location> --output none";

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
const FIND_IDENTITY: &str = "=PRINCIPAL_ID az identity show <identity> --query principalId --output tsv";

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
        ("identity", &fill("--name <name> --resource-group <group>", &[("name", setup.name), ("group", &group)])),
        ("location", &location),
        ("subscription", setup.subscription),
        ("echo", if shell == Shell::Bash { "echo " } else { "" }),
    ];
    let scope = word("--scope", setup.scope)?;
    let roles: Vec<_> = setup.roles.iter().map(|role| word("--role", role)).collect::<Result<_, _>>()?;

    let mut script = Script { shell, text: String::new() };
    script.text = match shell {
        // Git Bash would take the path of a scope for one of its own.
        Shell::Bash => "#!/bin/sh\n".to_owned() + &setup.header("#") + "set -eu\nexport MSYS_NO_PATHCONV=1\n",
        Shell::Powershell => setup.header("#") + "$ErrorActionPreference = 'Stop'\n",
    };
    script.play("az account set --subscription <subscription>", &values);
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

    let (find, unassign, delete) = match setup.home {
        None => (FIND_APPLICATION, "AZURE_CLIENT_ID", "az ad app delete --id \"${AZURE_CLIENT_ID:?}\""),
        Some(Home::New { .. }) => (FIND_IDENTITY, "PRINCIPAL_ID", "az group delete --name <name> --yes"),
        Some(Home::Existing(_)) => (FIND_IDENTITY, "PRINCIPAL_ID", "az identity delete <identity>"),
    };
    let mut back = Script { shell, text: String::new() };
    back.play(find, &values);
    let unassign = fill("az role assignment delete --assignee \"${<of>:?}\"", &[("of", unassign)]);
    for role in &roles {
        back.play(&(unassign.clone() + " --role <role> --scope <scope>"), &[("role", role), ("scope", &scope)]);
    }
    back.play(delete, &values);
    script.text += super::UNDO;
    back.text.lines().for_each(|line| script.text.extend(["# ", line, "\n"]));
    Ok(script.text)
}

struct Script {
    shell: Shell,
    text: String,
}

impl Script {
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
