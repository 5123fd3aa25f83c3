//! Finds values of credentials that Entra refuses, or stores and never matches.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use super::expression::{self, review};
use super::{Credential, CredentialProblem, Matcher, code, owner, reach};
use crate::harmless::trimmed;
use crate::mask::mask_in;

/// The maximum number of credentials on an application or a user-assigned managed identity.
pub const MAX_PER_APPLICATION: usize = 20;

/// The maximum length of an issuer, subject, audience or description, in characters.
pub const MAX_CHARACTERS: usize = 600;

/// The length of a name, in characters. Applications also accept shorter names.
pub const NAME_CHARACTERS: RangeInclusive<usize> = 3..=120;

/// The issuer of GitHub's tokens, exactly.
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// Whether this is a valid name of a credential: 3 to 120 letters, digits, `-` and `_`, of which
/// the first is a letter or digit.
pub fn is_name(name: &str) -> bool {
    NAME_CHARACTERS.contains(&name.len()) && is_name_of_any_length(name)
}

/// All problems of the credentials of one application: first those of the list, then those of each
/// credential.
pub fn problems(credentials: &[Credential]) -> Vec<CredentialProblem> {
    let mut problems = shape(credentials);
    for (index, credential) in credentials.iter().enumerate() {
        problems.extend(expression_problems(credential).into_iter().map(|problem| problem.of(index)));
    }
    problems
}

/// As [`problems`], without those of expressions, whose rules change more often.
pub(super) fn shape(credentials: &[Credential]) -> Vec<CredentialProblem> {
    let mut problems = Vec::new();
    problems.extend(too_many(credentials));
    problems.extend(duplicates(credentials));
    // Most applications have one issuer; its problems are found once.
    let mut of_issuer: (&str, Vec<CredentialProblem>) = ("", issuer(""));
    for (index, credential) in credentials.iter().enumerate() {
        if of_issuer.0 != credential.issuer {
            of_issuer = (&credential.issuer, issuer(&credential.issuer));
        }
        let own = [name(&credential.name), of_issuer.1.clone(), matcher(&credential.matcher), audiences(credential)];
        problems.extend(own.into_iter().flatten().map(|problem| problem.of(index)));
        let long = credential.description.as_ref().and_then(|text| too_long("description", text));
        problems.extend(long.map(|problem| problem.of(index)));
    }
    problems
}

/// The problem of the first owner with too many credentials.
fn too_many(credentials: &[Credential]) -> Option<CredentialProblem> {
    if credentials.len() <= MAX_PER_APPLICATION {
        return None;
    }
    let owners = owner::owners(credentials);
    let of = |owner: &Credential| credentials.iter().filter(|one| one.has_owner_of(owner)).count();
    let (owner, count) =
        owners.iter().map(|owner| (owner, of(owner))).find(|(_, count)| *count > MAX_PER_APPLICATION)?;
    let whose = if owners.len() > 1 { format!(" of {}", owner.owner()) } else { String::new() };
    let message = format!(
        "there are {count} credentials{whose}, and an application or identity can have at most {MAX_PER_APPLICATION}"
    );
    Some(CredentialProblem::fatal("credentials-too-many", message).remedy(
        "for GitHub, GitLab and HCP Terraform, replace several by one flexible credential (`azure-oidc credential --flexible`); for \
         other platforms, use several user-assigned managed identities",
    ))
}

/// Credentials of one owner that have the same value where values must be unique.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clash {
    /// The code of the problem: `credential-name-taken` or `credential-duplicate`.
    pub code: &'static str,
    /// The member with the value, or the last of several.
    pub member: &'static str,
    /// The credentials, at least two, in their order.
    pub indices: Vec<usize>,
}

/// Names must be unique, and so must pairs of issuer and subject. A document can hold the
/// credentials of several applications and managed identities, which do not clash.
pub fn clashes(credentials: &[Credential]) -> Vec<Clash> {
    let mut names = BTreeMap::<_, Vec<usize>>::new();
    let mut pairs = BTreeMap::<_, Vec<usize>>::new();
    for (index, credential) in credentials.iter().enumerate() {
        let owner = (&credential.application, &credential.identity);
        names.entry((owner, credential.name.as_str())).or_default().push(index);
        if let Some(subject) = credential.matcher.subject() {
            pairs.entry((owner, credential.issuer.as_str(), subject)).or_default().push(index);
        }
    }
    let several = |indices: &Vec<usize>| indices.len() > 1;
    let taken = names.into_values().filter(several);
    let taken = taken.map(|indices| Clash { code: code::NAME_TAKEN, member: "name", indices });
    let equal = pairs.into_values().filter(several);
    taken.chain(equal.map(|indices| Clash { code: code::DUPLICATE, member: "subject", indices })).collect()
}

