//! Finds subjects that only a few runs have, or that do not name the job: a credential for them is
//! soon of no use, or lets in others.

use super::CredentialProblem;
use crate::platform::{self, Part, Subject};

/// How the subject ends when Pulumi's stack configuration opened the ESC environment: these letters
/// stand where the name belongs (pulumi/pulumi issue 14509).
pub(super) const YAML: &str = ":env:<yaml>";

/// What to do about a subject with [`YAML`].
pub(super) const OF_STACK: &str = "set `subjectAttributes: [currentEnvironment.name]` in the environment, and create a credential for the new subject";

/// Where GitHub's merge queue keeps its branches: `gh-readonly-queue/BASE/pr-NUMBER-COMMIT`.
const QUEUE: &str = "refs/heads/gh-readonly-queue/";

/// The parts of GitHub's subjects that hold a ref, at the end.
const WITH_REF: [&str; 3] = ["ref", "workflow_ref", "job_workflow_ref"];

/// The problem of a subject that only a few runs have.
pub fn problem(issuer: &str, subject: &str) -> Option<CredentialProblem> {
    let platform = platform::identify(issuer, Some(subject))?;
    match platform.name() {
        "github" => {
            let parsed = platform.subject(subject)?;
            let (reference, (what, remedy)) = parsed.parts.iter().find_map(|part| {
                let reference = of_part(part)?;
                Some((reference, of_reference(reference)?))
            })?;
            let message = format!(
                "the subject names `{}`, {what}, so that a credential for it serves no other",
                reference.escape_debug()
            );
            let remedy = match is_default(&parsed) {
                true => remedy(subject, reference),
                false => platform.stable_subject_remedy(),
            };
            Some(CredentialProblem::advice("subject-short-lived", message).at("subject").remedy(remedy))
        }
        "pulumi" if subject.ends_with(YAML) => {
            let message = "the subject ends with `<yaml>` instead of an environment's name, because the environment was opened \
                           from a stack's configuration; every environment that is opened so has this subject";
            Some(CredentialProblem::advice("subject-yaml", message).at("subject").remedy(OF_STACK))
        }
        _ => None,
    }
}

/// The subject of a merge queue's job with `*` in place of what only one entry of the queue has.
pub(super) fn queue_pattern(issuer: &str, subject: &str) -> Option<String> {
    problem(issuer, subject)?;
    let base = queue_base(subject.split_once(QUEUE)?.1)?;
    let (start, _) = subject.split_once(QUEUE)?;
    Some(format!("{start}{QUEUE}{base}/*"))
}

fn of_part(part: &Part) -> Option<&str> {
    if !WITH_REF.contains(&part.name) {
        return None;
    }
    part.value.rsplit('@').next().filter(|reference| !reference.contains(['*', '?']))
}

/// Whether the subject has GitHub's default form, in which an environment takes the place of the ref.
fn is_default(subject: &Subject) -> bool {
    subject.form.starts_with("repository and context")
}

