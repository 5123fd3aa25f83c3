//! Near misses of subjects: wildcards, and the parts of which each platform builds its subjects.

use super::{Finding, Pair, Rule, cause, excerpt, expression, quoted};
use crate::check::changing_subject::{never_matches, per_run};
use crate::check::finding::common_prefix;
use crate::check::objection;
use crate::credential::CredentialProblem;
use crate::mask::{around_masks, mask_in};
use crate::platform::{self, Part, Platform, Subject};
use crate::token::Claims;

pub(super) const RULES: &[Rule] = &[
    masked,
    invented,
    cause::other_claim,
    wildcard,
    cause::regular_expression,
    changes_every_run,
    of_few_runs,
    misspelt_pull_request,
    cause::template,
    numeric_ids,
    moved,
    context,
    fork,
    varying,
    one_part,
    other_form,
    cut_short,
];

/// Parts with a few possible values, each of which needs its own credential: part, code, name for
/// people.
const OPERATIONS: &[(&str, &str, &str)] = &[
    ("operation", "subject-operation", "operation"),
    ("run_phase", "subject-run-phase", "run phase"),
    ("run_type", "subject-run-type", "run type"),
    ("user", "subject-user", "user"),
];

/// One of the subjects was copied from a log, in which the CI system masked a part of it.
fn masked(pair: &Pair<'_>) -> Option<Finding> {
    let (mask, shown, whole, copied) = match (mask_in(pair.expected), mask_in(pair.actual)) {
        (Some(mask), None) => (mask, pair.expected, pair.actual, format!("the subject of {}", pair.holder())),
        (None, Some(mask)) => (mask, pair.actual, pair.expected, "the subject of the token as given".to_owned()),
        _ => return None,
    };
    let rest = if expression::accepts(&around_masks(shown).join("*"), whole) { "; the rest is equal" } else { "" };
    let message = format!("{copied} holds `{mask}`, which is the mask of a log and never part of a subject{rest}");
    let finding = pair.finding("subject-masked", message);
    // The rest says whether the credential is for this pipeline.
    Some(finding.remedy_if(if rest.is_empty() { pair.correct() } else { pair.correct_same_pipeline() }))
}

/// No token can have the subject that was given for a future token.
fn invented(pair: &Pair<'_>) -> Option<Finding> {
    Some(objected(pair, objection::invented(pair.question.token)?))
}

/// Only a few runs have the subject.
fn of_few_runs(pair: &Pair<'_>) -> Option<Finding> {
    Some(objected(pair, objection::of_few_runs(pair.question.token.claims())?))
}

fn objected(pair: &Pair<'_>, problem: CredentialProblem) -> Finding {
    pair.finding(problem.code, problem.message).remedy_if(problem.remedy)
}

/// The credential's exact subject contains wildcards.
fn wildcard(pair: &Pair<'_>) -> Option<Finding> {
    if !pair.expected.contains(['*', '?']) || !expression::accepts(pair.expected, pair.actual) {
        return None;
    }
    let message = format!(
        "the subject of {} has wildcards, but Entra compares a subject literally: {} is not {}",
        pair.holder(),
        excerpt(pair.expected, common_prefix(pair.expected, pair.actual)),
        excerpt(pair.actual, common_prefix(pair.expected, pair.actual))
    );
    Some(pair.or_create(pair.finding("subject-wildcard", message)))
}

/// The subject changes with every run.
fn changes_every_run(pair: &Pair<'_>) -> Option<Finding> {
    let (platform, part) = never_matches(pair.question.token.claims())?;
    Some(per_run(pair.finding("subject-never-matches", ""), platform, &part))
}

/// `pull-request` instead of `pull_request`: a page of GitHub's documentation has this misspelling.
fn misspelt_pull_request(pair: &Pair<'_>) -> Option<Finding> {
    if pair.expected.replace(":pull-request", ":pull_request") != pair.actual {
        return None;
    }
    let message = format!("the subject of {} has `pull-request`, but GitHub writes `pull_request`", pair.holder());
    Some(pair.finding("subject-pull-request", message).remedy_if(pair.correct_same_pipeline()))
}

/// One subject has the numeric ids of GitHub's owner and repository, and the other does not.
fn numeric_ids(pair: &Pair<'_>) -> Option<Finding> {
    let split = Split::of(pair)?;
    let has = |subject: &Subject| subject.parts.iter().any(|part| part.name == "repository_id");
    let same = |name| split.expected_part(name).is_some() && split.expected_part(name) == split.actual_part(name);
    if has(&split.expected) == has(&split.actual) || !same("owner") || !same("repository") {
        return None;
    }
    let message = if has(&split.actual) {
        format!(
            "the token's subject has the ids of owner and repository, as GitHub writes it for repositories created, renamed or \
             moved since 2026-07-15; the subject of {} has only their names",
            pair.holder()
        )
    } else {
        format!(
            "the subject of {} has the ids of owner and repository, but this repository's tokens still have only their names",
            pair.holder()
        )
    };
    Some(pair.or_create(pair.finding("subject-numeric-ids", message)))
}

