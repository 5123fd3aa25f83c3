//! The ID tokens of each CI system: a JSON file with the fixed claims, and a row here for the rest.

use serde_json::{Map, Value};

/// The shape of one CI system's ID tokens.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The platform, by the name that azure-oidc uses.
    pub(crate) platform: &'static str,
    /// Its claims without `iss` and the times. An empty `jti` is filled for every token.
    claims: &'static str,
    /// Seconds from `iat` to `exp`.
    pub(crate) lifetime: i64,
    /// Seconds from `nbf` to `iat`; none if the platform sets no `nbf`.
    pub(crate) not_before: Option<i64>,
    /// The path of its key set below the issuer's URL.
    pub(crate) keys_path: &'static str,
}

/// The shape of that platform's tokens.
pub(crate) fn shape(platform: &str) -> Option<&'static Shape> {
    SHAPES.iter().find(|shape| shape.platform == platform)
}

/// The names of all platforms, for messages.
pub(crate) fn platforms() -> String {
    SHAPES.iter().map(|shape| shape.platform).collect::<Vec<_>>().join(", ")
}

impl Shape {
    /// The claims in the file. A test reads every file, so reading cannot fail here.
    pub(crate) fn claims(&self) -> Map<String, Value> {
        serde_json::from_str(self.claims).unwrap_or_default()
    }
}

macro_rules! shape {
    ($platform:literal, $lifetime:expr, $not_before:expr, $keys_path:literal) => {
        Shape {
            platform: $platform,
            claims: include_str!(concat!("claims/", $platform, ".json")),
            lifetime: $lifetime,
            not_before: $not_before,
            keys_path: $keys_path,
        }
    };
}

/// An hour is the lifetime if the real one is the job's timeout or is not published.
const SHAPES: &[Shape] = &[
    shape!("harness", 3600, None, "/.wellknown/jwks"),
    shape!("circleci", 3600, None, "/.well-known/jwks-pub.json"),
    shape!("pulumi", 3600, None, "/.well-known/jwks"),
    shape!("azure-pipelines", 600, Some(600), "/.well-known/jwks"),
    shape!("gitlab", 300, Some(5), "/oauth/discovery/keys"),
    shape!("github", 300, Some(600), "/.well-known/jwks"),
    shape!("buildkite", 300, Some(0), "/.well-known/jwks"),
    shape!("bitbucket", 3600, None, "/keys.json"),
    shape!("terraform-cloud", 3600, Some(0), "/.well-known/jwks"),
    shape!("kubernetes", 3600, Some(0), "/openid/v1/jwks"),
    shape!("spacelift", 3600, Some(0), "/.well-known/jwks"),
    shape!("semaphore", 3600, Some(0), "/.well-known/jwks"),
    shape!("codefresh", 300, None, "/jwks"),
    shape!("google-cloud", 3600, None, "/oauth2/v3/certs"),
    shape!("spiffe", 300, None, "/keys"),
    shape!("entra", 86_400, Some(300), "/discovery/v2.0/keys"),
    shape!("generic", 3600, Some(0), "/.well-known/jwks"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_has_a_subject_and_an_audience_and_no_computed_claim() {
        for shape in SHAPES {
            let claims = serde_json::from_str::<Map<String, Value>>(shape.claims).unwrap();
            assert!(claims["sub"].as_str().is_some_and(|sub| !sub.is_empty()), "{}", shape.platform);
            assert!(claims.contains_key("aud"), "{}", shape.platform);
            for computed in ["iss", "iat", "nbf", "exp"] {
                assert!(!claims.contains_key(computed), "{} fixes {computed}", shape.platform);
            }
            assert_eq!(claims.get("jti").unwrap_or(&Value::from("")), "", "{}", shape.platform);
        }
    }

    #[test]
    fn subjects_agree_with_the_other_claims() {
        let text = |platform: &str, claim: &str| shape(platform).unwrap().claims()[claim].as_str().unwrap().to_owned();
        assert_eq!(
            text("github", "sub"),
            format!("repo:{}:ref:{}", text("github", "repository"), text("github", "ref"))
        );
        assert_eq!(
            text("gitlab", "sub"),
            format!("project_path:{}:ref_type:branch:ref:{}", text("gitlab", "project_path"), text("gitlab", "ref"))
        );
        assert_eq!(
            text("terraform-cloud", "sub"),
            format!(
                "{}:run_phase:{}",
                text("terraform-cloud", "terraform_full_workspace"),
                text("terraform-cloud", "terraform_run_phase")
            )
        );
    }
}
