//! Addresses of platforms that people take for the issuer of the platform's tokens.

use super::Question;
use super::rules::{Ruling, with_issuer};
use crate::credential::{Credential, CredentialProblem};
use crate::guid::is_guid;
use crate::platform::{self, Subject};

/// An address of a platform: its host, the platform, and the issuer of tokens with this subject, of
/// which the path of the address can be a part.
struct Address {
    host: &'static str,
    platform: &'static str,
    issuer: fn(path: &str, subject: &Subject) -> Option<String>,
}

const ADDRESSES: &[Address] = &[
    Address {
        host: "github.com",
        platform: "github",
        issuer: |_, _| Some("https://token.actions.githubusercontent.com".to_owned()),
    },
    Address { host: "gitlab.com", platform: "gitlab", issuer: |_, _| Some("https://gitlab.com".to_owned()) },
    Address { host: "dev.azure.com", platform: "azure-pipelines", issuer: |_, _| None },
    Address {
        host: "api.pulumi.com",
        platform: "pulumi",
        issuer: |_, _| Some("https://api.pulumi.com/oidc".to_owned()),
    },
    Address {
        host: "app.harness.io",
        platform: "harness",
        issuer: |_, subject| {
            let account = &subject.parts.first().filter(|part| part.name == "account")?.value;
            Some(format!("https://app.harness.io/ng/api/oidc/account/{account}"))
        },
    },
    Address {
        host: "circleci.com",
        platform: "circleci",
        issuer: |path, _| {
            let organization = path.strip_prefix("/org/").filter(|id| is_guid(id))?;
            Some(format!("https://oidc.circleci.com/org/{organization}"))
        },
    },
];

/// The issuer is an address of the platform whose form the subject has, or the platform's issuer
/// without `https://`, and tokens have another one.
pub(super) fn address_of_platform(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let (issuer, subject) = (credential.issuer.as_str(), credential.matcher.subject()?);
    let (title, right) = match issuer.strip_prefix("https://") {
        Some(rest) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let address = ADDRESSES.iter().find(|address| address.host == host)?;
            let platform = platform::ALL.iter().find(|one| one.name() == address.platform)?;
            let parsed = platform.subject(subject)?;
            let right = (address.issuer)(path.trim_end_matches('/'), &parsed);
            // A platform can have further paths for tokens.
            if right.as_deref() == Some(issuer) || path.contains("/oidc") {
                return None;
            }
            (platform.title(), right)
        }
        None => {
            let right = format!("https://{issuer}");
            let platform = platform::by_issuer(&right).filter(|_| !issuer.contains("://"))?;
            (platform.title(), Some(right))
        }
    };
    let message = match &right {
        Some(right) => format!("no token has this issuer: {title} writes it as {right}"),
        None => format!("no token has this issuer: it is an address of {title}"),
    };
    let problem = CredentialProblem::fatal("issuer-never-issued", message).aadsts(700_211).at("issuer");
    Some(match right {
        Some(right) => {
            let problem = problem.remedy(format!("set the issuer to {right}"));
            Ruling::wrong(problem).with(with_issuer(credential, right))
        }
        None => Ruling::wrong(problem.remedy("write the claim `iss` of a token: `azure-oidc inspect` shows it")),
    })
}
