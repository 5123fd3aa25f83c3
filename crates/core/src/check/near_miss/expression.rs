//! Explains why a credential's expression does not accept a token.

use super::{Finding, holder, quoted};
use crate::check::decision::lower_case;
use crate::check::{Question, remedy};
use crate::credential::audience::matches_audience;
use crate::credential::code::OPEN_TO_STRANGERS;
use crate::credential::expression::{
    AADSTS, Clause, Expression, Operator, is_id, is_regex_without_pattern, parse, pattern_of_regex, review, write_id,
};
use crate::credential::{Credential, ExpressionError, Matcher, breadth};
use crate::platform;
use crate::token::{Claims, Token};

/// The code of a finding: the pattern has only the names of GitHub's owner and repository.
pub(in crate::check) const WITHOUT_IDS: &str = "expression-without-ids";

/// Why the expression of a credential does not accept the token. None when it does.
pub(super) fn explain(question: &Question<'_>, credential: &Credential, aadsts: u32) -> Option<Finding> {
    let claims = question.token.claims();
    let finding = match credential.matcher.expression()? {
        // The issuer decides which claims an expression may use, so a wrong issuer is reported
        // first.
        Ok(expression) => Some(&expression)
            .filter(|_| credential.matches_issuer(claims))
            .and_then(|expression| refused(credential, expression))
            .or_else(|| false_clause(question.token, credential, &expression, aadsts))?,
        Err(error) => plain_subject(claims, credential).unwrap_or_else(|| unreadable(credential, error)),
    };
    Some(match finding.remedy {
        Some(_) => finding,
        None => finding.remedy_if(remedy::create(question, Some(credential))),
    })
}

/// What an expression says about the subject, as an exact subject would stand there; and how many of
/// its clauses about other claims are false. An expression that cannot be parsed counts as a subject.
pub(super) fn about_subject(credential: &Credential, token: &Token) -> (String, usize) {
    let Some(Ok(expression)) = credential.matcher.expression() else {
        return (credential.matcher.text().trim().to_owned(), 0);
    };
    let (about, others): (Vec<_>, Vec<_>) = expression.clauses().iter().partition(|clause| clause.claim == "sub");
    let is_false = |clause: &&&Clause| !clause.holds(token.claims()) && !is_not_given(token, &clause.claim);
    let sub = token.claims().sub.as_deref().unwrap_or_default();
    let subject = match about.first() {
        Some(clause) if clause.accepts(sub) => sub.to_owned(),
        Some(clause) => clause.comparand.clone(),
        None => String::new(),
    };
    (subject, others.iter().filter(is_false).count())
}

/// A credential that may accept a future token, and the first claim of its expression that was not
/// given. None when a clause about another claim is false.
pub(in crate::check) fn undecided<'a>(question: &Question<'a>) -> Option<(&'a Credential, String)> {
    let token = question.token;
    let is_candidate =
        |one: &&Credential| one.matches_issuer(token.claims()) && matches_audience(one, token.claims(), question.cloud);
    question.credentials.iter().filter(is_candidate).find_map(|credential| {
        let expression = credential.matcher.expression()?.ok()?;
        if refused(credential, &expression).is_some() {
            return None;
        }
        let mut open = expression.clauses().iter().filter(|clause| !clause.holds(token.claims())).peekable();
        let claim = open.peek()?.claim.clone();
        open.all(|clause| is_not_given(token, &clause.claim)).then_some((credential, claim))
    })
}