/// GitHub's repository has another owner or name, and the same id.
fn moved(pair: &Pair<'_>) -> Option<Finding> {
    let split = Split::of(pair)?;
    let id = split.expected_part("repository_id").filter(|id| split.actual_part("repository_id") == Some(id))?;
    let is_name = |part: &Part| ["owner", "owner_id", "repository"].contains(&part.name);
    let names = |subject: &Subject| subject.parts.iter().map(|part| part.name).collect::<Vec<_>>();
    if !split.differing().all(|(_, actual)| is_name(actual)) || names(&split.expected) != names(&split.actual) {
        return None;
    }
    let differing = split.differing().filter(|(_, actual)| actual.name != "owner_id");
    let differing: Vec<_> = differing.map(instead).collect();
    let message = format!(
        "the repository was renamed or moved, because both subjects have its id {}: the token's subject and the subject of {} \
         differ in {}",
        quoted(id),
        pair.holder(),
        differing.join(", and ")
    );
    let is_known = !differing.is_empty();
    is_known.then(|| pair.finding("subject-repository-moved", message).remedy_if(pair.correct_same_pipeline()))
}

/// A part that differs, for a sentence.
fn instead((expected, actual): (&Part, &Part)) -> String {
    format!("{}: {} instead of {}", quoted(actual.name), quoted(&actual.value), quoted(&expected.value))
}

/// The subjects end with different contexts of GitHub: environment, branch, tag or pull request.
fn context(pair: &Pair<'_>) -> Option<Finding> {
    let split = Split::of(pair).filter(|split| split.platform.name() == "github")?;
    let (expected, actual) = (split.expected.parts.last()?, split.actual.parts.last()?);
    let (expected_kind, actual_kind) = (kind(expected)?, kind(actual)?);
    let front = |parts: &[Part]| parts.iter().rev().skip(1).map(|part| part.value.clone()).collect::<Vec<_>>();
    if expected_kind == actual_kind || front(&split.expected.parts) != front(&split.actual.parts) {
        return None;
    }
    let code = match [expected_kind, actual_kind] {
        kinds if kinds.contains(&Kind::Environment) => "subject-environment",
        kinds if kinds.contains(&Kind::PullRequest) => "subject-pull-request",
        _ => "subject-tag",
    };
    let reason = match (expected_kind, actual_kind) {
        (Kind::Environment, _) => {
            format!("; the credential matches when the job sets `environment: {}`", expected.value)
        }
        (_, Kind::Environment) => "; the subject of a job with an environment always names the environment".to_owned(),
        (_, Kind::PullRequest) => "; the subject of a pull request never contains its branch".to_owned(),
        _ => String::new(),
    };
    let without = if expected_kind == Kind::Environment { " and uses no environment" } else { "" };
    let message = format!(
        "{} is for {}, but the job runs for {}{without}{reason}",
        pair.holder(),
        expected_kind.named(expected),
        actual_kind.named(actual)
    );
    Some(pair.or_create(pair.finding(code, message)))
}

/// The job runs for a merge request from a fork, whose path is in the subject.
fn fork(pair: &Pair<'_>) -> Option<Finding> {
    let claims = pair.question.token.claims();
    let (target, source) = fork_of(claims)?;
    let split = Split::of(pair)?;
    if split.expected_part("project_path") != Some(target) {
        return None;
    }
    let message = format!(
        "the job runs for a merge request from the fork {}, whose path is in the subject; {} is for the project {}",
        quoted(source),
        pair.holder(),
        quoted(target)
    );
    let keep = "deploy after the merge, not in a pipeline of the fork";
    Some(pair.finding("subject-fork", message).remedy(keep))
}

/// The project in which a GitLab job runs, and the fork from which its code comes.
pub(in crate::check) fn fork_of(claims: &Claims) -> Option<(&str, &str)> {
    let (target, source) = (claims.text("job_project_path")?, claims.text("project_path")?);
    (target != source).then_some((target, source))
}

/// A part differs that has several values in one pipeline, such as the operation, the run phase or
/// the user.
fn varying(pair: &Pair<'_>) -> Option<Finding> {
    let split = Split::of(pair)?;
    let differing: Vec<_> = split.differing().collect();
    let (expected, actual) = differing.iter().find(|(_, actual)| actual.varies || is_operation(actual.name))?;
    // Another stack or project is the cause, whatever the operation is.
    let all_vary = differing.iter().all(|(_, actual)| actual.varies || is_operation(actual.name));
    if !all_vary || split.agreeing() == 0 {
        return None;
    }
    let operation = OPERATIONS.iter().find(|(name, ..)| *name == actual.name);
    let (code, noun) = operation.map_or(("subject-varies", actual.name), |(_, code, noun)| (*code, *noun));
    let message = format!(
        "the token is for the {noun} {}, {} for {}; each {noun} needs its own credential",
        quoted(&actual.value),
        pair.holder(),
        quoted(&expected.value)
    );
    Some(pair.or_create(pair.finding(code, message)))
}