/// A problem for each credential that has a value of an earlier one.
fn duplicates(credentials: &[Credential]) -> Vec<CredentialProblem> {
    let mut problems = Vec::new();
    for Clash { code: found, member, indices } in clashes(credentials) {
        for pair in indices.windows(2) {
            let [earlier, index] = [pair[0], pair[1]];
            let message = match found {
                code::NAME_TAKEN => {
                    format!("credential {} already has the name {:?}", earlier + 1, credentials[index].name)
                }
                _ => format!("credential {} already has this issuer and subject", earlier + 1),
            };
            let problem = CredentialProblem::fatal(found, message).of(index).at(member);
            problems.push(if found == code::DUPLICATE { problem.remedy(DELETE_ONE) } else { problem });
        }
    }
    problems.sort_by_key(|problem| problem.index);
    problems
}

const DELETE_ONE: &str = "delete one of them: the pair of issuer and subject must be unique, whatever the audience";

fn name(name: &str) -> Vec<CredentialProblem> {
    if is_name(name) {
        return Vec::new();
    }
    let rule = "a name has 3 to 120 letters, digits, - and _, and begins with a letter or digit";
    let problem = if name.is_empty() {
        CredentialProblem::fatal("credential-name-invalid", format!("the name is empty: {rule}"))
    } else if name.len() < *NAME_CHARACTERS.start() && is_name_of_any_length(name) {
        CredentialProblem::advice(
            "credential-name-short",
            format!("the name {name:?} is too short for a managed identity: {rule}"),
        )
    } else {
        CredentialProblem::fatal("credential-name-invalid", format!("the name {name:?} is not allowed: {rule}"))
    };
    vec![problem.at("name")]
}

fn is_name_of_any_length(name: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    name.bytes().all(allowed) && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
}

fn issuer(issuer: &str) -> Vec<CredentialProblem> {
    let mut problems = text("issuer", issuer);
    let bare = trimmed(issuer);
    if bare.trim_end_matches('/') == GITHUB && bare != GITHUB {
        let message = "the issuer ends with a slash, and the `iss` of GitHub's tokens does not";
        let problem = CredentialProblem::fatal("issuer-trailing-slash", message).aadsts(700_211).at("issuer");
        problems.push(problem.remedy(format!("set the issuer to {GITHUB}")));
    } else if !bare.starts_with("https://") && !bare.is_empty() {
        let message = format!("the issuer {issuer:?} is not an https URL, from which Entra fetches the signing keys");
        problems.push(CredentialProblem::advice("issuer-not-https", message).at("issuer"));
    }
    problems.extend(masked("issuer", issuer));
    problems.extend(reach::unreachable(issuer));
    problems.extend(reach::caution(issuer));
    problems
}

/// The mask with which a CI system hides a secret in its log is never part of a value.
fn masked(member: &'static str, text: &str) -> Option<CredentialProblem> {
    let mask = mask_in(text)?;
    let message = format!("`{member}` holds `{mask}`, with which a CI system masks a secret in its log");
    let problem = CredentialProblem::fatal("member-masked", message).at(member);
    Some(problem.remedy("take the value from a token: `azure-oidc inspect` shows it whole"))
}

fn matcher(matcher: &Matcher) -> Vec<CredentialProblem> {
    let Matcher::Subject(subject) = matcher else { return Vec::new() };
    let mut problems = text("subject", subject);
    if let Some(masked) = masked("subject", subject) {
        problems.push(masked);
    } else if subject.bytes().any(|c| matches!(c, b'*' | b'?')) {
        let message =
            format!("Entra compares the subject {subject:?} literally: * and ? are not wildcards in a subject");
        let problem = CredentialProblem::advice("subject-wildcard", message).aadsts(700_213).at("subject");
        problems.push(problem.remedy(
            "create one credential for each subject; for GitHub, GitLab and HCP Terraform you can use an expression instead \
             (`claims['sub'] matches '...'`)",
        ));
    }
    problems
}

fn audiences(credential: &Credential) -> Vec<CredentialProblem> {
    let [audience] = credential.audiences.as_slice() else {
        let message =
            format!("the credential has {} audiences, and exactly one is allowed", credential.audiences.len());
        let problem = CredentialProblem::fatal("audience-count", message).at("audiences");
        return vec![
            problem.remedy("keep the audience that equals the token's `aud`, normally api://AzureADTokenExchange"),
        ];
    };
    text("audiences", audience)
}

