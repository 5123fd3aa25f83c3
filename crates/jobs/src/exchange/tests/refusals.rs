//! Refusals that another request can turn into a success: a lagging copy of a credential, and the
//! second ID token of a CircleCI job.

use super::*;

const V1: &str = "org/aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa/project/p/user/u";
const V2: &str =
    "org/aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa/project/p/user/u/vcs-origin/github.com/o/r/vcs-ref/refs/heads/main";
const ISSUER: &str = "https://oidc.circleci.com/org/aaaaaaaa-1111-4111-8111-aaaaaaaaaaaa";

fn refused(code: u32) -> (u16, Value) {
    (
        401,
        json!({ "error": "invalid_client", "error_description": format!("AADSTS{code}: no."), "error_codes": [code] }),
    )
}

fn job(answers: &[(u16, Value)]) -> Job {
    Job { answers: answers.to_vec(), ..Job::new(&token(NOW + 300), 200, granted()) }
}

fn circleci(answers: &[(u16, Value)], subjects: [&str; 2]) -> Job {
    let [first, second] = subjects.map(|subject| signed(NOW + 300, ISSUER, subject));
    let mut job = job(answers);
    job.variables = Variables::from([
        ("AZURE_TENANT_ID", TENANT),
        ("AZURE_CLIENT_ID", CLIENT),
        ("CIRCLECI", "true"),
        ("CIRCLE_OIDC_TOKEN", first.as_str()),
        ("CIRCLE_OIDC_TOKEN_V2", second.as_str()),
    ]);
    job
}

#[test]
fn one_refusal_that_passes_does_not_end_the_exchange() {
    for code in [70_021, 700_211, 700_212, 700_213, 501_661, 50_166, 90_061] {
        let job = job(&[refused(code), (200, granted())]);
        assert!(job.run(|_| {}).0.is_ok(), "{code}");
        assert_eq!(job.sent.get(), 2, "{code}");
    }
}

#[test]
fn a_refusal_that_stays_names_the_option_that_waits_longer_and_0s_asks_once() {
    for (wait, sent) in [(Limits::DEFAULT.replication_wait, 4), (Duration::ZERO, 1)] {
        let job = job(&[refused(700_213)]);
        let fault = job.run(|request| request.limits.replication_wait = wait).0.unwrap_err();
        assert_eq!(job.sent.get(), sent);
        let hints = fault.hints.iter().filter(|hint| hint.contains("`--replication-wait 2m --timeout 3m`")).count();
        assert_eq!(hints, 1, "{:?}", fault.hints);
    }
}

#[test]
fn the_command_in_a_hint_is_for_the_shell_that_was_named() {
    for (shell, start) in [(Shell::Bash, "az ad app "), (Shell::Powershell, "Set-Content federated-credential.json ")] {
        let by_command = job(&[refused(700_213)]).run(|request| request.shell = shell).0.unwrap_err();
        let body = Body { shell: Some(shell), ..Body::default() };
        let by_service = serve(&body, Some(&Secret::new(token(NOW + 300))), job(&[refused(700_213)]).ports());
        let Err(Refusal::Fault(by_service)) = by_service else { panic!("{by_service:?}") };
        for fault in [by_command, by_service] {
            assert!(fault.hints.iter().any(|hint| hint.starts_with(start)), "{start}: {:?}", fault.hints);
        }
    }
}

#[test]
fn the_service_answers_a_refusal_at_once() {
    let job = job(&[refused(700_213)]);
    assert!(serve(&Body::default(), Some(&Secret::new(token(NOW + 300))), job.ports()).is_err());
    assert_eq!(job.sent.get(), 1);
}

