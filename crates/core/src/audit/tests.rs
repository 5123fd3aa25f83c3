//! Cases as data, and rules that hold for any credentials.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::*;
use crate::cloud::PUBLIC;
use crate::credential::{Matcher, forms};
use crate::shell::Shell;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "about")]
    _about: String,
    credential: Map<String, Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    credentials: Vec<Map<String, Value>>,
    #[serde(default)]
    cloud: Option<String>,
    #[serde(default)]
    replace: std::collections::BTreeMap<String, String>,
    /// Severity, code and credential of each finding.
    findings: Vec<String>,
    /// Kind, name of the old credential, issuer, subject or expression, and audience unless it is
    /// the cloud's.
    #[serde(default)]
    changes: Vec<String>,
    /// Words that one of the remedies has.
    #[serde(default)]
    advice: String,
}

fn asked<'a>(credentials: &'a [Credential], replacements: &'a [(String, String)]) -> Question<'a> {
    Question { credentials, client_id: None, cloud: PUBLIC, shell: Shell::Bash, replacements }
}

#[test]
fn each_case_has_its_findings_and_new_credentials() {
    let table: Table = serde_json::from_str(include_str!("../../testdata/audit/cases.json")).unwrap();
    let mut wrong = Vec::new();
    for case in &table.cases {
        let whole = |own: &Map<String, Value>| {
            let mut members = table.credential.clone();
            members.extend(own.clone());
            Value::Object(members)
        };
        let document: Value = case.credentials.iter().map(whole).collect();
        let credentials = forms::read(&document).unwrap_or_else(|fault| panic!("{}: {fault:?}", case.name)).credentials;
        let replacements: Vec<_> = case.replace.clone().into_iter().collect();
        let cloud = case.cloud.as_deref().map_or(PUBLIC, |name| Cloud::by_name(name).unwrap());
        let report = audit(&Question { cloud, ..asked(&credentials, &replacements) });
        let findings: Vec<_> = report.findings.iter().map(|finding| shown(finding, &credentials)).collect();
        let changes: Vec<_> = report.changes.iter().map(|change| proposed(change, &credentials, cloud)).collect();
        if (&findings, &changes) != (&case.findings, &case.changes) {
            wrong.push(format!("{}\n  {findings:?}\n  {changes:?}", case.name));
        }
        let remedies = report.findings.iter().filter_map(|finding| finding.problem.remedy.as_ref());
        let remedies: Vec<_> = remedies.cloned().collect();
        assert!(remedies.join("\n").contains(&case.advice), "{}: {remedies:?}", case.name);
        for finding in &report.findings {
            let message = &finding.problem.message;
            assert!(!message.ends_with('.') && !message.contains(char::is_control), "{message}");
            assert!(finding.problem.remedy.as_ref().is_none_or(|remedy| !remedy.is_empty()), "{}", case.name);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn shown(finding: &Finding, credentials: &[Credential]) -> String {
    let name = finding.problem.index.map(|index| format!(" {}", credentials[index].name)).unwrap_or_default();
    format!("{} {}{name}", finding.severity.name(), finding.problem.code)
}

fn proposed(change: &Change, credentials: &[Credential], cloud: &Cloud) -> String {
    let kind = if change.kind == Kind::Correction { "correction" } else { "successor" };
    let (old, new) = (&credentials[change.index], &change.credential);
    let audience = new.audience().filter(|audience| Some(*audience) != cloud.exchange_audience);
    let audience = audience.map(|audience| format!(" {audience}")).unwrap_or_default();
    format!("{kind} {} {} {}{audience}", old.name, new.issuer, new.matcher.text())
}

#[test]
fn what_is_to_be_deleted_is_not_migrated() {
    let one = |name: &str, issuer: &str| json!({"name": name, "issuer": issuer, "subject": "repo:o/r:environment:prod", "audiences": ["api://AzureADTokenExchange"]});
    let github = "https://token.actions.githubusercontent.com";
    let list = json!([one("a-slash", &format!("{github}/")), one("right", github)]);
    let credentials = forms::read(&list).unwrap().credentials;
    for replacements in [vec![], vec![("o/r".to_owned(), "o@1/r@2".to_owned())]] {
        let report = audit(&asked(&credentials, &replacements));
        let of = |index| report.findings.iter().filter(move |finding| finding.problem.index == Some(index));
        let remedies: Vec<_> = of(0).filter_map(|finding| finding.problem.remedy.as_deref()).collect();
        assert!(remedies.len() == 1 && remedies[0].contains("federated-credential delete"), "{remedies:?}");
        assert!(of(1).any(|finding| finding.problem.code == "subject-without-ids"), "{:?}", report.findings);
        assert!(report.changes.iter().all(|change| change.index == 1), "{:?}", report.changes);
        assert_eq!(report.changes.len(), replacements.len());
    }
}

#[test]
fn a_correction_is_an_update_and_a_successor_is_created() {
    let list = json!([
        {"name": "bad", "issuer": "https://gitlab.com/", "subject": "project_path:g/p:ref_type:branch:ref:main", "audiences": ["api://AzureADTokenExchange"]},
        {"name": "names", "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:o/r:environment:prod", "audiences": ["api://AzureADTokenExchange"]},
    ]);
    let credentials = forms::read(&list).unwrap().credentials;
    let replacements = [("o/r".to_owned(), "o@1/r@2".to_owned())];
    let question = Question { client_id: Some("id"), ..asked(&credentials, &replacements) };
    let report = audit(&question);
    let text = written(&report.changes, Format::ArmJson, &question).unwrap();
    assert_eq!(forms::parse(&text).unwrap().len(), 2, "the format is that of applications");
    let commands = written(&report.changes, Format::Az, &question).unwrap();
    let lines: Vec<_> = commands.lines().collect();
    assert!(lines[0].starts_with("az ad app federated-credential update --federated-credential-id 'bad' --id id"));
    assert!(lines[1].starts_with("az ad app federated-credential create --id id"), "{commands}");
    for (finding, line) in report.findings.iter().zip(lines) {
        assert_eq!(finding.problem.remedy.as_deref(), Some(line), "the remedy is the command");
    }
}

#[test]
fn all_changes_are_written_although_they_are_more_than_an_application_can_have() {
    let one = |at: usize| {
        json!({"name": format!("fic-{at}"), "issuer": "https://token.actions.githubusercontent.com/",
            "subject": format!("repo:o/r:environment:e{at}"), "audiences": ["api://AzureADTokenExchange"]})
    };
    let credentials = forms::read(&(0..15).map(one).collect()).unwrap().credentials;
    let replacements = [("o/r".to_owned(), "o@1/r@2".to_owned())];
    let report = audit(&asked(&credentials, &replacements));
    assert_eq!(report.changes.len(), 30);
    let text = written(&report.changes, Format::GraphJson, &asked(&credentials, &replacements)).unwrap();
    assert_eq!(forms::parse(&text).unwrap().len(), 30);
    assert!(report.findings.iter().any(|one| one.problem.code == "credentials-no-room"));
}

fn issuer() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "https://token.actions.githubusercontent.com",
        "https://token.actions.githubusercontent.com/",
        "https://gitlab.com",
        "https://gitlab.com/ ",
        "https://app.terraform.io",
        "https://api.pulumi.com/oidc",
        "https://kubernetes.default.svc",
        "https://westeurope.oic.prod-aks.azure.com/t/c",
        "https://oidc.prod-aks.azure.com/c/",
        "https://vstoken.dev.azure.com/11111111-2222-4333-8444-555555555555",
        "https://sts.windows.net/11111111-2222-4333-8444-555555555555/",
        "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0",
        "https://ci.example/.well-known/openid-configuration",
    ])
}