/// What a ref with a short life is, and what to do, from the whole subject and the ref.
type Known = (&'static str, fn(&str, &str) -> String);

fn of_reference(reference: &str) -> Option<Known> {
    if reference.strip_prefix(QUEUE).and_then(queue_base).is_some() {
        return Some(("a branch that GitHub makes for one entry of the merge queue", of_queue));
    }
    if reference.strip_prefix("refs/heads/dependabot/").is_some_and(|rest| rest.contains('/')) {
        return Some(("a branch that Dependabot makes for one update", of_bot));
    }
    if reference.strip_prefix("refs/heads/renovate/").is_some_and(|rest| !rest.is_empty()) {
        return Some(("a branch that Renovate makes for one update", of_bot));
    }
    let number = reference.strip_prefix("refs/pull/")?.split('/').next()?;
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(("the ref of one pull request", of_pull_request as fn(&str, &str) -> String))
}

/// The branch into which the merge queue merges.
fn queue_base(rest: &str) -> Option<&str> {
    let (base, entry) = rest.rsplit_once('/')?;
    entry.strip_prefix("pr-")?.starts_with(|c: char| c.is_ascii_digit()).then_some(base)
}

fn of_queue(_: &str, reference: &str) -> String {
    let base = reference.strip_prefix(QUEUE).and_then(queue_base).unwrap_or_default();
    format!(
        "give the job an environment (`environment: NAME`), which its subject then names; or, for an application, create an \
         expression with `azure-oidc credential --flexible` and the branch `gh-readonly-queue/{base}/*`"
    )
}

fn of_bot(_: &str, reference: &str) -> String {
    let bot = if reference.starts_with("refs/heads/renovate/") { "renovate" } else { "dependabot" };
    format!(
        "run the job that signs in for other branches only (`branches-ignore: ['{bot}/**']` under `push`), or give it an \
         environment (`environment: NAME`), which its subject then names"
    )
}

fn of_pull_request(subject: &str, _: &str) -> String {
    let start = subject.split(":ref:").next().unwrap_or(subject);
    format!(
        "use the subject `{start}:pull_request`, which GitHub writes by default for the jobs of all pull requests of the \
         repository, or give the job an environment (`environment: NAME`), which its subject then names"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const GITHUB: &str = "https://token.actions.githubusercontent.com";

    #[test]
    fn a_ref_that_only_a_few_runs_have_is_told_with_what_lasts() {
        for (reference, words) in [
            ("refs/heads/gh-readonly-queue/main/pr-12-0123abcd", "`gh-readonly-queue/main/*`"),
            ("refs/heads/gh-readonly-queue/release/1.x/pr-7-0123abcd", "`gh-readonly-queue/release/1.x/*`"),
            ("refs/heads/dependabot/npm_and_yarn/x-1.2.3", "dependabot/**"),
            ("refs/heads/renovate/lodash-4.x", "renovate/**"),
            ("refs/pull/12/merge", "`repo:o@1/r@2:pull_request`"),
            ("refs/pull/12/head", "`repo:o@1/r@2:pull_request`"),
        ] {
            let found = problem(GITHUB, &format!("repo:o@1/r@2:ref:{reference}")).unwrap();
            assert_eq!((found.code, found.fatal), ("subject-short-lived", false));
            let remedy = found.remedy.unwrap();
            assert!(remedy.contains(words) && remedy.contains("environment: NAME"), "{reference}: {remedy}");
            assert!(found.message.contains(reference), "{}", found.message);
        }
        let template = "repo:o/r:job_workflow_ref:o/r/.github/workflows/w.yml@refs/pull/12/merge";
        assert!(problem(GITHUB, template).unwrap().remedy.unwrap().contains("include_claim_keys"));
    }

    #[test]
    fn a_ref_that_lasts_is_no_problem() {
        for reference in [
            "refs/heads/main",
            "refs/heads/dependabot",
            "refs/heads/dependabot/*",
            "refs/heads/renovate",
            "refs/heads/gh-readonly-queue/main/*",
            "refs/heads/gh-readonly-queue/main",
            "refs/heads/refs/pull/12/merge",
            "refs/pull/x/merge",
        ] {
            assert_eq!(problem(GITHUB, &format!("repo:o/r:ref:{reference}")), None, "{reference}");
        }
        assert_eq!(problem(GITHUB, "repo:o/r:pull_request"), None);
        assert_eq!(problem("https://gitlab.com", "repo:o/r:ref:refs/pull/12/merge"), None);
    }

    #[test]
    fn the_pattern_of_a_merge_queue_is_for_all_of_its_entries() {
        let pattern = |subject| queue_pattern(GITHUB, subject);
        let subject = "repo:o/r:ref:refs/heads/gh-readonly-queue/main/pr-12-0123abcd";
        assert_eq!(pattern(subject).as_deref(), Some("repo:o/r:ref:refs/heads/gh-readonly-queue/main/*"));
        assert_eq!(pattern("repo:o/r:ref:refs/heads/dependabot/npm/x"), None);
    }
}
