//! Tests which expressions Entra allows, and which let in too much.

use super::*;
use crate::credential::expression::parse;

const GITHUB: &str = "https://token.actions.githubusercontent.com";

fn codes(issuer: &str, expression: &str) -> Vec<&'static str> {
    review(issuer, &parse(expression).unwrap()).iter().map(|problem| problem.code).collect()
}

#[test]
fn expressions_are_allowed_for_few_issuers() {
    for issuer in [
        GITHUB,
        "https://gitlab.com",
        "https://gitlab.contoso.com",
        "https://gitlab.ci.contoso.ca",
        "https://app.terraform.io",
        "https://app.eu.terraform.io",
    ] {
        assert!(is_allowed_issuer(issuer), "{issuer}");
    }
    for issuer in [
        "https://token.actions.githubusercontent.com/",
        "https://token.actions.githubusercontent.com/contoso",
        "http://gitlab.com",
        "https://gitlab.com/",
        "https://gitlab..com",
        "https://gitlab.contoso.org",
        "https://gitlab.contoso.com/x.com",
        "https://mygitlab.contoso.com",
        "https://tfe.contoso.com",
        "https://app.harness.io/ng/api/oidc/account/x",
        "",
    ] {
        assert!(!is_allowed_issuer(issuer), "{issuer}");
    }
}

#[test]
fn an_expression_for_another_issuer_leads_to_7002241() {
    let problems = review("https://oidc.circleci.com/org/1", &parse("claims['sub'] matches 'org/*'").unwrap());
    assert_eq!(problems.len(), 1);
    assert!(problems[0].fatal);
    assert_eq!(problems[0].aadsts, Some(7_002_241));
}

#[test]
fn each_issuer_has_its_claims_and_its_operators() {
    let ok = "claims['sub'] matches 'repo:contoso/web:*' and claims['repository_id'] eq '74'";
    assert_eq!(codes(GITHUB, ok), [""; 0]);
    assert_eq!(codes(GITHUB, &format!("{ok} and claims['event_name'] eq 'push'")), ["expression-claim-not-allowed"]);
    assert_eq!(
        codes(GITHUB, "claims['sub'] matches 'repo:contoso/*' and claims['repository_owner_id'] matches '7*'"),
        ["expression-operator-not-allowed"]
    );
    assert_eq!(
        codes("https://gitlab.com", "claims['sub'] matches 'project_path:a/*' and claims['project_id'] eq '7'"),
        [""; 0]
    );
    assert_eq!(
        codes("https://app.terraform.io", "claims['sub'] matches 'organization:contoso:*' and claims['x'] eq 'y'"),
        ["expression-claim-not-allowed"]
    );
}

#[test]
fn an_expression_without_an_id_has_a_problem() {
    let problems = review(GITHUB, &parse("claims['sub'] matches 'repo:contoso/web:*'").unwrap());
    insta::assert_debug_snapshot!(problems, @r#"
    [
        CredentialProblem {
            code: "expression-id-missing",
            fatal: false,
            index: None,
            member: Some(
                "claimsMatchingExpression",
            ),
            message: "the expression does not compare `repository_id` or `repository_owner_id`: since mid-2026 Entra refuses to store such a new expression (seen on 2026-08-07); expressions stored before are said to keep working",
            remedy: Some(
                "add: and claims['repository_id'] eq '<the id of the repository>'",
            ),
            aadsts: None,
        },
    ]
    "#);
    assert_eq!(codes("https://gitlab.com", "claims['sub'] matches 'project_path:a/b:*'"), ["expression-id-missing"]);
    assert_eq!(codes("https://gitlab.com", "claims['sub'] matches 'project_id:7:*'"), [""; 0]);
    assert_eq!(codes("https://app.terraform.io", "claims['sub'] matches 'organization:contoso:*'"), [""; 0]);
}

#[test]
fn a_wildcard_for_the_owner_accepts_other_owners() {
    let open = |issuer: &str, expression: &str| codes(issuer, expression).contains(&"expression-open-to-strangers");
    for (issuer, sub) in [
        (GITHUB, "*"),
        (GITHUB, "re*"),
        (GITHUB, "repo:*:environment:production"),
        (GITHUB, "repo:contoso*"),
        (GITHUB, "repo:contos?/web:*"),
        ("https://gitlab.com", "project_path:*"),
        ("https://app.terraform.io", "organization:contoso*:project:x"),
    ] {
        assert!(open(issuer, &format!("claims['sub'] matches '{sub}'")), "{issuer} {sub}");
    }
    for sub in [
        "repo:contoso/*",
        "repo:contoso@*/web@*:ref:refs/heads/*",
        "repo:contoso@74/*",
        "repository_owner_id:74:*",
        "job_workflow_ref:contoso/*",
    ] {
        assert!(!open(GITHUB, &format!("claims['sub'] matches '{sub}'")), "{sub}");
    }
    assert!(!open(GITHUB, "claims['sub'] matches 'repo:*' and claims['repository_owner_id'] eq '74'"));
    assert!(!open(GITHUB, "claims['sub'] matches '*' and claims['job_workflow_ref'] matches 'contoso/ci/*'"));
}

#[test]
fn ids_take_eq_and_no_wildcard_so_no_remedy_says_matches() {
    for (issuer, other, claim) in [
        (GITHUB, "claims['sub'] eq 'repo:contoso/web:environment:prod'", "repository_id"),
        (GITHUB, "claims['sub'] eq 'repo:contoso/web:environment:prod'", "repository_owner_id"),
        ("https://gitlab.com", "claims['sub'] eq 'project_path:a/b:ref_type:branch:ref:main'", "project_id"),
    ] {
        for comparison in ["eq '*'", "eq '12?'", "matches '*'", "matches '^12.*$'"] {
            let expression = parse(&format!("{other} and claims['{claim}'] {comparison}")).unwrap();
            let remedies: Vec<_> = review(issuer, &expression).into_iter().filter_map(|one| one.remedy).collect();
            assert_eq!(remedies, [write_id(claim)], "{claim} {comparison}");
        }
    }
}

#[test]
fn the_owner_can_be_written_in_both_forms_of_subjects() {
    let problems = review(GITHUB, &parse("claims['sub'] matches 'repo:contoso*'").unwrap());
    let open = problems.into_iter().find(|problem| problem.code == code::OPEN_TO_STRANGERS).unwrap();
    let remedy = open.remedy.unwrap();
    assert!(remedy.contains("'repo:<owner>/*'") && remedy.contains("'repo:<owner>@<id>/*'"), "{remedy}");
}

#[test]
fn valid_but_unusual_expressions_have_problems() {
    let expression = "claims['sub'] eq 'organization:contoso:*'";
    assert_eq!(codes("https://app.terraform.io", expression), ["expression-wildcard-under-eq"]);
    assert_eq!(
        codes("https://app.terraform.io", "claims['sub']  matches 'organization:contoso:*'"),
        ["expression-spacing"]
    );
}
