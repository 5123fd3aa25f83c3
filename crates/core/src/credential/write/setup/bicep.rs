//! Writes a Bicep file for a managed identity and its roles, in one resource group.

use super::super::bicep::{API, IDENTITIES, quoted, resources};
use super::{Setup, fill, role_id};
use crate::Fault;
use crate::credential::write::fault;
use crate::shell::Shell;

/// The ids of roles that pipelines often have: Bicep has no names for them.
const ROLES: &[(&str, &str)] = &[
    ("Reader", "acdd72a7-3385-48ef-bd42-f606fba81ae7"),
    ("Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c"),
    ("AcrPush", "8311e382-0749-4cb8-b61a-304f252e45ec"),
    ("AcrPull", "7f951dda-4ed3-4680-a7ca-43fe172d538d"),
    ("Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"),
    ("Storage Blob Data Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"),
    ("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6"),
    ("Website Contributor", "de139f84-1756-47ae-9be6-808fbbe84772"),
];

const IDENTITY: &str = "\
// Run it: az deployment group create --subscription <subscription> --resource-group <group> --template-file setup.bicep \
--query properties.outputs

resource identity '<type>@<api>' = {
  name: <name>
  location: resourceGroup().location
}
";

const ROLE: &str = "
resource role<number> 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(identity.id, <id>)
  properties: {
    principalId: identity.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', <id>)
  }
}
";

const OUTPUTS: &str = "
output AZURE_CLIENT_ID string = identity.properties.clientId
output AZURE_TENANT_ID string = identity.properties.tenantId
output AZURE_SUBSCRIPTION_ID string = subscription().subscriptionId

// To undo it:
";

const IDENTITY_OF: &str = "--subscription <subscription> --name <plain> --resource-group <group>";

const UNASSIGN: &str = "\
// PRINCIPAL_ID=$(az identity show <identity> --query principalId --output tsv) && az role assignment delete \
--subscription <subscription> --assignee \"${PRINCIPAL_ID:?}\" --role <id> --scope <scope>
";

pub(super) fn template(setup: &Setup<'_>) -> Result<String, Fault> {
    let (group, scope) = (Shell::Bash.word(setup.identity_group()), Shell::Bash.word(setup.scope));
    let values = [
        ("name", &*quoted(setup.name)),
        ("plain", setup.name),
        ("group", &group),
        ("subscription", setup.subscription),
        ("type", IDENTITIES),
        ("api", API),
    ];
    let identity = fill(IDENTITY_OF, &values);
    let (mut roles, mut undo) = (String::new(), String::new());
    for (index, role) in setup.roles.iter().enumerate() {
        let id = id_of(role)?;
        roles += &fill(ROLE, &[("number", &(index + 1).to_string()), ("id", &quoted(id))]);
        undo += &fill(
            UNASSIGN,
            &[("identity", &identity), ("id", id), ("scope", &scope), ("subscription", setup.subscription)],
        );
    }
    let start = setup.header("//") + &fill(IDENTITY, &values) + &resources(setup.credentials);
    Ok(start + &roles + OUTPUTS + &undo + "// az identity delete " + &identity + "\n")
}

fn id_of(role: &str) -> Result<&str, Fault> {
    let known = ROLES.iter().find(|(name, _)| *name == role).map(|(_, id)| *id);
    known.or_else(|| role_id(role)).ok_or_else(|| {
        let message = format!("Bicep takes ids of roles, and the id of `{}` is not known", role.escape_debug());
        fault("role-unknown", message).hint(
            "give the id to `--role`: `az role definition list --name NAME --query [].name --output tsv` prints it",
        )
    })
}
