//! Why a text is no token.

use std::fmt;

use crate::fault::{Category, Fault};

/// Why a text can't be a token. Holds no part of that text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Malformed {
    /// A stable name in kebab-case, such as `token-not-three-segments`.
    pub code: &'static str,
    /// One sentence without a trailing full stop.
    pub message: String,
    /// What to do next, where one thing is the likely cause.
    pub hint: Option<&'static str>,
    /// The AADSTS number of Entra's answer to such a text.
    pub aadsts: u32,
}

/// `JWT token is invalid or malformed.`
const AADSTS_MALFORMED: u32 = 50027;

impl Malformed {
    #[cold]
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, aadsts: AADSTS_MALFORMED }
    }

    pub(super) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
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
        let fault = Fault::new(Category::IdToken, malformed.code, malformed.message).predicts(malformed.aadsts);
        match malformed.hint {
            Some(hint) => fault.hint(hint),
            None => fault,
        }
    }
}
