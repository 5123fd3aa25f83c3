//! Checks a token without any credential: header, claims, time, issuer, audience, subject.

use super::Question;
use super::audience_origin::{Origin, origin};
use super::changing_subject::{NEVER_MATCHES, never_matches, per_run};
use super::decision::{
    ALGORITHMS, MAX_LIFETIME, TYPES, entra_issued_rules, is_early, is_expired, lifetime, missing_claims,
};
use super::finding::Finding;
use super::near_miss::fork_of;
use super::objection::{SHORTEN_NAMES, invented, of_few_runs};
use super::remedy::both_audiences;
use super::time::{moment, span};
use crate::cloud::Cloud;
use crate::credential::audience::is_entra_issuer;
use crate::credential::limits::MAX_CHARACTERS;
use crate::credential::{CredentialProblem, reach};
use crate::platform;
use crate::shell::Shell;
use crate::token::{Claims, Token};

/// A token with less time left than this, in seconds, may expire before it reaches Entra.
pub const SHORT: i64 = 60;

/// What can be said of a token without credentials. An error is only what Entra certainly refuses.
///
/// `cloud` is the one in which the token would be exchanged, if that is known; `now` and `skew` are
/// in seconds. Commands in remedies are for `shell`.
pub fn preflight(token: &Token, cloud: Option<&Cloud>, now: i64, skew: i64, shell: Shell) -> Vec<Finding> {
    sorted_findings(token, cloud, now, skew, shell, false)
}

/// As [`preflight`], beside a check of credentials. When that check explains the audience
/// (`audience_is_explained`), an audience that is merely unusual is not reported.
pub(super) fn findings(question: &Question<'_>, audience_is_explained: bool) -> Vec<Finding> {
    sorted_findings(
        question.token,
        Some(question.cloud),
        question.now,
        question.skew,
        question.shell,
        audience_is_explained,
    )
}

fn sorted_findings(
    token: &Token,
    cloud: Option<&Cloud>,
    now: i64,
    skew: i64,
    shell: Shell,
    audience_is_explained: bool,
) -> Vec<Finding> {
    let claims = token.claims();
    let mut findings = header(token);
    findings.extend(missing_claims(claims).map(missing));
    findings.extend(time(claims, now, skew));
    findings.extend(issuer(claims));
    findings.extend(cloud.and_then(|cloud| entra_issued(claims, cloud)));
    findings.extend(audience(claims, cloud, shell, audience_is_explained));
    findings.extend(subject(claims));
    findings.extend(invented(token).map(of_subject(claims)));
    findings.extend(platform_specific(claims));
    findings.sort_by_key(|finding| finding.severity);
    findings
}

fn header(token: &Token) -> Vec<Finding> {
    let header = token.header();
    let mut findings = Vec::new();
    if let Some(typ) = header.typ.as_deref().filter(|typ| !TYPES.contains(typ)) {
        let message = format!("the token's type is `{}`, and Entra accepts only ID tokens", typ.escape_debug());
        let finding = Finding::error("type-not-accepted", 5002727, message).claim("typ").expected(TYPES[0]).actual(typ);
        findings.push(finding.remedy("use the platform's ID token; a token of the type `at+jwt` is an access token"));
    }
    match header.alg.as_str() {
        "RS256" => {}
        alg if ALGORITHMS.contains(&alg) => {
            let message = format!(
                "the token is signed with {alg}; Entra documents only RS256, although other algorithms were seen to work"
            );
            findings
                .push(Finding::warning("algorithm-undocumented", message).claim("alg").expected("RS256").actual(alg));
        }
        alg => {
            let message = format!("the token is signed with `{}`, which Entra does not accept", alg.escape_debug());
            let finding =
                Finding::error("algorithm-not-accepted", 5002738, message).claim("alg").expected("RS256").actual(alg);
            findings.push(finding.remedy("configure the issuer to sign with an RSA key and RS256"));
        }
    }
    if header.kid.as_deref().unwrap_or_default().is_empty() && header.x5t.is_none() {
        let finding =
            Finding::error("key-id-missing", 5002723, "the token's header does not name the key that signed it")
                .claim("kid");
        findings.push(finding.remedy("configure the issuer to write `kid` into the header, as in its key set"));
    }
    findings
}

fn missing(claim: &'static str) -> Finding {
    Finding::error("claim-missing", 90014, format!("the claim `{claim}` is missing or empty"))
        .claim(claim)
        .remedy("use the CI platform's OIDC ID token; other tokens may lack this claim")
}

