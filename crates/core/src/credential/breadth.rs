//! Finds credentials that let in more than one pipeline needs. Subjects and patterns are rows of
//! data.

use super::expression::{Clause, Expression, Operator};
use super::{Credential, CredentialProblem, Matcher};
use crate::platform::{self, Part, Platform, Subject};

const REPOSITORIES: &str = "credential-lets-in-repositories";
/// The code when jobs of pull requests are let in, which some pipelines need.
pub(crate) const PULL_REQUESTS: &str = "credential-lets-in-pull-requests";
const REFS: &str = "credential-lets-in-refs";

/// Claims of GitHub's subjects that name one repository, or the workflow file of one.
const NAMES_REPOSITORY: [&str; 5] =
    ["repository", "repository_id", "repository_owner_and_name", "job_workflow_ref", "workflow_ref"];

/// What a credential lets in beyond one pipeline, and the narrower one.
pub fn problem(credential: &Credential) -> Option<CredentialProblem> {
    match &credential.matcher {
        Matcher::Subject(subject) => of_subject(&credential.issuer, subject),
        Matcher::Expression { .. } => of_expression(&credential.issuer, &credential.matcher.expression()?.ok()?),
    }
}

/// What an exact subject lets in when a credential holds it.
pub fn of_subject(issuer: &str, subject: &str) -> Option<CredentialProblem> {
    // Subjects of other issuers can look like those of GitHub's templates.
    let is_certain = |platform: &&dyn Platform| platform.name() != "github" || platform.issues(issuer);
    of_platform(platform::identify(issuer, Some(subject)).filter(is_certain)?, subject)
}

/// As [`of_subject`], when the issuer is not known. None when the form of the subject does not show
/// the platform for certain.
pub(crate) fn of_subject_alone(subject: &str) -> Option<CredentialProblem> {
    // One id alone shows no platform, and a claim such as `environment` can be of another service.
    let is_certain = |platform: &&dyn Platform| match platform.name() {
        "github" => subject.starts_with("repo"),
        _ => subject.contains([':', '/']),
    };
    of_platform(platform::by_subject(subject).filter(is_certain)?, subject)
}

fn of_platform(platform: &dyn Platform, subject: &str) -> Option<CredentialProblem> {
    let subject = platform.subject(subject)?;
    let row = BROAD_SUBJECTS.iter().find(|row| row.platform == platform.name() && (row.fits)(&subject))?;
    let message = match row.owner.iter().find_map(|name| subject.parts.iter().find(|part| part.name == *name)) {
        Some(owner) => row.message.replace("{whose}", &format!(" of the owner `{}`", owner.value.escape_debug())),
        None => row.message.replace("{whose}", ""),
    };
    Some(CredentialProblem::advice(row.code, message).at("subject").remedy(row.remedy))
}

/// A kind of exact subject that more than one pipeline has, or that unreviewed code has.
struct BroadSubject {
    platform: &'static str,
    fits: fn(&Subject) -> bool,
    code: &'static str,
    /// One sentence; `{whose}` stands for the owner that one of the parts `owner` names.
    message: &'static str,
    owner: &'static [&'static str],
    remedy: &'static str,
}

const BROAD_SUBJECTS: &[BroadSubject] = &[
    BroadSubject {
        platform: "github",
        fits: |subject| !has_any(subject, &NAMES_REPOSITORY) && !other_claim(subject, "repository:"),
        code: REPOSITORIES,
        message: "the subject names no repository, so a credential for it lets in every repository{whose} with such a job",
        owner: &["owner", "repository_owner", "owner_id", "repository_owner_id"],
        remedy: "let the subject name the repository: add `repo` to `include_claim_keys` of the template, or set `use_default: true`",
    },
    BroadSubject {
        platform: "github",
        fits: |subject| subject.parts.last().is_some_and(|part| part.name == "event"),
        code: PULL_REQUESTS,
        message: GITHUB_PULL_REQUESTS,
        owner: &[],
        remedy: "use a credential for an environment with required reviewers, or give this application only roles that read",
    },
    BroadSubject {
        platform: "gitlab",
        fits: |subject| is(subject, "ref_protected", "false") || is(subject, "environment_protected", "false"),
        code: REFS,
        message: "the credential is for branches, tags or environments that are not protected, which every developer of the \
                  project can create",
        owner: &[],
        remedy: "protect the branch or environment, and use the subject with `true` in place of `false`",
    },
    BroadSubject {
        platform: "gitlab",
        fits: |subject| !has_any(subject, &["ref", "ref_protected", "environment"]),
        code: REFS,
        message: "the subject names no branch, tag or environment, so the credential lets in jobs of every branch of the \
                  project, whoever pushes it, and of merge requests",
        owner: &[],
        remedy: "add `ref_type` and `ref` to `ci_id_token_sub_claim_components` of the project, and use the subject of a protected branch",
    },
    BroadSubject {
        platform: "harness",
        fits: |subject| subject.form == "account",
        code: "credential-lets-in-pipelines",
        message: "the subject is the account alone, so the credential lets in every pipeline of every project in the account",
        owner: &[],
        remedy: "have Harness enable the feature flag `PL_OIDC_ENHANCED_SUBJECT_FIELD`, and use the subject of one project",
    },
    BroadSubject {
        platform: "kubernetes",
        fits: |subject| is(subject, "service-account", "default"),
        code: "credential-lets-in-pods",
        message: "the service account is `default`, so the credential lets in every pod of the namespace that names no other",
        owner: &[],
        remedy: "create a service account for the workload, and use its subject: system:serviceaccount:<namespace>:<service account>",
    },
    BroadSubject {
        platform: "pulumi",
        fits: |subject| {
            subject.form == "ESC environment, custom attributes"
                && !has_any(subject, &["rootEnvironment.name", "currentEnvironment.name"])
        },
        code: "credential-lets-in-environments",
        message: "the subject names no environment, so the credential lets in every Pulumi ESC environment of the organization",
        owner: &[],
        remedy: "add `rootEnvironment.name` to `subjectAttributes` of the environment",
    },
    BroadSubject {
        platform: "semaphore",
        fits: |subject| is(subject, "ref_type", "pr"),
        code: PULL_REQUESTS,
        message: "the credential lets in jobs of a pull request, whose code nobody has reviewed yet",
        owner: &[],
        remedy: "use a credential for a branch, or give this application only roles that read",
    },
];