/// The rules for every text that is compared with a claim.
fn text(member: &'static str, text: &str) -> Vec<CredentialProblem> {
    let mut problems = Vec::new();
    if text.is_empty() {
        problems.push(CredentialProblem::fatal("member-empty", format!("`{member}` is empty")).at(member));
    } else if trimmed(text) != text {
        let what = if text.trim() == text { "a zero-width character" } else { "white space" };
        let message = format!("`{member}` begins or ends with {what}, {text:?}, and Entra compares {what} too");
        let problem = CredentialProblem::fatal("member-white-space", message).at(member);
        problems.push(problem.remedy(format!("delete the credential and create it again with {:?}", trimmed(text))));
    }
    problems.extend(too_long(member, text));
    problems
}

fn too_long(member: &'static str, text: &str) -> Option<CredentialProblem> {
    // A character has at least one byte.
    if text.len() <= MAX_CHARACTERS {
        return None;
    }
    let length = text.chars().count();
    (length > MAX_CHARACTERS).then(|| {
        let message = format!("`{member}` has {length} characters, and Entra stores at most {MAX_CHARACTERS}");
        CredentialProblem::fatal("member-too-long", message).at(member)
    })
}

fn expression_problems(credential: &Credential) -> Vec<CredentialProblem> {
    match credential.matcher.expression() {
        None => Vec::new(),
        Some(Ok(parsed)) => review(&credential.issuer, &parsed),
        Some(Err(error)) => {
            let message = format!("{error}, at {:?}", wrong_part(credential.matcher.text(), &error));
            let problem =
                CredentialProblem::fatal(error.code, message).at("claimsMatchingExpression").aadsts(expression::AADSTS);
            vec![CredentialProblem { remedy: error.hint, ..problem }]
        }
    }
}

