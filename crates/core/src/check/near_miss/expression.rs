//! Explains why a credential's expression does not accept a token.

use super::{Finding, holder, quoted};
use crate::check::decision::lower_case;
use crate::check::{Question, remedy};
use crate::credential::expression::{
    AADSTS, Clause, Expression, Operator, is_regex_without_pattern, parse, pattern_of_regex, review,
};
use crate::credential::{Credential, ExpressionError};
use crate::token::Claims;

/// Why the expression of a credential does not accept the token. None when it does.
pub(super) fn explain(question: &Question<'_>, credential: &Credential, aadsts: u32) -> Option<Finding> {
    let claims = question.token.claims();
    let finding = match credential.matcher.expression()? {
        // The issuer decides which claims an expression may use, so a wrong issuer is reported
        // first.
        Ok(expression) => Some(&expression)
            .filter(|_| credential.matches_issuer(claims))
            .and_then(|expression| refused(credential, expression))
            .or_else(|| false_clause(claims, credential, &expression, aadsts))?,
        Err(error) => plain_subject(claims, credential).unwrap_or_else(|| unreadable(credential, error)),
    };
    Some(match finding.remedy {
        Some(_) => finding,
        None => finding.remedy_if(remedy::create(question, Some(credential))),
    })
}

/// Why Entra refuses the expression for every token. None when it does not.
fn refused(credential: &Credential, expression: &Expression) -> Option<Finding> {
    let problem = review(&credential.issuer, expression).into_iter().find(|problem| problem.fatal)?;
    let message = format!("{}: {}", holder(credential), problem.message);
    let finding = Finding::error(problem.code, problem.aadsts?, message).expected(credential.matcher.text());
    Some(match problem.remedy {
        Some(remedy) => finding.remedy(remedy),
        None => finding,
    })
}

fn unreadable(credential: &Credential, error: ExpressionError) -> Finding {
    let message = format!("Entra cannot parse the expression of {}: {}", holder(credential), error.message);
    let finding = Finding::error(error.code, AADSTS, message).expected(credential.matcher.text());
    match error.hint {
        Some(hint) => finding.remedy(hint),
        None => finding,
    }
}

/// The first clause that is false for these claims, and why.
fn false_clause(claims: &Claims, credential: &Credential, expression: &Expression, aadsts: u32) -> Option<Finding> {
    let clause = expression.clauses().iter().find(|clause| !clause.holds(claims))?;
    let written = credential.matcher.text().get(clause.span.clone()).unwrap_or_default();
    let Some(actual) = claims.text(&clause.claim) else {
        let what = if claims.raw.contains_key(&clause.claim) { "has no text in" } else { "does not have" };
        let message = format!(
            "{} requires {}, but the token {what} the claim `{}`",
            holder(credential),
            quoted(written),
            clause.claim
        );
        return Some(Finding::error("expression-claim-missing", aadsts, message).expected(clause.comparand.as_str()));
    };
    if let Some(finding) = wrong_pattern(credential, clause, actual, aadsts) {
        return Some(finding);
    }
    let other = format!("the token has {}", quoted(actual));
    let (code, why) = if clause.operator == Operator::Eq && accepts(&clause.comparand, actual) {
        ("expression-wildcard-under-eq", "`eq` compares wildcards literally; use `matches`")
    } else if accepts(&lower_case(&clause.comparand), &lower_case(actual)) {
        ("expression-case", "upper and lower case differ")
    } else {
        ("expression-false", other.as_str())
    };
    let message = format!("{} requires {}, which is false: {why}", holder(credential), quoted(written));
    let finding = Finding::error(code, aadsts, message).expected(clause.comparand.as_str()).actual(actual);
    Some(about_claim(finding, clause))
}

/// The finding with the name of the clause's claim, when it is one that Entra allows.
fn about_claim(finding: Finding, clause: &Clause) -> Finding {
    match claim_name(clause) {
        Some(name) => finding.claim(name),
        None => finding,
    }
}

/// The clause holds a regular expression, or the beginning of the claim without a `*`.
fn wrong_pattern(credential: &Credential, clause: &Clause, actual: &str, aadsts: u32) -> Option<Finding> {
    if clause.operator != Operator::Matches {
        return None;
    }
    let comparand = &clause.comparand;
    if is_regex_without_pattern(comparand) {
        let message = format!(
            "{} requires {}, which is false: it is a regular expression, and `matches` takes a pattern: only `*` and `?` have a \
             meaning in it",
            holder(credential),
            quoted(comparand)
        );
        let finding = Finding::error("expression-regex", aadsts, message).expected(comparand.as_str()).actual(actual);
        let remedy = "write a pattern with `*` (any characters, or none) and `?` (exactly one); for a choice between values, \
                      create one credential for each of them";
        return Some(about_claim(finding, clause).remedy(remedy));
    }
    let (code, why, pattern) = match pattern_of_regex(comparand) {
        Some(pattern) if accepts(&pattern, actual) => (
            "expression-regex",
            "it is a regular expression, and `matches` takes a pattern: only `*` and `?` have a meaning in it, and `^`, `$` and \
             `.` stand for themselves",
            pattern,
        ),
        _ if !comparand.contains(['*', '?']) && actual.starts_with(comparand.as_str()) => (
            "expression-cut-short",
            "`matches` compares the whole claim, and the pattern has no `*` at its end",
            format!("{comparand}*"),
        ),
        _ => return None,
    };
    let text = credential.matcher.text();
    let clause_text = format!("claims['{}'] matches '{pattern}'", clause.claim);
    let (before, after) = (text.get(..clause.span.start)?, text.get(clause.span.end..)?);
    let message = format!("{} requires {}, which is false: {why}", holder(credential), quoted(comparand));
    let finding = Finding::error(code, aadsts, message).expected(comparand.as_str()).actual(actual);
    let remedy = format!("write the pattern `{pattern}`, so that the expression is: {before}{clause_text}{after}");
    Some(about_claim(finding, clause).remedy(remedy))
}

/// The expression is a subject or a pattern without the clause around it.
fn plain_subject(claims: &Claims, credential: &Credential) -> Option<Finding> {
    let text = credential.matcher.text().trim();
    let sub = claims.sub.as_deref()?;
    if !accepts(text, sub) {
        return None;
    }
    let message = format!(
        "the expression of {} is a subject or a pattern, and Entra expects a clause that compares a claim with it",
        holder(credential)
    );
    let operator = if text.contains(['*', '?']) { "matches" } else { "eq" };
    let finding = Finding::error("expression-plain-subject", AADSTS, message).expected(text).actual(sub);
    Some(finding.remedy(format!("write: claims['sub'] {operator} '{text}'")))
}

/// Whether a pattern with `*` and `?` matches a value. A pattern with a quote matches nothing,
/// because no expression can contain one.
pub(super) fn accepts(pattern: &str, value: &str) -> bool {
    let expression = format!("claims['sub'] matches '{pattern}'");
    parse(&expression).is_ok_and(|expression| expression.clauses().iter().all(|clause| clause.accepts(value)))
}

/// The claim's name, when it is one of those that Entra allows in expressions.
fn claim_name(clause: &Clause) -> Option<&'static str> {
    const NAMES: [&str; 5] = ["sub", "job_workflow_ref", "repository_id", "repository_owner_id", "project_id"];
    NAMES.into_iter().find(|name| *name == clause.claim)
}
