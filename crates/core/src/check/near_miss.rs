//! Explains why no credential matches: rules recognise each kind of near miss, name it and propose
//! a remedy.

mod audience;
mod cause;
mod expression;
mod issuer;
mod look_alike;
mod subject;
mod text;

use super::alike::same_issuer;
use super::decision::Refusal;
use super::finding::{Finding, Remedy, common_prefix};
use super::quote::{excerpt, quoted};
use super::{Question, objection, remedy};
use crate::credential::audience::{is_entra_issuer, matches_audience};
use crate::credential::{Credential, reach};
use crate::shorten::{LONGEST_VALUE, shortened};
use crate::token::Claims;

pub(super) use expression::{WITHOUT_IDS, undecided};
pub(super) use subject::fork_of;

/// How many credentials are compared with the token in detail. An application has at most 20.
const MAX_COMPARED: usize = 64;

/// The longest value that the rules for near misses compare, in bytes. Entra stores at most 600
/// characters.
const LONGEST_COMPARED: usize = 2_400;

/// How many further credentials are reported that differ from the token in one near miss only.
const MAX_OTHERS: usize = 2;

/// The code of a finding: Entra issued the token, for something else than the exchange.
pub(super) const WRONG_TOKEN: &str = "entra-wrong-token";

/// Why no credential accepts the token, the most likely reason first. Missing claims are not
/// reported here.
pub(super) fn explain(question: &Question<'_>, refusal: &Refusal) -> Vec<Finding> {
    let aadsts = refusal.aadsts;
    let mut findings = differences(question, aadsts);
    one_command(&mut findings);
    let count = question.credentials.len();
    if count > MAX_COMPARED {
        let message =
            format!("of {count} credentials, the {MAX_COMPARED} nearest were compared with the token in detail");
        findings.push(Finding::info("credentials-ranked", message));
    }
    findings
}

/// The credentials to compare in detail, in their order: those that have most in common with the
/// token.
fn nearest<'a>(question: &Question<'a>) -> Vec<&'a Credential> {
    let mut nearest: Vec<_> = question.credentials.iter().enumerate().collect();
    if nearest.len() > MAX_COMPARED {
        nearest.sort_by_cached_key(|(_, credential)| usize::MAX - in_common(question, credential));
        nearest.truncate(MAX_COMPARED);
        nearest.sort_by_key(|(index, _)| *index);
    }
    nearest.into_iter().map(|(_, credential)| credential).collect()
}

/// How much a credential has in common with the token: a larger number is nearer.
fn in_common(question: &Question<'_>, credential: &Credential) -> usize {
    const EQUAL: usize = 10_000;
    let common = |held: &str, own: Option<&str>| {
        let (held, own) = (held.as_bytes(), own.unwrap_or_default().as_bytes());
        let is_same = |(a, b): &(&u8, &u8)| a.eq_ignore_ascii_case(b);
        let start = held.iter().zip(own).take(LONGEST_COMPARED).take_while(is_same).count();
        let end = held.iter().rev().zip(own.iter().rev()).take(LONGEST_COMPARED).take_while(is_same).count();
        if held == own { EQUAL } else { start + end }
    };
    let claims = question.token.claims();
    common(&credential.issuer, claims.iss.as_deref()) + common(credential.matcher.text(), claims.sub.as_deref())
}

/// Keeps the first command: it corrects everything that a command can correct.
fn one_command(findings: &mut [Finding]) {
    let mut commands = findings.iter_mut().filter(|finding| finding.remedy_is_command);
    let first = commands.next().and_then(|finding| finding.remedy.clone());
    for finding in commands.filter(|finding| finding.remedy != first) {
        *finding = without_remedy(finding.clone());
    }
}

/// A finding beside one that has a remedy: a second one would contradict the first.
pub(super) fn without_remedy(mut finding: Finding) -> Finding {
    finding.remedy = None;
    finding.remedy_is_command = false;
    finding.writes = None;
    finding
}