fn matcher() -> impl Strategy<Value = Matcher> {
    let subjects = vec![
        "repo:o/r:environment:prod",
        "repo:o@1/r@2:environment:prod",
        "repo:o/r:pull-request",
        "repo:o/r:ref:main",
        "repo:o/r:*",
        "repo:***/r:environment:prod",
        " project_path:g/p:ref_type:branch:ref:refs/heads/main",
        "project_path:g/p:ref_type:branch:ref:main",
        "pulumi:deploy:org:acme:project:p:stack:dev:operation:update:scope:write",
        "system:serviceaccount:ns:default",
        "sc://contoso/Payments/azure-prod",
        "44444444-4444-4444-8444-444444444444",
        "claims['sub'] eq 'repo:o/r:environment:*'",
        "claims['sub'] matches '^repo:o/r:environment:.*$' and claims['repository_id'] eq '2'",
        "claims['sub'] matches 'organization:*'",
        "claims['sub'] matches 'project_path:g/*' and claims['project_id'] eq '7'",
    ];
    prop::sample::select(subjects).prop_map(|text| match text.starts_with("claims[") {
        true => Matcher::Expression { value: text.to_owned(), language_version: 1 },
        false => Matcher::Subject(text.to_owned()),
    })
}

fn any_credential() -> impl Strategy<Value = Credential> {
    let audience = prop::sample::select(vec![
        "api://AzureADTokenExchange",
        "api://azureadtokenexchange",
        "api://AzureADTokenExchangeChina",
        "acme",
        " api://AzureADTokenExchange",
    ]);
    let name = prop::sample::select(vec!["aaa", "bbb", "ccc", "ddd", "e e"]);
    (name, issuer(), matcher(), audience, any::<bool>()).prop_map(|(name, issuer, matcher, audience, of_identity)| {
        let identity = of_identity.then(crate::credential::Identity::default);
        let (name, issuer, audiences) = (name.to_owned(), issuer.to_owned(), vec![audience.to_owned()]);
        Credential { name, issuer, matcher, audiences, description: None, application: None, identity }
    })
}

