//! Errors of tools that looked for a managed identity, in a job that has an ID token.

use super::words::{Known, known, near};

/// The first that fits is told.
pub(super) const WITHOUT_A_TOKEN: &[Known] = &[
    near(known(
        "managed-identity-not-assigned",
        &[&["managedidentitycredential"], &["identity has not been assigned to this resource"]],
        "this managed identity is not assigned to the machine",
        "The tool asked the managed identity endpoint of the machine, and the identity is not assigned to the machine",
        "to sign in with the ID token of the job, run the tool with `azure-oidc exec -- COMMAND`; to sign in as the machine, assign the \
         identity to it, and check the client id",
    )),
    known(
        "managed-identity-unavailable",
        &[&[
            "imds token request timed out",
            "managedidentitycredential authentication unavailable",
            "no managed identity endpoint found",
            "no response received from the managed identity endpoint",
            "managed identity timed out",
        ]],
        "there is no managed identity endpoint here",
        "The tool looked for the managed identity of the machine, and the machine answers no such request. It looks there when the \
         variables of a workload identity are missing",
        "run the tool with `azure-oidc exec -- COMMAND`, or set AZURE_CLIENT_ID, AZURE_TENANT_ID and AZURE_FEDERATED_TOKEN_FILE in the \
         step",
    ),
];