fn differences(question: &Question<'_>, aadsts: u32) -> Vec<Finding> {
    if question.token.claims().iss.as_deref().unwrap_or_default().is_empty() {
        return Vec::new();
    }
    if let Some(finding) = wrong_token(question, aadsts) {
        return vec![finding];
    }
    let mut assessed: Vec<_> =
        nearest(question).into_iter().map(|one| Assessment::new(question, one, aadsts)).collect();
    // The order of the list decides between equals.
    let rank = |assessment: &Assessment| (assessment.distance, usize::MAX - assessment.shared);
    assessed.sort_by_key(rank);
    let mut assessed = assessed.into_iter();
    let Some(closest) = assessed.next() else { return no_credentials(question) };
    if closest.distance >= FAR_ISSUER {
        return vec![issuer::unknown(question, aadsts)];
    }
    let mut findings = closest.findings;
    let has_remedy = findings.iter().any(|finding| finding.remedy.is_some());
    findings.extend(
        split_between_two(question, aadsts).map(|finding| if has_remedy { without_remedy(finding) } else { finding }),
    );
    findings.extend(audience_findings(question, &findings, aadsts));
    let others = assessed.filter(|other| other.distance < FAR_AUDIENCE && other.findings.len() == 1).take(MAX_OTHERS);
    findings.extend(others.flat_map(|other| other.findings).map(without_remedy));
    findings
}

/// One claim of the token and the value that one credential holds for it.
pub(super) struct Pair<'a> {
    question: &'a Question<'a>,
    credential: &'a Credential,
    claim: Claim,
    expected: &'a str,
    actual: &'a str,
    aadsts: u32,
}

/// The claims that a credential compares.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Claim {
    Issuer,
    Subject,
    Audience,
}

