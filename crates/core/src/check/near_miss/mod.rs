//! In what way a token and a credential almost agree: each way has a rule that recognises it, names it and mends it.

mod audience;
mod expression;
mod issuer;
mod subject;
mod text;

use super::decision::{Refusal, matches_audience, wanted_audience};
use super::finding::{Finding, common_prefix};
use super::{Question, remedy};
use crate::credential::{Credential, Matcher};

pub(super) use audience::{Origin, origin};
pub(super) use subject::{fork_of, never_matches, per_run};

/// How many credentials besides the closest are mentioned, each of which lacks one near miss only.
const MAX_OTHERS: usize = 2;

/// Why no credential accepts the token, the likeliest reason first. Claims that are missing are not spoken of.
pub(super) fn explain(question: &Question<'_>, refusal: &Refusal) -> Vec<Finding> {
    let aadsts = refusal.aadsts;
    if question.token.claims().iss.as_deref().unwrap_or_default().is_empty() {
        return Vec::new();
    }
    let mut assessed: Vec<_> = question.credentials.iter().map(|one| Assessment::new(question, one, aadsts)).collect();
    // of equals the one that comes first in the list stays first
    let rank = |assessment: &Assessment| (assessment.distance, usize::MAX - assessment.shared);
    assessed.sort_by_key(rank);
    let mut assessed = assessed.into_iter();
    let Some(closest) = assessed.next() else { return vec![no_credentials(question)] };
    if closest.distance >= FAR_ISSUER {
        return vec![issuer::unknown(question, aadsts)];
    }
    let mut findings = closest.findings;
    findings.extend(halves_of_two(question, aadsts));
    findings.extend(of_audience(question, &findings, aadsts));
    let others = assessed.filter(|other| other.distance < FAR_AUDIENCE && other.findings.len() == 1).take(MAX_OTHERS);
    findings.extend(others.flat_map(|other| other.findings));
    findings
}

/// One claim of the token beside what one credential holds for it.
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

/// Rules for any claim, the most useful first; the rules of each claim come after them.
const TEXT_RULES: &[Rule] = &[text::letter_case, text::trailing_slash, text::white_space, text::quotes, text::encoding];

const FAR_ISSUER: usize = 4_000;
const FAR_SUBJECT: usize = 400;
const FAR_AUDIENCE: usize = 100;

/// What separates a token from one credential.
struct Assessment {
    findings: Vec<Finding>,
    /// 0 when nothing does; more the less the two look alike.
    distance: usize,
    /// How many characters the subjects have in common, to choose among equals.
    shared: usize,
}

impl Assessment {
    fn new(question: &Question<'_>, credential: &Credential, aadsts: u32) -> Self {
        let claims = question.token.claims();
        let mut assessment = Self { findings: Vec::new(), distance: 0, shared: 0 };
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
                    assessment.distance += FAR_SUBJECT;
                    assessment.findings.push(finding);
                }
            }
        }
        if !matches_audience(credential, claims, question.cloud) && !claims.aud.is_empty() {
            let (expected, actual) = (credential.audience().unwrap_or_default(), claims.aud.join(", "));
            assessment.differ(&pair(Claim::Audience, expected, &actual), audience::RULES, FAR_AUDIENCE);
        }
        assessment
    }

    fn differ(&mut self, pair: &Pair<'_>, rules: &[Rule], far: usize) {
        let near = TEXT_RULES.iter().chain(rules).enumerate().find_map(|(rank, rule)| Some((rank + 1, rule(pair)?)));
        let (distance, finding) = near.unwrap_or_else(|| (far, pair.differs()));
        self.distance += distance;
        self.findings.push(finding);
    }
}

impl<'a> Pair<'a> {
    fn finding(&self, code: &'static str, message: impl Into<String>) -> Finding {
        Finding::error(code, self.aadsts, message).claim(self.claim.name()).compare(self.expected, self.actual)
    }

