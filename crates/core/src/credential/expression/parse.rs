//! Parses an expression, and explains the mistakes that people make.

use std::ops::Range;

use super::{Clause, Expression, ExpressionError, MAX_BYTES, Operator};

/// Parses an expression of version 1.
///
/// Any white space is accepted, because a stored expression has passed Entra's parser;
/// [`review`](super::review) warns about it. Everything else must be as documented.
///
/// # Errors
/// When the text is not an expression. The error has the position and a hint.
pub fn parse(text: &str) -> Result<Expression, ExpressionError> {
    let mut parser = Parser { text, at: 0, odd_spacing: None };
    if text.len() > MAX_BYTES {
        let message = format!("the expression has {} bytes, and at most {MAX_BYTES} are allowed", text.len());
        return Err(parser.error("expression-too-long", message, 0..0));
    }
    parser.space(false);
    let mut clauses = vec![parser.clause()?];
    while parser.space_before_more() {
        parser.and()?;
        clauses.push(parser.clause()?);
    }
    Ok(Expression { clauses, odd_spacing: parser.odd_spacing })
}

/// Words that people write instead of `eq`.
const LIKE_EQ: [&str; 5] = ["==", "=", "===", "equals", "is"];

/// Words that people write instead of `matches`.
const LIKE_MATCHES: [&str; 12] =
    ["match", "like", "=~", "~=", "regex", "glob", "startswith", "endswith", "contains", "in", "has", "any"];

/// Quotes that word processors and web pages write instead of the straight one.
const CURLY_QUOTES: [char; 6] = ['‘', '’', '“', '”', '`', '´'];

struct Parser<'a> {
    text: &'a str,
    at: usize,
    odd_spacing: Option<Range<usize>>,
}

impl<'a> Parser<'a> {
    fn clause(&mut self) -> Result<Clause, ExpressionError> {
        let start = self.at;
        let claim = self.lookup()?;
        let operator = self.operator()?;
        let comparand = self.comparand()?;
        Ok(Clause::new(claim, operator, comparand, start..self.at))
    }

