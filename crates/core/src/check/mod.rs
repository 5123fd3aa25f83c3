//! Will Entra accept this ID token for these credentials? If not: which claim is wrong, from which character on, and what mends it.

mod comparison;
pub mod decision;
mod finding;
mod near_miss;
mod preflight;
mod presented;
pub(crate) mod remedy;
mod signature;
pub mod time;

pub use comparison::Comparison;
pub use finding::{Details, Finding, Severity};
pub use preflight::{SHORT, preflight};
pub use presented::{Presented, claims_object};

use crate::cloud::Cloud;
use crate::credential::limits;
use crate::credential::{Credential, Problem};
use crate::jwks::KeySet;
use crate::token::{Malformed, Token};
use decision::{Application, Case, Keys, Refusal};
use near_miss::quoted;

/// How many seconds clocks may differ, unless asked otherwise. Entra's own figure is not published.
pub const SKEW: i64 = 300;

/// Will Entra accept this token for these credentials?
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The token.
    pub token: &'a Token,
    /// All credentials of the application or managed identity.
    pub credentials: &'a [Credential],
    /// Its client id, if known; commands in remedies name it.
    pub client_id: Option<&'a str>,
    /// The cloud that is asked.
    pub cloud: &'static Cloud,
    /// The time, in Unix seconds.
    pub now: i64,
    /// By how many seconds clocks may differ; [`SKEW`] is a good choice.
    pub skew: i64,
    /// The issuer's keys. Without them the signature counts as good, and a finding says that nobody looked.
    pub keys: Option<&'a KeySet>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The answer in a word.
    pub verdict: Outcome,
    /// The AADSTS number that Entra is expected to answer with.
    pub predicted_error: Option<u32>,
    /// The name of the credential that accepts the token.
    pub matched: Option<String>,
    /// What there is to say, the most useful first: every error comes before the warnings, and those before the rest.
    pub findings: Vec<Finding>,
    /// Each of the question's credentials beside the token, in their order. None when the token could not be read.
    pub credentials: Vec<Comparison>,
}

/// The answer in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A credential accepts the token.
    Match,
    /// None does, or not now.
    NoMatch,
    /// Entra accepts no token of this shape, whatever the credentials.
    InvalidToken,
}

impl Outcome {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NoMatch => "no-match",
            Self::InvalidToken => "invalid-token",
        }
    }
}

/// What is no token at all is none for any credential.
impl From<Malformed> for Verdict {
    fn from(malformed: Malformed) -> Self {
        let finding = Finding::error(malformed.code(), malformed.aadsts, malformed.message);
        let finding = finding.remedy_if(malformed.hint.map(str::to_owned));
        let predicted_error = Some(malformed.aadsts);
        Self {
            verdict: Outcome::InvalidToken,
            predicted_error,
            matched: None,
            findings: vec![finding],
            credentials: Vec::new(),
        }
    }
}

/// Findings that say nothing new when a credential has the audience, or when the mismatch is told already.
const UNUSUAL_AUDIENCE: [&str; 3] = ["audience-platform-default", "audience-unusual", "audience-several"];

/// Predicts what Entra answers, and explains it. What was not looked at is said as well: nobody shall think that it was.
pub fn check(question: &Question<'_>) -> Verdict {
    let keys = question.keys.filter(|_| !question.token.is_described());
    let mut verdict = answer(question, keys.map_or(Keys::Unknown, Keys::Set));
    if keys.is_none() {
        verdict.findings.push(signature::not_checked(question.token));
    }
    verdict
}

/// As [`check`], when the issuer's metadata or keys were asked for and could not be had. `why` is a sentence.
pub fn check_unreachable(question: &Question<'_>, why: &str) -> Verdict {
    let mut verdict = answer(question, Keys::Unreachable);
    for finding in verdict.findings.iter_mut().filter(|finding| finding.code == signature::UNREACHABLE) {
        finding.message = why.to_owned();
    }
    verdict
}

