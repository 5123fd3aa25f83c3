//! Tests of the layouts of logs, and that a second pass changes nothing.

use proptest::prelude::*;

use super::normalise;

#[test]
fn layouts_are_removed() {
    for (text, expected) in [
        ("\u{1b}[31mError\u{1b}[0m: x", "Error: x"),
        ("^[[31mError^[[0m: x [1;32mgreen[0m", "Error: x green"),
        ("\u{1b}_bk;t=1700000000000\u{7}ERROR: x", "ERROR: x"),
        ("\u{1b}_bk;t=1700000000000\u{7}\u{1b}[31mERROR\u{1b}[0m: x\n\u{1b}_bk;t=1\u{7}y", "ERROR: x\n\ny"),
        ("\u{1b}]0;title\u{7}a \u{1b}]8;;https://a.example\u{1b}\\b\u{1b}]8;;\u{7}", "a b"),
        ("\u{1b}Pq\u{7}a\u{1b}Xs\u{7}b\u{1b}^p\u{7}c\u{1b}_a\u{1b}\\d", "abcd"),
        ("\u{1b}_bk;t=1 a\nERROR: x", "bk;t=1 a\n\nERROR: x"),
        ("\u{1b}]0;a", "0;a"),
        ("\u{1b}\u{1b}_a\u{7}_ERROR: x", "_ERROR: x"),
        ("\u{9f}bk;t=1\u{7}ERROR: x", "bk;t=1ERROR: x"),
        ("AADSTS700[21](https://a.example/x#step:3:22)1: No", "AADSTS700211: No"),
        ("AADSTS700<a href=\"https://a.example\">21</a>1: No", "AADSTS700211: No"),
        ("**AADSTS700213**: No", "AADSTS700213**: No"),
        ("issuer '[https://ci.example|https://ci.example]'. x", "issuer 'https://ci.example'. x"),
        ("[a|b] [x|https://ci.example", "[a|b] [x|https://ci.example"),
        ("subject &#39;a&#x27; &quot;b&quot; &amp;amp;", "subject 'a' \"b\" &"),
        ("subject \u{2018}a\u{2019} \u{201c}b\u{201d}", "subject 'a' \"b\""),
        ("2026-05-04T10:15:02.0000000Z ##[error]x y", "x y"),
        ("[2026-05-04 10:15:02,123] x", "x"),
        ("2026-05-04T10:15:02.000000Z 01E x", "x"),
        ("2026-05-04 10:00:00Z", "2026-05-04 10:00:00Z"),
        ("?e=1&d=AADSTS700213%3a+No+matching+%27repo%3aa%27", "?e=1&d=AADSTS700213: No matching 'repo:a'"),
        ("?d=AADSTS700213%253a%2bNo%2bmatching", "?d=AADSTS700213: No matching"),
        ("the environment repo:o/r:environment:a%3Ab stays", "the environment repo:o/r:environment:a%3Ab stays"),
        ("a\n\n\nb", "a\n\nb"),
    ] {
        assert_eq!(normalise(text), expected, "{text:?}");
    }
}

#[test]
fn wrapped_lines_are_joined() {
    for (text, expected) in [
        (
            "│ ClientAssertionCredential: AADSTS700213: No matching\n│ federated identity record found\n╵",
            "ClientAssertionCredential: AADSTS700213: No matching federated identity record found",
        ),
        (
            "│ AADSTS700213: No matching record for the presented assertion subject 'organization:acme:project:Default\n│ Project:workspace:web'. Check",
            "AADSTS700213: No matching record for the presented assertion subject 'organization:acme:project:Default Project:workspace:web'. Check",
        ),
        ("ERROR: AADSTS7002\n13: No matching", "ERROR: AADSTS700213: No matching"),
        (
            "     | Request failed here. Trace ID: 8f1a2b3c-0000-40\n     | 00-8000-aaaaaaaaaaaa Correlation ID:\n     | 9e1a2b3c-0000-4000-8000-bbbbbbbbbbbb Timestamp:\n     | 2026-05-04 10:00:00Z Could",
            "Request failed here. Trace ID: 8f1a2b3c-0000-4000-8000-aaaaaaaaaaaa Correlation ID: 9e1a2b3c-0000-4000-8000-bbbbbbbbbbbb Timestamp: 2026-05-04 10:00:00Z Could",
        ),
        (
            "AADSTS700213: No record for presented assertion subject 'repo:octo-org/we\nb:environment:prod'. Check",
            "AADSTS700213: No record for presented assertion subject 'repo:octo-org/web:environment:prod'. Check",
        ),
        (
            "all is well with the first line of the log\nand the second",
            "all is well with the first line of the log\n\nand the second",
        ),
        (
            "AADSTS700213: No matching record found, and no more\nERROR: x",
            "AADSTS700213: No matching record found, and no more\n\nERROR: x",
        ),
    ] {
        assert_eq!(normalise(text), expected, "{text:?}");
    }
}

proptest! {
    #[test]
    fn a_second_pass_changes_nothing(
        text in "(\\PC|\n|AADSTS|STS|[0-9]{1,4}|: |'|\\\\|\"|%|%3a|%25|\\+|&|amp;|&#39;|&lt;|#|;|\\[|\\]\\(https://x\\)|<a>|<br>|\u{1b}\\[31m|\u{1b}_|\u{1b}\\]|\u{1b}P|\u{1b}|\u{7}|m|│ |\\| |> |2026-05-04T10:15:02Z |10:15:02 |Trace ID:|Timestamp: |##\\[error\\]|repo:o/w|0000|-|`|\\*\\*|# | \\* |AADSTS7002\n){0,60}"
    ) {
        let once = normalise(&text);
        prop_assert_eq!(normalise(&once), once);
    }
}
