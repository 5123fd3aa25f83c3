//! Finds credentials that let in more than one pipeline needs.

use super::expression::{Expression, Operator};
use super::{Credential, CredentialProblem, Matcher};
use crate::platform;

/// Claims of GitHub's subjects that name one repository, or the workflow file of one.
const NAMES_REPOSITORY: [&str; 5] =
    ["repository", "repository_id", "repository_owner_and_name", "job_workflow_ref", "workflow_ref"];

/// What a credential lets in beyond one pipeline, and the narrower one.
pub fn problem(credential: &Credential) -> Option<CredentialProblem> {
    let platform = platform::by_issuer(&credential.issuer)?;
    if platform.name() != "github" {
        return None;
    }
    match &credential.matcher {
        Matcher::Subject(subject) => of_subject(&credential.issuer, subject),
        Matcher::Expression { .. } => of_expression(&credential.matcher.expression()?.ok()?),
    }
}

/// What the subject of a GitHub token lets in when a credential holds it.
pub fn of_subject(issuer: &str, subject: &str) -> Option<CredentialProblem> {
    let platform = platform::by_issuer(issuer).filter(|platform| platform.name() == "github")?;
    let parts = platform.subject(subject)?.parts;
    let names_repository = |name: &str| NAMES_REPOSITORY.contains(&name);
    if parts.iter().any(|part| names_repository(part.name) || part.value.starts_with("repository:")) {
        let is_pull_request = parts.last().is_some_and(|part| part.name == "event");
        return is_pull_request.then(pull_requests);
    }
    let owner =
        parts.iter().find(|part| ["owner", "repository_owner", "owner_id", "repository_owner_id"].contains(&part.name));
    let whose = owner.map_or_else(
        || "every repository with such a job".to_owned(),
        |owner| format!("every repository of the owner `{}` with such a job", owner.value.escape_debug()),
    );
    let message = format!("the subject names no repository, so a credential for it lets in {whose}");
    let problem = CredentialProblem::advice("credential-lets-in-repositories", message).at("subject");
    Some(problem.remedy(
        "let the subject name the repository: add `repo` to `include_claim_keys` of the template, or set `use_default: true`",
    ))
}

fn pull_requests() -> CredentialProblem {
    let message = "the credential lets in jobs of pull requests, whose code nobody has reviewed yet; where the repository gives forks \
                   a token, these are pull requests of strangers too";
    let problem = CredentialProblem::advice("credential-lets-in-pull-requests", message).at("subject");
    problem.remedy(
        "use a credential for an environment with required reviewers, or give this application only roles that read",
    )
}

fn of_expression(expression: &Expression) -> Option<CredentialProblem> {
    let clauses = expression.clauses();
    let is_pinned = clauses.iter().any(|clause| {
        let by_id = clause.claim == "repository_id" && clause.operator == Operator::Eq;
        by_id || (clause.claim == "job_workflow_ref" && fixed_start(&clause.comparand).contains(".yml"))
    });
    let clause = clauses.iter().find(|clause| clause.claim == "sub" && clause.operator == Operator::Matches)?;
    let start = fixed_start(&clause.comparand);
    // `repo:OWNER/NAME:` names one repository.
    let (owner, rest) = start.strip_prefix("repo:")?.split_once('/')?;
    if is_pinned || rest.contains(':') {
        let accepts_pull_requests = clause.comparand.strip_prefix("repo:").and_then(|rest| rest.split_once(':'));
        return accepts_pull_requests.is_some_and(|(_, context)| context == "*").then(|| {
            let (repository, _) = clause.comparand.rsplit_once(':').unwrap_or_default();
            pull_requests().remedy(format!(
                "name the branch or environment in the pattern: claims['sub'] matches '{repository}:environment:*'"
            ))
        });
    }
    let message =
        format!("the pattern '{}' lets in every repository of the owner `{owner}` that fits it", clause.comparand);
    let problem = CredentialProblem::advice("credential-lets-in-repositories", message).at("claimsMatchingExpression");
    let end = clause.comparand.rsplit_once(':').map_or("*", |(_, end)| end);
    let end = if end.contains('/') { "*" } else { end };
    Some(problem.remedy(format!(
        "name the repository: claims['sub'] matches 'repo:{owner}/<repository>:{end}' and claims['repository_id'] eq '<its id>'"
    )))
}

/// The part of a pattern before its first wildcard.
fn fixed_start(pattern: &str) -> &str {
    pattern.split(['*', '?']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITHUB: &str = "https://token.actions.githubusercontent.com";

    fn code(matcher: Matcher) -> Option<&'static str> {
        let credential = Credential {
            name: "main".to_owned(),
            issuer: GITHUB.to_owned(),
            matcher,
            audiences: vec!["api://AzureADTokenExchange".to_owned()],
            description: None,
            identity: None,
        };
        problem(&credential).map(|problem| problem.code)
    }

    #[test]
    fn subjects_that_name_no_repository_let_in_all_of_them() {
        let (all, pulls) = (Some("credential-lets-in-repositories"), Some("credential-lets-in-pull-requests"));
        for (subject, wanted) in [
            ("repository_owner:octo-org:repository_visibility:internal:workflow:deploy", all),
            ("repository_owner_id:123456:environment:prod", all),
            ("environment:prod", all),
            ("repo:octo-org/web:pull_request", pulls),
            ("repo:octo-org/web:environment:prod", None),
            ("repo:octo-org/web:ref:refs/heads/main", None),
            ("repository_id:456789:environment:prod", None),
            ("job_workflow_ref:octo-org/ci/.github/workflows/deploy.yml@refs/heads/main", None),
            ("anything", None),
        ] {
            assert_eq!(code(Matcher::Subject(subject.to_owned())), wanted, "{subject}");
        }
    }

    #[test]
    fn patterns_over_repositories_or_pull_requests_let_in_too_much() {
        let (all, pulls) = (Some("credential-lets-in-repositories"), Some("credential-lets-in-pull-requests"));
        for (value, wanted) in [
            ("claims['sub'] matches 'repo:octo-org/*' and claims['repository_owner_id'] eq '1'", all),
            ("claims['sub'] matches 'repo:octo-org/*:environment:prod' and claims['repository_owner_id'] eq '1'", all),
            (
                "claims['sub'] matches 'repo:octo-org/web*:ref:refs/heads/main' and claims['repository_owner_id'] eq '1'",
                all,
            ),
            ("claims['sub'] matches 'repo:octo-org/web:*' and claims['repository_id'] eq '1'", pulls),
            ("claims['sub'] matches 'repo:octo-org/*:environment:prod' and claims['repository_id'] eq '1'", None),
            ("claims['sub'] matches 'repo:octo-org/web:environment:*' and claims['repository_id'] eq '1'", None),
            ("claims['sub'] eq 'repo:octo-org/web:ref:refs/heads/main' and claims['repository_id'] eq '1'", None),
        ] {
            let matcher = Matcher::Expression { value: value.to_owned(), language_version: 1 };
            assert_eq!(code(matcher), wanted, "{value}");
        }
    }
}