fn answer(question: &Question<'_>, keys: Keys<'_>) -> Verdict {
    let case = case(question, keys);
    let signature = decision::signature(question.token, keys);
    let decided = decision::decide_with(&case, || signature.clone());
    let fitting = decision::issuer(&case).and_then(|()| decision::subject_and_audience(&case));

    let mut findings = Vec::new();
    match &fitting {
        Err(refusal) => findings.extend(near_miss::explain(question, refusal)),
        Ok(credential) if decided.is_err() => findings.push(fits(credential)),
        Ok(_) => {}
    }
    findings.extend(signature::findings(question.token, keys, &signature));
    let general = untold(question, &findings);
    findings.extend(general);
    findings.extend(limits::problems(question.credentials).into_iter().map(|problem| of_problem(question, problem)));

    let predicted_error = decided.as_ref().err().map(|refusal| refusal.aadsts);
    if let Err(refusal) = &decided
        && !findings.iter().any(|finding| finding.aadsts == predicted_error && finding.severity == Severity::Error)
    {
        findings.push(plain(refusal));
    }
    // what stands first for a reason stays first
    findings.sort_by_key(|finding| (finding.severity, finding.aadsts != predicted_error));
    drop_repetitions(&mut findings);
    Verdict {
        verdict: outcome(&decided),
        predicted_error,
        matched: decided.ok().map(|one| one.name.clone()),
        findings,
        credentials: comparison::comparisons(question),
    }
}

fn case<'a>(question: &Question<'a>, keys: Keys<'a>) -> Case<'a> {
    Case {
        token: question.token,
        credentials: question.credentials,
        application: Application { id: question.client_id.unwrap_or_default(), name: "" },
        cloud: question.cloud,
        keys,
        now: question.now,
        skew: question.skew,
    }
}

fn outcome(decided: &Result<&Credential, Refusal>) -> Outcome {
    match decided {
        Ok(_) => Outcome::Match,
        Err(refusal) if matches!(refusal.aadsts, 50027 | 5002723 | 5002727 | 5002738 | 90014) => Outcome::InvalidToken,
        Err(_) => Outcome::NoMatch,
    }
}

/// Something else is wrong, so it is good to know that the credential is not.
fn fits(credential: &Credential) -> Finding {
    Finding::info(
        "credential-fits",
        format!("the credential {} has this issuer, subject and audience", quoted(&credential.name)),
    )
}

/// A refusal about which nothing more is known than what the catalogue says.
fn plain(refusal: &Refusal) -> Finding {
    let message: String = refusal.message().chars().filter(|c| !c.is_control()).collect();
    let finding = Finding::error("refused", refusal.aadsts, message.trim_end_matches(['.', ' ']));
    match refusal.entry() {
        Some(entry) => finding.remedy(entry.remedy),
        None => finding,
    }
}

/// What is wrong with a credential, whatever the token: at most a warning, for another one may accept the token.
fn of_problem(question: &Question<'_>, problem: Problem) -> Finding {
    let whose = problem.index.and_then(|index| question.credentials.get(index));
    match whose {
        Some(credential) => {
            let message = format!("credential {}: {}", quoted(&credential.name), problem.message);
            Problem { message, ..problem }.into()
        }
        None => problem.into(),
    }
}

/// What can be said without credentials and has not been said yet.
fn untold(question: &Question<'_>, told: &[Finding]) -> Vec<Finding> {
    let claims = question.token.claims();
    let held = question.credentials.iter().any(|one| decision::matches_audience(one, claims, question.cloud));
    let audience_told = held || told.iter().any(|finding| finding.claim == Some("aud"));
    let news = |finding: &Finding| {
        let known = told.iter().any(|one| (one.code, &one.actual) == (finding.code, &finding.actual));
        let usual = !audience_told || !UNUSUAL_AUDIENCE.contains(&finding.code);
        usual && !known
    };
    let general = preflight(question.token, Some(question.cloud), question.now, question.skew);
    general.into_iter().filter(news).collect()
}

/// Of the same thing said twice only the first and worst stays; and a command that mends several things is read once.
fn drop_repetitions(findings: &mut Vec<Finding>) {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len());
    for mut finding in findings.drain(..) {
        if kept.contains(&finding) || kept.iter().any(|one| one.code == finding.code && one.severity < finding.severity)
        {
            continue;
        }
        if kept.iter().any(|one| one.remedy == finding.remedy) {
            finding.remedy = None;
        }
        kept.push(finding);
    }
    *findings = kept;
}

#[cfg(test)]
mod tests;
