//! Expressions of flexible credentials (`claimsMatchingExpression`, language version 1), which
//! replace the subject.
//!
//! ```text
//! expression := clause (" and " clause)*
//! clause     := claims['name'] ("eq" | "matches") 'comparand'
//! ```
//!
//! Microsoft documents a claim lookup, an operator and a comparand in single quotes, with one space
//! between them. The documentation does not say the following, which is assumed: both operators
//! compare the whole claim, case-sensitively; `*` also matches `/`, `:` and the empty text; a
//! comparand cannot contain a quote; a claim that is not a string satisfies no clause.

use std::fmt;
use std::ops::Range;

use crate::token::Claims;

mod glob;
mod parse;
mod regex;
mod review;
mod write;

use glob::Glob;
pub use parse::parse;
pub use regex::{is_regex_without_pattern, pattern_of_regex};
pub(super) use review::issuer_problem;
pub use review::{is_allowed_issuer, review};
pub(crate) use review::{is_id, write_id};
pub use write::write;

/// The only version of the language.
pub const LANGUAGE_VERSION: u32 = 1;

/// The AADSTS number that Entra answers with when it cannot parse the expression of a credential.
pub const AADSTS: u32 = 700_233;

/// The longest expression that is parsed, in bytes. Entra is not known to store one of this length.
pub const MAX_BYTES: usize = 4096;

/// A parsed expression: clauses that must all hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    clauses: Vec<Clause>,
    /// The first white space that is not the documented single space.
    odd_spacing: Option<Range<usize>>,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The name of the claim.
    pub claim: String,
    /// The comparison.
    pub operator: Operator,
    /// The text with which the claim is compared.
    pub comparand: String,
    /// The position of the clause in the expression, in bytes.
    pub span: Range<usize>,
    /// The comparand as a pattern. None for `eq`.
    pattern: Option<Glob>,
}

/// A comparison of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// The claim equals the comparand.
    Eq,
    /// The claim matches the comparand, in which `*` matches any characters and `?` exactly one.
    Matches,
}

/// Why an expression cannot be parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    /// A stable name in kebab-case, such as `expression-operator-unknown`.
    pub code: &'static str,
    /// One sentence without a trailing full stop.
    pub message: String,
    /// The position in the expression, in bytes.
    pub span: Range<usize>,
    /// What to do next.
    pub hint: Option<String>,
}

/// Parses an expression of this language version.
///
/// # Errors
/// When the version is not 1, or the expression cannot be parsed.
pub fn parse_version(text: &str, version: u32) -> Result<Expression, ExpressionError> {
    if version == LANGUAGE_VERSION {
        return parse(text);
    }
    let message = format!("the expression has the language version {version}, and only version 1 exists");
    Err(ExpressionError { code: "expression-version-unknown", message, span: 0..0, hint: None })
}

impl Expression {
    /// The clauses, in order. There is at least one.
    pub fn clauses(&self) -> &[Clause] {
        &self.clauses
    }

    /// Whether these claims satisfy every clause.
    pub fn evaluate(&self, claims: &Claims) -> bool {
        self.clauses.iter().all(|clause| clause.holds(claims))
    }
}

impl Clause {
    /// Whether these claims satisfy this clause.
    pub fn holds(&self, claims: &Claims) -> bool {
        claims.text(&self.claim).is_some_and(|value| self.accepts(value))
    }

    /// Whether a claim with this value satisfies this clause. No pattern matches a value of more than
    /// [`MAX_BYTES`]: no platform issues one, and the time of a check must have a limit.
    pub fn accepts(&self, value: &str) -> bool {
        match &self.pattern {
            Some(pattern) => value.len() <= MAX_BYTES && pattern.matches(value),
            None => self.comparand == value,
        }
    }

    fn new(claim: &str, operator: Operator, comparand: &str, span: Range<usize>) -> Self {
        let pattern = (operator == Operator::Matches).then(|| Glob::new(comparand));
        Self { claim: claim.to_owned(), operator, comparand: comparand.to_owned(), span, pattern }
    }
}

impl Operator {
    /// The operator's name in an expression.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Matches => "matches",
        }
    }
}

impl ExpressionError {
    /// Two lines for people: the expression, and below it marks under the error.
    pub fn pointer(&self, expression: &str) -> String {
        let visible = |text: &str| text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
        let before = expression.get(..self.span.start).unwrap_or_default().chars().count();
        let marked = expression.get(self.span.clone()).unwrap_or_default().chars().count().max(1);
        format!("{}\n{}{}", visible(expression), " ".repeat(before), "^".repeat(marked))
    }
}

impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ExpressionError {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::credential::testing::token;

    #[test]
    fn every_clause_must_hold() {
        let both = parse("claims['sub'] matches 'repo:acme/*' and claims['repository_id'] eq '74'").unwrap();
        let cases = [
            (json!({"sub": "repo:acme/web", "repository_id": "74"}), true),
            (json!({"sub": "repo:acme/web", "repository_id": "75"}), false),
            (json!({"sub": "repo:other/web", "repository_id": "74"}), false),
            (json!({"sub": "repo:acme/web"}), false),
            (json!({"sub": "repo:acme/web", "repository_id": 74}), false),
            (json!({"sub": "repo:acme/web", "repository_id": ["74"]}), false),
            (json!({"sub": "repo:acme/web", "Repository_Id": "74"}), false),
        ];
        for (claims, expected) in cases {
            assert_eq!(both.evaluate(token(&claims).claims()), expected, "{claims}");
        }
    }

    #[test]
    fn eq_has_no_wildcards() {
        let exact = parse("claims['sub'] eq 'repo:acme/*'").unwrap();
        assert!(!exact.clauses()[0].accepts("repo:acme/web"));
        assert!(exact.clauses()[0].accepts("repo:acme/*"));
    }

    #[test]
    fn the_pointer_is_under_the_error_after_wide_characters_and_line_breaks() {
        let text = "claims['é']\neq 'x' or claims['sub'] eq 'y'";
        assert_eq!(
            parse(text).unwrap_err().pointer(text),
            "claims['é'] eq 'x' or claims['sub'] eq 'y'\n                   ^^"
        );
    }

    #[test]
    fn a_pointer_for_another_text_does_not_panic() {
        let error = parse("claims['é'] in 'x'").unwrap_err();
        assert_eq!(error.pointer("ééé"), "ééé\n^");
    }
}
