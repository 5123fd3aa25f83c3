//! The file of `--federated-token-file`: where it is sound, and when the next token is needed.

use azure_oidc_core::Category;
use azure_oidc_core::check::time::span;

use super::action::Failure;
use super::id_token::Held;
use super::message::failure;

/// For how long SDKs use what they read in the file, in milliseconds.
const READ_AGAIN: u64 = 600_000;
/// What replacing takes at most.
const REPLACING: u64 = 120_000;

/// A token in the file must be valid for ten minutes more when it is replaced.
pub(super) fn require_sound(held: &Held) -> Result<(), Failure> {
    if held.life() >= READ_AGAIN + REPLACING {
        return Ok(());
    }
    let life = span(i64::try_from(held.life() / 1000).unwrap_or(i64::MAX));
    let message = format!(
        "`--federated-token-file` does not work here: the ID token lives {life}, and SDKs use what they read in the file for \
         10 minutes\nhint: leave `--federated-token-file` out: the SDKs find the token through `IDENTITY_ENDPOINT`"
    );
    Err(failure("token-file-unsound", Category::Usage, message))
}

/// When the file needs the next token: while this one is valid for more than ten minutes.
pub(super) fn due(held: &Held) -> u64 {
    let half = held.from + held.life() / 2;
    half.min(held.until.saturating_sub(READ_AGAIN + REPLACING / 2)).max(held.from)
}
