//! Commands for PowerShell: the same values arrive at the Azure CLI as from a POSIX shell.
//!
//! No PowerShell runs here. [`run`] reads the small part of the language that is written, and fails
//! for anything else; [`through_cmd`] is what Windows makes of an argument.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use proptest::prelude::*;

use super::*;
use crate::platform::text::defuse;

/// The characters that PowerShell takes for a single quote.
const QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];

/// What PowerShell makes of these lines: the arguments of each `az`, with the content of a file in
/// place of its name. The variables hold their own names.
fn run(script: &str) -> Vec<Vec<String>> {
    let (mut calls, mut files) = (Vec::new(), BTreeMap::new());
    for line in script.lines() {
        let mut rest = line.chars().peekable();
        while rest.peek().is_some() {
            let words = statement(&mut rest);
            match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["Set-Content", name, "-ErrorAction", "Stop", "-Encoding", "ascii", "-Value", text] => {
                    assert!(text.is_ascii(), "the versions of PowerShell write other bytes: {text}");
                    files.insert(format!("@{name}"), text.to_owned());
                }
                ["az", ..] => {
                    assert_eq!(through_cmd(&words), words);
                    calls.push(words.iter().map(|word| files.get(word).unwrap_or(word).clone()).collect());
                }
                ref other => panic!("{other:?} in {line}"),
            }
        }
    }
    calls
}

/// The words of a statement, which ends at `;`. A guard is left out.
fn statement(rest: &mut Peekable<Chars<'_>>) -> Vec<String> {
    let mut words = Vec::new();
    while let Some(c) = rest.peek().copied() {
        match c {
            ' ' => drop(rest.next()),
            ';' => {
                rest.next();
                break;
            }
            _ => words.push(word(rest)),
        }
        if words == ["if"] {
            let guard: String = rest.by_ref().take_while(|c| *c != ';').collect();
            let name = guard.split_once("$env:").unwrap().1.split(')').next().unwrap();
            assert_eq!(guard, format!(" (!$env:{name}) {{ throw 'set {name}' }}"));
            words.clear();
        }
    }
    words
}

fn word(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut word = String::new();
    while let Some(c) = rest.peek().copied() {
        match c {
            ' ' | ';' => break,
            quote if QUOTES.contains(&quote) => word += &literal(rest),
            '"' => word += &expandable(rest),
            '$' => word += &variable(rest),
            c if c.is_ascii_alphanumeric() || "-_./:=".contains(c) => word.extend(rest.next()),
            other => panic!("`{other}` outside of quotes"),
        }
    }
    word
}

/// A text in single quotes, in which a quote that is doubled stands for itself.
fn literal(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    rest.next();
    loop {
        match rest.next().expect("the quote is closed") {
            quote if QUOTES.contains(&quote) => match rest.next_if(|next| QUOTES.contains(next)) {
                Some(second) => text.push(second),
                None => return text,
            },
            c => text.push(c),
        }
    }
}

fn expandable(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut text = String::new();
    rest.next();
    while let Some(c) = rest.peek().copied() {
        match c {
            '"' => {
                rest.next();
                return text;
            }
            '$' => text += &variable(rest),
            c => {
                assert!(!"`\u{201c}\u{201d}\u{201e}".contains(c), "{c} is special in double quotes");
                text.extend(rest.next());
            }
        }
    }
    panic!("the quote is closed")
}

/// `$env:NAME`, `${env:NAME}`, or the object id that a command prints.
fn variable(rest: &mut Peekable<Chars<'_>>) -> String {
    rest.next();
    match rest.peek() {
        Some('(') => {
            rest.next();
            let mut words = Vec::new();
            while rest.next_if_eq(&')').is_none() {
                if rest.next_if_eq(&' ').is_none() {
                    let mut inside = rest.clone();
                    let is_plain = inside.next_if(|c| QUOTES.contains(c) || *c == '$').is_none();
                    words.push(if is_plain {
                        std::iter::from_fn(|| rest.next_if(|c| !" )".contains(*c))).collect()
                    } else {
                        word(rest)
                    });
                }
            }
            assert_eq!(words[..4], ["az", "ad", "app", "show"]);
            assert_eq!(through_cmd(&words), words);
            let joined = || words.iter().find_map(|word| word.strip_prefix("--id="));
            let id = words.iter().skip_while(|word| *word != "--id").nth(1).map(String::as_str).or_else(joined);
            format!("object-of-{}", id.unwrap())
        }
        Some('{') => {
            let name: String = rest.skip(1).take_while(|c| *c != '}').collect();
            name.strip_prefix("env:").unwrap().to_owned()
        }
        _ => {
            let is_name = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | ':');
            let name: String = std::iter::from_fn(|| rest.next_if(is_name)).collect();
            name.strip_prefix("env:").unwrap().to_owned()
        }
    }
}

