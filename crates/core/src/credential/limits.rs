//! What Entra refuses in a credential, or stores and then never matches.

use std::ops::RangeInclusive;

use super::expression::{self, review};
use super::{Credential, Matcher, Problem};

/// How many credentials an application or a user-assigned managed identity can have.
pub const MAX_PER_APPLICATION: usize = 20;

/// How many characters an issuer, a subject, an audience or a description can have.
pub const MAX_CHARACTERS: usize = 600;

/// How many characters a name can have. Applications are known to take shorter ones, managed identities aren't.
pub const NAME_CHARACTERS: RangeInclusive<usize> = 3..=120;

/// The issuer of GitHub's tokens, exactly.
const GITHUB: &str = "https://token.actions.githubusercontent.com";

/// Whether Azure takes this as the name of a credential: 3 to 120 letters, digits, `-` and `_`, the first a letter or digit.
pub fn is_name(name: &str) -> bool {
    NAME_CHARACTERS.contains(&name.len()) && is_name_of_any_length(name)
}

/// Everything that is wrong or unwise about the credentials of one application, the list first, then one by one.
pub fn problems(credentials: &[Credential]) -> Vec<Problem> {
    let mut problems = shape(credentials);
    for (index, credential) in credentials.iter().enumerate() {
        problems.extend(expression_problems(credential).into_iter().map(|problem| problem.of(index)));
    }
    problems
}

/// What can be said without judging expressions, whose rules change more often than those of the rest.
pub(super) fn shape(credentials: &[Credential]) -> Vec<Problem> {
    let mut problems = Vec::new();
    problems.extend(too_many(credentials.len()));
    problems.extend(duplicates(credentials));
    for (index, credential) in credentials.iter().enumerate() {
        let own =
            [name(&credential.name), issuer(&credential.issuer), matcher(&credential.matcher), audiences(credential)];
        problems.extend(own.into_iter().flatten().map(|problem| problem.of(index)));
        let long = credential.description.as_ref().and_then(|text| too_long("description", text));
        problems.extend(long.map(|problem| problem.of(index)));
    }
    problems
}

fn too_many(count: usize) -> Option<Problem> {
    if count <= MAX_PER_APPLICATION {
        return None;
    }
    let message =
        format!("there are {count} credentials, and one application or identity can have {MAX_PER_APPLICATION}");
    Some(Problem::fatal("credentials-too-many", message).remedy(
        "at GitHub, GitLab and HCP Terraform one flexible credential (`azure-oidc credential --flexible`) stands for many; elsewhere \
         have the platform make a subject that says less, or spread the workload over several user-assigned managed identities",
    ))
}

/// Names must differ, and so must pairs of issuer and subject.
fn duplicates(credentials: &[Credential]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (index, credential) in credentials.iter().enumerate() {
        let earlier = &credentials[..index];
        if let Some(first) = earlier.iter().rposition(|other| other.name == credential.name) {
            let message = format!("the name {:?} is taken already, by credential {}", credential.name, first + 1);
            problems.push(Problem::fatal("credential-name-taken", message).of(index).at("name"));
        }
        let Some(subject) = credential.matcher.subject() else { continue };
        let same = |other: &Credential| other.matcher.subject() == Some(subject) && other.issuer == credential.issuer;
        if let Some(first) = earlier.iter().rposition(same) {
            let message = format!("issuer and subject are the same as those of credential {}", first + 1);
            let problem = Problem::fatal("credential-duplicate", message).of(index).at("subject");
            problems.push(problem.remedy("delete one of the two: the pair must be unique, whatever the audience"));
        }
    }
    problems
}

fn name(name: &str) -> Vec<Problem> {
    if is_name(name) {
        return Vec::new();
    }
    let rule = "a name has 3 to 120 letters, digits, - and _, and begins with a letter or digit";
    let problem = if name.is_empty() {
        Problem::fatal("credential-name-invalid", format!("the name is empty: {rule}"))
    } else if name.len() < *NAME_CHARACTERS.start() && is_name_of_any_length(name) {
        Problem::advice(
            "credential-name-short",
            format!("the name {name:?} is too short for a managed identity: {rule}"),
        )
    } else {
        Problem::fatal("credential-name-invalid", format!("the name {name:?} isn't allowed: {rule}"))
    };
    vec![problem.at("name")]
}

fn is_name_of_any_length(name: &str) -> bool {
    let allowed = |c: u8| c.is_ascii_alphanumeric() || c == b'-' || c == b'_';
    name.bytes().all(allowed) && name.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
}

