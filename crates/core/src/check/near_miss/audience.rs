//! Near misses of audiences: more than one, another cloud's, a platform's default.

use super::{Finding, Pair, Rule, quoted};
use crate::check::audience_origin::{Origin, origin};
use crate::check::remedy;
use crate::cloud::Cloud;
use crate::credential::audience::EXCHANGE_APPLICATION;

pub(super) const RULES: &[Rule] = &[several, absent, other_cloud, guid, platform_default];

/// The token has several audiences.
fn several(pair: &Pair<'_>) -> Option<Finding> {
    let count = pair.question.token.claims().aud.len();
    if count < 2 {
        return None;
    }
    let message = format!("the token has {count} audiences, and Entra is not known to accept more than one");
    let ask = format!("request an ID token with only the audience {}", quoted(pair.expected));
    Some(pair.finding("audience-several", message).remedy(ask))
}

/// The credential has no audience.
fn absent(pair: &Pair<'_>) -> Option<Finding> {
    let message = format!("{} has no audience", pair.holder());
    pair.expected.is_empty().then(|| pair.finding("audience-absent", message).remedy_if(pair.correct()))
}

/// The token's audience is the exchange URI of one cloud, the credential's that of another cloud.
fn other_cloud(pair: &Pair<'_>) -> Option<Finding> {
    let of_token = Cloud::by_exchange_audience(pair.actual)?;
    let of_credential = Cloud::by_exchange_audience(pair.expected)?;
    let message = format!(
        "the token's audience belongs to {}, the audience of {} to {}",
        of_token.title,
        pair.holder(),
        of_credential.title
    );
    let finding = pair.finding("audience-wrong-cloud", message);
    let cloud = pair.question.cloud;
    if !remedy::is_cloud_certain(pair.question) {
        return Some(finding.remedy(format!(
            "for an application in {}, request the ID token with the audience {}; for one in {}, set the audience of {} to {}. Give \
             the cloud of the application as `--cloud {}` or `--cloud {}`",
            of_credential.title,
            quoted(pair.expected),
            of_token.title,
            pair.holder(),
            quoted(pair.actual),
            of_credential.name,
            of_token.name
        )));
    }
    Some(match cloud.name {
        name if name == of_token.name => finding.remedy_if(pair.correct()),
        name if name == of_credential.name => finding.remedy(pair.ask()),
        _ => finding.remedy(remedy::both_audiences(cloud.usual_audience())),
    })
}

/// The credential holds the GUID of the exchange application. Entra requires its URI.
fn guid(pair: &Pair<'_>) -> Option<Finding> {
    if pair.expected != EXCHANGE_APPLICATION {
        return None;
    }
    let message = format!(
        "{} has the GUID of the exchange application as its audience, and Entra requires its URI",
        pair.holder()
    );
    Some(pair.finding("audience-guid", message).remedy_if(pair.correct()))
}

/// The token has its platform's default audience, because the job did not request the credential's.
fn platform_default(pair: &Pair<'_>) -> Option<Finding> {
    let Origin::Default { title, ask } = origin(pair.question.token.claims(), pair.question.shell) else { return None };
    let message = format!("the token has the default audience of {title}, and {} has another one", pair.holder());
    let finding = pair.finding("audience-platform-default", message);
    Some(match ask {
        Some(ask) if Cloud::by_exchange_audience(pair.expected).is_some() => {
            finding.remedy(remedy::ask_for(ask, pair.expected))
        }
        _ => finding.remedy_if(pair.correct()),
    })
}