    fn lookup(&mut self) -> Result<&'a str, ExpressionError> {
        let word = self.peek_word();
        if self.rest().is_empty() {
            let empty = self.text.trim().is_empty();
            let code = if empty { "expression-empty" } else { "expression-incomplete" };
            return Err(self.error(code, "a clause is missing here", self.at..self.at).hint(EXAMPLE));
        }
        if self.rest().starts_with(['(', ')']) {
            let message = "parentheses are not allowed in expressions; only `and` joins clauses";
            return Err(self.error("expression-parenthesis", message, self.at..self.at + 1));
        }
        if word.eq_ignore_ascii_case("not") {
            let message = "`not` does not exist in expressions; only `eq`, `matches` and `and` do";
            return Err(self.error("expression-operator-unknown", message, self.here(word)));
        }
        if word != "claims" {
            let message = "a clause must begin with a claim lookup, `claims['name']`, in lower case";
            return Err(self.error("expression-lookup", message, self.here(word)).hint(EXAMPLE));
        }
        let start = self.at;
        self.at += word.len();
        self.claim_name().map_err(|end| self.lookup_error(start..end))
    }

    /// The name in `['name']` after `claims`. The error is the end of the wrong part.
    fn claim_name(&mut self) -> Result<&'a str, usize> {
        let word = self.rest().split(char::is_whitespace).next().unwrap_or_default();
        let error_end = self.at + word.len();
        let inside = self.rest().strip_prefix("['").ok_or(error_end)?;
        let (name, _) = inside.split_once('\'').ok_or(error_end)?;
        let after = &inside[name.len() + 1..];
        if name.is_empty() || !after.starts_with(']') || name.contains(['[', ']', '"']) {
            return Err(error_end);
        }
        self.at += name.len() + "['']".len();
        Ok(name)
    }

    fn lookup_error(&self, span: Range<usize>) -> ExpressionError {
        let written = &self.text[span.clone()];
        let message = if written.contains(CURLY_QUOTES) {
            "the claim's name has typographic quotes; only the straight single quote ' is allowed"
        } else if written.contains('"') {
            "the claim's name must be in single quotes, not in double quotes"
        } else if !written.contains('\'') {
            "the claim's name must be in brackets and single quotes, `claims['name']`"
        } else {
            "the claim lookup does not have the form `claims['name']`"
        };
        self.error("expression-lookup", message, span).hint(EXAMPLE)
    }

    fn operator(&mut self) -> Result<Operator, ExpressionError> {
        let spaced = self.space(true);
        let word = self.rest().split(|c: char| c.is_whitespace() || c == '\'' || c == '(').next().unwrap_or_default();
        let span = self.here(word);
        let operator = match word {
            "eq" => Operator::Eq,
            "matches" => Operator::Matches,
            _ => return Err(self.operator_error(word, span)),
        };
        if !spaced {
            return Err(self.error("expression-space-missing", format!("a space is missing before `{word}`"), span));
        }
        self.at += word.len();
        if !self.space(true) && !self.rest().is_empty() {
            let message = format!("a space is missing after `{word}`");
            return Err(self.error("expression-space-missing", message, self.at..self.at));
        }
        Ok(operator)
    }

    fn operator_error(&self, word: &str, span: Range<usize>) -> ExpressionError {
        if word.is_empty() {
            let message = "an operator is missing here, `eq` or `matches`";
            return self.error("expression-operator-missing", message, span);
        }
        let lower = word.to_ascii_lowercase();
        let code = "expression-operator-unknown";
        if lower == "eq" || lower == "matches" {
            return self.error(code, format!("operators must be in lower case: `{lower}`, not `{word}`"), span);
        }
        let error = self.error(code, format!("the operator `{word}` does not exist; only `eq` and `matches` do"), span);
        if LIKE_EQ.contains(&lower.as_str()) {
            error.hint("write `eq`")
        } else if LIKE_MATCHES.contains(&lower.as_str()) {
            error.hint(
                "use `matches 'text*'` for a prefix, `matches '*text'` for a suffix, `matches '*text*'` for a part",
            )
        } else {
            error
        }
    }

    fn comparand(&mut self) -> Result<&'a str, ExpressionError> {
        let rest = self.rest();
        let Some(inside) = rest.strip_prefix('\'') else { return Err(self.unquoted()) };
        let Some((comparand, after)) = inside.split_once('\'') else {
            let message = "the comparand's closing single quote is missing";
            return Err(self.error("expression-quote-missing", message, self.at..self.text.len()));
        };
        let end = self.at + comparand.len() + 2;
        if let Some(next) = after.chars().next().filter(|c| !c.is_whitespace()) {
            let span = end..end + next.len_utf8();
            let message = "the comparand ends at this quote, but text follows without a space";
            let error = self.error("expression-text-after-quote", message, end - 1..span.end);
            return Err(
                error.hint("write ? with `matches` instead of a single quote, which a comparand cannot contain")
            );
        }
        self.at = end;
        Ok(comparand)
    }

    fn unquoted(&self) -> ExpressionError {
        let word = self.rest().split(char::is_whitespace).next().unwrap_or_default();
        let span = self.here(word);
        if word.is_empty() {
            return self.error("expression-comparand-missing", "a comparand in single quotes is missing here", span);
        }
        if word.starts_with(CURLY_QUOTES) {
            let message = "the comparand has typographic quotes; only the straight single quote ' is allowed";
            return self.error("expression-comparand-unquoted", message, span);
        }
        if word.starts_with('"') {
            let message = "the comparand must be in single quotes, not in double quotes";
            return self.error("expression-comparand-unquoted", message, span);
        }
        let error = self.error("expression-comparand-unquoted", "the comparand is not in single quotes", span);
        error.hint(format!("write '{word}'"))
    }

    fn and(&mut self) -> Result<(), ExpressionError> {
        let word = self.rest().split(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
        let span = self.here(word);
        if word == "and" {
            self.at += word.len();
            self.space(true);
            return Ok(());
        }
        let code = "expression-operator-unknown";
        Err(match word.to_ascii_lowercase().as_str() {
            "or" | "||" | "|" => {
                let message = format!("`{word}` does not exist in expressions; only `and` joins clauses");
                self.error(code, message, span).hint("create a second credential: a token must match only one of them")
            }
            "and" | "&&" | "&" => self.error(code, format!("clauses are joined with `and`, not with `{word}`"), span),
            _ => self.error("expression-trailing-text", "only `and` can follow a clause", span),
        })
    }

    /// Skips white space and returns whether there was any. Remembers the first that is not as
    /// documented: one space where it is `wanted`, otherwise none.
    fn space(&mut self, wanted: bool) -> bool {
        let rest = self.rest();
        let length = rest.len() - rest.trim_start().len();
        let documented = if wanted { &rest[..length] == " " } else { length == 0 };
        if length > 0 && !documented && self.odd_spacing.is_none() {
            self.odd_spacing = Some(self.at..self.at + length);
        }
        self.at += length;
        length > 0
    }

    /// Skips the white space after a clause and returns whether text follows.
    fn space_before_more(&mut self) -> bool {
        let more = !self.rest().trim_start().is_empty();
        self.space(more);
        more
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The word at this position: letters, or otherwise everything up to the next white space.
    fn peek_word(&self) -> &'a str {
        let rest = self.rest();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        if letters > 0 { &rest[..letters] } else { rest.split(char::is_whitespace).next().unwrap_or_default() }
    }

    fn here(&self, word: &str) -> Range<usize> {
        self.at..self.at + word.len()
    }

    #[cold]
    fn error(&self, code: &'static str, message: impl Into<String>, span: Range<usize>) -> ExpressionError {
        ExpressionError { code, message: message.into(), span, hint: None }
    }
}

const EXAMPLE: &str = "write for example claims['sub'] matches 'repo:contoso/web:ref:refs/heads/*'";

impl ExpressionError {
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

#[cfg(test)]
mod tests;