fn issuer(issuer: &str) -> Vec<Problem> {
    let mut problems = text("issuer", issuer);
    if issuer.trim().trim_end_matches('/') == GITHUB && issuer.trim() != GITHUB {
        let message = "the issuer ends with a slash, and the `iss` of GitHub's tokens doesn't";
        let problem = Problem::fatal("issuer-trailing-slash", message).aadsts(700_211).at("issuer");
        problems.push(problem.remedy(format!("set the issuer to {GITHUB}")));
    } else if !issuer.trim().starts_with("https://") && !issuer.trim().is_empty() {
        let message = format!("the issuer {issuer:?} isn't an https URL, from which Entra could fetch signing keys");
        problems.push(Problem::advice("issuer-not-https", message).at("issuer"));
    }
    problems
}

fn matcher(matcher: &Matcher) -> Vec<Problem> {
    let Matcher::Subject(subject) = matcher else { return Vec::new() };
    let mut problems = text("subject", subject);
    if subject.bytes().any(|c| matches!(c, b'*' | b'?')) {
        let message = format!("the subject {subject:?} is compared as it stands: * and ? are no wildcards in it");
        let problem = Problem::advice("subject-wildcard", message).aadsts(700_213).at("subject");
        problems.push(problem.remedy(
            "write one credential for each subject, or for GitHub, GitLab and HCP Terraform one with an expression \
             (`claims['sub'] matches '...'`)",
        ));
    }
    problems
}

fn audiences(credential: &Credential) -> Vec<Problem> {
    let [audience] = credential.audiences.as_slice() else {
        let message = format!("there are {} audiences, and a credential has exactly one", credential.audiences.len());
        let problem = Problem::fatal("audience-count", message).at("audiences");
        return vec![problem.remedy("keep the one that the token holds as `aud`, normally api://AzureADTokenExchange")];
    };
    text("audiences", audience)
}

/// What holds for every text that is compared with a claim.
fn text(member: &'static str, text: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    if text.is_empty() {
        problems.push(Problem::fatal("member-empty", format!("`{member}` is empty")).at(member));
    } else if text.trim() != text {
        let message =
            format!("`{member}` begins or ends with white space, {text:?}, which is compared like any character");
        let problem = Problem::fatal("member-white-space", message).at(member);
        problems.push(problem.remedy(format!("delete the credential and make it again with {:?}", text.trim())));
    }
    problems.extend(too_long(member, text));
    problems
}

fn too_long(member: &'static str, text: &str) -> Option<Problem> {
    // A character has at least one byte.
    if text.len() <= MAX_CHARACTERS {
        return None;
    }
    let length = text.chars().count();
    (length > MAX_CHARACTERS).then(|| {
        let message = format!("`{member}` has {length} characters, and at most {MAX_CHARACTERS} are stored");
        Problem::fatal("member-too-long", message).at(member)
    })
}

fn expression_problems(credential: &Credential) -> Vec<Problem> {
    match credential.matcher.expression() {
        None => Vec::new(),
        Some(Ok(parsed)) => review(&credential.issuer, &parsed),
        Some(Err(error)) => {
            let message = format!("{error}, at {:?}", place(credential.matcher.text(), &error));
            let problem = Problem::fatal(error.code, message).at("claimsMatchingExpression").aadsts(expression::AADSTS);
            vec![Problem { remedy: error.hint, ..problem }]
        }
    }
}

/// The part of the expression that an error is about, or what comes before it when the part is empty.
fn place<'a>(text: &'a str, error: &expression::ExpressionError) -> &'a str {
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
            identity: None,
        }
    }

    fn codes(credential: &Credential) -> Vec<&'static str> {
        problems(std::slice::from_ref(credential)).iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn a_sound_credential_has_no_problem() {
        assert_eq!(codes(&credential("main", GITHUB, SUBJECT, &[AUDIENCE])), [""; 0]);
        let aks = "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/";
        assert_eq!(
            codes(&credential("aks", aks, "system:serviceaccount:a:b", &[AUDIENCE])),
            [""; 0],
            "this slash belongs"
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
            (credential("main", GITHUB, "repo:contoso/*", &[AUDIENCE]), "subject-wildcard", "subject", false),
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
    fn the_twenty_first_credential_is_one_too_many() {
        let make = |i: usize| credential(&format!("fic-{i}"), GITHUB, &format!("{SUBJECT}{i}"), &[AUDIENCE]);
        let twenty: Vec<_> = (0..20).map(make).collect();
        assert_eq!(problems(&twenty), []);
        let more: Vec<_> = (0..21).map(make).collect();
        assert_eq!(problems(&more)[0].code, "credentials-too-many");
    }

    #[test]
    fn names_and_pairs_of_issuer_and_subject_are_unique() {
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
        assert_eq!(broken.message, "the comparand isn't in single quotes, at \"repo:contoso/*\"");
        assert_eq!(broken.remedy.as_deref(), Some("write 'repo:contoso/*'"));
        assert_eq!(flexible("claims['sub'] matches 'repo:contoso/*'").code, "expression-id-missing");
    }
}
