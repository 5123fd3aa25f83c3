//! Rules that hold for any token and any credential.

use proptest::prelude::*;
use serde_json::json;

use super::case::{NOW, token};
use crate::check::{Outcome, Question, SKEW, Severity, Verdict, check, decision};
use crate::cloud::PUBLIC;
use crate::credential::{Credential, Matcher};
use crate::shell::Shell;

const ISSUER: &str = "https://token.actions.githubusercontent.com";
const SUBJECT: &str = "repo:acme/web:ref:refs/heads/main";
const AUDIENCE: &str = "api://AzureADTokenExchange";

fn credential(issuer: &str, subject: &str, audience: &str) -> Credential {
    Credential {
        name: "main".to_owned(),
        issuer: issuer.to_owned(),
        matcher: Matcher::Subject(subject.to_owned()),
        audiences: vec![audience.to_owned()],
        description: None,
        application: None,
        identity: None,
    }
}

fn verdict(claims: [&str; 3], credentials: &[Credential]) -> Verdict {
    let [iss, sub, aud] = claims;
    let header = json!({"alg": "RS256", "kid": "k1"});
    let claims = json!({"iss": iss, "sub": sub, "aud": aud, "iat": NOW, "exp": NOW + 300});
    let token = token(&header, &claims);
    check(&Question {
        token: &token,
        credentials,
        client_id: None,
        cloud: PUBLIC,
        now: NOW,
        skew: SKEW,
        keys: None,
        shell: Shell::Bash,
    })
}

/// What must hold of every verdict.
fn sound(verdict: &Verdict) -> Result<(), TestCaseError> {
    prop_assert_eq!(verdict.verdict == Outcome::Match, verdict.predicted_error.is_none());
    prop_assert_eq!(verdict.verdict == Outcome::Match, verdict.matched.is_some());
    let reason = verdict.findings.iter().find(|one| one.severity == Severity::Error);
    prop_assert_eq!(reason.and_then(|one| one.aadsts), verdict.predicted_error, "the first error is the predicted one");
    prop_assert!(verdict.findings.is_sorted_by_key(|one| one.severity));
    for finding in &verdict.findings {
        prop_assert!(!finding.message.is_empty() && !finding.message.ends_with('.'), "{}", finding.message);
        prop_assert!(!finding.message.contains(char::is_control), "{:?}", finding.message);
        if let (Some(at), Some(expected), Some(actual)) = (finding.position, &finding.expected, &finding.actual) {
            prop_assert!(expected.chars().take(at).eq(actual.chars().take(at)));
            prop_assert!(expected == actual || expected.chars().nth(at) != actual.chars().nth(at));
        }
    }
    Ok(())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{1,40}",
        "[a-c:/@*?. \u{200b}\n%]{1,12}",
        Just(ISSUER.to_owned()),
        Just(format!("{ISSUER}/")),
        Just(SUBJECT.to_owned()),
        Just("repo:acme/web:environment:prod".to_owned()),
        Just("repo:acme@1/web@2:pull_request".to_owned()),
        Just("organization:a:project:b:workspace:c:run_phase:plan".to_owned()),
        Just(AUDIENCE.to_owned()),
        Just("https://app.terraform.io".to_owned()),
        Just("https://login.microsoftonline.com/7f58ba7f-0000-4000-8000-000000000001/v2.0".to_owned()),
        Just("fb60f99c-7a34-4190-8149-302f77469936".to_owned()),
    ]
}

/// Values of which remedies are made: near to each other, and some that no credential may hold.
fn issuer() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        ISSUER,
        "https://token.actions.githubusercontent.com/",
        "https://token.actions.githubusercontent.com/acme",
        "https://gitlab.com",
        "https://api.pulumi.com/oidc",
        "https://kubernetes.default.svc.cluster.local",
        "https://10.0.0.1:8443",
        "https://***.example",
        "https://oidc.example/c/",
        "https://login.microsoftonline.com/7f58ba7f-0000-4000-8000-000000000001/v2.0",
        "https://sts.windows.net/7f58ba7f-0000-4000-8000-000000000001/",
    ])
}

