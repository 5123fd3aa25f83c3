//! Causes of a different subject: the credential holds another claim of the token, or GitHub's
//! subjects follow a template.

use super::super::Question;
use super::{Finding, Pair, quoted};
use crate::check::remedy;
use crate::credential::breadth;
use crate::credential::expression::pattern_of_regex;
use crate::platform::{self, Subject};

/// Claims that people take for the subject, and their meaning.
const MEANINGS: &[(&str, &str)] = &[
    ("azp", "the client id of the identity"),
    ("appid", "the client id of the identity"),
    ("client_id", "the client id of the identity"),
    ("email", "an email address"),
    ("oid", "the object id of the identity"),
    ("repository", "the repository"),
    ("repository_id", "the id of the repository"),
    ("ref", "the branch or tag"),
    ("preferred_username", "a user name"),
    ("project_path", "the project"),
];

/// The credential holds another claim of this token as its subject.
pub(super) fn other_claim(pair: &Pair<'_>) -> Option<Finding> {
    const SHORTEST: usize = 3;
    let claims = pair.question.token.claims();
    let is_other = |(name, value): &(&String, &serde_json::Value)| {
        !["iss", "sub", "aud", "jti"].contains(&name.as_str()) && value.as_str() == Some(pair.expected)
    };
    let found: Vec<_> = claims.raw.iter().filter(is_other).map(|(name, _)| name.as_str()).collect();
    let by_meaning = MEANINGS.iter().find(|(name, _)| found.contains(name));
    let name =
        by_meaning.map(|(name, _)| *name).or(found.first().copied()).filter(|_| pair.expected.len() >= SHORTEST)?;
    let meaning = by_meaning.map(|(_, meaning)| format!(", {meaning}")).unwrap_or_default();
    let right = if claims.text("oid").is_some_and(|oid| oid == pair.actual) {
        format!("the object id (principal id) {}", quoted(pair.actual))
    } else {
        quoted(pair.actual)
    };
    let message = format!(
        "the subject of {} is the token's claim {}{meaning}; Entra compares `sub`, which is {right}",
        pair.holder(),
        quoted(name)
    );
    Some(pair.finding("subject-other-claim", message).remedy_if(pair.correct_same_pipeline()))
}

/// The subject of a credential is a regular expression, which Entra compares literally.
pub(super) fn regular_expression(pair: &Pair<'_>) -> Option<Finding> {
    let pattern = pattern_of_regex(pair.expected)?;
    if !super::expression::accepts(&pattern, pair.actual) {
        return None;
    }
    let message = format!(
        "the subject of {} is a regular expression, but Entra compares a subject literally: `^`, `$` and `.*` stand for themselves",
        pair.holder()
    );
    let remedy = match pattern == pair.actual {
        true => pair.correct_same_pipeline(),
        false => remedy::create(pair.question, Some(pair.credential)),
    };
    Some(pair.finding("subject-regex", message).remedy_if(remedy))
}

/// One of two GitHub subjects follows a template of the repository or organization
/// (`include_claim_keys`), the other one has GitHub's default form or another template.
pub(super) fn template(pair: &Pair<'_>) -> Option<Finding> {
    let claims = pair.question.token.claims();
    let iss = claims.iss.as_deref()?;
    let platform = platform::identify(iss, Some(pair.actual)).filter(|platform| platform.name() == "github")?;
    let (expected, actual) = (platform.subject(pair.expected)?, platform.subject(pair.actual)?);
    if names(&expected) == names(&actual) || !(is_custom(&expected) || is_custom(&actual)) {
        return None;
    }
    if !is_custom(&actual) {
        let message = format!(
            "the subject of {} follows a template ({}), but the token's subject has GitHub's default form",
            pair.holder(),
            names(&expected).join(", ")
        );
        return Some(pair.or_create(pair.finding("subject-form", message)));
    }
    let held = if is_custom(&expected) { "another template" } else { "GitHub's default form" };
    let message = format!(
        "the token's subject follows a template that the repository or its organization has set with `include_claim_keys` ({}); \
         the subject of {} has {held}",
        names(&actual).join(", "),
        pair.holder()
    );
    let Some(broad) = breadth::of_subject(iss, pair.actual).filter(|_| !is_custom(&expected)) else {
        return Some(pair.or_create(pair.finding("subject-form", message)));
    };
    let repository = claims.text("repository").unwrap_or("OWNER/REPOSITORY");
    let path = pair.question.shell.word(&format!("repos/{repository}/actions/oidc/customization/sub"));
    let set = format!("gh api --method PUT {path} -F use_default=true");
    let mut remedy =
        format!("give the repository GitHub's default subject again, so that a credential names it: {set}");
    let Question { token, credentials, client_id, cloud, shell, .. } = *pair.question;
    if let Some(create) = remedy::create_for(token, credentials, client_id, cloud, shell) {
        remedy +=
            &format!("\nas an alternative, create a credential for this subject, although {}: {create}", broad.message);
    }
    Some(pair.finding("subject-form", message).remedy(remedy))
}

fn is_custom(subject: &Subject) -> bool {
    subject.form == "custom claims"
}

fn names(subject: &Subject) -> Vec<&'static str> {
    subject.parts.iter().map(|part| part.name).collect()
}
