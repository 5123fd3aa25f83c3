//! Why a text is not a token.

use std::fmt;

use crate::fault::{Category, Fault};
use crate::reason::reasons;

reasons! {
    /// Why a text cannot be a token.
    MalformedReason {
        AlgMissing, "token-alg-missing", "the header of the token has no `alg`, so it can't be signed";
        BearerPrefix, "token-bearer-prefix", "the token has a `Bearer` prefix";
        ClaimRange, "token-claim-range", "a time in the token is a number outside the range of times";
        ClaimType, "token-claim-type", "a registered claim of the token has the wrong JSON type";
        DuplicateMember, "token-duplicate-member", "a part of the token has a member more than once";
        Empty, "token-empty", "the token is empty";
        Encrypted, "token-encrypted", "the token is encrypted (JWE); Entra takes signed tokens only";
        HeaderType, "token-header-type", "a registered member of the token's header is not a string";
        IsHtml, "token-is-html",
            "the token is a web page or an XML document, most likely a sign-in or error page";
        IsJson, "token-is-json", "the token is a JSON document, not a JWT";
        IsPath, "token-is-path", "the token is the name of a file";
        IsPem, "token-is-pem", "the token is a PEM file: a key or a certificate, not a JWT";
        IsUrl, "token-is-url", "the token is a URL";
        JsonSerialization, "token-json-serialization",
            "the token is a JWS in JSON serialization; Entra takes the compact form only";
        Masked, "token-masked", "the token is the mask that a CI log shows in place of a secret";
        NamePrefix, "token-name-prefix", "the token has the name of its variable in front of it";
        NotBase64Url, "token-not-base64url", "a segment of the token is not base64url";
        NotJson, "token-not-json", "a part of the token is not valid JSON";
        NotObject, "token-not-object", "a part of the token is not a JSON object";
        NotThreeSegments, "token-not-three-segments", "the token does not have three segments";
        NotUtf8, "token-not-utf8", "a part of the token is not UTF-8 text";
        Null, "token-null", "the token is the word that a program writes for a value it doesn't have";
        Opaque, "token-opaque",
            "the token has no dots: it is an opaque token, or a part of one, not a JWT";
        Placeholder, "token-placeholder",
            "the token is a placeholder that was never substituted, such as `$(NAME)`, `${NAME}` or `<+NAME>`";
        Quoted, "token-quoted", "the token has quotes around it";
        TooDeep, "token-too-deep", "a part of the token nests too deep";
        TooLarge, "token-too-large", "the token is too long";
        Utf16, "token-utf16",
            "the token has NUL characters in it: it was probably written as UTF-16";
        WhiteSpace, "token-white-space", "the token has white space or invisible characters";
    }
}

/// Why a text cannot be a token. It contains no part of that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// The reason, for a program.
    pub reason: MalformedReason,
    /// The reason in this case, for a person: one sentence without a trailing full stop.
    pub message: String,
    /// What to do next, where one cause is likely.
    pub hint: Option<&'static str>,
    /// The AADSTS number of Entra's answer to such a text.
    pub aadsts: u32,
}

/// `JWT token is invalid or malformed.`
const AADSTS_MALFORMED: u32 = 50027;

impl Malformed {
    pub(super) fn new(reason: MalformedReason) -> Self {
        Self::with_message(reason, reason.sentence())
    }

    pub(super) fn with_message(reason: MalformedReason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), hint: None, aadsts: AADSTS_MALFORMED }
    }

    pub(super) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// The reason's stable name in kebab-case, such as `token-not-three-segments`.
    pub fn code(&self) -> &'static str {
        self.reason.code()
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Malformed {}

impl From<Malformed> for Fault {
    fn from(malformed: Malformed) -> Self {
        let fault = Fault::new(Category::IdToken, malformed.code(), malformed.message).predicts(malformed.aadsts);
        match malformed.hint {
            Some(hint) => fault.hint(hint),
            None => fault,
        }
    }
}
