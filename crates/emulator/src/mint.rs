//! Creates ID tokens as the CI systems do, and faulty ones for tests.

use std::time::SystemTime;

use azure_oidc_core::Fault;
use azure_oidc_core::fault::Category;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::guid;
use crate::issuers::{Issuer, Issuers};
use crate::keys::{Keys, names};

/// `sign_with`: an empty signature.
const NONE: &str = "none";
/// `sign_with`: a signature of the issuer's key with one bit changed.
const GARBLED: &str = "garbled";

/// Describes the token to create. Everything but the issuer has a default.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The name of the issuer.
    pub issuer: String,
    /// `aud`, instead of the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Claims that replace or extend those of the platform; `null` removes one.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub claims: Map<String, Value>,
    /// Members of the header that replace or extend `alg`, `kid` and `typ`; `null` removes one.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub header: Map<String, Value>,
    /// Seconds from issue to expiry, instead of the platform's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime_seconds: Option<i64>,
    /// How many seconds ago it was issued; negative: in the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_seconds: Option<i64>,
    /// The key that signs, or `none` for an empty signature, `garbled` for a wrong one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_with: Option<String>,
}

impl Order {
    /// A token of that issuer, as its platform creates it.
    pub fn of(issuer: impl Into<String>) -> Self {
        Self { issuer: issuer.into(), ..Self::default() }
    }

    /// Sets this claim; `null` removes it.
    #[must_use]
    pub fn claim(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.claims.insert(name.into(), value.into());
        self
    }

    /// Sets this member of the header; `null` removes it.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.header.insert(name.into(), value.into());
        self
    }
}

