//! The typed functions give the same answers as the command line: called from Rust through wasmtime, and from Node through jco. One
//! table of cases drives all three.

mod case;
mod embedded;

use azure_oidc_tests::node::{self, Question};
use azure_oidc_tests::{Job, Stage};
use serde_json::{Map, Value, json};

use case::Case;
use embedded::Embedded;

#[test]
fn in_rust_and_in_node_the_answers_are_those_of_the_command_line() {
    let stage = Stage::new();
    let cases = case::all(&stage);
    let questions: Vec<_> = cases.iter().map(|case| Question::new(name_in_node(&case.call), in_node(case))).collect();
    let in_node = node::ask(&questions);
    assert_eq!(in_node.len(), cases.len());

    let mut wrong = Vec::new();
    for (case, in_node) in cases.iter().zip(in_node) {
        let in_rust = plain(Embedded::new().ask(case));
        let in_node = plain(in_node);
        if in_rust != in_node {
            wrong.push(format!("{}\n   Rust {in_rust}\n   Node {in_node}", case.name));
        }
        if case.answer.as_deref().is_some_and(|answer| answer != told(case, &in_rust)) {
            wrong.push(format!("{}\n  wanted {:?}\n   found {in_rust}", case.name, case.answer));
        }
        let ran = case.command_line(&stage).run();
        let said = match (case.call.as_str(), ran.code) {
            ("credential", 0) => json!({ "ok": ran.stdout }),
            ("credential", _) => json!({ "err": ran.stderr }),
            _ => ran.json(),
        };
        if let Err(difference) = agrees(case, &in_rust, &said) {
            wrong.push(format!("{}\n  {difference}\n   typed {in_rust}\n    said {said}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_instance_answers_any_number_of_questions_and_remembers_none() {
    let stage = Stage::new();
    let cases = case::all(&stage);
    let mut reused = Embedded::new();
    for case in cases.iter().chain(cases.iter().rev()) {
        assert_eq!(reused.ask(case), Embedded::new().ask(case), "{}", case.name);
    }
}

#[test]
fn platforms_have_what_a_form_needs_and_their_examples_make_credentials() {
    let call = |call: &str, args: Value| Case {
        name: call.to_owned(),
        call: call.to_owned(),
        args: args.as_object().cloned().unwrap(),
        answer: None,
    };
    let mut embedded = Embedded::new();
    let platforms = plain(embedded.ask(&call("platforms", json!({}))));
    assert_eq!(platforms, plain(node::ask(&[Question::new("platforms", json!([]))]).remove(0)));

    let platforms = platforms["ok"].as_array().unwrap().clone();
    let mut flexible = Vec::new();
    let mut forms = 0;
    for platform in &platforms {
        let name = platform["name"].as_str().unwrap();
        let parts = platform["parts"].as_array().unwrap();
        let help = Job::host(&["credential", "--platform", name, "--help"]).run().expect(0).stdout;
        for part in parts {
            assert!(help.contains(&format!("  `{}`", part["name"].as_str().unwrap())), "{name}: {part}");
        }
        if platform["flexible"] == true {
            flexible.push(name);
        }
        let needed: Vec<_> = parts.iter().filter(|part| part["required"] == true).collect();
        if needed.is_empty() {
            continue;
        }
        forms += 1;
        let given: Vec<_> = needed.iter().map(|part| json!({"name": part["name"], "value": part["example"]})).collect();
        let asked = call("credential", json!({"platform": name, "parts": given, "issuer": "https://issuer.example"}));
        let made = embedded.ask(&asked);
        // Some need one of several parts besides, and say so.
        let code = made["err"]["code"].as_str();
        assert!(made["ok"].is_string() || code == Some("subject-part-missing"), "{name}: {made}");
    }
    assert_eq!(flexible, ["gitlab", "github", "terraform-cloud"]);
    assert!(forms > 5, "{forms}");
}

/// The function, as JavaScript calls it.
fn name_in_node(call: &str) -> &'static str {
    ["inspect", "check", "verify", "explain", "credential"]
        .into_iter()
        .find(|name| *name == call)
        .expect("a function of `claims`")
}

/// The arguments, as JavaScript has them.
fn in_node(case: &Case) -> Value {
    let field = |name: &str| case.args.get(name).cloned().unwrap_or(Value::Null);
    // An argument that is left out is `undefined`, which JSON has no word for.
    let list = |names: &[&str]| -> Value {
        names.iter().filter(|name| !field(name).is_null()).map(|name| field(name)).collect()
    };
    match case.call.as_str() {
        "inspect" => list(&["token"]),
        "verify" => list(&["jws", "jwks"]),
        "explain" => list(&["text", "token"]),
        _ => {
            let one = |(name, value): (&String, &Value)| match name.as_str() {
                "now" => (camel(name), node::s64(value.as_i64().expect("a time is a number"))),
                _ => (camel(name), value.clone()),
            };
            json!([case.args.iter().map(one).collect::<Map<_, _>>()])
        }
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |all, word| all + &word[..1].to_ascii_uppercase() + &word[1..])
}

/// An answer in the one form that all are compared in: names in snake_case, the WIT names of enums, and nothing where nothing is.
fn plain(answer: Value) -> Value {
    match answer {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| {
                let name = separated(&name, '_');
                let value = match &value {
                    Value::String(text) if ["outcome", "severity"].contains(&name.as_str()) => {
                        separated(text, '-').into()
                    }
                    _ => plain(value),
                };
                (name, value)
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

/// `NoMatch` and `noMatch` as `no-match`, or with `_`.
fn separated(name: &str, by: char) -> String {
    let mut text = String::new();
    for (at, character) in name.chars().enumerate() {
        if character.is_ascii_uppercase() && at > 0 {
            text.push(by);
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}

/// What an answer comes to, in a word.
fn told<'a>(case: &Case, answer: &'a Value) -> &'a str {
    let word = match (case.call.as_str(), &answer["ok"]) {
        (_, Value::Null) => &answer["err"]["code"],
        ("check", verdict) => &verdict["outcome"],
        ("verify", verification) if verification["valid"] == true => return "valid",
        ("verify", verification) => &verification["reason"],
        (_, other) => other,
    };
    word.as_str().unwrap_or_default()
}

/// Compares an answer with what the command line says.
fn agrees(case: &Case, typed: &Value, said: &Value) -> Result<(), String> {
    let same = |what: &str, typed: Value, said: &Value| {
        if typed == *said { Ok(()) } else { Err(format!("{what}: {typed} is not {said}")) }
    };
    if let Some(fault) = typed.get("err") {
        return match (&said["err"], &said["error"]) {
            // `credential` has no form in JSON.
            (Value::String(text), _) => {
                let sentence = fault["message"].as_str().unwrap_or("?");
                if text.contains(sentence) { Ok(()) } else { Err(format!("{text} does not say {sentence}")) }
            }
            (_, error) => same("code", fault["code"].clone(), &error["code"]),
        };
    }
    let answer = &typed["ok"];
    let fields = |pairs: &[(&str, &str)]| {
        pairs.iter().try_for_each(|(field, member)| {
            same(field, answer[*field].clone(), said.pointer(member).unwrap_or(&Value::Null))
        })
    };
    match case.call.as_str() {
        "inspect" => {
            for (field, claim) in [("issued_at", "iat"), ("not_before", "nbf"), ("expires_at", "exp")] {
                same(field, answer[field].clone(), &said["claims"][claim])?;
            }
            let claims: Value = serde_json::from_str(answer["claims_json"].as_str().unwrap_or_default())
                .map_err(|error| error.to_string())?;
            same("claims", claims, &said["claims"])?;
            let audience = &said["audience"];
            same(
                "audiences",
                answer["audiences"].clone(),
                &if audience.is_array() { audience.clone() } else { json!([audience]) },
            )?;
            fields(&[
                ("platform", "/platform"),
                ("issuer", "/issuer"),
                ("subject", "/subject"),
                ("subject_parts", "/subject_parts"),
                ("alg", "/header/alg"),
                ("typ", "/header/typ"),
                ("kid", "/header/kid"),
            ])
        }
        "check" => {
            let of_findings = |findings: &Value| findings.as_array().into_iter().flatten().map(in_words).collect();
            same(
                "predicted_aadsts",
                in_words(&json!({"aadsts": answer["predicted_aadsts"]}))["aadsts"].clone(),
                &said["predicted_error"],
            )?;
            same("findings", of_findings(&answer["findings"]), &plain(said["findings"].clone()))?;
            same("credentials", answer["credentials"].clone(), &plain(said["credentials"].clone()))?;
            fields(&[("outcome", "/verdict"), ("matched", "/matched")])
        }
        "verify" => {
            same("valid", if answer["valid"] == true { "valid".into() } else { "invalid".into() }, &said["signature"])?;
            fields(&[("reason", "/reason"), ("alg", "/alg"), ("kid", "/kid"), ("key_index", "/key_index")])
        }
        "explain" => {
            let mut explained: Value = plain(said["explanations"].clone());
            explained.as_array_mut().into_iter().flatten().for_each(|one| {
                one["aadsts"] = one["code"].clone();
                one.as_object_mut().into_iter().for_each(|members| {
                    members.remove("code");
                    members.remove("facts");
                });
            });
            same("explanations", answer.as_array().into_iter().flatten().map(in_words).collect(), &explained)
        }
        _ => same("text", answer.clone(), &said["ok"]),
    }
}

/// With the AADSTS number as the command line writes it.
fn in_words(typed: &Value) -> Value {
    let mut said = typed.clone();
    if let Some(number) = said["aadsts"].as_u64() {
        said["aadsts"] = format!("AADSTS{number}").into();
    }
    if let Some(Value::String(other)) = said.as_object_mut().and_then(|members| members.remove("other_code")) {
        said["aadsts"] = other.into();
    }
    said
}