#[test]
fn the_second_token_of_a_circleci_job_is_sent_and_named() {
    let job = circleci(&[refused(700_213), (200, granted())], [V1, V2]);
    let (published, notices) = job.run(|_| {});
    let [Publication::Print(answer)] = &published.unwrap()[..] else { panic!() };
    assert!(answer.reveal().contains(&format!(r#""subject":"{V1}""#)), "{}", answer.reveal());
    let expected = [V2, V1].map(|subject| signed(NOW + 300, ISSUER, subject));
    assert_eq!(*job.assertions.borrow(), expected);
    let [Notice::Warning(finding)] = &notices[..] else { panic!("{notices:?}") };
    assert!(finding.message.contains("`--id-token-env CIRCLE_OIDC_TOKEN` "), "{}", finding.message);
}

#[test]
fn when_both_tokens_are_refused_both_are_named_with_their_subjects() {
    let job = circleci(&[refused(700_213)], [V1, V2]);
    let fault = job.run(|request| request.limits.replication_wait = Duration::ZERO).0.unwrap_err();
    assert_eq!(job.sent.get(), 2);
    for part in ["`CIRCLE_OIDC_TOKEN_V2`", "`CIRCLE_OIDC_TOKEN`", V1, V2] {
        assert!(fault.hints.iter().any(|hint| hint.contains(part)), "{part}: {:?}", fault.hints);
    }
}

#[test]
fn a_second_token_is_not_sent_without_need() {
    // A custom webhook has the same subject in both versions.
    let same = circleci(&[refused(700_213)], [V1, V1]);
    assert!(same.run(|request| request.limits.replication_wait = Duration::ZERO).0.is_err());
    assert_eq!(same.sent.get(), 1);
    // The user named one.
    let named = circleci(&[refused(700_213)], [V1, V2]);
    let source = TokenSource::Variable("CIRCLE_OIDC_TOKEN_V2");
    let ran = named.run(|request| {
        request.plan.token = TokenInputs { source, ..TokenInputs::default() };
        request.limits.replication_wait = Duration::ZERO;
    });
    assert!(ran.0.is_err());
    assert_eq!(named.sent.get(), 1);
    // The refusal has another cause.
    let other = circleci(&[refused(700_016)], [V1, V2]);
    assert!(other.run(|_| {}).0.is_err());
    assert_eq!(other.sent.get(), 1);
}

#[test]
fn of_two_tokens_the_one_that_the_credentials_are_for_is_sent() {
    let mut job = circleci(&[(200, granted())], [V1, V2]);
    let credential =
        json!({ "name": "c", "issuer": ISSUER, "subject": V1, "audiences": ["api://AzureADTokenExchange"] });
    job.files = vec![("fic.json", json!([credential]).to_string())];
    assert!(job.run(|request| request.credential = Some("fic.json")).0.is_ok());
    assert_eq!(*job.assertions.borrow(), [signed(NOW + 300, ISSUER, V1)]);
}

#[test]
fn an_audience_that_the_token_does_not_have_is_refused_before_anything_is_sent() {
    for source in [TokenSource::Platform, TokenSource::Variable("ARM_OIDC_TOKEN")] {
        let job = job(&[(200, granted())]);
        let with = |audience| {
            job.run(|request| {
                request.plan.token =
                    TokenInputs { source, platform: None, audience: Some(audience), is_lasting: false };
            })
        };
        let fault = with("sts.amazonaws.com").0.unwrap_err();
        assert_eq!((fault.code, fault.category), ("audience-fixed", Category::Usage));
        for part in ["`--audience sts.amazonaws.com`", "`api://AzureADTokenExchange`", "`ARM_OIDC_TOKEN`"] {
            assert!(fault.message.contains(part), "{}", fault.message);
        }
        assert_eq!(job.sent.get(), 0);
        assert!(with("api://AzureADTokenExchange").0.is_ok());
    }
}

#[test]
fn a_token_without_its_signature_is_not_sent() {
    let whole = token(NOW + 300);
    let (input, signature) = whole.rsplit_once('.').unwrap();
    for (cut, code) in [(String::new(), "signature-missing"), (signature[..40].to_owned(), "signature-cut")] {
        let job = Job::new(&format!("{input}.{cut}"), 200, granted());
        let fault = job.run(|_| {}).0.unwrap_err();
        assert_eq!((fault.category, fault.code), (Category::IdToken, code));
        assert!(fault.message.starts_with("Entra would refuse the ID token from `ARM_OIDC_TOKEN`"), "{fault}");
        assert!(fault.hints[0].contains("three parts with two dots"), "{:?}", fault.hints);
        assert_eq!(job.sent.get(), 0);
    }
}