/// Creates a token.
///
/// # Errors
///
/// When the issuer or the key is not known, or the emulator lacks the issuer's private key.
pub(crate) fn mint(order: &Order, issuers: &Issuers, keys: &Keys) -> Result<String, Fault> {
    let issuer = issuers.by_name(&order.issuer).ok_or_else(|| {
        let known: Vec<_> = issuers.iter().map(|issuer| issuer.name.as_str()).collect();
        Fault::new(Category::Usage, "issuer-unknown", format!("there is no issuer `{}`", order.issuer))
            .hint(format!("known issuers: {}", known.join(", ")))
    })?;
    let Some(own_key) = &issuer.signs_with else {
        let message = format!(
            "the issuer `{}` has a `jwks_file`: the emulator accepts its tokens but cannot create any",
            issuer.name
        );
        return Err(Fault::new(Category::Usage, "issuer-without-key", message));
    };
    let key_name = match order.sign_with.as_deref() {
        None | Some(NONE | GARBLED) => own_key,
        Some(name) => name,
    };
    let key = keys.get(key_name).ok_or_else(|| {
        Fault::new(Category::Usage, "key-unknown", format!("there is no key `{key_name}`"))
            .hint(format!("known keys: {}, {NONE}, {GARBLED}", names().collect::<Vec<_>>().join(", ")))
    })?;
    let mut header = Map::from_iter([
        ("alg".to_owned(), key.algorithm().into()),
        ("kid".to_owned(), key.kid.as_str().into()),
        ("typ".to_owned(), "JWT".into()),
    ]);
    overlay(&mut header, &order.header);
    let algorithm = header.get("alg").and_then(Value::as_str).unwrap_or_default().to_owned();
    let input = format!("{}.{}", segment(&header.into()), segment(&claims(order, issuer).into()));
    let sign = |algorithm: &str| keys.sign(key, algorithm, input.as_bytes());
    // If the header names an algorithm of another type of key, the key signs with its own.
    let mut signature = sign(&algorithm).or_else(|| sign(key.algorithm())).unwrap_or_default();
    match order.sign_with.as_deref() {
        Some(NONE) => signature.clear(),
        Some(GARBLED) => signature.iter_mut().take(1).for_each(|byte| *byte ^= 1),
        _ => {}
    }
    Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Signs these claims as Entra signs access tokens.
pub(crate) fn access_token(claims: &Value, keys: &Keys) -> Option<String> {
    let key = keys.get(crate::keys::ENTRA)?;
    let header = json!({ "alg": "RS256", "kid": key.kid, "typ": "JWT", "x5t": key.kid });
    let input = format!("{}.{}", segment(&header), segment(claims));
    let signature = keys.sign(key, "RS256", input.as_bytes())?;
    Some(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_secs().cast_signed())
}

fn claims(order: &Order, issuer: &Issuer) -> Map<String, Value> {
    let issued = now() - order.age_seconds.unwrap_or(0);
    let mut claims = issuer.shape.claims();
    if claims.contains_key("jti") {
        claims.insert("jti".to_owned(), guid::random().into());
    }
    overlay(&mut claims, &issuer.claims);
    claims.insert("iss".to_owned(), issuer.url.as_str().into());
    claims.insert("iat".to_owned(), issued.into());
    claims.insert("exp".to_owned(), (issued + order.lifetime_seconds.unwrap_or(issuer.lifetime)).into());
    if let Some(before) = issuer.shape.not_before {
        claims.insert("nbf".to_owned(), (issued - before).into());
    }
    if let Some(audience) = &order.audience {
        let audience = Value::from(audience.as_str());
        let in_a_list = claims.get("aud").is_some_and(Value::is_array);
        claims.insert("aud".to_owned(), if in_a_list { vec![audience].into() } else { audience });
    }
    overlay(&mut claims, &order.claims);
    claims
}

fn overlay(under: &mut Map<String, Value>, over: &Map<String, Value>) {
    for (name, value) in over {
        match value {
            Value::Null => under.remove(name),
            value => under.insert(name.clone(), value.clone()),
        };
    }
}

fn segment(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use azure_oidc_core::jwks;
    use azure_oidc_core::token::Token;
    use std::path::Path;

    fn sample() -> (Issuers, Keys) {
        let keys = Keys::load().unwrap();
        let config = Config::parse(crate::config::DEFAULT, Path::new("")).unwrap();
        (Issuers::new(&config.issuers, "https://localhost:1", &keys).unwrap(), keys)
    }

    fn token(order: &Order) -> Token {
        let (issuers, keys) = sample();
        Token::parse(&mint(order, &issuers, &keys).unwrap()).unwrap()
    }

    fn verdict(order: &Order) -> Option<&'static str> {
        let (issuers, _) = sample();
        jwks::verify(token(order).jws(), &issuers.by_name(&order.issuer).unwrap().keys).reason.map(jwks::Reason::code)
    }

    #[test]
    fn a_token_has_its_platforms_claims_times_and_signature() {
        let before = now();
        let token = token(&Order::of("github"));
        let claims = token.claims();
        assert_eq!(claims.iss.as_deref(), Some("https://token.actions.githubusercontent.com"));
        assert_eq!(claims.sub.as_deref(), Some("repo:octo-org/octo-repo:ref:refs/heads/main"));
        let issued = claims.iat.unwrap();
        assert!(issued >= before);
        assert_eq!((claims.exp, claims.nbf), (Some(issued + 300), Some(issued - 600)));
        assert_eq!(claims.text("jti").map(str::len), Some(36));
        assert_eq!(verdict(&Order::of("github")), None);
    }

    #[test]
    fn claims_and_header_can_be_changed_added_and_removed() {
        let token = token(
            &Order::of("github")
                .claim("sub", "x")
                .claim("nbf", Value::Null)
                .claim("extra", 1)
                .header("kid", Value::Null),
        );
        assert_eq!(token.claims().sub.as_deref(), Some("x"));
        assert_eq!((token.claims().nbf, token.header().kid.as_deref()), (None, None));
        assert_eq!(token.claims().raw["extra"], 1);
    }

    #[test]
    fn a_token_can_be_issued_earlier_and_for_another_time() {
        let token = token(&Order { age_seconds: Some(1000), lifetime_seconds: Some(10), ..Order::of("gitlab") });
        assert_eq!(token.claims().exp.unwrap() - token.claims().iat.unwrap(), 10);
        assert!(token.claims().exp.unwrap() <= now() - 980);
    }

    #[test]
    fn an_audience_keeps_the_form_that_the_platform_gives_it() {
        let order = |issuer: &str| Order { audience: Some("mine".into()), ..Order::of(issuer) };
        assert_eq!(token(&order("github")).claims().raw["aud"], "mine");
        assert_eq!(token(&order("kubernetes")).claims().raw["aud"], json!(["mine"]));
    }

    #[test]
    fn signatures_can_be_wrong_in_different_ways() {
        let with = |key: &str| Order { sign_with: Some(key.into()), ..Order::of("github") };
        assert!(verdict(&with("garbled")).is_some());
        assert!(verdict(&with("none")).is_some());
        assert_eq!(verdict(&with("stray")), Some("kid-unknown"));
        let (_, keys) = sample();
        let forged = with("stray").header("kid", keys.get("ci-1").unwrap().kid.as_str());
        assert!(verdict(&forged).is_some_and(|reason| reason != "kid-unknown"));
        for algorithm in ["RS384", "RS512", "PS256", "PS384", "PS512"] {
            let token = token(&Order::of("github").header("alg", algorithm));
            assert_eq!(token.header().alg, algorithm);
        }
        assert_eq!(token(&with("ec-1")).header().alg, "ES256");
    }

    #[test]
    fn an_issuer_or_key_that_does_not_exist_is_refused_with_those_that_do() {
        let (issuers, keys) = sample();
        let refused = |order: &Order| mint(order, &issuers, &keys).unwrap_err();
        assert!(refused(&Order::of("gitea")).hints[0].contains("gitlab"));
        let fault = refused(&Order { sign_with: Some("mine".into()), ..Order::of("github") });
        assert_eq!(fault.hints, ["known keys: ci-1, ci-2, stray, ec-1, entra-1, none, garbled"]);
    }
}
