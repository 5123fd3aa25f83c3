//! The options of the commands that answer a question and send no token anywhere: `check`, `verify`, `inspect`, `explain`,
//! `credential`.

use std::time::Duration;

use azure_oidc_core::credential::write::Format;

use crate::options::{Form, PlatformArgs, TokenSource};
use crate::parts::Parts;
use crate::table::{group, many, one, options, parts, switch, word};
use crate::values::{format, maybe, moment, named_values, switched, text, time};

const DESCRIBED: &str = "Before there is a token";

options! {
    /// Options of `check`.
    #[derive(Debug, Clone, Default)]
    pub struct CheckArgs {
        /// Where the ID token comes from.
        token: TokenSource = group(TokenSource::ROWS) => TokenSource::read,
        /// The issuer that it will have
        token_issuer: Option<String> = one("URL").under(DESCRIBED).needs("token-subject")
            .excludes(&["id-token-env", "id-token-file", "id-token", "jwks", "discover"]) => maybe,
        /// The subject that it will have
        token_subject: Option<String> = one("SUBJECT").under(DESCRIBED).needs("token-issuer") => maybe,
        /// The audience that it will have [default: the cloud's]
        token_audience: Option<String> = one("AUDIENCE").under(DESCRIBED).needs("token-subject") => maybe,
        /// Another claim that it will have, for credentials with an expression
        token_claim: Vec<(String, String)> = many("NAME=VALUE").under(DESCRIBED).needs("token-subject") => named_values,
        /// The CI platform.
        platform: PlatformArgs = group(PlatformArgs::ROWS) => PlatformArgs::read,
        /// Federated identity credentials: what `az ad app federated-credential list` prints, Graph, ARM or Terraform JSON; `-` is
        /// standard input
        credential: Option<String> = one("FILE") => maybe,
        /// Issuer of one credential given by hand
        issuer: Option<String> = one("URL").needs("subject") => maybe,
        /// Subject of one credential given by hand
        subject: Option<String> = one("SUBJECT").needs("issuer") => maybe,
        /// Audience of one credential given by hand [default: the cloud's]
        audience: Option<String> = one("AUDIENCE").needs("subject") => maybe,
        /// Keys to verify the signature with, as a JWK Set
        jwks: Option<String> = one("FILE").excludes(&["discover"]) => maybe,
        /// Fetch the issuer's keys and verify the signature
        discover: bool = switch() => switched,
        /// The time to check for, as seconds since 1970 or RFC 3339 [default: now]
        now: Option<i64> = one("TIME") => moment,
        /// How far two clocks may differ
        skew: Duration = one("TIME").or("5m") => time,
        /// Azure cloud
        cloud: String = one("NAME").or("public") => text,
        /// text or json
        output: Form = one("OUTPUT").among(Form::NAMES).or("text") => Form::read,
    }
}

options! {
    /// Options of `verify`.
    #[derive(Debug, Clone, Default)]
    pub struct VerifyArgs {
        /// Where the token comes from.
        token: TokenSource = group(TokenSource::ROWS) => TokenSource::read,
        /// The CI platform.
        platform: PlatformArgs = group(PlatformArgs::ROWS) => PlatformArgs::read,
        /// Keys, as a JWK Set; `-` is standard input
        jwks: Option<String> = one("FILE").excludes(&["discover"]) => maybe,
        /// Fetch the keys from the issuer's discovery document
        discover: bool = switch() => switched,
        /// text or json
        output: Form = one("OUTPUT").among(Form::NAMES).or("text") => Form::read,
    }
}

options! {
    /// Options of `inspect`.
    #[derive(Debug, Clone, Default)]
    pub struct InspectArgs {
        /// Where the token comes from.
        token: TokenSource = group(TokenSource::ROWS) => TokenSource::read,
        /// The CI platform.
        platform: PlatformArgs = group(PlatformArgs::ROWS) => PlatformArgs::read,
        /// text or json
        output: Form = one("OUTPUT").among(Form::NAMES).or("text") => Form::read,
    }
}

options! {
    /// Options of `explain`.
    #[derive(Debug, Clone, Default)]
    pub struct ExplainArgs {
        /// A code such as AADSTS700213 or 700213, Entra's JSON answer, or `-` for a log on standard input
        what: String = word("CODE|JSON|-") => text,
        /// Where a token comes from, to name its claims.
        token: TokenSource = group(TokenSource::ROWS) => TokenSource::read,
        /// Federated identity credentials, to name the one that differs
        credential: Option<String> = one("FILE") => maybe,
        /// text or json
        output: Form = one("OUTPUT").among(Form::NAMES).or("text") => Form::read,
    }
}

options! {
    /// Options of `credential`.
    #[derive(Debug, Clone)]
    pub struct CredentialArgs {
        /// Take issuer, subject and audience from the token of this job, or of the ID token options; where the platform has several
        /// subjects for one pipeline, all of them are written
        from_token: bool = switch() => switched,
        /// Where the token comes from.
        token: TokenSource = group(TokenSource::ROWS) => TokenSource::read,
        /// The CI platform.
        platform: PlatformArgs = group(PlatformArgs::ROWS) => PlatformArgs::read,
        /// Issuer, exactly as the token has it
        issuer: Option<String> = one("URL") => maybe,
        /// Subject, exactly as the token has it; with `--flexible` a pattern with `*` and `?`
        subject: Option<String> = one("SUBJECT") => maybe,
        /// Audience [default: the token's, else the platform's, else the cloud's]
        audience: Option<String> = one("AUDIENCE") => maybe,
        /// Write expressions in place of exact subjects: for GitHub, GitLab and HCP Terraform
        flexible: bool = switch() => switched,
        /// Name of the credential [default: made from the subject]
        name: Option<String> = one("NAME") => maybe,
        /// Application that gets it, for the forms that name one
        client_id: Option<String> = one("GUID").excludes(&["identity-name", "resource-group"]) => maybe,
        /// Managed identity that gets it, for the forms that name one
        identity_name: Option<String> = one("NAME") => maybe,
        /// Resource group of the managed identity
        resource_group: Option<String> = one("NAME") => maybe,
        /// Azure cloud
        cloud: String = one("NAME").or("public") => text,
        /// What to write: graph, arm, az, az-identity, terraform, terraform-json or bicep
        format: Format = one("FORMAT").or("graph") => format,
        /// What the platform's subjects are made of. The last, so that no part takes the name of an option.
        parts: Parts = parts() => Parts::read,
    }
}
