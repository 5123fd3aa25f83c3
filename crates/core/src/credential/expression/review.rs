//! Checks whether Entra allows an expression for an issuer, and whether it accepts tokens of other
//! owners.

use super::{Clause, Expression, Operator, pattern_of_regex};
use crate::credential::{CredentialProblem, code};

/// Whether credentials of this issuer can have an expression. For others Entra answers
/// AADSTS7002241.
pub fn is_allowed_issuer(issuer: &str) -> bool {
    Family::of(issuer).is_some()
}

/// The problems of an expression for tokens of this issuer.
pub fn review(issuer: &str, expression: &Expression) -> Vec<CredentialProblem> {
    let mut problems = Vec::new();
    if let Some(family) = Family::of(issuer) {
        problems.extend(expression.clauses().iter().filter_map(|clause| family.clause_problem(issuer, clause)));
        problems.extend(family.missing_id(expression));
        problems.extend(family.open_to_strangers(expression));
    } else {
        problems.push(issuer_problem(issuer));
    }
    problems.extend(expression.clauses().iter().find_map(literal_wildcard));
    problems.extend(expression.clauses().iter().find_map(regular_expression));
    problems.extend(odd_spacing(expression));
    for problem in &mut problems {
        problem.member = Some("claimsMatchingExpression");
    }
    problems
}

/// The problem of an expression that does not compare an id.
pub(super) fn missing_id(issuer: &str, expression: &Expression) -> Option<CredentialProblem> {
    Family::of(issuer)?.missing_id(expression)
}

/// The claims with ids at this issuer, each with the name of the part that gives it; see
/// [`super::write`].
pub(super) fn ids(issuer: &str) -> &'static [(&'static str, &'static str)] {
    Family::of(issuer).map(Family::ids).unwrap_or_default()
}

/// The problem of an issuer for which Entra allows no expressions.
pub(in crate::credential) fn issuer_problem(issuer: &str) -> CredentialProblem {
    let message = format!("Entra allows no expressions for the issuer {issuer}");
    let problem = CredentialProblem::fatal("expression-issuer-not-allowed", message).aadsts(7_002_241);
    problem.remedy(format!("use an exact subject: expressions are only for {SUPPORTED}, each without a trailing slash"))
}

/// The issuers with expressions. Everybody can have an account there, so an expression must name
/// the owner of the tokens.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    GitHub,
    GitLab,
    Terraform,
}

const SUPPORTED: &str =
    "GitHub Actions, GitLab (https://gitlab.com, https://gitlab.*.com, https://gitlab.*.ca) and HCP Terraform";

impl Family {
    fn of(issuer: &str) -> Option<Self> {
        match issuer {
            "https://token.actions.githubusercontent.com" => Some(Self::GitHub),
            "https://app.terraform.io" | "https://app.eu.terraform.io" => Some(Self::Terraform),
            "https://gitlab.com" => Some(Self::GitLab),
            _ => {
                let host = issuer.strip_prefix("https://gitlab.")?;
                let middle = host.strip_suffix(".com").or_else(|| host.strip_suffix(".ca"))?;
                (!middle.is_empty() && !middle.contains(['/', ':', '?', '#'])).then_some(Self::GitLab)
            }
        }
    }