    /// A finding of a rule that serves any claim, with its code for each.
    fn finding_of(&self, [issuer, subject, audience]: [&'static str; 3], message: impl Into<String>) -> Finding {
        let code = match self.claim {
            Claim::Issuer => issuer,
            Claim::Subject => subject,
            Claim::Audience => audience,
        };
        self.finding(code, message)
    }

    /// What is left to say when no rule knows the difference: where it is.
    fn differs(&self) -> Finding {
        let position = common_prefix(self.expected, self.actual);
        let (noun, holder) = (self.claim.noun(), self.holder());
        let (actual, expected) = (excerpt(self.actual, position), excerpt(self.expected, position));
        let message = match position {
            0..4 => format!("the token's {noun} is {actual}, that of {holder} is {expected}"),
            _ => format!(
                "the token's {noun} differs from that of {holder} from character {} on: {actual} instead of {expected}",
                position + 1
            ),
        };
        let finding = self.finding_of(["issuer-differs", "subject-differs", "audience-differs"], message);
        match self.claim {
            Claim::Issuer | Claim::Audience => finding.remedy(self.correct()),
            Claim::Subject => self.or_create(finding),
        }
    }

    /// The credential, as a sentence calls it.
    fn holder(&self) -> String {
        holder(self.credential)
    }

    /// What gives the credential the token's value; or the token the credential's, where that is the usual one.
    ///
    /// Other claims that were surely meant to be the token's are corrected at the same time.
    fn correct(&self) -> String {
        let is_usual = |audience: &str| self.question.cloud.exchange_audience == Some(audience);
        if self.claim == Claim::Audience && is_usual(self.expected) {
            return self.ask();
        }
        let claims = self.question.token.claims();
        let mut changed = self.credential.clone();
        let wrong = |claim, held: &str, presented: &str| self.claim == claim || text::alike(held, presented);
        if let Some(iss) = claims.iss.as_deref().filter(|iss| wrong(Claim::Issuer, &changed.issuer, iss)) {
            changed.issuer = iss.to_owned();
        }
        if let (Some(sub), Matcher::Subject(subject)) = (claims.sub.as_deref(), &changed.matcher)
            && wrong(Claim::Subject, subject, sub)
        {
            changed.matcher = Matcher::Subject(sub.to_owned());
        }
        let held = changed.audience().unwrap_or_default();
        if self.claim == Claim::Audience {
            changed.audiences = vec![wanted_audience(claims, self.question.cloud)];
        } else if let [aud] = claims.aud.as_slice()
            && text::alike(held, aud)
            && !is_usual(held)
        {
            changed.audiences = vec![aud.clone()];
        }
        remedy::update(self.question, &changed)
    }

    /// As [`correct`](Self::correct), but another pipeline's credential is left alone and a new one made.
    fn correct_or_create(&self) -> Option<String> {
        let sub = self.question.token.claims().sub.as_deref().unwrap_or_default();
        match self.credential.matcher.subject() {
            Some(subject) if !text::alike(subject, sub) => remedy::create(self.question),
            _ => Some(self.correct()),
        }
    }

    /// How to get a token with the credential's audience.
    fn ask(&self) -> String {
        format!("request the ID token with the audience {}", quoted(self.expected))
    }

    /// Adds the command that makes a credential for exactly this token.
    fn or_create(&self, finding: Finding) -> Finding {
        finding.remedy_if(remedy::create(self.question))
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

/// When Entra names the audience, but something else is wrong with the closest credential, the one that Entra means.
fn of_audience(question: &Question<'_>, told: &[Finding], aadsts: u32) -> Vec<Finding> {
    let claims = question.token.claims();
    let meant = |one: &&Credential| one.matches_issuer(claims) && one.matcher.subject() == claims.sub.as_deref();
    if !matches!(aadsts, 700212 | 700214 | 7002121) || told.iter().any(|finding| finding.claim == Some("aud")) {
        return Vec::new();
    }
    let credential = question.credentials.iter().find(meant);
    credential.map(|one| Assessment::new(question, one, aadsts).findings).unwrap_or_default()
}

fn no_credentials(question: &Question<'_>) -> Finding {
    Finding::error("no-credentials", 70025, "the application has no federated identity credentials")
        .remedy_if(remedy::create(question))
}

/// One credential has the token's issuer, another its subject: matching never mixes them.
fn halves_of_two(question: &Question<'_>, aadsts: u32) -> Option<Finding> {
    let claims = question.token.claims();
    let has_subject =
        |one: &Credential| one.matcher.subject().is_some() && one.matcher.subject() == claims.sub.as_deref();
    let of_issuer = question.credentials.iter().find(|one| one.matches_issuer(claims))?;
    if question.credentials.iter().any(|one| one.matches_issuer(claims) && has_subject(one)) {
        return None;
    }
    let of_subject = question.credentials.iter().find(|one| has_subject(one))?;
    let message = format!(
        "{} has the token's issuer and {} its subject, but one credential must have both",
        holder(of_issuer),
        holder(of_subject)
    );
    let mut changed = of_subject.clone();
    changed.issuer = claims.iss.clone().unwrap_or_default();
    Some(Finding::error("halves-of-two", aadsts, message).remedy(remedy::update(question, &changed)))
}

/// A credential, as a sentence calls it.
fn holder(credential: &Credential) -> String {
    match credential.name.as_str() {
        "" => "the credential".to_owned(),
        name => format!("the credential {}", quoted(name)),
    }
}

/// A value inside a sentence: in backticks, not too long, and without characters that act on a terminal or that nobody sees.
pub(super) fn quoted(value: &str) -> String {
    const LONGEST: usize = 200;
    let mut shown = String::from("`");
    for c in value.chars().take(LONGEST) {
        match c {
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{ad}' => {
                shown.extend(c.escape_unicode());
            }
            c if c.is_control() => shown.extend(c.escape_default()),
            c => shown.push(c),
        }
    }
    shown.push_str(if value.chars().nth(LONGEST).is_some() { "…`" } else { "`" });
    shown
}

/// The part of a value around a place, from the last `:` or `/` before it.
fn excerpt(value: &str, position: usize) -> String {
    const LONGEST: usize = 48;
    let head: Vec<char> = value.chars().take(position).collect();
    let start = head.iter().rposition(|c| [':', '/'].contains(c)).map_or(0, |at| at + 1);
    let rest: String = value.chars().skip(start).collect();
    match rest.chars().count() {
        0 => "nothing".to_owned(),
        count if count > LONGEST => quoted(&(rest.chars().take(LONGEST).collect::<String>() + "…")),
        _ => quoted(&rest),
    }
}
