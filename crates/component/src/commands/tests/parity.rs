//! Sends the same requests to the command line, the typed exports and the HTTP service, and
//! compares answer, code, hints and AADSTS number.

use azure_oidc_jobs::Interface;
use serde_json::{Map, Value, json};

use super::*;
use crate::bindings::Component;
use crate::bindings::exports::azure_oidc::federation::claims::{
    AuditDocument, AuditRequest, CredentialRequest, ExplainRequest, Guest, Part, Question, Replacement,
};
use crate::bindings::exports::azure_oidc::federation::types::{Fault, Shell};
use crate::service::{self, Head};

const SUBJECT: &str = "repo:octo-org/octo-repo:environment:prod";

/// Job, body of the HTTP request, and the expected verdict, fault code or part of the answer.
fn cases() -> Vec<(&'static str, Value, &'static str)> {
    let good = token(GITHUB, SUBJECT, AUDIENCE);
    let wrong = token(GITHUB, "repo:octo-org/octo-repo:environment:Prod", AUDIENCE);
    let list: Value = serde_json::from_str(&list(&[("main", GITHUB, SUBJECT)])).unwrap();
    let slash: Value =
        serde_json::from_str(&self::list(&[("main", "https://gitlab.com/", "project_path:g/p")])).unwrap();
    let page = json!({"value": list, "@odata.nextLink": "https://graph.microsoft.com/next"});
    let keys = json!({"keys": [{"kty": "RSA", "kid": "other", "n": "AQ", "e": "AQAB"}]});
    let log = "AADSTS700213: No matching federated identity record found for presented assertion subject 'x'.";
    let in_full = format!("{log} assertion issuer '{GITHUB}'");
    vec![
        ("inspect", json!({"token": good}), "github"),
        ("inspect", json!({"token": "opaque"}), "token-opaque"),
        ("inspect", json!({"token": "a.b"}), "token-not-three-segments"),
        ("check", json!({"token": good, "credentials": list}), "\"match\""),
        ("check", json!({"token": wrong, "credentials": list}), "AADSTS7002138"),
        ("check", json!({"token": good, "credentials": page}), "warning: the document is one page"),
        ("check", json!({"token": good, "credentials": list, "jwks": keys}), "AADSTS7000272"),
        ("check", json!({"token": good, "credentials": list, "now": NOW + 589}), "\"match\""),
        ("check", json!({"token": good, "credentials": list, "now": NOW + 591}), "token-expired"),
        ("check", json!({"token": good, "credentials": list, "now": NOW + 591, "skew": 600}), "\"match\""),
        ("check", json!({"token": "a.b", "credentials": list}), "AADSTS50027"),
        ("check", json!({"token": good, "credentials": {"appId": "x"}}), "credential-form-unknown"),
        ("check", json!({"token": good, "credentials": list, "jwks": {"kty": "RSA"}}), "jwks-no-keys"),
        ("check", json!({"issuer": GITHUB, "subject": SUBJECT, "credentials": list}), "token-not-given"),
        ("explain", json!({"text": "700213"}), "AADSTS700213"),
        ("explain", json!({"text": log, "credentials": page}), "warning: the document is one page"),
        ("explain", json!({"text": "AADSTS700024", "token": good, "now": NOW}), "AADSTS700024"),
        ("explain", json!({"text": log, "token": "a.b"}), "token-not-three-segments"),
        ("audit", json!({"documents": [{"file": "a", "credentials": list}]}), "subject-without-ids"),
        (
            "audit",
            json!({"documents": [{"file": "a", "credentials": slash}, {"file": "b", "credentials": page}]}),
            "\"fail\"",
        ),
        (
            "audit",
            json!({"documents": [{"file": "a", "credentials": list}], "format": "bicep",
                "replace": {"octo-org/octo-repo": "octo-org@1/octo-repo@2"}}),
            "format-for-other-owner",
        ),
        (
            "audit",
            json!({"documents": [{"file": "a", "credentials": list}], "format": "terraform",
                "replace": {"octo-org/octo-repo": "octo-org@1/octo-repo@2", "other": "x"}}),
            "no credential has `other`",
        ),
        ("audit", json!({"documents": [{"file": "a", "credentials": {"appId": "x"}}]}), "credential-form-unknown"),
        ("audit", json!({"documents": [{"file": "a", "credentials": list}], "cloud": "usgov"}), "audience-other-cloud"),
        ("credential", json!({"token": good}), "octo-repo:environment:prod"),
        (
            "credential",
            json!({"platform": "pulumi", "parts": {"org": "o", "project": "p", "stack": "s"}}),
            "pulumi:deploy",
        ),
        ("credential", json!({"platform": "github", "parts": {"branch": "main"}}), "subject-part-missing"),
        ("credential", json!({"platform": "github"}), "subject-part-missing"),
        ("credential", json!({"issuer": GITHUB}), "credential-incomplete"),
        ("credential", json!({"token": "a.b"}), "token-not-three-segments"),
        ("check", json!({"token": wrong, "credentials": list, "shell": "powershell"}), "Set-Content"),
        ("check", json!({"token": wrong, "credentials": list, "shell": "bash"}), "--parameters '{"),
        ("explain", json!({"text": in_full, "shell": "powershell"}), "Set-Content"),
        ("explain", json!({"text": "No subscriptions found", "shell": "powershell"}), "${env:AZURE_CLIENT_ID}"),
        ("credential", json!({"token": good, "format": "az", "shell": "powershell"}), "if (!$env:AZURE_CLIENT_ID)"),
    ]
}