fn time(claims: &Claims, now: i64, skew: i64) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(exp) = claims.exp {
        let left = exp.saturating_sub(now);
        if is_expired(claims, now, skew) {
            let message = format!("the token expired {} ago, at {}", span(left), moment(exp));
            let finding =
                Finding::error("token-expired", 700024, message).claim("exp").expected(moment(now)).actual(moment(exp));
            findings.push(finding.remedy("request a new ID token and exchange it at once"));
        } else if left < SHORT {
            let message = match left {
                ..=0 => format!(
                    "the token expired {} ago; Entra may still accept it, because clocks may differ by {}",
                    span(left),
                    span(skew)
                ),
                _ => format!("the token expires in {}", span(left)),
            };
            findings.push(
                Finding::warning("token-expires-soon", message)
                    .claim("exp")
                    .actual(moment(exp))
                    .remedy("request the ID token right before the exchange"),
            );
        }
    }
    if let Some(nbf) = claims.nbf.filter(|_| is_early(claims, now, skew)) {
        let message = format!("the token becomes valid in {}, at {}", span(nbf.saturating_sub(now)), moment(nbf));
        let finding = Finding::error("token-not-yet-valid", 700024, message)
            .claim("nbf")
            .expected(moment(now))
            .actual(moment(nbf));
        findings.push(finding.remedy("correct the clock of this machine or of the issuer"));
    }
    if let Some((_, life)) = lifetime(claims).filter(|(_, life)| *life > MAX_LIFETIME) {
        let message = format!(
            "the token is valid for {}, which is {} longer than the 25 hours that Entra accepts",
            span(life),
            span(life - MAX_LIFETIME)
        );
        let finding = Finding::error("lifetime-too-long", 70023, message)
            .claim("exp")
            .expected(span(MAX_LIFETIME))
            .actual(span(life));
        findings.push(
            finding.remedy(
                "set the job's time-out below 25 hours; in GitLab and HCP Terraform it is the token's lifetime",
            ),
        );
    }
    findings
}

fn issuer(claims: &Claims) -> Vec<Finding> {
    let Some(iss) = claims.iss.as_deref().filter(|iss| !iss.is_empty()) else { return Vec::new() };
    let mut findings = Vec::new();
    if iss.trim() != iss {
        let message = "the token's issuer begins or ends with white space, which Entra refuses";
        let finding =
            Finding::error("issuer-white-space", 700211, message).claim("iss").expected(iss.trim()).actual(iss);
        findings.push(finding.remedy("remove the white space where the token's issuer is configured"));
    } else if !iss.starts_with("https://") {
        let message = "the token's issuer is not an https address, and Entra fetches the signing keys from there";
        let finding = Finding::warning("issuer-not-https", message).claim("iss").actual(iss);
        findings.push(finding.remedy("configure the issuer with an address that begins with `https://`"));
    }
    findings.extend(too_long("issuer-too-long", 700211, "iss", iss));
    let problems =
        [reach::unreachable(iss), reach::caution(iss).filter(|_| !is_entra_issuer(iss))].into_iter().flatten();
    findings.extend(problems.map(|problem| {
        Finding::warning(problem.code, problem.message).claim("iss").actual(iss).remedy_if(problem.remedy)
    }));
    findings
}

fn too_long(code: &'static str, aadsts: u32, claim: &'static str, value: &str) -> Option<Finding> {
    let count = value.chars().count();
    let message =
        format!("the claim `{claim}` has {count} characters, and a credential can hold at most {MAX_CHARACTERS}");
    (count > MAX_CHARACTERS)
        .then(|| Finding::error(code, aadsts, message).claim(claim).actual(value).remedy(SHORTEN_NAMES))
}

/// The rule for tokens that Entra itself issued, where this token breaks one.
fn entra_issued(claims: &Claims, cloud: &Cloud) -> Option<Finding> {
    let refusal = entra_issued_rules(claims, cloud).err()?;
    let audience = claims.aud.join(", ");
    let (code, claim, message) = match refusal.aadsts {
        700229 => ("entra-user-token", "idtyp", "Entra issued the token on behalf of a person".to_owned()),
        700231 => {
            ("entra-chained-token", "xms_ficinfo", "the token is itself the result of a token exchange".to_owned())
        }
        700238 => ("entra-other-cloud", "iss", format!("Entra issued the token in another cloud than {}", cloud.title)),
        _ => (
            "audience-wrong-cloud",
            "aud",
            format!("Entra issued the token for another audience than the token exchange of {}", cloud.title),
        ),
    };
    let finding = Finding::error(code, refusal.aadsts, message).claim(claim);
    Some(match (refusal.aadsts, cloud.exchange_audience) {
        (700238, _) => {
            finding.remedy(format!("use an identity of {}; no credential can accept this token", cloud.title))
        }
        (7002206, Some(wanted)) => {
            finding.compare(wanted, &audience).remedy(format!("request the token for `{wanted}`"))
        }
        _ => finding.remedy_if(refusal.entry().map(|entry| entry.remedy.to_owned())),
    })
}