fn is_operation(name: &str) -> bool {
    OPERATIONS.iter().any(|(known, ..)| *known == name)
}

/// The form is the same and one part differs, or a branch and a tag.
fn one_part(pair: &Pair<'_>) -> Option<Finding> {
    let split = Split::of(pair)?;
    let differing: Vec<_> = split.differing().collect();
    let reference = differing.iter().all(|(_, actual)| ["ref_type", "ref"].contains(&actual.name));
    if differing.is_empty() || split.agreeing() == 0 || (differing.len() > 1 && !reference) {
        return None;
    }
    let named: Vec<_> = differing.into_iter().map(instead).collect();
    let message =
        format!("the token's subject and the subject of {} differ in {}", pair.holder(), named.join(", and "));
    Some(pair.or_create(pair.finding("subject-part", message)))
}

/// The subject is of the same pipeline, in another of the platform's forms.
fn other_form(pair: &Pair<'_>) -> Option<Finding> {
    let split = Split::of(pair)?;
    if split.agreeing() == 0 || split.differing().next().is_some() {
        return None;
    }
    let names = |subject: &Subject| subject.parts.iter().map(|part| quoted(part.name)).collect::<Vec<_>>().join(", ");
    let message = format!(
        "{} writes the token's subject with {}; the subject of {} has {}",
        split.platform.title(),
        names(&split.actual),
        pair.holder(),
        names(&split.expected)
    );
    Some(pair.or_create(pair.finding("subject-form", message)))
}

/// One subject is the beginning of the other.
fn cut_short(pair: &Pair<'_>) -> Option<Finding> {
    const ENOUGH: usize = 6;
    let (shorter, longer) = if pair.expected.len() < pair.actual.len() {
        (pair.expected, pair.actual)
    } else {
        (pair.actual, pair.expected)
    };
    let rest = longer.strip_prefix(shorter).filter(|_| shorter.len() >= ENOUGH)?;
    let message = if shorter == pair.expected {
        format!("the subject of {} lacks the end of the token's subject: {}", pair.holder(), quoted(rest))
    } else {
        format!("the token's subject lacks the end of the subject of {}: {}", pair.holder(), quoted(rest))
    };
    Some(pair.or_create(pair.finding("subject-cut-short", message)))
}

/// Both subjects, split into parts by the token's platform.
struct Split {
    platform: &'static dyn Platform,
    expected: Subject,
    actual: Subject,
}

impl Split {
    fn of(pair: &Pair<'_>) -> Option<Self> {
        let iss = pair.question.token.claims().iss.as_deref()?;
        let platform = platform::identify(iss, Some(pair.actual))?;
        Some(Self { platform, expected: platform.subject(pair.expected)?, actual: platform.subject(pair.actual)? })
    }

    fn expected_part(&self, name: &str) -> Option<&str> {
        value_of(&self.expected, name)
    }

    fn actual_part(&self, name: &str) -> Option<&str> {
        value_of(&self.actual, name)
    }

    /// Parts that both have, with different values.
    fn differing(&self) -> impl Iterator<Item = (&Part, &Part)> {
        self.shared().filter(|(expected, actual)| expected.value != actual.value)
    }

    /// How many parts both have with the same value.
    fn agreeing(&self) -> usize {
        self.shared().filter(|(expected, actual)| expected.value == actual.value).count()
    }

    fn shared(&self) -> impl Iterator<Item = (&Part, &Part)> {
        self.actual.parts.iter().filter_map(|actual| {
            let expected = self.expected.parts.iter().find(|expected| expected.name == actual.name)?;
            Some((expected, actual))
        })
    }
}

fn value_of<'a>(subject: &'a Subject, name: &str) -> Option<&'a str> {
    subject.parts.iter().find(|part| part.name == name).map(|part| part.value.as_str())
}

/// The last part of a GitHub subject.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Environment,
    Branch,
    Tag,
    PullRequest,
}

fn kind(part: &Part) -> Option<Kind> {
    match part.name {
        "environment" => Some(Kind::Environment),
        "event" => Some(Kind::PullRequest),
        "ref" if part.value.starts_with("refs/tags/") => Some(Kind::Tag),
        "ref" => Some(Kind::Branch),
        _ => None,
    }
}

impl Kind {
    fn named(self, part: &Part) -> String {
        let short = part.value.trim_start_matches("refs/heads/").trim_start_matches("refs/tags/");
        match self {
            Self::Environment => format!("the environment {}", quoted(&part.value)),
            Self::Branch => format!("the branch {}", quoted(short)),
            Self::Tag => format!("the tag {}", quoted(short)),
            Self::PullRequest => "pull requests".to_owned(),
        }
    }
}
