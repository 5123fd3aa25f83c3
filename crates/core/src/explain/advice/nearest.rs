//! Chooses the credentials that a log can be about, when it does not name every value.

use super::is_taken;
use crate::check::alike::same_issuer;
use crate::credential::Credential;
use crate::explain::fit::Values;
use crate::platform::{self, Platform};
use crate::shorten::{LONGEST_VALUE, shorten};

/// How many credentials or issuers one sentence names.
const NAMED: usize = 3;

/// The credentials that are equal to the first one in every value that is not known. A comparison
/// with another one would present a value of the first one as the token's.
pub(super) fn comparable(ranked: &[Credential], values: &Values<'_>) -> Vec<Credential> {
    let Some(first) = ranked.first() else { return Vec::new() };
    let (issuer, subject) = (values.issuer.unwrap_or(&first.issuer), values.subject.or(first.matcher.subject()));
    let is_equal = |one: &&Credential| {
        (values.issuer.is_some() || one.issuer == first.issuer)
            && (values.subject.is_some() || one.matcher == first.matcher)
            && (values.audience.is_some() || one.audiences == first.audiences)
    };
    // Entra refuses a second credential with both, so the check must know it.
    ranked.iter().filter(|one| is_equal(one) || is_taken(one, Some(issuer), subject)).cloned().collect()
}

/// The advice when the log does not name the subject, and so not the credential.
pub(super) fn among(credentials: &[Credential], values: &Values<'_>) -> String {
    let mut names = credentials.iter().take(NAMED).map(|one| format!("`{}`", one.name)).collect::<Vec<_>>().join(", ");
    if credentials.len() > NAMED {
        names += &format!(" and {} more", credentials.len() - NAMED);
    }
    let common = |of: &dyn Fn(&Credential) -> String| {
        let first = of(&credentials[0]);
        credentials.iter().all(|one| of(one) == first).then_some(first)
    };
    let audience = common(&|one| one.audience().unwrap_or_default().to_owned());
    let issuer = common(&|one| one.issuer.clone());
    match (values.issuer, values.audience, issuer, audience) {
        (None, Some(known), _, Some(audience)) => format!(
            "get the ID token for the audience `{}`, which the credentials {names} have, instead of `{}`",
            shorten(&audience, LONGEST_VALUE),
            shorten(known, LONGEST_VALUE)
        ),
        (Some(known), _, Some(issuer), _) if same_issuer(known, &issuer) => format!(
            "set the issuer of the credential for this pipeline to `{}`: the credentials {names} have `{}`, and the log does not say \
             which one it is",
            shorten(known, LONGEST_VALUE),
            shorten(&issuer, LONGEST_VALUE)
        ),
        (Some(known), _, Some(issuer), _) => format!(
            "create a credential with the issuer `{}` and the subject of this pipeline's tokens, as `azure-oidc inspect` shows it in the \
             job: the credentials {names} have another issuer, `{}`",
            shorten(known, LONGEST_VALUE),
            shorten(&issuer, LONGEST_VALUE)
        ),
        _ => format!(
            "compare the token, as `azure-oidc inspect` shows it in the job, with the credentials {names}: the log does not say which \
             one it is about"
        ),
    }
}

/// The advice when the log is about no credential of the list, because their platform is another one.
/// The value that the log does not name cannot be taken from them.
pub(super) fn foreign(credentials: &[Credential], values: &Values<'_>) -> Vec<String> {
    let (missing, known, value, platform) = match values.issuer {
        Some(issuer) => ("subject", "issuer", issuer, platform::by_issuer(issuer)),
        None => {
            let subject = values.subject.unwrap_or_default();
            // One id alone shows no platform.
            let platform = platform::by_subject(subject).filter(|_| subject.contains([':', '/']));
            ("issuer", "subject", subject, platform)
        }
    };
    let of = platform.map(|platform| format!(" ({})", platform.title())).unwrap_or_default();
    vec![
        format!(
            "compare the client id of the job with the application or identity that the credentials are from: the {known} in the log, \
             `{}`{of}, fits none of them, which have the issuer {}, so they are for another platform or belong to another application",
            shorten(value, LONGEST_VALUE),
            issuers(credentials)
        ),
        format!(
            "if the client id is right, take the {missing} from the token, with `azure-oidc inspect` in the job, and create a credential \
             with both values"
        ),
    ]
}

/// The issuers of the credentials, each once.
fn issuers(credentials: &[Credential]) -> String {
    let mut issuers: Vec<&str> = Vec::new();
    for credential in credentials {
        if !issuers.contains(&credential.issuer.as_str()) {
            issuers.push(&credential.issuer);
        }
    }
    let shown = |issuer: &&str| {
        let of = platform::by_issuer(issuer).map(|platform| format!(" ({})", Platform::title(platform)));
        format!("`{}`{}", shorten(issuer, LONGEST_VALUE), of.unwrap_or_default())
    };
    let named = issuers.iter().take(NAMED).map(shown).collect::<Vec<_>>().join(" or ");
    match issuers.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} or one of {more} more"),
    }
}
