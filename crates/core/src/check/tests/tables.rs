//! Runs every case of every file, with snapshots of the messages.

use std::collections::BTreeSet;

use super::case::{Case, Theme};
use crate::check::Verdict;

macro_rules! theme {
    ($test:ident, $file:literal) => {
        #[test]
        fn $test() {
            let theme = Theme::read(include_str!(concat!("../../../testdata/check/", $file, ".json")));
            let verdicts: Vec<_> = theme.cases.iter().map(|case| (case, theme.check(case))).collect();
            let wrong: Vec<_> = verdicts.iter().filter_map(|(case, verdict)| complaint(case, verdict)).collect();
            assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
            let texts: String = verdicts.iter().map(|(case, verdict)| text(case, verdict)).collect();
            insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
                insta::assert_snapshot!($file, texts);
            });
        }
    };
}

theme!(every_character_counts, "text");
theme!(issuers_are_compared_whole, "issuer");
theme!(audiences_depend_on_cloud_and_platform, "audience");
theme!(github_has_many_subjects, "github");
theme!(every_platform_has_its_own_subjects, "platforms");
theme!(expressions_must_be_allowed_valid_and_true, "expression");
theme!(header_and_claims_come_first, "shape");
theme!(a_token_must_be_valid_now, "time");
theme!(matching_is_per_credential_and_in_order, "several");
theme!(a_credential_has_limits, "limits");
theme!(tokens_from_entra_have_further_rules, "entra-issued");

#[test]
fn there_are_many_cases_and_one_for_each_code_that_is_predicted_without_keys() {
    let files = [
        include_str!("../../../testdata/check/text.json"),
        include_str!("../../../testdata/check/issuer.json"),
        include_str!("../../../testdata/check/audience.json"),
        include_str!("../../../testdata/check/github.json"),
        include_str!("../../../testdata/check/platforms.json"),
        include_str!("../../../testdata/check/expression.json"),
        include_str!("../../../testdata/check/shape.json"),
        include_str!("../../../testdata/check/time.json"),
        include_str!("../../../testdata/check/several.json"),
        include_str!("../../../testdata/check/entra-issued.json"),
        include_str!("../../../testdata/check/limits.json"),
    ];
    let cases: Vec<_> = files.iter().flat_map(|file| Theme::read(file).cases).collect();
    let names: BTreeSet<_> = cases.iter().map(|case| case.name.as_str()).collect();
    assert_eq!(names.len(), cases.len(), "two cases have one name");
    assert!(cases.len() >= 175, "{}", cases.len());
    let codes: BTreeSet<_> = cases.iter().filter_map(|case| case.error.as_deref()).collect();
    // What needs keys is in `signatures`, what is no token in `crate::token`.
    for code in [
        5002723, 5002727, 5002738, 70023, 700024, 70025, 700211, 700212, 700213, 700214, 700229, 700231, 700233,
        700237, 700238, 7002131, 7002138, 7002206, 7002241, 90014,
    ] {
        assert!(codes.contains(format!("AADSTS{code}").as_str()), "no case for AADSTS{code}");
    }
}

/// What differs from what the case says, if anything.
fn complaint(case: &Case, verdict: &Verdict) -> Option<String> {
    let error = verdict.predicted_error.map(|code| format!("AADSTS{code}"));
    let findings: Vec<_> = verdict.findings.iter().map(|one| format!("{} {}", one.severity.name(), one.code)).collect();
    let found = (verdict.verdict.name(), error.as_deref(), verdict.matched.as_deref());
    let wanted = (case.verdict.as_str(), case.error.as_deref(), case.matched.as_deref());
    (found != wanted || findings != case.findings).then(|| {
        let quoted: Vec<_> = findings.iter().map(|finding| format!("\"{finding}\"")).collect();
        format!("{}\n   found {found:?} [{}]\n  wanted {wanted:?} {:?}", case.name, quoted.join(", "), case.findings)
    })
}

/// A command without what is the same in all cases.
fn shortened(remedy: &str) -> String {
    let Some((command, rest)) = remedy.split_once(" --parameters ") else { return remedy.to_owned() };
    let body: serde_json::Value = serde_json::from_str(rest.trim_matches('\'')).unwrap();
    let verb = command.strip_suffix(" --id 11111111-2222-3333-4444-555555555555").unwrap();
    format!("{verb} ... {} {} {}", body["issuer"], body["subject"], body["audiences"])
}

/// A verdict as text.
fn text(case: &Case, verdict: &Verdict) -> String {
    let error = verdict.predicted_error.map(|code| format!(", AADSTS{code}")).unwrap_or_default();
    let mut text = format!("{}\n  {}{error}\n", case.name, verdict.verdict.name());
    for finding in &verdict.findings {
        text += &format!("  {}: {}\n", finding.severity.name(), finding.message);
        if let (Some(position), Some(expected), Some(actual)) = (finding.position, &finding.expected, &finding.actual) {
            text += &format!("    at {position}: {expected:?} {actual:?}\n");
        }
        if let Some(remedy) = &finding.remedy {
            text += &format!("    -> {}\n", shortened(remedy));
        }
    }
    text + "\n"
}
