//! Runs every case of every file, and keeps the texts that people read as snapshots.

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

theme!(letters_slashes_and_blanks_count, "text");
theme!(issuers_are_compared_whole, "issuer");
theme!(audiences_depend_on_cloud_and_platform, "audience");
theme!(github_has_many_subjects, "github");
theme!(every_platform_has_subjects_of_its_own, "platforms");
theme!(expressions_must_be_allowed_readable_and_true, "expression");
theme!(header_and_claims_come_first, "shape");
theme!(a_token_has_its_time, "time");
theme!(matching_is_per_credential_and_in_order, "several");
theme!(tokens_from_entra_have_rules_of_their_own, "entra-issued");

#[test]
fn there_are_more_than_a_hundred_cases() {
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
    ];
    let names: Vec<_> = files.iter().flat_map(|file| Theme::read(file).cases).map(|case| case.name).collect();
    let mut different = names.clone();
    different.sort();
    different.dedup();
    assert_eq!(different.len(), names.len(), "two cases have one name");
    assert!(names.len() > 100, "{}", names.len());
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

/// A verdict as a person reads it.
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