/// What the Azure CLI gets on Windows: PowerShell 5.1 makes a line, `cmd` reads it for `az.cmd`,
/// and the C library of Python splits it again.
fn through_cmd(words: &[String]) -> Vec<String> {
    let quoted = |word: &String| {
        if word.contains(char::is_whitespace) { format!("\"{word}\"") } else { word.clone() }
    };
    let line = words.iter().filter(|word| !word.is_empty()).map(quoted).collect::<Vec<_>>().join(" ");
    let mut inside = false;
    for c in line.chars() {
        inside ^= c == '"';
        assert!(!c.is_control() && c != '%', "`cmd` changes {line}");
        assert!(inside || !"&|<>^()".contains(c), "`cmd` changes {line}");
    }
    let (mut arguments, mut current, mut rest) = (Vec::new(), None::<String>, line.chars().peekable());
    inside = false;
    while let Some(c) = rest.next() {
        match c {
            ' ' if !inside => arguments.extend(current.take()),
            '"' => {
                inside = !inside;
                current.get_or_insert_default();
            }
            '\\' if rest.peek() == Some(&'"') => {
                rest.next();
                current.get_or_insert_default().push('"');
            }
            c => current.get_or_insert_default().push(c),
        }
    }
    arguments.extend(current);
    arguments
}

