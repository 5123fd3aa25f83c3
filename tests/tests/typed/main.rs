//! Compares the typed functions, called from Rust through wasmtime and from Node through jco, with
//! the command line. One table of cases is used for all three.

mod case;
mod embedded;

use azure_oidc_jobs::Interface;
use azure_oidc_tests::node::{self, Question};
use azure_oidc_tests::{Job, Stage, words};
use serde_json::{Map, Value, json};

use case::Case;
use embedded::Embedded;

#[test]
fn typed_functions_in_rust_and_node_answer_as_the_command_line_does() {
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
        if case.answer.as_deref().is_some_and(|answer| answer != outcome(case, &in_rust)) {
            wrong.push(format!("{}\n  wanted {:?}\n   found {in_rust}", case.name, case.answer));
        }
        let ran = case.command_line(&stage).run();
        let printed = match (case.call.as_str(), ran.code) {
            ("credential", 0) => json!({ "ok": ran.stdout }),
            ("credential", _) => json!({ "err": ran.stderr }),
            _ => ran.json(),
        };
        let printed = words::of_interface(printed, Interface::Typed);
        if let Err(difference) = compare(case, &in_rust, &printed) {
            wrong.push(format!("{}\n  {difference}\n    typed {in_rust}\n  printed {printed}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_instance_answers_many_calls_and_keeps_nothing() {
    let stage = Stage::new();
    let cases = case::all(&stage);
    let mut reused = Embedded::new();
    for case in cases.iter().chain(cases.iter().rev()) {
        assert_eq!(reused.ask(case), Embedded::new().ask(case), "{}", case.name);
    }
}

#[test]
fn examples_of_each_platform_make_credentials() {
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
        let case = call("credential", json!({"platform": name, "parts": given, "issuer": "https://issuer.example"}));
        let made = embedded.ask(&case);
        // Some platforms need one of several parts and report which.
        let code = made["err"]["code"].as_str();
        assert!(made["ok"].is_string() || code == Some("subject-part-missing"), "{name}: {made}");
    }
    assert_eq!(flexible, ["gitlab", "github", "terraform-cloud"]);
    assert!(forms > 5, "{forms}");
}

/// The function's name in JavaScript.
fn name_in_node(call: &str) -> &'static str {
    ["inspect", "check", "verify", "explain", "credential"]
        .into_iter()
        .find(|name| *name == call)
        .expect("a function of `claims`")
}

/// The arguments in JavaScript.
fn in_node(case: &Case) -> Value {
    let field = |name: &str| case.args.get(name).cloned().unwrap_or(Value::Null);
    // An absent argument is `undefined`, which JSON cannot express.
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

/// Brings answers into one form: names in snake_case, enum cases as in the WIT, and no absent
/// members.
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

/// The outcome of an answer in one word.
fn outcome<'a>(case: &Case, answer: &'a Value) -> &'a str {
    let word = match (case.call.as_str(), &answer["ok"]) {
        (_, Value::Null) => &answer["err"]["code"],
        ("check", verdict) => &verdict["outcome"],
        ("verify", verification) if verification["valid"] == true => return "valid",
        ("verify", verification) => &verification["reason"],
        (_, other) => other,
    };
    word.as_str().unwrap_or_default()
}

/// Compares an answer with the output of the command line.
fn compare(case: &Case, typed: &Value, printed: &Value) -> Result<(), String> {
    let same = |what: &str, typed: Value, printed: &Value| {
        if typed == *printed { Ok(()) } else { Err(format!("{what}: {typed} is not {printed}")) }
    };
    if let Some(fault) = typed.get("err") {
        return match (&printed["err"], &printed["error"]) {
            // `credential` prints no JSON.
            (Value::String(text), _) => {
                let sentence = fault["message"].as_str().unwrap_or("?");
                if text.contains(sentence) { Ok(()) } else { Err(format!("{text} does not contain {sentence}")) }
            }
            (_, error) => same("code", fault["code"].clone(), &error["code"]),
        };
    }
    let answer = &typed["ok"];
    let fields = |pairs: &[(&str, &str)]| {
        pairs.iter().try_for_each(|(field, member)| {
            same(field, answer[*field].clone(), printed.pointer(member).unwrap_or(&Value::Null))
        })
    };
    match case.call.as_str() {
        "inspect" => {
            for (field, claim) in [("issued_at", "iat"), ("not_before", "nbf"), ("expires_at", "exp")] {
                same(field, answer[field].clone(), &printed["claims"][claim])?;
            }
            let claims: Value = serde_json::from_str(answer["claims_json"].as_str().unwrap_or_default())
                .map_err(|error| error.to_string())?;
            same("claims", claims, &printed["claims"])?;
            let audience = &printed["audience"];
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
            let of_findings = |findings: &Value| findings.as_array().into_iter().flatten().map(with_code).collect();
            same(
                "predicted_aadsts",
                with_code(&json!({"aadsts": answer["predicted_aadsts"]}))["aadsts"].clone(),
                &printed["predicted_error"],
            )?;
            same("findings", of_findings(&answer["findings"]), &plain(printed["findings"].clone()))?;
            same("credentials", answer["credentials"].clone(), &plain(printed["credentials"].clone()))?;
            fields(&[("outcome", "/verdict"), ("matched", "/matched")])
        }
        "verify" => {
            same(
                "valid",
                if answer["valid"] == true { "valid".into() } else { "invalid".into() },
                &printed["signature"],
            )?;
            fields(&[("reason", "/reason"), ("alg", "/alg"), ("kid", "/kid"), ("key_index", "/key_index")])
        }
        "explain" => {
            let mut explained: Value = plain(printed["explanations"].clone());
            explained.as_array_mut().into_iter().flatten().for_each(|one| {
                one["aadsts"] = one["code"].clone();
                one.as_object_mut().into_iter().for_each(|members| {
                    members.remove("code");
                    members.remove("facts");
                });
            });
            same("explanations", answer.as_array().into_iter().flatten().map(with_code).collect(), &explained)
        }
        _ => same("text", answer.clone(), &printed["ok"]),
    }
}

/// Writes the AADSTS number as the command line does.
fn with_code(typed: &Value) -> Value {
    let mut printed = typed.clone();
    if let Some(number) = printed["aadsts"].as_u64() {
        printed["aadsts"] = format!("AADSTS{number}").into();
    }
    if let Some(Value::String(other)) = printed.as_object_mut().and_then(|members| members.remove("other_code")) {
        printed["aadsts"] = other.into();
    }
    printed
}
