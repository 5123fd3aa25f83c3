# A workspace of HCP Terraform signs in to Azure with its own token. azure-oidc gets an access token for services without a provider,
# on your own agents with azure-oidc on the PATH.
terraform {
  required_providers {
    external = { source = "hashicorp/external", version = "~> 2.3" }
  }
}

variable "tenant_id" { type = string }
variable "client_id" { type = string }

data "external" "token" {
  program = ["sh", "-ec", <<-EOT
    token=$(azure-oidc exchange --tenant-id "$1" --client-id "$2" --output text)
    printf '{"access_token":"%s"}' "$token"
  EOT
  , "sh", var.tenant_id, var.client_id]
}

output "access_token" {
  value     = data.external.token.result.access_token
  sensitive = true
}
