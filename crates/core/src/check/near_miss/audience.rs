//! Near misses of audiences: more than one, another cloud's, a platform's default.

use super::{Finding, Pair, Rule, quoted};
use crate::check::remedy;
use crate::cloud::Cloud;
use crate::credential::audience::EXCHANGE_APPLICATION;
use crate::token::Claims;

pub(super) const RULES: &[Rule] = &[several, absent, other_cloud, guid, platform_default];

/// The origin of a token's audience.
pub(in crate::check) enum Origin {
    /// The audience is the exchange URI of this cloud.
    Exchange(&'static Cloud),
    /// The audience is the platform's default.
    Default {
        /// The platform's name.
        title: &'static str,
        /// How to request another audience, where the platform allows it.
        ask: Option<&'static str>,
    },
    /// The audience is not a known one.
    Other,
}

/// The origin of the audience of these claims.
pub(in crate::check) fn origin(claims: &Claims) -> Origin {
    let [audience] = claims.aud.as_slice() else { return Origin::Other };
    if let Some(cloud) = Cloud::by_exchange_audience(audience) {
        return Origin::Exchange(cloud);
    }
    let iss = claims.iss.as_deref().unwrap_or_default();
    match DEFAULTS.iter().find(|default| (default.is)(iss, audience)) {
        Some(Default { title, ask, .. }) => Origin::Default { title, ask: *ask },
        None => Origin::Other,
    }
}

/// How to recognise a platform's default audience, and how to request another one.
struct Default {
    title: &'static str,
    is: fn(&str, &str) -> bool,
    ask: Option<&'static str>,
}

const DEFAULTS: &[Default] = &[
    Default {
        title: "GitHub Actions",
        is: |_, aud| aud.starts_with("https://github.com/"),
        ask: Some(
            "add `&audience=api://AzureADTokenExchange` to the request for the ID token, as `azure-oidc exchange` does",
        ),
    },
    Default {
        title: "CircleCI",
        is: |iss, aud| iss.starts_with("https://oidc.circleci.com") && is_uuid(aud),
        ask: Some("circleci run oidc get --claims '{\"aud\":\"api://AzureADTokenExchange\"}'"),
    },
    Default {
        title: "Buildkite",
        is: |_, aud| aud.starts_with("https://buildkite.com/"),
        ask: Some("buildkite-agent oidc request-token --audience api://AzureADTokenExchange"),
    },
    Default { title: "Pulumi", is: |iss, _| iss == "https://api.pulumi.com/oidc", ask: None },
    Default {
        title: "Bitbucket Pipelines",
        is: |_, aud| aud.starts_with("ari:cloud:bitbucket::workspace/"),
        ask: Some("set `oidc: audiences: [api://AzureADTokenExchange]` in the step of bitbucket-pipelines.yml"),
    },
    Default {
        title: "Semaphore",
        is: |iss, aud| iss == aud && iss.ends_with(".semaphoreci.com"),
        ask: Some("set the audience under `oidc_tokens` of the job"),
    },
    Default {
        title: "GitLab",
        is: |iss, aud| iss == aud && (iss == "https://gitlab.com" || iss.starts_with("https://gitlab.")),
        ask: Some("set `aud: api://AzureADTokenExchange` under `id_tokens` of the job in .gitlab-ci.yml"),
    },
    Default {
        title: "Spacelift",
        is: |iss, aud| iss.strip_prefix("https://") == Some(aud) && aud.contains(".spacelift."),
        ask: None,
    },
    Default { title: "Codefresh", is: |_, aud| aud == "https://g.codefresh.io", ask: None },
    Default {
        title: "AKS identity bindings",
        is: |_, aud| aud == "api://AKSIdentityBinding",
        ask: Some("send the request through the identity binding proxy"),
    },
    Default {
        title: "Kubernetes",
        is: |iss, aud| aud.starts_with("https://kubernetes.default.svc") || (iss == aud && iss.contains(".oic.")),
        ask: Some("mount a projected service account token with `audience: api://AzureADTokenExchange`"),
    },
    Default {
        title: "the issuer",
        is: |iss, aud| iss == aud,
        ask: Some("request the ID token with the audience `api://AzureADTokenExchange`"),
    },
];

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
    Some(match of_token.name == pair.question.cloud.name {
        true => finding.remedy_if(pair.correct()),
        false => finding.remedy(pair.ask()),
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
    let Origin::Default { title, ask } = origin(pair.question.token.claims()) else { return None };
    let message = format!("the token has the default audience of {title}, and {} has another one", pair.holder());
    let finding = pair.finding("audience-platform-default", message);
    Some(match ask {
        Some(ask) if Cloud::by_exchange_audience(pair.expected).is_some() => {
            finding.remedy(remedy::ask_for(ask, pair.expected))
        }
        _ => finding.remedy_if(pair.correct()),
    })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, b)| if [8, 13, 18, 23].contains(&at) { b == b'-' } else { b.is_ascii_hexdigit() })
}
