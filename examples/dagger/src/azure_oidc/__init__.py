"""Trades a CI job's OIDC ID token for an Azure access token, and says why Microsoft Entra would refuse."""

from azure_oidc.main import AzureOidc as AzureOidc
