//! Writes a script for the Az modules of PowerShell, whose cmdlets take every text as it is.

use super::roles::role_id;
use super::{AGAIN, Home, Setup, TAG, UNDO, fill};
use crate::Fault;
use crate::credential::Matcher;
use crate::credential::write::fault;
use crate::shell::Shell;

const START: &str = "\
$ErrorActionPreference = 'Stop'
Set-AzContext -Subscription <subscription> | Out-Null
";

const APPLICATION: &str = "\
$app = New-AzADApplication -DisplayName <name> -SignInAudience AzureADMyOrg
$principal = New-AzADServicePrincipal -ApplicationId $app.AppId
";

const GROUP: &str = "New-AzResourceGroup -Name <group> -Location <location> -Tag @{ <tag> = <name> } | Out-Null\n";

const IDENTITY: &str =
    "$identity = New-AzUserAssignedIdentity -ResourceGroupName <group> -Name <name> -Location <location>\n";

const CREDENTIAL: &str = "<create> -Name <title> -Issuer <issuer> -Subject <subject> -Audience <audience> | Out-Null\n";

const ROLE: &str =
    "New-AzRoleAssignment -ObjectId <principal> -ObjectType ServicePrincipal <role> -Scope <scope> | Out-Null\n";

const SETTINGS: &str = "\
\"AZURE_CLIENT_ID=$(<client>)\"
\"AZURE_TENANT_ID=$((Get-AzContext).Tenant.Id)\"
\"AZURE_SUBSCRIPTION_ID=$((Get-AzContext).Subscription.Id)\"
";

/// A script that stopped early has assigned no role.
const UNASSIGN: &str =
    "try { Remove-AzRoleAssignment -ObjectId <principal> <role> -Scope <scope> } catch { Write-Warning $_ }\n";

/// Begins commands of which none runs after one that failed.
const BLOCK: &str = "\
& {
$ErrorActionPreference = 'Stop'
Set-AzContext -Subscription <subscription> | Out-Null
";

const UNDO_APPLICATION: &str = "\
$app = @(Get-AzADApplication -DisplayName <name>)
if ($app.Count -ne 1) { throw '<not-one>' }
$principal = Get-AzADServicePrincipal -ApplicationId $app[0].AppId
";

const UNDO_GROUP: &str = "\
if ((Get-AzResourceGroup -Name <group>).Tags['<tag>'] -ne <name>) { throw '<not-made>' }
if (Get-AzResource -ResourceGroupName <group>) { throw '<not-made>' }
Remove-AzResourceGroup -Name <group> -Force
}
";

pub(super) fn script(setup: &Setup<'_>) -> Result<String, Fault> {
    let word = |text: &str| Shell::Powershell.word(text);
    let location = match setup.home {
        Some(Home::New { location }) => word(location),
        _ => fill("(Get-AzResourceGroup -Name <group>).Location", &[("group", &word(setup.identity_group()))]),
    };
    let (create, client, principal, find, back, delete) = match setup.home {
        None => (
            "New-AzADAppFederatedCredential -ApplicationObjectId $app.Id",
            "$app.AppId",
            "$principal.Id",
            "if (Get-AzADApplication -DisplayName <name>) { throw '<exists>' }\n",
            UNDO_APPLICATION,
            "Remove-AzADApplication -ApplicationId $app[0].AppId\n}\n",
        ),
        Some(home) => (
            "New-AzFederatedIdentityCredential -ResourceGroupName <group> -IdentityName <name>",
            "$identity.ClientId",
            "$identity.PrincipalId",
            match home {
                Home::New { .. } => {
                    "if (Get-AzResourceGroup | Where-Object ResourceGroupName -eq <group>) { throw '<exists>' }\n"
                }
                Home::Existing(_) => {
                    "if (Get-AzUserAssignedIdentity -ResourceGroupName <group> | Where-Object Name -eq <name>) { throw '<exists>' }\n"
                }
            },
            "$identity = Get-AzUserAssignedIdentity -ResourceGroupName <group> -Name <name>\n",
            "Remove-AzUserAssignedIdentity -ResourceGroupName <group> -Name <name>\n}\n",
        ),
    };
    let values = [
        ("name", &*word(setup.name)),
        ("group", &word(setup.identity_group())),
        ("location", &location),
        ("subscription", &word(setup.subscription)),
        ("client", client),
        ("tag", TAG),
        ("exists", &setup.exists()),
        ("not-one", &setup.not_one()),
        ("not-made", &setup.not_made()),
    ];
    let filled = |template: &str| fill(template, &values);
    let mut text = setup.header("#") + AGAIN + &filled(START) + &filled(find);
    if let Some(Home::New { .. }) = setup.home {
        text += &filled(GROUP);
    }
    text += &filled(if setup.home.is_some() { IDENTITY } else { APPLICATION });
    let create = filled(create);
    for credential in setup.credentials {
        let Matcher::Subject(subject) = &credential.matcher else {
            let message = format!("The cmdlets for credentials have no expressions, and {} has one", credential.name);
            return Err(fault("format-without-expressions", message).hint("use --format az"));
        };
        text += &fill(
            CREDENTIAL,
            &[
                ("create", &create),
                ("title", &word(&credential.name)),
                ("issuer", &word(&credential.issuer)),
                ("subject", &word(subject)),
                ("audience", &word(credential.audience().unwrap_or_default())),
            ],
        );
    }
    let role = |template: &str| -> String {
        let option = |role: &String| {
            let (name, role) = match role_id(role) {
                Some(id) => ("-RoleDefinitionId ", id),
                None => ("-RoleDefinitionName ", role.as_str()),
            };
            let role = name.to_owned() + &word(role);
            fill(template, &[("principal", principal), ("role", &role), ("scope", &word(setup.scope))])
        };
        setup.roles.iter().map(option).collect()
    };
    text += &role(ROLE);
    text += &filled(SETTINGS);
    let mut undo = filled(BLOCK) + &filled(back) + &role(UNASSIGN) + &filled(delete);
    if let Some(Home::New { .. }) = setup.home {
        undo += &(filled(BLOCK) + &filled(UNDO_GROUP));
    }
    text += UNDO;
    undo.lines().for_each(|line| text.extend(["# ", line, "\n"]));
    Ok(text)
}