fn audience(claims: &Claims, cloud: Option<&Cloud>, shell: Shell, is_explained: bool) -> Vec<Finding> {
    let [audience] = claims.aud.as_slice() else {
        return several_audiences(claims).into_iter().filter(|_| !is_explained).collect();
    };
    let mut findings = Vec::new();
    if claims.aud_is_array {
        let message = "`aud` is a list with one element, as in all tokens of Kubernetes; Entra accepts that";
        findings.push(Finding::info("audience-list", message).claim("aud").actual(audience));
    }
    if !claims.iss.as_deref().is_some_and(is_entra_issuer) && !audience.is_empty() {
        findings.extend(unusual_audience(claims, audience, cloud, shell, is_explained));
    }
    findings
}

fn several_audiences(claims: &Claims) -> Option<Finding> {
    let count = claims.aud.len();
    if count == 0 {
        return None;
    }
    let message = format!("the token has {count} audiences, and Entra is not known to accept more than one");
    let finding = Finding::warning("audience-several", message).claim("aud").actual(claims.aud.join(", "));
    Some(finding.remedy("request an ID token with exactly one audience"))
}

fn unusual_audience(
    claims: &Claims,
    audience: &str,
    cloud: Option<&Cloud>,
    shell: Shell,
    is_explained: bool,
) -> Option<Finding> {
    let usual = match cloud {
        Some(cloud) => cloud.exchange_audience?,
        None => "api://AzureADTokenExchange",
    };
    let ask = format!("request the ID token with the audience `{usual}`");
    let (code, message, remedy) = match origin(claims, shell) {
        Origin::Exchange(_) if cloud.is_none_or(|cloud| cloud.exchange_audience == Some(audience)) => return None,
        Origin::Exchange(home) => {
            let asked = cloud.map(|cloud| cloud.title).unwrap_or_default();
            (
                "audience-wrong-cloud",
                format!("the token's audience belongs to {}, but the exchange is with {asked}", home.title),
                format!(
                    "for an application in {}, give `--cloud {}`; for one in {asked}, {}",
                    home.title,
                    home.name,
                    both_audiences(usual)
                ),
            )
        }
        Origin::Default { .. } | Origin::Other if is_explained => return None,
        Origin::Default { title, ask: how } => {
            let message = format!(
                "the token has the default audience of {title}; only a credential with this audience accepts it"
            );
            let give = || format!("set the credential's audience to `{}`", audience.escape_debug());
            ("audience-platform-default", message, how.map_or_else(give, str::to_owned))
        }
        Origin::Other => {
            let message = format!(
                "the token's audience is not `{usual}`; only a credential with the token's audience accepts it"
            );
            ("audience-unusual", message, ask)
        }
    };
    Some(Finding::warning(code, message).claim("aud").compare(usual, audience).remedy(remedy))
}

fn subject(claims: &Claims) -> Vec<Finding> {
    let (Some(iss), Some(sub)) = (claims.iss.as_deref(), claims.sub.as_deref()) else { return Vec::new() };
    let mut findings: Vec<_> = too_long("subject-too-long", 700213, "sub", sub).into_iter().collect();
    if let Some((platform, part)) = never_matches(claims) {
        let finding = Finding::warning(NEVER_MATCHES, "").claim("sub").actual(sub);
        findings.push(per_run(finding, platform, &part));
        return findings;
    }
    findings.extend(of_few_runs(claims).map(of_subject(claims)));
    let parts =
        platform::identify(iss, Some(sub)).and_then(|platform| platform.subject(sub)).map(|subject| subject.parts);
    for part in parts.unwrap_or_default().iter().filter(|part| part.varies) {
        let message =
            format!("the subject contains `{}`, which can change from run to run: {}", part.name, part.meaning);
        findings.push(Finding::info("subject-varies", message).claim("sub").actual(part.value.as_str()));
    }
    findings
}

/// The warning about the subject of a token.
fn of_subject(claims: &Claims) -> impl FnOnce(CredentialProblem) -> Finding {
    let subject = claims.sub.as_deref().unwrap_or_default();
    move |problem| {
        Finding::warning(problem.code, problem.message).claim("sub").actual(subject).remedy_if(problem.remedy)
    }
}

/// Warnings that apply to one platform.
fn platform_specific(claims: &Claims) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some((target, source)) = fork_of(claims) {
        let message = format!("the job of the project `{target}` runs for a merge request from the fork `{source}`");
        findings.push(
            Finding::warning("subject-fork", message)
                .claim("sub")
                .actual(claims.sub.as_deref().unwrap_or_default())
                .remedy("run no deployments in pipelines of forks: the fork's owner decides what they do"),
        );
    }
    if claims.raw.get("oidc.circleci.com/ssh-rerun").is_some_and(|rerun| rerun.as_bool() == Some(true)) {
        let message = "the job is a rerun with SSH, in which a person can type commands";
        findings.push(Finding::warning("ssh-rerun", message).claim("oidc.circleci.com/ssh-rerun"));
    }
    findings
}
