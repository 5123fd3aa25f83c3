//! Hides the secrets of a typed request in the fault that answers it.

use azure_oidc_core::Fault as CoreFault;
use azure_oidc_core::secret::{KnownSecrets, looks_secret};

use crate::bindings::exports::azure_oidc::federation::types::Fault;

/// Learns the token of a request, and each field that looks like a secret.
pub(super) fn learn<'a>(
    secrets: &KnownSecrets,
    token: Option<&'a String>,
    fields: impl IntoIterator<Item = Option<&'a String>>,
) {
    let suspects = fields.into_iter().flatten().filter(|text| looks_secret(text));
    token.into_iter().chain(suspects).for_each(|secret| secrets.learn(secret));
}

/// The answer. A fault shows none of the secrets.
#[cfg_attr(not(target_family = "wasm"), expect(clippy::result_large_err, reason = "the interface has this type"))]
pub(super) fn answer<A, B: From<A>>(result: Result<A, CoreFault>, secrets: &KnownSecrets) -> Result<B, Fault> {
    result.map(B::from).map_err(|fault| fault.hiding(secrets).into())
}