/// The part of the expression that caused the error, or the text before it when that part is empty.
fn wrong_part<'a>(text: &'a str, error: &expression::ExpressionError) -> &'a str {
    match text.get(error.span.clone()) {
        Some("") | None => text.get(..error.span.start).unwrap_or_default(),
        Some(part) => part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBJECT: &str = "repo:contoso/web:ref:refs/heads/main";
    const AUDIENCE: &str = "api://AzureADTokenExchange";

    fn credential(name: &str, issuer: &str, subject: &str, audiences: &[&str]) -> Credential {
        let (name, issuer) = (name.to_owned(), issuer.to_owned());
        let audiences = audiences.iter().map(|audience| (*audience).to_owned()).collect();
        Credential {
            name,
            issuer,
            matcher: Matcher::Subject(subject.to_owned()),
            audiences,
            description: None,
            application: None,
            identity: None,
        }
    }

    fn codes(credential: &Credential) -> Vec<&'static str> {
        problems(std::slice::from_ref(credential)).iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn a_valid_credential_has_no_problem() {
        assert_eq!(codes(&credential("main", GITHUB, SUBJECT, &[AUDIENCE])), [""; 0]);
        let aks = "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/";
        assert_eq!(
            codes(&credential("aks", aks, "system:serviceaccount:a:b", &[AUDIENCE])),
            [""; 0],
            "AKS issuers end with a slash"
        );
    }

    #[test]
    fn each_rule_is_reported_with_its_member() {
        let long = "x".repeat(601);
        let at_the_limit = "é".repeat(600);
        for (credential, code, member, fatal) in [
            (credential("", GITHUB, SUBJECT, &[AUDIENCE]), "credential-name-invalid", "name", true),
            (credential("a b", GITHUB, SUBJECT, &[AUDIENCE]), "credential-name-invalid", "name", true),
            (credential("-ab", GITHUB, SUBJECT, &[AUDIENCE]), "credential-name-invalid", "name", true),
            (credential("mäin", GITHUB, SUBJECT, &[AUDIENCE]), "credential-name-invalid", "name", true),
            (credential(&long[..121], GITHUB, SUBJECT, &[AUDIENCE]), "credential-name-invalid", "name", true),
            (credential("ab", GITHUB, SUBJECT, &[AUDIENCE]), "credential-name-short", "name", false),
            (credential("main", "", SUBJECT, &[AUDIENCE]), "member-empty", "issuer", true),
            (credential("main", "http://ci.test", SUBJECT, &[AUDIENCE]), "issuer-not-https", "issuer", false),
            (credential("main", &format!("{GITHUB}/"), SUBJECT, &[AUDIENCE]), "issuer-trailing-slash", "issuer", true),
            (credential("main", &format!("{GITHUB} "), SUBJECT, &[AUDIENCE]), "member-white-space", "issuer", true),
            (credential("main", GITHUB, "", &[AUDIENCE]), "member-empty", "subject", true),
            (credential("main", GITHUB, "a\n", &[AUDIENCE]), "member-white-space", "subject", true),
            (credential("main", GITHUB, "a\u{200b}", &[AUDIENCE]), "member-white-space", "subject", true),
            (credential("main", GITHUB, "repo:contoso/*", &[AUDIENCE]), "subject-wildcard", "subject", false),
            (credential("main", GITHUB, "repo:***/web:pull_request", &[AUDIENCE]), "member-masked", "subject", true),
            (credential("main", "https://***.example", SUBJECT, &[AUDIENCE]), "member-masked", "issuer", true),
            (credential("main", "https://10.1.2.3", SUBJECT, &[AUDIENCE]), "issuer-not-public", "issuer", true),
            (
                credential("main", "https://sts.windows.net/t/", SUBJECT, &[AUDIENCE]),
                "issuer-entra-v1",
                "issuer",
                false,
            ),
            (
                credential("main", "https://c.ciamlogin.com/c/v2.0", SUBJECT, &[AUDIENCE]),
                "issuer-external-id",
                "issuer",
                false,
            ),
            (credential("main", GITHUB, &long, &[AUDIENCE]), "member-too-long", "subject", true),
            (credential("main", GITHUB, SUBJECT, &[]), "audience-count", "audiences", true),
            (credential("main", GITHUB, SUBJECT, &[AUDIENCE, "b"]), "audience-count", "audiences", true),
            (credential("main", GITHUB, SUBJECT, &[" b"]), "member-white-space", "audiences", true),
        ] {
            let found = problems(std::slice::from_ref(&credential));
            assert_eq!(found.len(), 1, "{found:?}");
            assert_eq!((found[0].code, found[0].member, found[0].fatal), (code, Some(member), fatal));
            assert_eq!(found[0].index, Some(0));
        }
        assert_eq!(codes(&credential("main", GITHUB, &at_the_limit, &[AUDIENCE])), [""; 0], "characters, not bytes");
        let described = Credential { description: Some(long), ..credential("main", GITHUB, SUBJECT, &[AUDIENCE]) };
        assert_eq!(codes(&described), ["member-too-long"]);
    }

    #[test]
    fn at_most_twenty_credentials_are_allowed() {
        let make = |i: usize| credential(&format!("fic-{i}"), GITHUB, &format!("{SUBJECT}{i}"), &[AUDIENCE]);
        let twenty: Vec<_> = (0..20).map(make).collect();
        assert_eq!(problems(&twenty), []);
        let more: Vec<_> = (0..21).map(make).collect();
        assert_eq!(problems(&more)[0].code, "credentials-too-many");
    }

    #[test]
    fn each_owner_is_counted_and_compared_alone() {
        let of = |owner: &str, i: usize| Credential {
            application: Some(owner.to_owned()),
            ..credential(&format!("fic-{i}"), GITHUB, &format!("{SUBJECT}{i}"), &[AUDIENCE])
        };
        let three: Vec<_> = (0..24).map(|i| of(["a", "b", "c"][i / 8], i % 8)).collect();
        assert_eq!(problems(&three), []);
        let full: Vec<_> = (0..22).map(|i| of(if i == 0 { "a" } else { "b" }, i)).collect();
        assert!(problems(&full)[0].message.starts_with("there are 21 credentials of the application `b`"));
        let twice = [of("a", 1), of("b", 1), of("a", 1)];
        let found: Vec<_> = problems(&twice).iter().map(|problem| (problem.code, problem.index)).collect();
        assert_eq!(found, [("credential-name-taken", Some(2)), ("credential-duplicate", Some(2))]);
    }

    #[test]
    fn names_and_pairs_of_issuer_and_subject_must_be_unique() {
        let a = credential("main", GITHUB, SUBJECT, &[AUDIENCE]);
        let same_pair = Credential { name: "other".into(), audiences: vec!["b".into()], ..a.clone() };
        let same_name = credential("main", "https://gitlab.com", SUBJECT, &[AUDIENCE]);
        let found = problems(&[a, same_pair, same_name]);
        let found: Vec<_> = found.iter().map(|problem| (problem.code, problem.index)).collect();
        assert_eq!(found, [("credential-duplicate", Some(1)), ("credential-name-taken", Some(2))]);
    }

    #[test]
    fn expressions_are_parsed_and_reviewed() {
        let flexible = |value: &str| {
            let matcher = Matcher::Expression { value: value.to_owned(), language_version: 1 };
            problems(&[Credential { matcher, ..credential("main", GITHUB, "", &[AUDIENCE]) }]).remove(0)
        };
        let broken = flexible("claims['sub'] matches repo:contoso/*");
        assert_eq!(broken.aadsts, Some(700_233));
        assert_eq!(broken.message, "the comparand is not in single quotes, at \"repo:contoso/*\"");
        assert_eq!(broken.remedy.as_deref(), Some("write 'repo:contoso/*'"));
        assert_eq!(flexible("claims['sub'] matches 'repo:contoso/*'").code, "expression-id-missing");
    }
}