    /// The claims that Entra allows, and whether it allows `matches` for them.
    const fn claims(self) -> &'static [(&'static str, bool)] {
        match self {
            Self::GitHub => {
                &[("sub", true), ("job_workflow_ref", true), ("repository_id", false), ("repository_owner_id", false)]
            }
            Self::GitLab => &[("sub", true), ("project_id", false)],
            Self::Terraform => &[("sub", true)],
        }
    }

    /// The claims of which an expression must compare one, the narrower first, each with the part
    /// that gives it.
    const fn ids(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::GitHub => &[("repository_id", "repository-id"), ("repository_owner_id", "owner-id")],
            Self::GitLab => &[("project_id", "project-id")],
            Self::Terraform => &[],
        }
    }

    fn clause_problem(self, issuer: &str, clause: &Clause) -> Option<CredentialProblem> {
        let claim = &clause.claim;
        match self.claims().iter().find(|(name, _)| name == claim) {
            None => {
                let names: Vec<_> = self.claims().iter().map(|(name, _)| format!("`{name}`")).collect();
                let message = format!("Entra does not allow the claim `{claim}` in an expression for {issuer}");
                let problem = CredentialProblem::fatal("expression-claim-not-allowed", message).aadsts(700_237);
                Some(problem.remedy(format!("use {}", names.join(", "))))
            }
            Some((_, false)) if clause.operator == Operator::Matches => {
                let message = format!("Entra allows only `eq` for the claim `{claim}`");
                let problem = CredentialProblem::fatal("expression-operator-not-allowed", message).aadsts(700_237);
                Some(problem.remedy(write_id(claim)))
            }
            Some(_) => None,
        }
    }

    /// Since 2026 a new expression must compare an id, because another owner can take over a name.
    fn missing_id(self, expression: &Expression) -> Option<CredentialProblem> {
        let has = |name: &str| expression.clauses().iter().any(|clause| clause.claim == name);
        let (missing, remedy) = match self {
            Self::GitHub if !has("sub") => (
                "`sub`",
                "claims['sub'] matches 'repo:<owner>/<repository>:*', or 'repo:<owner>@<id>/<repository>@<id>:*' for subjects with ids",
            ),
            Self::GitHub if !has("repository_id") && !has("repository_owner_id") => {
                ("`repository_id` or `repository_owner_id`", "claims['repository_id'] eq '<the id of the repository>'")
            }
            Self::GitLab if !has("project_id") && !subject_begins(expression, "project_id:") => {
                ("`project_id`", "claims['project_id'] eq '<the id of the project>'")
            }
            _ => return None,
        };
        let message = format!(
            "the expression does not compare {missing}: since mid-2026 Entra refuses to store such a new expression (seen on \
             2026-08-07); expressions stored before are said to keep working"
        );
        Some(CredentialProblem::advice(code::ID_MISSING, message).remedy(format!("add: and {remedy}")))
    }

    /// An expression with a wildcard for the owner accepts tokens of every owner at the issuer.
    fn open_to_strangers(self, expression: &Expression) -> Option<CredentialProblem> {
        if expression.clauses().iter().any(|clause| is_id(&clause.claim) && clause.operator == Operator::Eq) {
            return None;
        }
        // An owner's id stands behind `@`, which no name has.
        let (form, ends, owner): (_, &[char], _) = match self {
            Self::GitHub => ("repo:", &['/', '@'], "owner"),
            Self::GitLab => ("project_path:", &['/'], "group"),
            Self::Terraform => ("organization:", &[':'], "organization"),
        };
        let names_owner = expression.clauses().iter().any(|clause| {
            let fixed = fixed_prefix(clause);
            match clause.claim.as_str() {
                "sub" => fixed.strip_prefix(form).map_or(!form.starts_with(fixed), |rest| rest.contains(ends)),
                "job_workflow_ref" => fixed.contains('/'),
                _ => false,
            }
        });
        if names_owner {
            return None;
        }
        let message =
            format!("the expression does not name the {owner}, so it accepts tokens of every {owner} at this issuer");
        let with_id = if self == Self::GitHub { ", or 'repo:<owner>@<id>/*' for subjects with ids" } else { "" };
        Some(CredentialProblem::advice(code::OPEN_TO_STRANGERS, message).remedy(format!(
            "write the {owner} before the first wildcard: claims['sub'] matches '{form}<{owner}>{}*'{with_id}",
            ends[0]
        )))
    }
}

/// Whether the claim holds an id, for which Entra allows only `eq`.
pub(crate) fn is_id(claim: &str) -> bool {
    claim.ends_with("_id")
}

/// How to compare an id.
pub(crate) fn write_id(claim: &str) -> String {
    format!("write the id, a number without wildcards: claims['{claim}'] eq '<the id>'")
}

fn literal_wildcard(clause: &Clause) -> Option<CredentialProblem> {
    if clause.operator != Operator::Eq || !clause.comparand.contains(['*', '?']) {
        return None;
    }
    let Clause { claim, comparand, .. } = clause;
    let message = format!("`eq` compares the wildcard in '{comparand}' literally");
    let problem = CredentialProblem::advice("expression-wildcard-under-eq", message);
    Some(problem.remedy(match is_id(claim) {
        true => write_id(claim),
        false => format!("write claims['{claim}'] matches '{comparand}'"),
    }))
}

fn regular_expression(clause: &Clause) -> Option<CredentialProblem> {
    // Entra refuses `matches` for an id, which is another problem.
    let is_pattern = clause.operator == Operator::Matches && !is_id(&clause.claim);
    let pattern = pattern_of_regex(&clause.comparand).filter(|_| is_pattern)?;
    let Clause { claim, comparand, .. } = clause;
    let message = format!(
        "'{comparand}' is a regular expression, and `matches` takes a pattern: only `*` and `?` have a meaning in it"
    );
    let problem = CredentialProblem::advice("expression-regex", message);
    Some(problem.remedy(format!("write claims['{claim}'] matches '{pattern}'")))
}

fn odd_spacing(expression: &Expression) -> Option<CredentialProblem> {
    let at = expression.odd_spacing.as_ref()?.start;
    let message = format!("the white space at byte {at} is not the single space that Microsoft documents");
    let problem = CredentialProblem::advice("expression-spacing", message);
    Some(problem.remedy("write one space around each operator and around `and`, and none at the ends"))
}

fn subject_begins(expression: &Expression, prefix: &str) -> bool {
    expression.clauses().iter().any(|clause| clause.claim == "sub" && fixed_prefix(clause).starts_with(prefix))
}

/// The text with which a claim must begin to satisfy a clause.
fn fixed_prefix(clause: &Clause) -> &str {
    match clause.operator {
        Operator::Eq => &clause.comparand,
        Operator::Matches => clause.comparand.split(['*', '?']).next().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
