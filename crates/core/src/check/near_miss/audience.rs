//! Near misses of audiences: several at once, another cloud's, a platform's default.

use super::{Finding, Pair, Rule, quoted};
use crate::check::remedy;
use crate::cloud::Cloud;
use crate::token::Claims;

pub(super) const RULES: &[Rule] = &[several, absent, other_cloud, guid, platform_default];

/// The exchange application of the public cloud, which tokens of managed identities name as their audience.
const EXCHANGE_GUID: &str = "fb60f99c-7a34-4190-8149-302f77469936";

/// Where an audience comes from.
pub(in crate::check) enum Origin {
    /// It is the exchange URI of this cloud.
    Exchange(&'static Cloud),
    /// It is what the platform puts in when nothing else is asked for.
    Default {
        /// What the platform is called.
        title: &'static str,
        /// How to ask for another, if one can.
        ask: Option<&'static str>,
    },
    /// Nothing is known of it.
    Other,
}

/// Where the audience of these claims comes from.
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

/// How a platform's default audience is recognised, and how to ask for another.
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
            "add `&audience=api://AzureADTokenExchange` to the request for the ID token; `azure-oidc exchange` does",
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
        ask: Some("give the step `oidc: audiences: [api://AzureADTokenExchange]` in bitbucket-pipelines.yml"),
    },
    Default {
        title: "Semaphore",
        is: |iss, aud| iss == aud && iss.ends_with(".semaphoreci.com"),
        ask: Some("name the audience under `oidc_tokens` of the job"),
    },
    Default {
        title: "GitLab",
        is: |iss, aud| iss == aud && (iss == "https://gitlab.com" || iss.starts_with("https://gitlab.")),
        ask: Some("write `aud: api://AzureADTokenExchange` under `id_tokens` of the job in .gitlab-ci.yml"),
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
        ask: Some(
            "send the request through the identity binding proxy, or use a workload identity with a projected token",
        ),
    },
    Default {
        title: "Kubernetes",
        is: |iss, aud| aud.starts_with("https://kubernetes.default.svc") || (iss == aud && iss.contains(".oic.")),
        ask: Some(
            "mount a projected token with `audience: api://AzureADTokenExchange`, or label the pod for workload identity",
        ),
    },
    Default {
        title: "the issuer",
        is: |iss, aud| iss == aud,
        ask: Some("ask the platform for an ID token with the audience `api://AzureADTokenExchange`"),
    },
];

/// The token is for several audiences at once.
fn several(pair: &Pair<'_>) -> Option<Finding> {
    let count = pair.question.token.claims().aud.len();
    if count < 2 {
        return None;
    }
    let message = format!("the token is for {count} audiences at once, and Entra is not known to accept that");
    let ask = "request an ID token with this one audience only";
    Some(pair.finding("audience-several", message).remedy(format!("{ask}: {}", quoted(pair.expected))))
}

/// The credential holds no audience.
fn absent(pair: &Pair<'_>) -> Option<Finding> {
    let message = format!("{} has no audience", pair.holder());
    pair.expected.is_empty().then(|| pair.finding("audience-absent", message).remedy(pair.correct()))
}

/// One of the two is the exchange URI of a cloud, the other that of another.
fn other_cloud(pair: &Pair<'_>) -> Option<Finding> {
    let of_token = Cloud::by_exchange_audience(pair.actual)?;
    let of_credential = Cloud::by_exchange_audience(pair.expected)?;
    let message = format!(
        "the token's audience belongs to {}, that of {} to {}",
        of_token.title,
        pair.holder(),
        of_credential.title
    );
    let finding = pair.finding("audience-wrong-cloud", message);
    Some(match of_token.name == pair.question.cloud.name {
        true => finding.remedy(pair.correct()),
        false => finding.remedy(pair.ask()),
    })
}

/// The credential has the GUID of the exchange application, which Entra asks to be written as a URI.
fn guid(pair: &Pair<'_>) -> Option<Finding> {
    if pair.expected != EXCHANGE_GUID {
        return None;
    }
    let message =
        format!("{} has the GUID of the exchange application as its audience, and Entra wants its URI", pair.holder());
    let mut changed = pair.credential.clone();
    changed.audiences = vec![pair.question.cloud.exchange_audience?.to_owned()];
    Some(pair.finding("audience-guid", message).remedy(remedy::update(pair.question, &changed)))
}

/// The token has its platform's default audience: nobody asked for the one that the credential has.
fn platform_default(pair: &Pair<'_>) -> Option<Finding> {
    let Origin::Default { title, ask } = origin(pair.question.token.claims()) else { return None };
    let message = format!("the token has the default audience of {title}, and {} has another", pair.holder());
    let finding = pair.finding("audience-platform-default", message);
    Some(match ask {
        Some(ask) if Cloud::by_exchange_audience(pair.expected).is_some() => finding.remedy(ask),
        _ => finding.remedy(pair.correct()),
    })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text
            .bytes()
            .enumerate()
            .all(|(at, b)| if [8, 13, 18, 23].contains(&at) { b == b'-' } else { b.is_ascii_hexdigit() })
}