const GITHUB_PULL_REQUESTS: &str = "the credential lets in jobs of pull requests, whose code nobody has reviewed yet; where the \
                                    repository gives forks a token, these are pull requests of strangers too";

fn has_any(subject: &Subject, names: &[&str]) -> bool {
    subject.parts.iter().any(|part| names.contains(&part.name))
}

fn is(subject: &Subject, name: &str, value: &str) -> bool {
    let fits = |part: &Part| part.name == name && part.value == value;
    subject.parts.iter().any(fits)
}

/// Whether the subject has a claim that the platform's grammar does not know.
fn other_claim(subject: &Subject, start: &str) -> bool {
    subject.parts.iter().any(|part| part.value.starts_with(start))
}

fn of_expression(issuer: &str, expression: &Expression) -> Option<CredentialProblem> {
    let platform = platform::by_issuer(issuer)?;
    let clauses = expression.clauses();
    let subject = clauses.iter().find(|clause| clause.claim == "sub")?;
    if subject.operator == Operator::Eq {
        return of_subject(issuer, &subject.comparand).map(|problem| problem.at(EXPRESSION));
    }
    let pattern = Pattern::of(subject);
    if platform.name() == "github" && !pattern.begins_with("repo:") {
        return None;
    }
    let compared = |claims: &[&str]| {
        let is_compared = |clause: &&Clause| clause.operator == Operator::Eq && claims.contains(&clause.claim.as_str());
        clauses.iter().find(is_compared).map(|clause| clause.comparand.as_str())
    };
    let is_pinned = compared(&["repository_id", "project_id"]).is_some() || clauses.iter().any(names_workflow);
    let owner = match pattern.owner {
        "" => compared(&["repository_owner_id"]).map(|id| format!("with the id `{id}`")),
        owner => Some(format!("`{owner}`")),
    };
    if owner.is_none() && !is_pinned {
        // The review of expressions says that strangers are let in.
        return None;
    }
    let row = BROAD_PATTERNS.iter().filter(|row| row.platform == platform.name()).find(|row| {
        row.accepted.iter().any(|job| subject.accepts(&format!("{}:{job}", pattern.example(platform.name()))))
            || !is_pinned && row.open.contains(&pattern.fixed_parts)
    })?;
    let fill = |text: &str| {
        text.replace("{pattern}", &subject.comparand)
            .replace("{whose}", &owner.clone().unwrap_or_default())
            .replace("{owner}", pattern.owner)
            .replace("{front}", pattern.front.unwrap_or("repo:*"))
            .replace("{project}", &pattern.project())
    };
    Some(CredentialProblem::advice(row.code, fill(row.message)).at(EXPRESSION).remedy(fill(row.remedy)))
}

const EXPRESSION: &str = "claimsMatchingExpression";

fn names_workflow(clause: &Clause) -> bool {
    clause.claim == "job_workflow_ref" && fixed_start(&clause.comparand).contains(".yml")
}

/// A pattern over `sub`, cut where its first wildcard stands.
struct Pattern<'a> {
    /// The text before the first wildcard.
    fixed: &'a str,
    /// The number of parts before the first wildcard that are complete. Colons separate parts.
    fixed_parts: usize,
    /// The owner, group or organization; empty when it is not complete before the first wildcard.
    owner: &'a str,
    /// The text that names repository or project; only the owner when they are not complete.
    start: &'a str,
    /// What the pattern says before the job, with its wildcards; None when it does not say of what
    /// kind the subject is.
    front: Option<&'a str>,
}

/// The wildcard of a pattern over GitHub's subjects with ids, for an id behind its name.
const ANY_ID: &str = "@*";

