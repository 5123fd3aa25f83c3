//! Messages about tokens that have expired or cannot be renewed: the time, and the remedy.

use azure_oidc_core::Category;

use super::action::Failure;
use crate::json::rfc3339;

/// A moment in RFC 3339.
pub(super) fn time(milliseconds: u64) -> String {
    rfc3339(i64::try_from(milliseconds / 1000).unwrap_or(i64::MAX))
}

/// There is no ID token any more.
pub(super) fn id_token_ended(at: u64, platform: &str) -> Failure {
    let message = format!(
        "The ID token of this job ended at {}, and {platform} gives the job no second one, so no further access token can be \
         had\nazure-oidc: name every scope that the job needs late with `--scope`, so that it is exchanged while the ID token is \
         valid, give the ID token a longer life, or split the job",
        time(at)
    );
    failure("id-token-ended", Category::IdToken, message)
}

/// What ends the session before it begins.
pub(super) fn failure(code: &str, category: Category, message: String) -> Failure {
    let text = format!("error: {message}\n");
    Failure {
        code: code.to_owned(),
        exit_code: category.exit_code(),
        error: None,
        message,
        is_passing: false,
        retry_after: None,
        text,
    }
}

/// A caller has waited for as long as it may.
pub(super) fn too_late(last: Option<&Failure>) -> Failure {
    let message = match last {
        Some(failure) => failure.message.clone(),
        None => "There is no answer from Entra or the CI system yet".to_owned(),
    };
    let busy = failure("not-yet", Category::Network, message);
    Failure { is_passing: true, retry_after: last.and_then(|last| last.retry_after).or(Some(1)), ..busy }
}

/// Entra answered with a token that has expired already.
pub(super) fn received_expired(scope: &str) -> Failure {
    let message =
        format!("The access token that Entra gave for {scope} has ended already\nazure-oidc: set this machine's clock");
    failure("access-token-ended", Category::Network, message)
}

/// A token in use could not be renewed.
pub(super) fn not_renewed(scope: &str, until: u64, failure: &Failure) -> String {
    let why = failure.message.lines().next().unwrap_or_default();
    format!("warning: the access token for {scope} could not be renewed and is used until {}: {why}\n", time(until))
}

/// Until when a new scope can be asked for.
pub(super) fn new_scopes_until(until: u64, platform: &str) -> String {
    format!(
        "azure-oidc: the ID token of this job is the only one that {platform} gives: access tokens for further scopes can be had \
         until {}\n",
        time(until)
    )
}
