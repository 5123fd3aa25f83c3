//! Writes a script for the Az modules of PowerShell, whose cmdlets take every text as it is.

use super::{Home, Setup, UNDO, fill};
use crate::Fault;
use crate::credential::Matcher;
use crate::credential::write::fault;
use crate::guid::is_guid;
use crate::shell::Shell;

const START: &str = "\
$ErrorActionPreference = 'Stop'
Set-AzContext -Subscription <subscription> | Out-Null
";

const APPLICATION: &str = "\
$app = New-AzADApplication -DisplayName <name> -SignInAudience AzureADMyOrg
$principal = New-AzADServicePrincipal -ApplicationId $app.AppId
";

const GROUP: &str = "New-AzResourceGroup -Name <group> -Location <location> -Force | Out-Null\n";

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

const UNASSIGN: &str = "# Remove-AzRoleAssignment -ObjectId <principal> <role> -Scope <scope>\n";

pub(super) fn script(setup: &Setup<'_>) -> Result<String, Fault> {
    let word = |text: &str| Shell::Powershell.word(text);
    let location = match setup.home {
        Some(Home::New { location }) => word(location),
        _ => fill("(Get-AzResourceGroup -Name <group>).Location", &[("group", &word(setup.identity_group()))]),
    };
    let (create, client, principal, find, delete) = match setup.home {
        None => (
            "New-AzADAppFederatedCredential -ApplicationObjectId $app.Id",
            "$app.AppId",
            "$principal.Id",
            "# $principal = Get-AzADServicePrincipal -DisplayName <name>\n",
            "# Remove-AzADApplication -ApplicationId $principal.AppId\n",
        ),
        Some(home) => (
            "New-AzFederatedIdentityCredential -ResourceGroupName <group> -IdentityName <name>",
            "$identity.ClientId",
            "$identity.PrincipalId",
            "# $identity = Get-AzUserAssignedIdentity -ResourceGroupName <group> -Name <name>\n",
            match home {
                Home::New { .. } => "# Remove-AzResourceGroup -Name <group> -Force\n",
                Home::Existing(_) => "# Remove-AzUserAssignedIdentity -ResourceGroupName <group> -Name <name>\n",
            },
        ),
    };
    let values = [
        ("name", &*word(setup.name)),
        ("group", &word(setup.identity_group())),
        ("location", &location),
        ("subscription", &word(setup.subscription)),
        ("client", client),
    ];
    let filled = |template: &str| fill(template, &values);
    let mut text = setup.header("#") + &filled(START);
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
            let name = if is_guid(role) { "-RoleDefinitionId " } else { "-RoleDefinitionName " };
            let role = name.to_owned() + &word(role);
            fill(template, &[("principal", principal), ("role", &role), ("scope", &word(setup.scope))])
        };
        setup.roles.iter().map(option).collect()
    };
    text += &role(ROLE);
    Ok(text + &filled(SETTINGS) + UNDO + &filled(find) + &role(UNASSIGN) + &filled(delete))
}
