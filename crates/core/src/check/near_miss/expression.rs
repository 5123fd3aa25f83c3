//! Explains why a credential's expression does not accept a token.

use super::{Finding, holder, quoted};
use crate::check::decision::lower_case;
use crate::check::{Question, remedy};
use crate::credential::expression::{AADSTS, Clause, Expression, Operator, parse, review};
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
        Err(error) => unreadable(credential, error),
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
    Some(match claim_name(clause) {
        Some(name) => finding.claim(name),
        None => finding,
    })
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