fn subject() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        SUBJECT,
        "repo:acme/web:ref:refs/heads/Main",
        "repo:acme/web:environment:prod",
        "repo:acme/*",
        "repo:***/web:ref:refs/heads/main",
        "repository_owner:acme:repository_visibility:internal",
        "repo:acme/web:sha:0123",
        "system:serviceaccount:a:b",
        "pulumi:deploy:org:acme:project:p:stack:dev:operation:update:scope:write",
        "pulumi:deploy:org:acme:project:p:stack:prod:operation:update:scope:write",
        "claims['sub'] matches 'repo:acme/*'",
        "claims['sub'] matches '^repo:acme/.*$' and claims['repository_owner_id'] eq '1'",
    ])
}

fn audience() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        AUDIENCE,
        "https://github.com/acme",
        "https://acme.example",
        "https://gitlab.com",
        "api://AzureADTokenExchangeUSGov",
    ])
}

/// A credential with an expression, where the subject is one.
fn any_credential(name: &str, [issuer, subject, audience]: [&str; 3]) -> Credential {
    let matcher = match subject.starts_with("claims[") {
        true => Matcher::Expression { value: subject.to_owned(), language_version: 1 },
        false => Matcher::Subject(subject.to_owned()),
    };
    Credential { name: name.to_owned(), matcher, ..credential(issuer, subject, audience) }
}

/// The credentials after this command.
fn after(command: &str, mut credentials: Vec<Credential>) -> Result<Vec<Credential>, TestCaseError> {
    let (verb, body) = command.split_once(" --parameters '").expect("every command here has a body");
    let body = body.strip_suffix('\'').unwrap().replace(r"'\''", "'");
    let written = crate::credential::forms::parse(&body).unwrap().remove(0);
    if verb.contains(" update ") {
        let index = credentials.iter().position(|one| one.name == written.name);
        drop(credentials.remove(index.expect("an update names a credential")));
    } else {
        prop_assert!(verb.contains(" create "), "{}", verb);
    }
    let same = |one: &Credential| one.issuer == written.issuer && one.matcher == written.matcher;
    prop_assert!(!credentials.iter().any(same), "issuer and subject exist already: {}", command);
    prop_assert!(!credentials.iter().any(|one| one.name == written.name), "the name exists already: {}", command);
    credentials.push(written);
    Ok(credentials)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_a_remedy_writes_can_exist_and_is_accepted(
        token in (issuer(), subject(), audience()),
        held in prop::collection::vec((issuer(), subject(), audience()), 0..5),
    ) {
        let credentials: Vec<_> = held
            .iter()
            .enumerate()
            .filter(|(at, (iss, sub, _))| !held[..*at].iter().any(|(i, s, _)| (i, s) == (iss, sub)))
            .map(|(at, (iss, sub, aud))| any_credential(&format!("held-{at}"), [iss, sub, aud]))
            .collect();
        let (iss, sub, aud) = token;
        let before = verdict([iss, sub, aud], &credentials);
        sound(&before)?;
        let asks = |finding: &crate::check::Finding| {
            finding.claim == Some("aud") && finding.remedy.is_some() && !finding.remedy_is_command
        };
        // Some findings tell to request another audience, as for a platform's default.
        let audiences = if before.findings.iter().any(asks) { vec![aud, AUDIENCE, "api://AzureADTokenExchangeUSGov"] } else { vec![aud] };
        let commands: Vec<_> =
            before.findings.iter().filter(|one| one.remedy_is_command).filter_map(|one| one.remedy.clone()).collect();
        prop_assert!(commands.len() <= 1, "{:?}", commands);
        for command in commands {
            prop_assert!(!command.contains("***"), "{}", command);
            for host in ["kubernetes.default", "10.0.0.1", "sts.windows.net"] {
                prop_assert!(!command.contains(host), "{}", command);
            }
            let after = after(&command, credentials.clone())?;
            let accepted = audiences.iter().any(|aud| verdict([iss, sub, aud], &after).verdict == Outcome::Match);
            prop_assert!(accepted, "{}\n{:#?}", command, before.findings);
        }
    }
}

