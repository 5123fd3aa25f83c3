//! Repairs expressions: wildcards under `eq`, regular expressions, and the id that Entra requires
//! since 2026. The review of expressions reports them.

use super::Question;
use super::rules::Ruling;
use crate::credential::expression::{Expression, Operator, is_id, pattern_of_regex, review};
use crate::credential::{Credential, Matcher, code};

/// Writes `matches` where a comparand has wildcards, and a pattern for a regular expression.
pub(super) fn repair(credential: &Credential, _: &Question<'_>) -> Option<Ruling> {
    let parsed = credential.matcher.expression()?.ok()?;
    let clauses: Vec<_> = parsed
        .clauses()
        .iter()
        .map(|clause| {
            let pattern = pattern_of_regex(&clause.comparand).filter(|_| clause.operator == Operator::Matches);
            let comparand = pattern.unwrap_or_else(|| clause.comparand.clone());
            let has_wildcard = comparand.contains(['*', '?']);
            let operator = match clause.operator {
                Operator::Eq if has_wildcard && !is_id(&clause.claim) => Operator::Matches,
                Operator::Matches if !has_wildcard && comparand != clause.comparand => Operator::Eq,
                operator => operator,
            };
            (clause.claim.clone(), operator, comparand)
        })
        .collect();
    let is_same = |(claim, operator, comparand): &(String, Operator, String), expression: &Expression| {
        expression
            .clauses()
            .iter()
            .any(|one| (&one.claim, one.operator, &one.comparand) == (claim, *operator, comparand))
    };
    if clauses.iter().all(|clause| is_same(clause, &parsed)) {
        return None;
    }
    let texts: Vec<_> = clauses.iter().map(|(claim, operator, comparand)| text(claim, *operator, comparand)).collect();
    Some(Ruling::right(with_expression(credential, texts.join(" and "))))
}

/// Compares the id of the repository, where the subject names one and its id is known.
pub(super) fn add_id(credential: &Credential, question: &Question<'_>) -> Option<Ruling> {
    let parsed = credential.matcher.expression()?.ok()?;
    if !review(&credential.issuer, &parsed).iter().any(|problem| problem.code == code::ID_MISSING) {
        return None;
    }
    let subject = parsed.clauses().iter().find(|clause| clause.claim == "sub")?;
    let (repository, _) = subject.comparand.strip_prefix("repo:")?.split_once(':')?;
    let (_, with_ids) = question.replacements.iter().find(|(old, _)| old == repository)?;
    let (_, id) =
        with_ids.rsplit_once('@').filter(|(_, id)| !id.is_empty() && id.bytes().all(|c| c.is_ascii_digit()))?;
    let with_id = format!("{} and {}", credential.matcher.text().trim(), text("repository_id", Operator::Eq, id));
    Some(Ruling::right(with_expression(credential, with_id)))
}

fn text(claim: &str, operator: Operator, comparand: &str) -> String {
    format!("claims['{claim}'] {} '{comparand}'", operator.name())
}

fn with_expression(credential: &Credential, value: String) -> Credential {
    Credential { matcher: Matcher::Expression { value, language_version: 1 }, ..credential.clone() }
}