#[test]
fn command_line_exports_and_service_give_the_same_answer() {
    let mut wrong = Vec::new();
    for (job, body, piece) in cases() {
        let http = by_http(job, &body);
        if !http.to_string().contains(piece) {
            wrong.push(format!("{job} {body}\n  has no {piece}: {http}"));
        }
        for (interface, answer) in [("command line", by_command_line(job, &body)), ("typed", by_export(job, &body))] {
            let answer = in_words_of_http(answer);
            if answer != http {
                wrong.push(format!("{job} {body}\n  HTTP: {http}\n  {interface}: {answer}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The answer with the words of the HTTP service in place of the interface's own.
fn in_words_of_http(answer: Value) -> Value {
    match answer {
        Value::String(text) => {
            let words = Interface::Http.words(&text).replace("`client-id`", "`client_id`");
            words.replace("`old: OLD, new: NEW`", r#"`{"OLD": "NEW"}`"#).into()
        }
        Value::Array(items) => items.into_iter().map(in_words_of_http).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, in_words_of_http(value))).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

/// Code, hints and AADSTS number.
fn refusal(code: &Value, hints: &str, aadsts: &Value) -> Value {
    json!({"code": code, "hints": hints, "aadsts": aadsts})
}

/// The members of a JSON answer that are compared.
fn essence(job: &str, answer: &Value) -> Value {
    let members: &[&str] = match job {
        "inspect" => &["platform", "subject", "subject_parts", "issuer"],
        "check" => &["verdict", "matched", "predicted_error", "findings", "credentials", "notes"],
        "explain" => &["explanations", "notes"],
        "audit" => &["verdict", "credentials", "findings", "changes", "text", "notes"],
        _ => &["text", "notes"],
    };
    let mut kept: Map<_, _> = members.iter().map(|name| ((*name).to_owned(), answer[*name].clone())).collect();
    // The typed interface does not report facts.
    for one in kept.get_mut("explanations").and_then(Value::as_array_mut).into_iter().flatten() {
        one.as_object_mut().map(|members| members.remove("facts"));
    }
    kept.into()
}

fn by_http(job: &str, body: &Value) -> Value {
    let content_type = Some("application/json".to_owned());
    let head = Head { method: "POST".to_owned(), path: format!("/v1/{job}"), content_type, ..Head::default() };
    let network = Job::default();
    let ports = Ports { env: &network.variables, http: &network, ..OFFLINE.ports() };
    let reply = service::answer(&head, &mut || Ok(body.to_string().into_bytes()), ports);
    let answer: Value = serde_json::from_str(&reply.body).unwrap();
    match reply.status {
        200 => essence(job, &answer),
        _ => {
            let hints: Vec<_> = answer["hints"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            refusal(&answer["code"], &hints.join("\n"), &answer["aadsts"])
        }
    }
}

fn by_command_line(job: &str, body: &Value) -> Value {
    let mut surroundings = Job::default();
    let mut words = vec![job.to_owned()];
    for (name, value) in body.as_object().unwrap() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match (job, name.as_str()) {
            (_, "token") => {
                surroundings.variables.0.push(("T".to_owned(), text));
                words.extend(["--id-token-env".to_owned(), "T".to_owned()]);
            }
            (_, "credentials") => {
                surroundings = surroundings.file("credentials", text);
                words.extend(["--credential".to_owned(), "credentials".to_owned()]);
            }
            (_, "jwks") => {
                surroundings = surroundings.file("jwks", text);
                words.extend(["--jwks".to_owned(), "jwks".to_owned()]);
            }
            (_, "documents") => {
                for document in value.as_array().unwrap() {
                    let name = if document["file"] == "a" { "a" } else { "b" };
                    surroundings = surroundings.file(name, document["credentials"].to_string());
                    words.extend(["--credential".to_owned(), name.to_owned()]);
                }
            }
            (_, "replace") => {
                let pairs = value.as_object().unwrap().iter();
                words.extend(
                    pairs.flat_map(|(old, new)| ["--replace".to_owned(), format!("{old}={}", new.as_str().unwrap())]),
                );
            }
            ("audit", "format") => words.extend(["--write".to_owned(), "--format".to_owned(), text]),
            (_, "text") => words.push(text),
            (_, "parts") => {
                let parts = value.as_object().unwrap().iter();
                words.extend(parts.flat_map(|(part, value)| [format!("--{part}"), value.as_str().unwrap().to_owned()]));
            }
            // The command line uses the current time, which the tests fix to the same value.
            ("explain", "now") => {}
            ("check", "skew") => words.extend(["--skew".to_owned(), format!("{text}s")]),
            ("check", "issuer" | "subject") => words.extend([format!("--token-{name}"), text]),
            _ => words.extend([format!("--{name}"), text]),
        }
    }
    // `credential` prints text; only its failures are JSON.
    if job != "credential" {
        words.extend(["--output".to_owned(), "json".to_owned()]);
    }
    let outcome = surroundings.run_words(&words.iter().map(String::as_str).collect::<Vec<_>>());
    if job == "credential" {
        return credential_by_command_line(&outcome, body);
    }
    let answer: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{outcome:?}"));
    match answer.get("error") {
        Some(error) => refusal(&error["code"], error["hint"].as_str().unwrap(), &error["aadsts"]),
        None => essence(job, &answer),
    }
}

/// `credential` prints no JSON: its failures are compared by their hints, with the service's code.
fn credential_by_command_line(outcome: &Outcome, body: &Value) -> Value {
    if outcome.exit_code == 0 {
        return json!({"text": outcome.stdout, "notes": outcome.stderr.lines().collect::<Vec<_>>()});
    }
    let lines = outcome.stderr.lines().skip_while(|line| !line.starts_with("hint: "));
    let hints: Vec<_> = lines.filter_map(|line| line.strip_prefix("hint: ").or(line.strip_prefix("      "))).collect();
    let http = by_http("credential", body);
    refusal(&http["code"], &hints.join("\n"), &http["aadsts"])
}

fn by_export(job: &str, body: &Value) -> Value {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let document = |name: &str| body.get(name).map(Value::to_string);
    let code = |number: Option<u32>| number.map(|number| format!("AADSTS{number}"));
    let answer = match job {
        "inspect" => Component::inspect(text("token").unwrap_or_default()).map(|answer| {
            let part = |part: &crate::bindings::exports::azure_oidc::federation::claims::SubjectPart| {
                json!({"name": part.name, "value": part.value, "meaning": part.meaning, "varies": part.varies})
            };
            json!({"platform": answer.platform, "subject": answer.subject, "issuer": answer.issuer,
                "subject_parts": answer.subject_parts.iter().map(part).collect::<Vec<_>>()})
        }),
        "check" => Component::check(Question {
            token: text("token"),
            issuer: text("issuer"),
            subject: text("subject"),
            audience: None,
            claims_json: None,
            credentials: document("credentials").unwrap_or_default(),
            now: body["now"].as_i64().unwrap_or(NOW),
            skew: body["skew"].as_u64().map(|skew| u32::try_from(skew).unwrap()),
            cloud: text("cloud"),
            jwks: document("jwks"),
            shell: shell(body),
        })
        .map(|answer| {
            let word = |word: &dyn std::fmt::Debug| kebab(&format!("{word:?}"));
            let findings = answer.findings.iter().map(|one| {
                json!({"code": one.code, "severity": word(&one.severity), "claim": one.claim, "expected": one.expected,
                    "actual": one.actual, "position": one.position, "message": one.message, "remedy": one.remedy,
                    "aadsts": code(one.aadsts)})
            });
            let credentials = answer.credentials.iter().map(|one| {
                json!({"name": one.name, "issuer": one.issuer, "subject": one.subject, "expression": one.expression,
                    "audience": one.audience, "issuer_matches": one.issuer_matches,
                    "subject_matches": one.subject_matches, "audience_matches": one.audience_matches})
            });
            json!({"verdict": word(&answer.outcome), "matched": answer.matched, "notes": answer.notes,
                "predicted_error": code(answer.predicted_aadsts), "findings": findings.collect::<Vec<_>>(),
                "credentials": credentials.collect::<Vec<_>>()})
        }),
        "audit" => {
            let document = |one: &Value| AuditDocument {
                file: one["file"].as_str().map(str::to_owned),
                credentials: one["credentials"].to_string(),
            };
            let replacement = |(old, new): (&String, &Value)| Replacement {
                old: old.clone(),
                new: new.as_str().unwrap_or_default().to_owned(),
            };
            let request = AuditRequest {
                documents: body["documents"].as_array().into_iter().flatten().map(document).collect(),
                replace: body["replace"].as_object().into_iter().flatten().map(replacement).collect(),
                format: text("format"),
                client_id: None,
                cloud: text("cloud"),
                shell: None,
            };
            Component::audit(request).map(|answer| {
                let word = |word: &dyn std::fmt::Debug| kebab(&format!("{word:?}"));
                let credentials = answer.credentials.iter().map(|one| {
                    json!({"file": one.file, "owner": one.owner, "name": one.name, "issuer": one.issuer, "subject": one.subject,
                        "expression": one.expression, "audience": one.audience,
                        "severity": one.severity.as_ref().map(|severity| word(severity))})
                });
                let findings = answer.findings.iter().map(|one| {
                    json!({"file": one.file, "owner": one.owner, "credential": one.credential, "code": one.code, "severity": word(&one.severity),
                        "member": one.member, "message": one.message, "remedy": one.remedy, "aadsts": code(one.aadsts)})
                });
                let changes = answer.changes.iter().map(|one| {
                    json!({"file": one.file, "owner": one.owner, "of": one.of, "kind": word(&one.kind), "name": one.name, "issuer": one.issuer,
                        "subject": one.subject, "expression": one.expression, "audience": one.audience})
                });
                json!({"verdict": word(&answer.outcome), "credentials": credentials.collect::<Vec<_>>(),
                    "findings": findings.collect::<Vec<_>>(), "changes": changes.collect::<Vec<_>>(),
                    "text": answer.text, "notes": answer.notes})
            })
        }
        "explain" => Component::explain_refusal(ExplainRequest {
            text: text("text").unwrap_or_default(),
            token: text("token"),
            credentials: document("credentials"),
            now: Some(NOW),
            shell: shell(body),
        })
        .map(|answer| {
            let explanations = answer.explanations.iter().map(|one| {
                json!({"code": one.other_code.clone().or_else(|| code(Some(one.aadsts))), "text": one.text, "name": one.name, "message": one.message, "cause": one.cause,
                    "remedy": one.remedy, "advice": one.advice})
            });
            json!({"explanations": explanations.collect::<Vec<_>>(), "notes": answer.notes})
        }),
        _ => {
            let part = |(name, value): (&String, &Value)| Part {
                name: name.clone(),
                value: value.as_str().unwrap_or_default().to_owned(),
            };
            let request = CredentialRequest {
                token: text("token"),
                issuer: text("issuer"),
                subject: None,
                audience: None,
                name: None,
                format: text("format"),
                platform: text("platform"),
                parts: body["parts"].as_object().map(|parts| parts.iter().map(part).collect()),
                flexible: None,
                cloud: None,
                client_id: None,
                identity_name: None,
                resource_group: None,
                shell: shell(body),
            };
            Component::write_credentials(request).map(|answer| json!({"text": answer.text, "notes": answer.notes}))
        }
    };
    answer
        .unwrap_or_else(|fault: Fault| refusal(&fault.code.into(), &fault.hints.join("\n"), &code(fault.aadsts).into()))
}

fn shell(body: &Value) -> Option<Shell> {
    match body["shell"].as_str()? {
        "powershell" => Some(Shell::Powershell),
        _ => Some(Shell::Bash),
    }
}

/// `Severity::NoMatch` as `no-match`.
fn kebab(name: &str) -> String {
    let name = name.rsplit("::").next().unwrap_or_default();
    let mut text = String::new();
    for (at, character) in name.chars().enumerate() {
        if character.is_ascii_uppercase() && at > 0 {
            text.push('-');
        }
        text.push(character.to_ascii_lowercase());
    }
    text
}