/// Recognises one kind of near miss.
type Rule = fn(&Pair<'_>) -> Option<Finding>;

/// Rules for any claim, the most useful first. They run before the rules of the claim.
const TEXT_RULES: &[Rule] =
    &[text::letter_case, text::trailing_slash, text::white_space, text::quotes, text::encoding, look_alike::look_alike];

const FAR_ISSUER: usize = 4_000;
const FAR_SUBJECT: usize = 400;
const FAR_AUDIENCE: usize = 100;
/// The distance of each false clause of an expression about another claim than the subject.
const FALSE_CLAUSE: usize = 20;

/// The differences between a token and one credential.
struct Assessment {
    findings: Vec<Finding>,
    /// 0 when they match; the larger, the less alike they are.
    distance: usize,
    /// How many characters the subjects have in common at the start; decides between equal
    /// distances.
    shared: usize,
}

impl Assessment {
    fn new(question: &Question<'_>, credential: &Credential, aadsts: u32) -> Self {
        let claims = question.token.claims();
        let mut assessment = Self { findings: Vec::new(), distance: 0, shared: 0 };
        let (about_subject, others) = match credential.matcher.subject() {
            Some(_) => (String::new(), 0),
            None => expression::about_subject(credential, question.token),
        };
        let pair = |claim, expected, actual| Pair { question, credential, claim, expected, actual, aadsts };

        let iss = claims.iss.as_deref().unwrap_or_default();
        if !credential.matches_issuer(claims) || iss.trim() != iss {
            assessment.differ(&pair(Claim::Issuer, &credential.issuer, iss), issuer::RULES, FAR_ISSUER);
        }
        let sub = claims.sub.as_deref().unwrap_or_default();
        match credential.matcher.subject() {
            Some(subject) if subject == sub || sub.is_empty() => {}
            Some(subject) => {
                assessment.shared = common_prefix(subject, sub);
                assessment.differ(&pair(Claim::Subject, subject, sub), subject::RULES, FAR_SUBJECT);
            }
            None => {
                if let Some(finding) = expression::explain(question, credential, aadsts) {
                    assessment.shared = common_prefix(&about_subject, sub);
                    let near = match about_subject == sub {
                        true => Some(1),
                        false => near(&pair(Claim::Subject, &about_subject, sub), subject::RULES).map(|(rank, _)| rank),
                    };
                    assessment.distance += near.map_or(FAR_SUBJECT, |rank| rank + others * FALSE_CLAUSE);
                    assessment.findings.push(finding);
                }
            }
        }
        if !matches_audience(credential, claims, question.cloud) && !claims.aud.is_empty() {
            let (expected, actual) = (credential.audience().unwrap_or_default(), audiences(claims));
            assessment.differ(&pair(Claim::Audience, expected, &actual), audience::RULES, FAR_AUDIENCE);
        }
        assessment
    }

    fn differ(&mut self, pair: &Pair<'_>, rules: &[Rule], far: usize) {
        let (distance, finding) = near(pair, rules).unwrap_or_else(|| (far, pair.differs()));
        self.distance += distance;
        self.findings.push(finding);
    }
}

/// The first rule that recognises the difference: its place, and what it finds.
fn near(pair: &Pair<'_>, rules: &[Rule]) -> Option<(usize, Finding)> {
    let is_short = pair.expected.len().max(pair.actual.len()) <= LONGEST_COMPARED;
    let mut rules = TEXT_RULES.iter().chain(rules).enumerate().filter(|_| is_short);
    rules.find_map(|(rank, rule)| Some((rank + 1, rule(pair)?)))
}

impl<'a> Pair<'a> {
    fn finding(&self, code: &'static str, message: impl Into<String>) -> Finding {
        Finding::error(code, self.aadsts, message).claim(self.claim.name()).compare(self.expected, self.actual)
    }

    /// A finding of a rule for any claim, which has one code for each claim.
    fn finding_of(&self, [issuer, subject, audience]: [&'static str; 3], message: impl Into<String>) -> Finding {
        let code = match self.claim {
            Claim::Issuer => issuer,
            Claim::Subject => subject,
            Claim::Audience => audience,
        };
        self.finding(code, message)
    }

    /// The finding when no rule recognises the difference: where the values differ.
    fn differs(&self) -> Finding {
        let position = common_prefix(self.expected, self.actual);
        let (noun, holder) = (self.claim.noun(), self.holder());
        let (actual, expected) = (excerpt(self.actual, position), excerpt(self.expected, position));
        let message = match position {
            0..4 => format!("the token has the {noun} {actual}, and {holder} has {expected}"),
            _ => format!(
                "the token's {noun} differs from {holder} at character {}: {actual} instead of {expected}",
                position + 1
            ),
        };
        let finding = self.finding_of(["issuer-differs", "subject-differs", "audience-differs"], message);
        match self.claim {
            Claim::Issuer | Claim::Audience => finding.remedy_if(self.correct()),
            Claim::Subject => self.or_create(finding),
        }
    }

    /// The credential's name for a sentence.
    fn holder(&self) -> String {
        match self.credential.name.as_str() {
            "" => holder(self.credential),
            _ => format!("the credential {}", self.credential.named_among(self.question.credentials)),
        }
    }

    /// How to change the credential to the token's values; or the token, when the credential has the
    /// usual audience.
    fn correct(&self) -> Option<Remedy> {
        let is_usual = |audience: &str| self.question.cloud.exchange_audience == Some(audience);
        if self.claim == Claim::Audience && is_usual(self.expected) {
            return Some(self.ask().into());
        }
        remedy::correct(self.question, self.credential)
    }

    /// As [`correct`](Self::correct), for a claim that is certainly of the token's pipeline. Another
    /// issuer can have the same subject.
    fn correct_same_pipeline(&self) -> Option<Remedy> {
        let iss = self.question.token.claims().iss.as_deref().unwrap_or_default();
        match self.claim == Claim::Issuer || same_issuer(&self.credential.issuer, iss) {
            true => remedy::update_to_token(self.question, self.credential),
            false => remedy::create(self.question, Some(self.credential)),
        }
    }

    /// How to request a token with the credential's audience.
    fn ask(&self) -> String {
        remedy::ask(self.expected)
    }

    /// Adds the command that creates a credential for exactly this token.
    fn or_create(&self, finding: Finding) -> Finding {
        finding.remedy_if(remedy::create(self.question, Some(self.credential)))
    }
}

impl Claim {
    const fn name(self) -> &'static str {
        match self {
            Self::Issuer => "iss",
            Self::Subject => "sub",
            Self::Audience => "aud",
        }
    }

    const fn noun(self) -> &'static str {
        match self {
            Self::Issuer => "issuer",
            Self::Subject => "subject",
            Self::Audience => "audience",
        }
    }
}

