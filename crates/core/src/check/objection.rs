//! Why no credential should be created for a token, and what to do instead.

use super::changing_subject::{NEVER_MATCHES, changes, changing_part};
use super::decision::entra_issued_rules;
use crate::cloud::Cloud;
use crate::credential::audience::is_entra_issuer;
use crate::credential::limits::MAX_CHARACTERS;
use crate::credential::normal::check_subject;
use crate::credential::{CredentialProblem, reach, short_lived};
use crate::mask::mask_in;
use crate::token::{Claims, Token};

/// What to do about a claim that is longer than a credential can hold.
pub(super) const SHORTEN_NAMES: &str = "shorten the names that the claim is built from";

/// Why no credential can accept this token.
pub fn obstacle(token: &Token, cloud: &Cloud) -> Option<CredentialProblem> {
    let claims = token.claims();
    let (iss, sub) = (claims.iss.as_deref().unwrap_or_default(), claims.sub.as_deref().unwrap_or_default());
    for (noun, value) in [("issuer", iss), ("subject", sub)] {
        if value.len() > MAX_CHARACTERS && value.chars().count() > MAX_CHARACTERS {
            let message = format!("the token's {noun} has more than {MAX_CHARACTERS} characters");
            return Some(CredentialProblem::fatal("member-too-long", message).remedy(SHORTEN_NAMES));
        }
        if let Some(mask) = mask_in(value) {
            let message = format!("the {noun} holds `{mask}`, the mask of a log");
            return Some(CredentialProblem::fatal("member-masked", message).remedy(format!(
                "take the {noun} from the token itself (`azure-oidc inspect`): `{mask}` is the mask of a log and not part of it"
            )));
        }
        if value.trim() != value {
            let message = format!("the token's {noun} begins or ends with white space");
            let remedy = format!("remove the white space where the token's {noun} is configured");
            return Some(CredentialProblem::fatal("member-white-space", message).remedy(remedy));
        }
    }
    if let Some(problem) = reach::unreachable(iss) {
        return Some(problem);
    }
    if let Some(remedy) = wrong_entra_token(claims, cloud) {
        let message = "Entra issued this token, and not for the token exchange, so that no credential accepts it; leave the \
                       credentials as they are";
        return Some(CredentialProblem::fatal("entra-wrong-token", message).remedy(remedy));
    }
    changes_every_run(iss, sub).or_else(|| invented(token))
}

/// Why no credential can accept two tokens of a job with this subject.
pub fn changes_every_run(issuer: &str, subject: &str) -> Option<CredentialProblem> {
    let (platform, part) = changing_part(Some(issuer), subject)?;
    let problem = CredentialProblem::fatal(NEVER_MATCHES, changes(&part));
    Some(problem.remedy(platform.stable_subject_remedy()))
}

/// As [`obstacle`], or why a credential for this token would soon be of no use.
pub(crate) fn objection(token: &Token, cloud: &Cloud) -> Option<CredentialProblem> {
    obstacle(token, cloud).or_else(|| of_few_runs(token.claims()))
}

/// The problem of a subject that only a few runs have.
pub(super) fn of_few_runs(claims: &Claims) -> Option<CredentialProblem> {
    short_lived::problem(claims.iss.as_deref()?, claims.sub.as_deref()?)
}

/// Why no token can have the subject that was given for a future token.
pub(super) fn invented(token: &Token) -> Option<CredentialProblem> {
    let subject = token.claims().sub.as_deref().filter(|_| token.is_described())?;
    if mask_in(subject).is_some() {
        return None;
    }
    if let Err(fault) = check_subject(subject, true) {
        let problem = CredentialProblem::fatal(fault.code, fault.message.clone());
        return Some(fault.hints.iter().take(1).fold(problem, |problem, hint| problem.remedy(hint.as_str())));
    }
    let message = "the given subject has a `*`, which is no wildcard in a subject: Entra compares it literally";
    subject.contains('*').then(|| {
        CredentialProblem::fatal("subject-impossible", message).remedy(
            "give the subject of one token; to accept several, create an expression with `azure-oidc credential --flexible` \
             (GitHub, GitLab and HCP Terraform), or a credential for each",
        )
    })
}

/// How to get the right token, when Entra itself issued this one and not for the token exchange.
pub(crate) fn wrong_entra_token(claims: &Claims, cloud: &Cloud) -> Option<String> {
    let iss = claims.iss.as_deref().filter(|iss| is_entra_issuer(iss))?;
    let refusal = entra_issued_rules(claims, cloud).err();
    let audience = cloud.exchange_audience.filter(|_| match &refusal {
        Some(refusal) => refusal.aadsts == 7_002_206,
        None => reach::is_version_1(iss),
    });
    match audience {
        Some(audience) => Some(format!(
            "request the token for `{audience}` (on a machine with a managed identity: `az account get-access-token \
             --resource {audience}`); its issuer is then `https://{}/{}/v2.0`",
            cloud.authority_hosts.first().copied().unwrap_or_default(),
            tenant(iss)
        )),
        None => refusal?.entry().map(|entry| entry.remedy.to_owned()),
    }
}

fn tenant(issuer: &str) -> &str {
    issuer.split('/').nth(3).filter(|tenant| !tenant.is_empty()).unwrap_or("<tenant id>")
}
