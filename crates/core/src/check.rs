//! Predicts whether Entra accepts an ID token for these credentials. If not, names the claim and
//! the character that differ, and what to do.

pub(crate) mod alike;
mod audience_origin;
pub(crate) mod changing_subject;
mod comparison;
pub mod decision;
mod finding;
mod near_miss;
pub(crate) mod objection;
mod preflight;
mod presented;
pub(crate) mod quote;
pub(crate) mod remedy;
mod signature;
pub mod time;

pub use changing_subject::NEVER_MATCHES;
pub use comparison::Comparison;
pub use finding::{Details, Finding, Severity};
pub use objection::{changes_every_run, obstacle};
pub use preflight::{SHORT, preflight};
pub use presented::{Presented, claims_object};
pub use remedy::already_fits;
pub use signature::incomplete as incomplete_signature;

use crate::cloud::Cloud;
use crate::credential::audience::matches_audience;
use crate::credential::{Credential, CredentialProblem, breadth, limits, owner, reach};
use crate::jwks::KeySet;
use crate::shell::Shell;
use crate::token::{Malformed, Token};
use crate::{Category, Fault};
use decision::{Application, Case, Keys, Refusal};
use quote::quoted;

/// The default difference between clocks that is allowed, in seconds. Microsoft does not publish
/// Entra's own figure.
pub const SKEW: i64 = 300;

/// A token and the credentials that it is checked against.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The token.
    pub token: &'a Token,
    /// All credentials of the application or managed identity.
    pub credentials: &'a [Credential],
    /// The client id of the application, if known; commands in remedies use it.
    pub client_id: Option<&'a str>,
    /// The cloud in which the token would be exchanged.
    pub cloud: &'static Cloud,
    /// The current time, in Unix seconds.
    pub now: i64,
    /// The difference between clocks that is allowed, in seconds; normally [`SKEW`].
    pub skew: i64,
    /// The issuer's keys. Without them the signature counts as valid, and a finding says that it
    /// was not checked.
    pub keys: Option<&'a KeySet>,
    /// The shell that the commands in remedies are for.
    pub shell: Shell,
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether a credential accepts the token.
    pub verdict: Outcome,
    /// The AADSTS number that Entra is expected to answer with.
    pub predicted_error: Option<u32>,
    /// The name of the credential that accepts the token.
    pub matched: Option<String>,
    /// Errors first, then warnings, then the rest; the most useful first within each.
    pub findings: Vec<Finding>,
    /// How each credential compares with the token, in the order of [`Question::credentials`].
    /// Empty when the token could not be read.
    pub credentials: Vec<Comparison>,
}

/// Whether a credential accepts the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// A credential accepts the token.
    Match,
    /// No credential accepts the token, or none does at this time.
    NoMatch,
    /// Entra refuses such a token whatever the credentials are.
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

/// A text that is not a token is refused for every credential.
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

/// Predicts what Entra answers, and explains it. Also reports what was not checked.
pub fn check(question: &Question<'_>) -> Verdict {
    let keys = question.keys.filter(|_| !question.token.is_described());
    let mut verdict = answer(question, keys.map_or(Keys::Unknown, Keys::Set), None);
    if keys.is_none() {
        let incomplete = incomplete_signature(question.token);
        // It belongs to the warnings, behind the errors.
        let errors = verdict.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        verdict.findings.splice(errors..errors, incomplete);
        verdict.findings.push(signature::not_checked(question.token));
    }
    verdict
}

/// Why no verdict about a future token is possible: a credential's expression may accept it, but
/// compares a claim that was not given. None when a credential accepts the token, or none can.
pub fn undecided(question: &Question<'_>) -> Option<Fault> {
    decision::subject_and_audience(&case(question, Keys::Unknown)).err()?;
    let (credential, claim) = near_miss::undecided(question)?;
    let claim = claim.escape_debug();
    let message = format!(
        "The expression of the credential `{}` compares the claim `{claim}`, which was not given",
        credential.name.escape_debug()
    );
    let fault = Fault::new(Category::Usage, "token-claim-missing", message);
    Some(fault.hint(format!(
        "give the claim `{claim}` of the future token too, on the command line as `--token-claim {claim}=VALUE`"
    )))
}

/// As [`check`], for an issuer whose metadata or keys could not be fetched. `why` is a sentence.
pub fn check_unreachable(question: &Question<'_>, why: &str) -> Verdict {
    answer(question, Keys::Unreachable, Some(why))
}