/// Whether the token is a future one of which this claim was not given. Claims with times are those
/// of a whole token.
fn is_not_given(token: &Token, claim: &str) -> bool {
    let claims = &token.claims().raw;
    token.is_described() && !claims.contains_key(claim) && !claims.contains_key("exp")
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

/// The first clause that is false for this token, and why.
fn false_clause(token: &Token, credential: &Credential, expression: &Expression, aadsts: u32) -> Option<Finding> {
    let claims = token.claims();
    let unmet: Vec<_> = expression.clauses().iter().filter(|clause| !clause.holds(claims)).collect();
    let clause = unmet.iter().find(|clause| !is_not_given(token, &clause.claim)).or(unmet.first())?;
    let written = credential.matcher.text().get(clause.span.clone()).unwrap_or_default();
    let Some(actual) = claims.text(&clause.claim) else {
        if is_not_given(token, &clause.claim) {
            let message = format!(
                "{} requires {}, and the token's claim `{}` is not known",
                holder(credential),
                quoted(written),
                clause.claim
            );
            let finding = Finding::error("expression-claim-unknown", aadsts, message);
            return Some(finding.expected(clause.comparand.as_str()).remedy(format!(
                "compare the token's `{}`, as `azure-oidc inspect` shows it in the job, with the expression",
                clause.claim
            )));
        }
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
    let is_only_one = unmet.iter().filter(|clause| !is_not_given(token, &clause.claim)).count() == 1;
    if let Some(finding) = numeric_ids(credential, clause, actual, aadsts).filter(|_| is_only_one) {
        return Some(finding);
    }
    let is_exact = clause.operator == Operator::Eq;
    let with = |operator, comparand| rewritten(credential, clause, operator, comparand);
    let (code, why, remedy) = if is_exact && accepts(&clause.comparand, actual) {
        let why = "`eq` compares wildcards literally";
        (
            "expression-wildcard-under-eq",
            why.to_owned(),
            match is_id(&clause.claim) {
                true => Some(write_id(&clause.claim)),
                false => with(Operator::Matches, &clause.comparand),
            },
        )
    } else if accepts(&lower_case(&clause.comparand), &lower_case(actual)) {
        let remedy = match is_exact {
            true => with(Operator::Eq, actual),
            false => Some(format!("write the pattern in the upper and lower case of the token: {}", quoted(actual))),
        };
        ("expression-case", "upper and lower case differ".to_owned(), remedy)
    } else {
        // Another repository can have taken over the name, so only the reader knows which one is meant.
        let is_only_id = is_id(&clause.claim) && unmet.len() == 1;
        let remedy = with(Operator::Eq, actual).filter(|_| is_only_id);
        let remedy = remedy.map(|remedy| format!("only if that `{}` is the one that you mean, {remedy}", clause.claim));
        ("expression-false", format!("the token has {}", quoted(actual)), remedy)
    };
    let message = format!("{} requires {}, which is false: {why}", holder(credential), quoted(written));
    let finding = Finding::error(code, aadsts, message).expected(clause.comparand.as_str()).actual(actual);
    let finding = about_claim(finding, clause);
    Some(match remedy {
        Some(remedy) => finding.remedy(remedy),
        None => finding,
    })
}

/// How to change one clause of the credential's expression.
fn rewritten(credential: &Credential, clause: &Clause, operator: Operator, comparand: &str) -> Option<String> {
    let text = credential.matcher.text();
    let (before, after) = (text.get(..clause.span.start)?, text.get(clause.span.end..)?);
    let value = format!("{before}claims['{}'] {} '{comparand}'{after}", clause.claim, operator.name());
    // No expression can contain a quote.
    let is_writable = !comparand.contains('\'');
    is_writable.then(|| match narrower(credential, &value).filter(|_| operator == Operator::Matches) {
        Some(narrower) => format!("use `matches`, and {narrower}"),
        None => format!("change the expression to: {value}"),
    })
}

/// What to write in place of an expression that would let in more than one pipeline.
fn narrower(credential: &Credential, value: &str) -> Option<String> {
    let value = value.to_owned();
    let changed = Credential { matcher: Matcher::Expression { value, language_version: 1 }, ..credential.clone() };
    let expression = changed.matcher.expression()?.ok()?;
    let reviewed = review(&changed.issuer, &expression).into_iter().find(|problem| problem.code == OPEN_TO_STRANGERS);
    reviewed.or_else(|| breadth::problem(&changed))?.remedy
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

/// The clause compares the names of GitHub's owner and repository, and the token's subject has their
/// ids too.
fn numeric_ids(credential: &Credential, clause: &Clause, actual: &str, aadsts: u32) -> Option<Finding> {
    let platform = platform::by_issuer(&credential.issuer).filter(|platform| platform.name() == "github")?;
    let parsed = platform.subject(actual).filter(|_| clause.claim == "sub")?;
    let value = |name| parsed.parts.iter().find(|part| part.name == name).map(|part| part.value.as_str());
    let (owner, repository) = (value("owner")?, value("repository")?);
    let owner_with_id = format!("{owner}@{}", value("owner_id")?);
    let with_ids = format!("repo:{owner_with_id}/{repository}@{}:", value("repository_id")?);
    let with_names = format!("repo:{owner}/{repository}:");
    if !clause.accepts(&actual.replacen(&with_ids, &with_names, 1)) {
        return None;
    }
    let written = credential.matcher.text().get(clause.span.clone()).unwrap_or_default();
    let message = format!(
        "{} requires {}, which is false: the token's subject has the ids of owner and repository, as GitHub writes it for \
         repositories created, renamed or moved since 2026-07-15",
        holder(credential),
        quoted(written)
    );
    let finding = Finding::error(WITHOUT_IDS, aadsts, message).claim("sub");
    let finding = finding.expected(clause.comparand.as_str()).actual(actual);
    let comparand = clause.comparand.replacen(&with_names, &with_ids, 1);
    let comparand = comparand.replacen(&format!("repo:{owner}/"), &format!("repo:{owner_with_id}/"), 1);
    let is_right = match clause.operator {
        Operator::Eq => comparand == actual,
        Operator::Matches => accepts(&comparand, actual),
    };
    let text = credential.matcher.text();
    let (before, after) = (text.get(..clause.span.start)?, text.get(clause.span.end..)?);
    let value = format!("{before}claims['sub'] {} '{comparand}'{after}", clause.operator.name());
    Some(match narrower(credential, &value) {
        _ if !is_right => finding,
        Some(narrower) => finding.remedy(format!("{narrower}; as broad as now, the expression is: {value}")),
        None => finding.remedy(format!("change the expression to: {value}")),
    })
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
