//! Writes a Bicep file for a managed identity and its roles, in one resource group.

use super::super::bicep::{API, IDENTITIES, quoted, resources};
use super::roles::{known_id, role_id};
use super::{Setup, fill};
use crate::Fault;
use crate::credential::write::fault;
use crate::shell::Shell;

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

/// One line, so that nothing is deleted after a command that failed.
const FIND: &str = "// PRINCIPAL_ID=$(az identity show <identity> --query principalId --output tsv)";

const UNASSIGN: &str = " && az role assignment delete --subscription <subscription> --assignee \"${PRINCIPAL_ID:?}\" \
                        --role <id> --scope <scope>";

const DELETE: &str = " && az identity delete <identity>\n";

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
    let (mut roles, mut undo) = (String::new(), fill(FIND, &[("identity", &identity)]));
    for (index, role) in setup.roles.iter().enumerate() {
        let id = id_of(role)?;
        roles += &fill(ROLE, &[("number", &(index + 1).to_string()), ("id", &quoted(id))]);
        undo += &fill(UNASSIGN, &[("id", id), ("scope", &scope), ("subscription", setup.subscription)]);
    }
    let start = setup.header("//") + &fill(IDENTITY, &values) + &resources(setup.credentials);
    undo += &fill(DELETE, &[("identity", &identity)]);
    Ok(start + &roles + OUTPUTS + &undo)
}

fn id_of(role: &str) -> Result<&str, Fault> {
    known_id(role).or_else(|| role_id(role)).ok_or_else(|| {
        let message = format!("Bicep takes ids of roles, and the id of `{}` is not known", role.escape_debug());
        fault("role-unknown", message).hint(
            "give the id to `--role`: `az role definition list --name NAME --query [].name --output tsv` prints it",
        )
    })
}
