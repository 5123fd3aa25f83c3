//! Where a token's audience comes from: the exchange URI of a cloud, or a platform's default.

use crate::cloud::Cloud;
use crate::guid::is_guid;
use crate::shell::Shell;
use crate::token::Claims;

/// The origin of a token's audience.
pub(super) enum Origin {
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

/// The origin of the audience of these claims, with the command for this shell.
pub(super) fn origin(claims: &Claims, shell: Shell) -> Origin {
    let [audience] = claims.aud.as_slice() else { return Origin::Other };
    if let Some(cloud) = Cloud::by_exchange_audience(audience) {
        return Origin::Exchange(cloud);
    }
    let iss = claims.iss.as_deref().unwrap_or_default();
    match DEFAULTS.iter().find(|default| (default.is)(iss, audience)) {
        Some(Default { title, ask: Some(CIRCLECI), .. }) if shell == Shell::Powershell => {
            Origin::Default { title, ask: Some(CIRCLECI_IN_POWERSHELL) }
        }
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

const CIRCLECI: &str = "circleci run oidc get --claims '{\"aud\":\"api://AzureADTokenExchange\"}'";

/// After `--%` PowerShell passes the line as it is, in every version.
const CIRCLECI_IN_POWERSHELL: &str = r#"circleci run oidc get --% --claims "{\"aud\":\"api://AzureADTokenExchange\"}""#;

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
        is: |iss, aud| iss.starts_with("https://oidc.circleci.com") && is_guid(aud),
        ask: Some(CIRCLECI),
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