#[test]
fn both_shells_side_by_side() {
    let expression = "claims['sub'] matches 'repo:contoso/web:*'";
    let (id, ci) = (application(Some("8b0b57f8-7a2e-4b0c-a7b3-3d2a1c7b9d10")), identity(Some("ci"), Some("rg-ci")));
    let mut text = String::new();
    for (what, credential, target) in [
        ("an application", exact("main", "repo:contoso/web:environment:it's \u{2019}é"), &id),
        ("an unknown application", exact("main", "s"), &application(None)),
        ("an application's expression", flexible("any", expression), &id),
        ("an unknown application's expression", flexible("any", expression), &application(None)),
        ("an identity", exact("main", "repo:contoso/web:environment:it's"), &ci),
        ("an identity's expression", flexible("any", expression), &ci),
        ("an unknown identity", exact("main", "s"), &identity(None, None)),
        ("characters that `cmd` changes", exact("main", "repo:contoso/web:environment:R&D"), &ci),
        ("the same for an unknown identity", flexible("any", "claims['sub'] eq '\"'"), &identity(None, None)),
        ("a word that looks like an option", Credential { audiences: vec!["-x".into()], ..exact("main", "-s") }, &ci),
    ] {
        text += &format!("# {what}\n");
        for target in [target.clone(), in_powershell(target.clone())] {
            let format = match target.owner {
                Owner::Application { .. } => Format::Az,
                Owner::ManagedIdentity { .. } => Format::AzIdentity,
            };
            text += &write(std::slice::from_ref(&credential), format, &target).unwrap();
            text += &(update_command(&credential, &target).unwrap_or_default() + "\n");
            text += &(delete_command(&credential, &target).unwrap_or_default() + "\n");
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_value_that_powershell_cannot_pass_is_refused() {
    for id in ["a\"b", "%PATH%", "a&b", "f(x)", "", "a\\", "a\nb", "@file"] {
        let fault = write(&[exact("main", "s")], Format::Az, &in_powershell(application(Some(id)))).unwrap_err();
        assert_eq!(fault.code, "value-not-for-shell", "{id:?}");
    }
    let group = in_powershell(identity(Some("ci"), Some("rg(1)")));
    assert_eq!(write(&[exact("main", "s")], Format::AzIdentity, &group).unwrap_err().code, "value-not-for-shell");
    assert_eq!(update_command(&exact("main", "s"), &group), None);
    assert_eq!(delete_command(&exact("main", "s"), &group), None);
}

#[test]
fn a_command_holds_no_logging_command_of_a_ci_system() {
    let hostile = exact("main", "repo:contoso/web:environment:##vso[task.complete]");
    for (format, target) in [(Format::Az, application(None)), (Format::AzIdentity, identity(Some("ci"), Some("rg")))] {
        let script = write(std::slice::from_ref(&hostile), format, &in_powershell(target)).unwrap();
        assert!(!script.contains("##"), "{script}");
        let body = run(&script)[0].last().unwrap().clone();
        assert_eq!(forms::parse(&body).unwrap()[0].matcher, hostile.matcher);
    }
}

#[test]
fn a_guard_stops_before_anything_is_written() {
    let script = write(&[exact("main", "s")], Format::Az, &in_powershell(application(None))).unwrap();
    assert!(script.starts_with("if (!$env:AZURE_CLIENT_ID) { throw 'set AZURE_CLIENT_ID' }; Set-Content "), "{script}");
}

proptest! {
    #[test]
    fn a_literal_is_exactly_the_text(text in any::<String>(), hard in text()) {
        for text in [text, hard] {
            let quoted = Shell::Powershell.word(&text);
            let mut rest = quoted.chars().peekable();
            prop_assert_eq!(literal(&mut rest), text);
            prop_assert_eq!(rest.next(), None);
        }
    }

    #[test]
    fn powershell_passes_each_value_unchanged(credentials in credentials(), id in client_id(), group in text()) {
        match write(&credentials, Format::Az, &in_powershell(application(Some(&id)))) {
            Err(_) => prop_assert!(!Shell::Powershell.passes(&id) || defuse(&id) != id),
            Ok(script) => for (words, credential) in run(&script).iter().zip(&credentials) {
                let flag = if credential.matcher.subject().is_some() { "--parameters" } else { "--body" };
                let body = &words[words.iter().position(|word| word == flag).unwrap() + 1];
                prop_assert_eq!(&forms::parse(body).unwrap()[0], credential);
                prop_assert!(words.iter().any(|word| word.contains(&id)));
            }
        }

        let simple = ("ci", "rg-1");
        for (name, group) in [simple, (id.as_str(), group.as_str())] {
            let Ok(script) = write(&credentials, Format::AzIdentity, &in_powershell(identity(Some(name), Some(group)))) else {
                prop_assert_ne!((name, group), simple);
                continue;
            };
            let commands = run(&script);
            prop_assert_eq!(commands.len(), credentials.len());
            for (words, credential) in commands.iter().zip(of_an_identity(&credentials)) {
                if words[1] == "rest" {
                    let body = words.last().unwrap();
                    prop_assert_eq!(&forms::parse(body).unwrap()[0], &credential);
                    let url = words.iter().find(|word| word.starts_with("/subscriptions/{subscriptionId}/")).unwrap();
                    prop_assert!(url.contains(&format!("/{group}/")) && url.contains(&format!("/{name}/")), "{}", url);
                    continue;
                }
                let flag = if credential.matcher.subject().is_some() { "--subject" } else { "--claims-matching-expression-value" };
                prop_assert_eq!(option(words, "--identity-name"), name);
                prop_assert_eq!(option(words, "--resource-group"), group);
                prop_assert_eq!(option(words, "--name"), credential.name.clone());
                prop_assert_eq!(option(words, "--issuer"), credential.issuer.clone());
                prop_assert_eq!(option(words, flag), credential.matcher.text());
                prop_assert_eq!(option(words, "--audiences"), credential.audiences[0].clone());
            }
        }
    }

    #[test]
    fn bash_reads_a_word_as_exactly_the_text(texts in prop::collection::vec(text(), 1..20)) {
        let words: String = texts.iter().map(|text| format!(" {}", Shell::Bash.word(text))).collect();
        let output = Command::new("bash").args(["-c", &format!("printf '%s\\0'{words}")]).output().unwrap();
        let read = String::from_utf8(output.stdout).unwrap();
        prop_assert_eq!(read.split_terminator('\0').collect::<Vec<_>>(), texts);
    }
}