/// `unreachable` says why the issuer's keys could not be fetched.
fn answer(question: &Question<'_>, keys: Keys<'_>, unreachable: Option<&str>) -> Verdict {
    let case = case(question, keys);
    let signature = decision::signature(question.token, keys);
    let matching = decision::issuer(&case).and_then(|()| decision::subject_and_audience(&case));
    let decided = decision::decide_with(&case, || signature.clone(), || matching.clone());
    let private = private_issuer(question, keys).filter(|_| decided.is_ok());
    let decided = match private {
        Some(_) => Err(Refusal::new(NO_KEYS)),
        None => decided,
    };

    let mut findings = Vec::new();
    match &matching {
        Err(refusal) => findings.extend(near_miss::explain(question, refusal)),
        Ok(credential) if decided.is_err() => findings.push(matching_credential(question, credential)),
        Ok(_) => {}
    }
    let mut about_signature = signature::findings(question.token, keys, &signature);
    if let Some(unreachable) = unreachable {
        about_signature.iter_mut().for_each(|finding| unreachable.clone_into(&mut finding.message));
    }
    findings.extend(about_signature);
    findings.extend(private);
    let written = findings.iter().find_map(|finding| finding.writes.clone());
    findings.extend(written.and_then(|written| would_let_in_too_much(question, &written)));
    let general = general_findings(question, &findings);
    findings.extend(general);
    findings.extend(limits::problems(question.credentials).into_iter().map(|one| credential_finding(question, one)));
    // The narrower pattern would have only the names too.
    let is_old = findings.iter().any(|finding| finding.code == near_miss::WITHOUT_IDS);
    let broad = question.credentials.iter().filter_map(lets_in_too_much);
    findings.extend(broad.map(|finding| if is_old { near_miss::without_remedy(finding) } else { finding }));

    let credentials = comparison::comparisons(question);
    findings.extend(several_owners(question, &credentials));

    let predicted_error = decided.as_ref().err().map(|refusal| refusal.aadsts);
    if let Err(refusal) = &decided
        && !findings.iter().any(|finding| finding.aadsts == predicted_error && finding.severity == Severity::Error)
    {
        findings.push(catalogue_finding(refusal));
    }
    // The sort is stable: each part above has put its most useful finding first.
    findings.sort_by_key(|finding| (finding.severity, finding.aadsts != predicted_error));
    drop_repetitions(&mut findings);
    Verdict {
        verdict: outcome(&decided),
        predicted_error,
        matched: decided.ok().map(|one| one.name.clone()),
        findings,
        credentials,
    }
}

/// What Entra answers when it cannot fetch the issuer's metadata or keys.
const NO_KEYS: u32 = 501_661;