/// The findings about the credential that has the token's issuer and subject, when Entra refuses
/// the audience but the closest credential differs in another claim.
fn audience_findings(question: &Question<'_>, earlier: &[Finding], aadsts: u32) -> Vec<Finding> {
    let claims = question.token.claims();
    let differs_in_audience =
        |one: &&Credential| one.matches_issuer(claims) && one.matcher.subject() == claims.sub.as_deref();
    if !matches!(aadsts, 700212 | 700214 | 7002121) || earlier.iter().any(|finding| finding.claim == Some("aud")) {
        return Vec::new();
    }
    let credential = question.credentials.iter().find(differs_in_audience);
    credential.map(|one| Assessment::new(question, one, aadsts).findings).unwrap_or_default()
}

/// The finding for a token that no credential can accept, so that the credentials stay as they are:
/// Entra cannot fetch keys from its issuer, or Entra issued it for another resource.
fn wrong_token(question: &Question<'_>, aadsts: u32) -> Option<Finding> {
    let claims = question.token.claims();
    let iss = claims.iss.as_deref()?;
    if question.credentials.iter().any(|one| one.matches_issuer(claims)) {
        return None;
    }
    if let Some(problem) = reach::unreachable(iss) {
        let public = |one: &&Credential| {
            one.matcher.subject() == claims.sub.as_deref() && reach::unreachable(&one.issuer).is_none()
        };
        let meant = question.credentials.iter().find(public);
        let finding = Finding::error(problem.code, aadsts, problem.message).claim("iss");
        return Some(match meant {
            Some(credential) => finding.compare(&credential.issuer, iss).remedy(format!(
                "leave {} as it is, and start the API server of the cluster with `--service-account-issuer={}`",
                holder(credential),
                credential.issuer
            )),
            None => finding.actual(iss).remedy_if(problem.remedy),
        });
    }
    let remedy = objection::wrong_entra_token(claims, question.cloud).filter(|_| is_entra_issuer(iss))?;
    let of_entra = question.credentials.iter().find(|one| is_entra_issuer(&one.issuer))?;
    let message = format!(
        "the token is not for the token exchange: Entra issued it for {} under its issuer of another version; leave {} as it is",
        quoted(&claims.aud.join(", ")),
        holder(of_entra)
    );
    Some(Finding::error(WRONG_TOKEN, aadsts, message).claim("iss").compare(&of_entra.issuer, iss).remedy(remedy))
}

/// An empty list does not say whose it is.
fn no_credentials(question: &Question<'_>) -> Vec<Finding> {
    let message = "the application or managed identity has no federated identity credentials";
    let finding = Finding::error("no-credentials", 70025, message).remedy_if(remedy::create(question, None));
    let for_identity = remedy::create_on_identity(question).map(|command| {
        Finding::info("managed-identity", "alternative, when the job signs in as a managed identity").remedy(command)
    });
    std::iter::once(finding).chain(for_identity).collect()
}

/// One credential has the token's issuer and another one its subject. One credential must have
/// both.
fn split_between_two(question: &Question<'_>, aadsts: u32) -> Option<Finding> {
    let claims = question.token.claims();
    let has_subject =
        |one: &Credential| one.matcher.subject().is_some() && one.matcher.subject() == claims.sub.as_deref();
    let of_issuer = question.credentials.iter().find(|one| one.matches_issuer(claims))?;
    if question.credentials.iter().any(|one| one.matches_issuer(claims) && has_subject(one)) {
        return None;
    }
    let of_subject = question.credentials.iter().find(|one| has_subject(one))?;
    let message = format!(
        "Issuer and subject match in different credentials, and one credential must have both: {} has the issuer, {} the subject",
        holder(of_issuer),
        holder(of_subject)
    );
    Some(Finding::error("halves-of-two", aadsts, message).remedy_if(remedy::correct(question, of_subject)))
}

/// The audiences of a token in one text.
fn audiences(claims: &Claims) -> String {
    shortened(claims.aud.join(", "), LONGEST_VALUE)
}

/// A credential's name for a sentence.
fn holder(credential: &Credential) -> String {
    match credential.name.as_str() {
        "" => "the credential".to_owned(),
        name => format!("the credential {}", quoted(name)),
    }
}
