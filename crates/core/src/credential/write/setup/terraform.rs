//! Writes a Terraform configuration for the providers azuread and azurerm.

use super::super::terraform::{credentials_of, native, quoted};
use super::roles::role_id;
use super::{Home, Setup, fill};
use crate::Fault;
use crate::cloud::PUBLIC;
use crate::credential::write::fault;

const START: &str = "\
terraform {
  required_providers {
    azurerm = { source = \"hashicorp/azurerm\" }
    azuread = { source = \"hashicorp/azuread\" }
  }
}

provider \"azurerm\" {
  features {}
  subscription_id = \"<subscription>\"
<cloud>}

provider \"azuread\" {
<cloud>}

";

const APPLICATION: &str = "\
resource \"azuread_application\" \"this\" {
  display_name = <name>
}

resource \"azuread_service_principal\" \"this\" {
  client_id = azuread_application.this.client_id
}

";

const NEW: &str = "\
resource \"azurerm_resource_group\" \"this\" {
  name     = <group>
  location = <location>
}

";

const EXISTING: &str = "\
data \"azurerm_resource_group\" \"this\" {
  name = <group>
}

";

const IDENTITY: &str = "\
resource \"azurerm_user_assigned_identity\" \"this\" {
  name                = <name>
  resource_group_name = <of>azurerm_resource_group.this.name
  location            = <of>azurerm_resource_group.this.location
}

";

const ROLE: &str = "
resource \"azurerm_role_assignment\" \"role<number>\" {
  principal_id         = <owner>.<principal>
  principal_type       = \"ServicePrincipal\"
  role_definition_<by> = <role>
  scope                = <scope>
}
";

const OUTPUTS: &str = "
output \"AZURE_CLIENT_ID\" {
  value = <owner>.client_id
}

output \"AZURE_TENANT_ID\" {
  value = <owner>.<tenant>
}

output \"AZURE_SUBSCRIPTION_ID\" {
  value = \"<subscription>\"
}

# To undo it: terraform destroy
";

pub(super) fn configuration(setup: &Setup<'_>) -> Result<String, Fault> {
    let Some(cloud) = setup.cloud.environments.first() else {
        let message = format!("Terraform's providers have no name for the cloud `{}`", setup.cloud.name);
        return Err(fault("setup-cloud", message).hint("use --format az"));
    };
    let cloud = match setup.cloud == PUBLIC {
        true => String::new(),
        false => fill("  environment = \"<name>\"\n", &[("name", cloud)]),
    };
    let (location, of) = match setup.home {
        Some(Home::New { location }) => (quoted(location), ""),
        _ => (String::new(), "data."),
    };
    let (owner, principal, tenant) = match setup.home {
        None => ("azuread_service_principal.this", "object_id", "application_tenant_id"),
        Some(_) => ("azurerm_user_assigned_identity.this", "principal_id", "tenant_id"),
    };
    let values = [
        ("name", &*quoted(setup.name)),
        ("group", &quoted(setup.identity_group())),
        ("location", &location),
        ("of", of),
        ("subscription", setup.subscription),
        ("cloud", &cloud),
        ("owner", owner),
        ("principal", principal),
        ("tenant", tenant),
    ];
    let mut text = setup.header("#") + &fill(START, &values);
    text += &fill(
        match setup.home {
            None => APPLICATION,
            Some(Home::New { .. }) => NEW,
            Some(Home::Existing(_)) => EXISTING,
        },
        &values,
    );
    if setup.home.is_some() {
        text += &fill(IDENTITY, &values);
    }
    text += &native(&credentials_of(setup.credentials, setup.home.is_some(), true)?);
    for (index, role) in setup.roles.iter().enumerate() {
        let path = fill("/subscriptions/<subscription>/providers/Microsoft.Authorization/roleDefinitions/", &values);
        let (by, role) = match role_id(role) {
            Some(id) if id == role => ("id  ", quoted(&(path + id))),
            Some(_) => ("id  ", quoted(role)),
            None => ("name", quoted(role)),
        };
        let number = (index + 1).to_string();
        let of_role = [("number", &*number), ("by", by), ("role", &role), ("scope", &quoted(setup.scope))];
        text += &fill(ROLE, &[&of_role[..], &values[..]].concat());
    }
    Ok(text + &fill(OUTPUTS, &values))
}