impl<'a> Pattern<'a> {
    fn of(clause: &'a Clause) -> Self {
        let pattern = clause.comparand.as_str();
        let fixed = fixed_start(pattern);
        let mut colons = fixed.match_indices(':').map(|(at, _)| at);
        let (first, second) = (colons.next(), colons.next());
        let value = first.map_or("", |at| &fixed[at + 1..]);
        let front = first.map(|at| match pattern[at + 1..].find(':') {
            Some(length) => &pattern[..at + 1 + length],
            None => pattern,
        });
        // Ids are no names: such a pattern names its repository.
        let names_all = front.filter(|front| front.contains(ANY_ID) && !front.replace(ANY_ID, "").contains(['*', '?']));
        Self {
            fixed,
            fixed_parts: names_all.map_or(fixed.matches(':').count(), |_| 2),
            owner: value.find(['/', ':', '@']).map_or("", |at| &value[..at]),
            start: &fixed[..second.or(fixed.rfind('/')).unwrap_or(fixed.len())],
            front: front.filter(|front| front.len() < pattern.len() || front.ends_with('*')),
        }
    }

    fn begins_with(&self, word: &str) -> bool {
        self.fixed.starts_with(word) || word.starts_with(self.fixed)
    }

    /// The beginning of a subject that the pattern may accept.
    fn example(&self, platform: &str) -> String {
        let any = if platform == "gitlab" { "project_path:x/x" } else { "repo:x/x" };
        self.front.map_or(any.to_owned(), |front| front.replace(['*', '?'], "x"))
    }

    /// The beginning of GitLab's subjects for one project, which the reader names where the pattern
    /// does not.
    fn project(&self) -> String {
        match self.owner {
            _ if self.fixed_parts > 1 => self.start.to_owned(),
            _ if self.fixed.starts_with("project_id:") => "project_id:<project id>".to_owned(),
            "" => "project_path:<group>/<project>".to_owned(),
            _ => format!("{}/<project>", self.start),
        }
    }
}

/// A pattern that more than one pipeline fits.
struct BroadPattern {
    platform: &'static str,
    /// The numbers of [`Pattern::fixed_parts`] with which a pattern spans more than it should.
    open: &'static [usize],
    /// Jobs of one repository or project that such a pattern accepts.
    accepted: &'static [&'static str],
    code: &'static str,
    /// One sentence; places in braces are the owner (`{whose}`) and what [`Pattern`] has.
    message: &'static str,
    remedy: &'static str,
}

const BROAD_PATTERNS: &[BroadPattern] = &[
    BroadPattern {
        platform: "github",
        open: &[0, 1],
        accepted: &[],
        code: REPOSITORIES,
        message: "the pattern '{pattern}' lets in every repository of the owner {whose} that fits it",
        // The id holds for subjects of every form.
        remedy: "compare the repository too: add `and claims['repository_id'] eq '<the id of the repository>'`",
    },
    BroadPattern {
        platform: "github",
        open: &[],
        accepted: &["pull_request"],
        code: PULL_REQUESTS,
        message: GITHUB_PULL_REQUESTS,
        remedy: "name the branch or environment in the pattern: claims['sub'] matches '{front}:environment:*'",
    },
    BroadPattern {
        platform: "gitlab",
        open: &[0, 1],
        accepted: &[],
        code: "credential-lets-in-projects",
        message: "the pattern '{pattern}' lets in every project of the group {whose} that fits it",
        remedy: "name the project: claims['sub'] eq '{project}:ref_type:branch:ref:main' and claims['project_id'] eq '<its id>'",
    },
    BroadPattern {
        platform: "gitlab",
        open: &[],
        accepted: &["ref_type:branch:ref:any name", "ref_type:tag:ref:any name"],
        code: REFS,
        message: "the pattern '{pattern}' lets in jobs of branches or tags that are not protected, whoever pushes them, and of \
                  merge requests",
        remedy: "name a protected branch, in place of the pattern: claims['sub'] eq '{project}:ref_type:branch:ref:main'",
    },
    BroadPattern {
        platform: "terraform-cloud",
        open: &[2, 3],
        accepted: &[],
        code: "credential-lets-in-projects",
        message: "the pattern '{pattern}' lets in workspaces of every project of the organization {whose} that fits it",
        remedy: "name project and workspace: claims['sub'] matches 'organization:{owner}:project:<project>:workspace:<workspace>:run_phase:*'",
    },
    BroadPattern {
        platform: "terraform-cloud",
        open: &[4, 5],
        accepted: &[],
        code: "credential-lets-in-workspaces",
        message: "the pattern '{pattern}' lets in every workspace or stack of the project that fits it",
        remedy: "name the workspace before the first wildcard, and keep the wildcard for the phase: `:workspace:<workspace>:run_phase:*`",
    },
];

/// The part of a pattern before its first wildcard.
fn fixed_start(pattern: &str) -> &str {
    pattern.split(['*', '?']).next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
