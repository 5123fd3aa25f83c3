//! Tests the parser of expressions: documented forms, and the position of each mistake.

use proptest::prelude::*;

use super::*;

fn clauses(text: &str) -> Vec<(String, &'static str, String)> {
    let parsed = parse(text).unwrap();
    parsed.clauses().iter().map(|c| (c.claim.clone(), c.operator.name(), c.comparand.clone())).collect()
}

#[test]
fn clauses_are_read_as_documented() {
    let text = "claims['sub'] eq 'repo:contoso/web:ref:refs/heads/main' and \
                claims['job_workflow_ref'] matches 'contoso/web/.github/workflows/*@refs/heads/main'";
    assert_eq!(
        clauses(text),
        [
            ("sub".into(), "eq", "repo:contoso/web:ref:refs/heads/main".into()),
            ("job_workflow_ref".into(), "matches", "contoso/web/.github/workflows/*@refs/heads/main".into()),
        ]
    );
    let parsed = parse(text).unwrap();
    assert_eq!(parsed.clauses()[0].span, 0..55);
    assert_eq!(&text[parsed.clauses()[1].span.clone()][..26], "claims['job_workflow_ref']");
    assert_eq!(parsed.odd_spacing, None);
}

#[test]
fn comparands_can_contain_anything_but_a_quote() {
    for comparand in ["", " ", " and ", "a\"b", "claims[x]", "é*?", "or (not)", "\n"] {
        assert_eq!(clauses(&format!("claims['a'] eq '{comparand}'"))[0].2, comparand);
    }
}

#[test]
fn other_white_space_is_read_and_remembered() {
    for (text, odd) in [
        ("claims['a']  eq 'b'", 11..13),
        ("claims['a'] eq\t'b'", 14..15),
        (" claims['a'] eq 'b'", 0..1),
        ("claims['a'] eq 'b'\n", 18..19),
        ("claims['a'] eq 'b'\nand claims['c'] eq 'd'", 18..19),
        ("claims['a'] eq 'b' and  claims['c'] eq 'd'", 22..24),
    ] {
        assert_eq!(parse(text).unwrap().odd_spacing, Some(odd), "{text:?}");
    }
}

#[test]
fn every_mistake_has_its_position() {
    let mut shown = String::new();
    for text in [
        "",
        "  ",
        "sub eq 'a'",
        "claims.sub eq 'a'",
        "claims[sub] eq 'a'",
        "claims[\"sub\"] eq 'a'",
        "claims[‘sub’] eq 'a'",
        "claims['sub' eq 'a'",
        "Claims['sub'] eq 'a'",
        "claims['sub']",
        "claims['sub'] 'a'",
        "claims['sub']eq 'a'",
        "claims['sub'] eq'a'",
        "claims['sub'] EQ 'a'",
        "claims['sub'] startswith 'a'",
        "claims['sub'] == 'a'",
        "claims['sub'] in ('a')",
        "claims['sub'] resembles 'a'",
        "claims['sub'] eq",
        "claims['sub'] matches system:serviceaccount:ns:*",
        "claims['sub'] eq \"a\"",
        "claims['sub'] eq ‘a’",
        "claims['sub'] eq 'a",
        "claims['sub'] eq 'it''s'",
        "claims['sub'] eq 'a'.",
        "claims['sub'] eq 'a' or claims['sub'] eq 'b'",
        "claims['sub'] eq 'a' AND claims['b'] eq 'c'",
        "claims['sub'] eq 'a' && claims['b'] eq 'c'",
        "claims['sub'] eq 'a' claims['b'] eq 'c'",
        "claims['sub'] eq 'a' and",
        "claims['sub'] eq 'a' and not claims['b'] eq 'c'",
        "(claims['sub'] eq 'a')",
    ] {
        let error = parse(text).unwrap_err();
        let hint = error.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        shown += &format!("{}\n{error} ({}){hint}\n\n", error.pointer(text), error.code);
    }
    insta::assert_snapshot!(shown);
}

#[test]
fn a_long_expression_is_refused() {
    let text = "claims['a'] eq 'b' and ".repeat(1000);
    assert_eq!(parse(&text).unwrap_err().code, "expression-too-long");
}

proptest! {
    #[test]
    fn whatever_is_given_it_never_panics_and_points_into_the_text(
        text in "(claims|\\['|sub|'\\]| |eq|matches|'|and|or|not|\\(|\\)|\\PC|\n){0,24}"
    ) {
        if let Err(error) = parse(&text) {
            prop_assert!(text.get(error.span.clone()).is_some(), "{:?} in {:?}", error.span, text);
            prop_assert!(!error.message.ends_with('.'));
            error.pointer(&text);
        }
    }

    #[test]
    fn what_is_written_as_documented_is_read_back(
        parts in prop::collection::vec(("[a-z_]{1,12}", prop::bool::ANY, "[^']{0,20}"), 1..5)
    ) {
        let name = |is_eq: bool| if is_eq { "eq" } else { "matches" };
        let written: Vec<String> = parts.iter()
            .map(|(claim, is_eq, comparand)| format!("claims['{claim}'] {} '{comparand}'", name(*is_eq)))
            .collect();
        let expected: Vec<_> = parts.iter()
            .map(|(claim, is_eq, comparand)| (claim.clone(), name(*is_eq), comparand.clone()))
            .collect();
        prop_assert_eq!(clauses(&written.join(" and ")), expected);
    }
}