fn replacements() -> Vec<(String, String)> {
    [
        ("o/r", "o@1/r@2"),
        ("https://oidc.prod-aks.azure.com/c/", "https://westeurope.oic.prod-aks.azure.com/t/c/"),
        (
            "https://vstoken.dev.azure.com/11111111-2222-4333-8444-555555555555",
            "https://login.microsoftonline.com/11111111-2222-4333-8444-555555555555/v2.0",
        ),
        (
            "sc://contoso/Payments/azure-prod",
            "/eid1/c/pub/t/abc/a/def/sc/11111111-2222-4333-8444-555555555555/11111111-2222-4333-8444-666666666666",
        ),
    ]
    .map(|(old, new)| (old.to_owned(), new.to_owned()))
    .to_vec()
}

proptest! {
    #[test]
    fn what_is_written_has_no_error_and_needs_no_change(
        mut credentials in prop::collection::vec(any_credential(), 0..8),
        of_identity in any::<bool>(),
    ) {
        credentials.iter_mut().for_each(|one| one.identity = of_identity.then(Default::default));
        let replacements = replacements();
        let report = audit(&asked(&credentials, &replacements));
        let text = written(&report.changes, Format::GraphJson, &asked(&credentials, &replacements)).unwrap();
        if report.changes.is_empty() {
            prop_assert_eq!(text, "");
            return Ok(());
        }
        let new = forms::parse(&text).unwrap();
        let again = audit(&asked(&new, &replacements));
        for finding in &again.findings {
            prop_assert!(finding.severity != Severity::Error, "{} {:?}", text, finding);
        }
        prop_assert!(again.changes.iter().all(|change| change.kind == Kind::Successor), "{} {:?}", text, again.changes);
    }

    #[test]
    fn the_order_of_the_credentials_does_not_matter(
        credentials in prop::collection::vec(any_credential(), 0..8),
        seed in any::<prop::sample::Index>(),
    ) {
        let mut shuffled = credentials.clone();
        shuffled.reverse();
        if !shuffled.is_empty() {
            let at = seed.index(shuffled.len());
            shuffled.rotate_left(at);
        }
        let facts = |credentials: &[Credential]| {
            let replacements = replacements();
            let report = audit(&asked(credentials, &replacements));
            let finding = |one: &Finding| {
                let index = one.problem.index.map(|index| format!("{:?}", credentials[index]));
                (one.severity, one.problem.code, index, one.problem.message.clone(), one.problem.remedy.clone())
            };
            let mut findings: Vec<_> = report.findings.iter().map(finding).collect();
            findings.sort();
            let mut changes: Vec<_> = report.changes.iter().map(|one| format!("{:?}", one.credential)).collect();
            changes.sort();
            (findings, changes)
        };
        prop_assert_eq!(facts(&credentials), facts(&shuffled));
    }
}