proptest! {
    #[test]
    fn one_changed_byte_never_matches(which in 0..3_usize, at in 0..200_usize, byte in 0x20..0x7f_u8) {
        let mut claims = [ISSUER, SUBJECT, AUDIENCE].map(str::to_owned);
        let mut bytes = claims[which].clone().into_bytes();
        let at = at % bytes.len();
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        claims[which] = String::from_utf8(bytes).unwrap();
        let [iss, sub, aud] = &claims;
        let verdict = verdict([iss, sub, aud], &[credential(ISSUER, SUBJECT, AUDIENCE)]);
        prop_assert_eq!(verdict.verdict, Outcome::NoMatch);
        sound(&verdict)?;
    }

    #[test]
    fn one_byte_more_or_less_never_matches(which in 0..3_usize, at in 0..200_usize, byte in proptest::option::of(0x20..0x7f_u8)) {
        let mut held = [ISSUER, SUBJECT, AUDIENCE].map(str::to_owned);
        let at = at % held[which].len();
        match byte {
            Some(byte) => held[which].insert(at, char::from(byte)),
            None => drop(held[which].remove(at)),
        }
        let [iss, sub, aud] = &held;
        let verdict = verdict([ISSUER, SUBJECT, AUDIENCE], &[credential(iss, sub, aud)]);
        prop_assert_eq!(verdict.verdict, Outcome::NoMatch);
        sound(&verdict)?;
    }

    #[test]
    fn an_exact_credential_accepts_exactly_equal_claims(
        token in [text(), text(), text()],
        held in proptest::collection::vec([text(), text(), text()], 0..4),
    ) {
        let credentials: Vec<_> = held.iter().map(|[iss, sub, aud]| credential(iss, sub, aud)).collect();
        let [iss, sub, aud] = &token;
        let verdict = verdict([iss, sub, aud], &credentials);
        // Entra names itself by a GUID in tokens and by a URI in credentials
        if !crate::credential::audience::is_entra_issuer(iss) {
            let equal = held.contains(&token) && iss.trim() == iss;
            prop_assert_eq!(verdict.verdict == Outcome::Match, equal);
        }
        sound(&verdict)?;
    }

    #[test]
    fn halves_of_two_credentials_never_add_up(which in 0..3_usize, other in text()) {
        let claims = [ISSUER, SUBJECT, AUDIENCE];

        // for each claim one credential that is wrong in just that
        let wrong_in = |index: usize| {
            let mut held = claims.map(str::to_owned);
            held[index] = format!("{other}~");
            credential(&held[0], &held[1], &held[2])
        };
        let verdict = verdict(claims, &[wrong_in(which), wrong_in((which + 1) % 3)]);
        prop_assert_eq!(verdict.verdict, Outcome::NoMatch);
        sound(&verdict)?;
    }

    #[test]
    fn every_refusal_fills_every_name_in_its_text(token in [text(), text(), text()], held in [text(), text(), text()]) {
        let [iss, sub, aud] = &token;
        let claims = json!({"iss": iss, "sub": sub, "aud": aud, "exp": NOW - 1_000});
        let token = super::case::token(&json!({"alg": "RS256", "kid": "1"}), &claims);
        let [issuer, subject, audience] = &held;
        let credentials = [credential(issuer, subject, audience)];
        let application = decision::Application { id: "app", name: "web" };
        let keys = decision::Keys::Unknown;
        let case = decision::Case { token: &token, credentials: &credentials, application, cloud: PUBLIC, keys, now: NOW, skew: 0 };
        let refusal = decision::decide(&case).unwrap_err();
        let names = refusal.entry().unwrap().template.matches('{').count();
        prop_assert_eq!(refusal.values.len(), names, "{}", refusal.aadsts);
        let legacy = refusal.legacy(&token);
        prop_assert_eq!(legacy.values.len(), legacy.entry().unwrap().template.matches('{').count());
    }
}