/// The finding for an issuer that Entra cannot reach, when its keys are not at hand. An issuer on
/// this machine is left out: it is one for tests.
fn private_issuer(question: &Question<'_>, keys: Keys<'_>) -> Option<Finding> {
    let iss = question.token.claims().iss.as_deref().filter(|iss| !reach::is_loopback(iss))?;
    let problem = reach::unreachable(iss).filter(|_| matches!(keys, Keys::Unknown))?;
    Some(Finding::error(problem.code, NO_KEYS, problem.message).claim("iss").actual(iss).remedy_if(problem.remedy))
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

/// Says that a credential matches, for a token that is refused for another reason.
fn matching_credential(question: &Question<'_>, credential: &Credential) -> Finding {
    let name = credential.named_among(question.credentials);
    Finding::info("credential-fits", format!("the credential {name} has this issuer, subject and audience"))
}

/// Says that the credentials have several owners, and which of them have one for the token. Entra
/// looks at those of one owner only.
fn several_owners(question: &Question<'_>, compared: &[Comparison]) -> Option<Finding> {
    let credentials = question.credentials;
    let owners = owner::several(credentials)?;
    let fits = |(_, one): &(&Credential, &Comparison)| one.issuer && one.subject && one.audience;
    let fitting: Vec<_> = credentials.iter().zip(compared).filter(fits).map(|(one, _)| one.clone()).collect();
    let whose = match owner::owners(&fitting).as_slice() {
        [] => String::new(),
        [one] => format!("; the credential `{}` that matches is one of {}", one.name.escape_debug(), one.owner()),
        [_, ..] => format!("; there are matches of {}", owner::several(&fitting)?),
    };
    let message =
        format!("the credentials are those of {owners}, and Entra looks only at those of the one that signs in{whose}");
    let remedy = "give the credentials of the one that signs in alone: its client id is the one in the job's request";
    Some(Finding::warning("credentials-of-several", message).remedy(remedy))
}

/// The finding for a refusal that no rule explains further: what the catalogue says.
fn catalogue_finding(refusal: &Refusal) -> Finding {
    let message: String = refusal.message().chars().filter(|c| !c.is_control()).collect();
    let finding = Finding::error("refused", refusal.aadsts, message.trim_end_matches(['.', ' ']));
    finding.remedy_if(refusal.entry().map(|entry| entry.remedy.to_owned()))
}

/// A problem of a credential, whatever the token. At most a warning, because another credential may
/// accept the token.
fn credential_finding(question: &Question<'_>, problem: CredentialProblem) -> Finding {
    let credential = problem.index.and_then(|index| question.credentials.get(index));
    match credential {
        Some(credential) => {
            let name = credential.named_among(question.credentials);
            let message = format!("credential {name}: {}", problem.message);
            CredentialProblem { message, ..problem }.into()
        }
        None => problem.into(),
    }
}

/// The warning about a credential that more pipelines can use than the one that needs it.
fn lets_in_too_much(credential: &Credential) -> Option<Finding> {
    let problem = breadth::problem(credential)?;
    let message = format!("credential {}: {}", quoted(&credential.name), problem.message);
    Some(Finding::warning(problem.code, message).remedy_if(problem.remedy))
}

/// The warning about the credential that a command writes. None when the existing one of its name has
/// that warning already.
fn would_let_in_too_much(question: &Question<'_>, written: &Credential) -> Option<Finding> {
    let problem = breadth::problem(written)?;
    let is_said = |one: &Credential| one.name == written.name && breadth::problem(one).as_ref() == Some(&problem);
    if question.credentials.iter().any(is_said) {
        return None;
    }
    let message = format!("the credential that the command writes: {}", problem.message);
    Some(Finding::warning(problem.code, message).claim("sub").remedy_if(problem.remedy))
}

/// What can be said without credentials, less what `earlier` says already.
fn general_findings(question: &Question<'_>, earlier: &[Finding]) -> Vec<Finding> {
    let claims = question.token.claims();
    let held = question.credentials.iter().any(|one| matches_audience(one, claims, question.cloud));
    // A command with the token's audience must not stand beside the advice to request another one, and
    // one with another audience needs that advice.
    let written = earlier.iter().find_map(|finding| finding.writes.as_ref());
    let is_right = written.map_or(held, |one| matches_audience(one, claims, question.cloud));
    let audience_is_explained = is_right || earlier.iter().any(|finding| finding.claim == Some("aud"));
    // The one finding says already for what the token should have been requested.
    let is_wrong_token = earlier.iter().any(|one| one.code == near_miss::WRONG_TOKEN);
    let is_known = |finding: &Finding| {
        is_wrong_token && finding.aadsts == Some(7_002_206)
            || earlier.iter().any(|one| (one.code, &one.actual) == (finding.code, &finding.actual))
    };
    let general = preflight::findings(question, audience_is_explained);
    general.into_iter().filter(|finding| !is_known(finding)).collect()
}

/// The maximum number of findings in a verdict. Those of more credentials than one application has
/// are not read by anybody.
const MAX_FINDINGS: usize = 100;

/// Keeps the first and worst of several findings with one code, and shows each remedy once.
fn drop_repetitions(findings: &mut Vec<Finding>) {
    let mut kept: Vec<Finding> = Vec::with_capacity(findings.len().min(MAX_FINDINGS + 1));
    let mut rest = findings.drain(..);
    while let Some(mut finding) = rest.next() {
        if kept.len() == MAX_FINDINGS {
            let message = format!("{} more findings are not shown", rest.len() + 1);
            let remedy = "check the credentials of one application or identity at a time";
            kept.push(Finding::info("findings-beyond-limit", message).remedy(remedy));
            break;
        }
        if kept.contains(&finding) || kept.iter().any(|one| one.code == finding.code && one.severity < finding.severity)
        {
            continue;
        }
        if kept.iter().any(|one| one.remedy == finding.remedy) {
            finding.remedy = None;
        }
        kept.push(finding);
    }
    drop(rest);
    *findings = kept;
}

#[cfg(test)]
mod tests;
