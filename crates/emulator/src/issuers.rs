//! The issuers: URLs, keys and discovery documents (OpenID Connect Discovery 1.0 §3).

use azure_oidc_core::Fault;
use azure_oidc_core::fault::Category;
use azure_oidc_core::jwks::KeySet;
use serde_json::{Map, Value, json};

use crate::claims::{self, Shape};
use crate::config;
use crate::keys::Keys;

/// All issuers, in the order of the configuration.
pub(crate) struct Issuers(Vec<Issuer>);

/// One CI system.
pub(crate) struct Issuer {
    pub(crate) name: String,
    /// `iss` of its tokens.
    pub(crate) url: String,
    pub(crate) shape: &'static Shape,
    /// Claims of the configuration.
    pub(crate) claims: Map<String, Value>,
    pub(crate) lifetime: i64,
    /// The key that signs; none for a real issuer, of which only the public keys are known.
    pub(crate) signs_with: Option<String>,
    /// Its key set, as it is served.
    pub(crate) key_set: Value,
    /// The key set, parsed.
    pub(crate) keys: KeySet,
}

/// A document that an issuer publishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Document {
    /// `/.well-known/openid-configuration`
    Discovery,
    /// The key set.
    Keys,
}

impl Issuers {
    /// The issuers of a configuration. `base` is the emulator's own URL.
    pub(crate) fn new(configured: &[config::Issuer], base: &str, keys: &Keys) -> Result<Self, Fault> {
        configured.iter().map(|issuer| Issuer::new(issuer, base, keys)).collect::<Result<_, _>>().map(Self)
    }

    /// The issuer of that name.
    pub(crate) fn by_name(&self, name: &str) -> Option<&Issuer> {
        self.0.iter().find(|issuer| issuer.name == name)
    }

    /// The issuer with this `iss`, exactly.
    pub(crate) fn by_url(&self, url: &str) -> Option<&Issuer> {
        self.0.iter().find(|issuer| issuer.url == url)
    }

    /// All issuers.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Issuer> {
        self.0.iter()
    }

    /// Replaces every `${issuer.NAME}` by the URL of that issuer.
    pub(crate) fn expand(&self, text: &str) -> Result<String, Fault> {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${issuer.") {
            let (name, tail) = after.split_once('}').unwrap_or((after, ""));
            let issuer = self.by_name(name).ok_or_else(|| {
                let known: Vec<_> = self.iter().map(|issuer| issuer.name.as_str()).collect();
                Fault::new(
                    Category::Usage,
                    "issuer-unknown",
                    format!("there is no issuer `{name}`, which `{text}` names"),
                )
                .hint(format!("known issuers: {}", known.join(", ")))
            })?;
            expanded.push_str(before);
            expanded.push_str(&issuer.url);
            rest = tail;
        }
        expanded.push_str(rest);
        Ok(expanded)
    }
}

impl Issuer {
    fn new(configured: &config::Issuer, base: &str, keys: &Keys) -> Result<Self, Fault> {
        let shape = claims::shape(&configured.platform).ok_or_else(|| {
            Fault::new(
                Category::Usage,
                "platform-unknown",
                format!("the platform `{}` is not known", configured.platform),
            )
        })?;
        let unreadable = |why: String| {
            Fault::new(
                Category::Usage,
                "jwks-unreadable",
                format!("the keys of the issuer `{}` can't be read: {why}", configured.name),
            )
        };
        let (key_set, signs_with) = match &configured.jwks_json {
            Some(json) => (serde_json::from_str(json).map_err(|error| unreadable(error.to_string()))?, None),
            None => (keys.set(&configured.publishes), Some(configured.signs_with.clone())),
        };
        let keys = KeySet::parse(&key_set.to_string()).map_err(|fault| unreadable(fault.message.clone()))?;
        Ok(Self {
            name: configured.name.clone(),
            url: configured.url.clone().unwrap_or_else(|| format!("{base}/issuers/{}", configured.name)),
            shape,
            claims: configured.claims.clone(),
            lifetime: configured.lifetime_seconds.unwrap_or(shape.lifetime),
            signs_with,
            key_set,
            keys,
        })
    }

    /// Where the emulator serves this document.
    pub(crate) fn path(&self, document: Document) -> String {
        match document {
            Document::Discovery => format!("/issuers/{}/.well-known/openid-configuration", self.name),
            Document::Keys => format!("/issuers/{}{}", self.name, self.shape.keys_path),
        }
    }

    /// The document at a path below `/issuers/NAME/`. Every key set is at `jwks` too.
    pub(crate) fn document(&self, path: &str) -> Option<Document> {
        match path {
            ".well-known/openid-configuration" => Some(Document::Discovery),
            "jwks" => Some(Document::Keys),
            path => (Some(path) == self.shape.keys_path.strip_prefix('/')).then_some(Document::Keys),
        }
    }

    /// The document itself.
    pub(crate) fn content(&self, document: Document, base: &str) -> Value {
        match document {
            Document::Keys => self.key_set.clone(),
            Document::Discovery => json!({
                "issuer": self.url,
                "jwks_uri": format!("{base}{}", self.path(Document::Keys)),
                "response_types_supported": ["id_token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid"],
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use std::path::Path;

    fn issuers(toml: &str) -> Result<Issuers, Fault> {
        let config = Config::parse(toml, Path::new("")).unwrap();
        Issuers::new(&config.issuers, "https://localhost:1", &Keys::load().unwrap())
    }

    #[test]
    fn an_issuer_without_a_url_gets_one_of_the_emulator() {
        let issuers =
            issuers("[[issuer]]\nname = \"ci\"\n[[issuer]]\nname = \"gl\"\nurl = \"https://gitlab.com\"").unwrap();
        assert_eq!(issuers.by_name("ci").unwrap().url, "https://localhost:1/issuers/ci");
        assert!(issuers.by_url("https://gitlab.com").is_some());
        assert!(issuers.by_url("https://gitlab.com/").is_none(), "the slash counts");
    }

    #[test]
    fn a_credential_can_name_an_issuer_whose_url_is_not_known_in_advance() {
        let issuers = issuers("[[issuer]]\nname = \"ci\"").unwrap();
        assert_eq!(issuers.expand("${issuer.ci}/").unwrap(), "https://localhost:1/issuers/ci/");
        assert_eq!(issuers.expand("https://gitlab.com").unwrap(), "https://gitlab.com");
        let fault = issuers.expand("${issuer.cj}").unwrap_err();
        assert_eq!(fault.hints, ["known issuers: ci"]);
    }

    #[test]
    fn the_discovery_document_of_a_real_issuer_leads_to_the_emulators_keys() {
        let issuers = issuers(
            "[[issuer]]\nname = \"hn\"\nplatform = \"harness\"\nurl = \"https://app.harness.io/ng/api/oidc/account/A\"",
        )
        .unwrap();
        let issuer = issuers.by_name("hn").unwrap();
        let document = issuer.content(Document::Discovery, "https://localhost:1");
        assert_eq!(document["issuer"], "https://app.harness.io/ng/api/oidc/account/A");
        assert_eq!(document["jwks_uri"], "https://localhost:1/issuers/hn/.wellknown/jwks");
        assert_eq!(issuer.document(".wellknown/jwks"), Some(Document::Keys));
        assert_eq!(issuer.document("jwks"), Some(Document::Keys));
        assert_eq!(issuer.document("other"), None);
    }
}
