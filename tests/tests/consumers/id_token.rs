//! `id-token`: its forms, what it refuses, and relying parties.

use std::os::unix::fs::PermissionsExt;

use azure_oidc_emulator::Order;
use azure_oidc_tests::{Job, Ran, secrets, tokens};
use serde_json::{Value, json};

use crate::{Place, install};

const AWS: &str = "sts.amazonaws.com";
const ENTRA: &str = "api://AzureADTokenExchange";

/// It needs neither tenant nor client nor authority.
fn id_token(place: &Place, options: &[&str]) -> Job {
    let job = place.own(&["id-token"]).args(options);
    job.without("AZURE_TENANT_ID").without("AZURE_CLIENT_ID").without("AZURE_AUTHORITY_HOST")
}

#[test]
fn each_form_holds_the_token_for_the_audience_and_nothing_else() {
    let place = Place::new();
    let text = id_token(&place, &["--audience", AWS]).run().expect(0);
    let token = text.stdout.strip_suffix('\n').expect("a line");
    assert_eq!((tokens::claims(token)["aud"].as_str(), text.stderr.as_str()), (Some(AWS), ""));
    let usual = id_token(&place, &[]).run().expect(0);
    assert_eq!(tokens::claims(usual.stdout.trim())["aud"], ENTRA);

    let ran = id_token(&place, &["--audience", AWS, "--output", "json"]).run().expect(0);
    let answer = ran.json();
    let claims = tokens::claims(answer["id_token"].as_str().expect("a text"));
    let expected = format!(
        "{{\"audience\":\"{AWS}\",\"expires_on\":{},\"id_token\":{},\"issuer\":{},\"subject\":{}}}\n",
        answer["expires_on"], answer["id_token"], claims["iss"], claims["sub"]
    );
    assert_eq!((ran.stdout, ran.stderr.as_str()), (expected, ""));

    let executable = id_token(&place, &["--output=gcp-executable", "--audience", AWS]).run().expect(0);
    let answer = executable.json();
    let claims = tokens::claims(answer["id_token"].as_str().expect("a text"));
    let expected = format!(
        "{{\"expiration_time\":{},\"id_token\":{},\"success\":true,\"token_type\":\"urn:ietf:params:oauth:token-type:jwt\",\"version\":1}}\n",
        claims["exp"], answer["id_token"]
    );
    assert_eq!((executable.stdout, executable.stderr.as_str()), (expected, ""));
    assert!(!place.asked().iter().any(|path| path.contains("/oauth2/")), "Entra is not asked");
}

#[test]
fn a_file_is_for_its_owner_only_and_replaced_as_a_whole() {
    let place = Place::new();
    let path = place.stage.write("token", "what was there before, and is much longer than nothing");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("it is mine");
    let ran = id_token(&place, &["--audience", AWS, "--output", &format!("file:{path}")]).run().expect(0);
    assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""));
    assert_eq!(tokens::claims(&place.stage.read("token"))["aud"], AWS);
    assert!(!place.stage.read("token").ends_with('\n'));
    let mode = std::fs::metadata(&path).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // Also a relative path.
    id_token(&place, &["--output", "file:other"]).run().expect(0);
    assert!(place.stage.path("other").exists());

    let before = place.asked().len();
    for wrong in ["file:/nowhere/token", &format!("file:{}", place.stage.folder().display())] {
        let ran = id_token(&place, &["--output", wrong]).run().expect(6);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("cannot be written"), "{ran:?}");
    }
    assert_eq!(place.asked().len(), before, "found out before the platform is asked");
    id_token(&place, &["--output", "file:"]).run().expect(2);
    id_token(&place, &["--output", "yaml"]).run().expect(2);
}

/// A job of GitLab with these ID tokens, which were declared before it began.
fn gitlab(place: &Place, tokens: &[(&str, &str)], options: &[&str]) -> Ran {
    let job =
        Job::host(&["id-token"]).args(options).env("GITLAB_CI", "true").env("CI_SERVER_URL", "https://gitlab.com");
    let minted =
        |audience: &str| place.stage.mint(&Order { audience: Some(audience.to_owned()), ..Order::of("gitlab") });
    tokens.iter().fold(job, |job, (name, audience)| job.env(name, minted(audience))).run()
}

#[test]
fn of_several_declared_tokens_the_one_for_the_audience_is_handed_over() {
    let place = Place::new();
    let both = [("AZURE_ID_TOKEN", ENTRA), ("AWS_ID_TOKEN", AWS)];
    for audience in [ENTRA, AWS] {
        let ran = gitlab(&place, &both, &["--audience", audience]).expect(0);
        assert_eq!(tokens::claims(ran.stdout.trim())["aud"], audience);
    }
    assert_eq!(tokens::claims(gitlab(&place, &both, &[]).expect(0).stdout.trim())["aud"], ENTRA);
}

#[test]
fn a_token_for_another_audience_is_not_handed_over() {
    let place = Place::new();
    let one = [("AZURE_ID_TOKEN", ENTRA)];
    let ran = gitlab(&place, &one, &["--audience", AWS]).expect(3);
    assert!(ran.stdout.is_empty(), "{ran:?}");
    for part in ["`AZURE_ID_TOKEN` has the audience `api://AzureADTokenExchange`", "`sts.amazonaws.com` was asked for"]
    {
        assert!(ran.stderr.contains(part), "{part}: {}", ran.stderr);
    }
    let json = gitlab(&place, &one, &["--audience", AWS, "--output", "json"]).expect(3);
    assert_eq!(json.error()["code"], "audience-fixed");
    let executable = gitlab(&place, &one, &["--audience", AWS, "--output", "gcp-executable"]).expect(3);
    assert_eq!(executable.stderr, "");
    let answer = executable.json();
    assert_eq!(
        (&answer["success"], &answer["version"], &answer["code"]),
        (&json!(false), &json!(1), &json!("audience-fixed"))
    );
    assert!(answer["message"].is_string());
    let path = place.stage.path("kept");
    let kept = format!("file:{}", path.display());
    gitlab(&place, &one, &["--audience", AWS, "--output", &kept]).expect(3);
    assert!(!path.exists(), "nothing is left behind");
}

#[test]
fn an_expired_token_and_what_is_none_are_not_handed_over() {
    let place = Place::new();
    let expired = place.stage.mint(&Order { age_seconds: Some(4000), ..Order::of("gitlab") });
    for (token, part) in [(expired.as_str(), "expired at"), ("hunter2", "is not an ID token")] {
        let ran = Job::host(&["id-token", "--id-token-env", "T"]).env("T", token).run().expect(3);
        assert!(ran.stdout.is_empty() && ran.stderr.contains(part), "{ran:?}");
        secrets::assert_none(&ran.stderr, token);
    }
    let none = Job::host(&["id-token"]).run().expect(3);
    assert!(none.stdout.is_empty(), "{none:?}");
}

const GOOGLE: &str = r#"
import json, sys
from google.auth import pluggable, identity_pool
source = json.load(open(sys.argv[1]))
kind = pluggable if "executable" in source["credential_source"] else identity_pool
print(kind.Credentials.from_info(source).retrieve_subject_token(None))
"#;

/// The `external_account` configuration of Google's libraries.
fn external_account(place: &Place, source: &Value) -> String {
    let config = json!({
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": "https://sts.googleapis.com/v1/token",
        "credential_source": source,
    });
    place.stage.write("google.json", &config.to_string())
}

fn google(place: &Place, source: &Value) -> Ran {
    let script = place.stage.write("client.py", GOOGLE);
    let job = place.job(&install::python()).args(&[script, external_account(place, source)]);
    job.env("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1").run()
}

#[test]
fn googles_library_runs_the_executable_and_reads_the_file() {
    const AUDIENCE: &str = "https://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q";
    let place = Place::new();
    let command = format!("{} id-token --output gcp-executable", place.stage.path("bin/azure-oidc").display());
    let executable = json!({ "executable": { "command": command, "timeout_millis": 30000 } });
    let ran = google(&place, &executable).expect(0);
    assert_eq!(tokens::claims(ran.stdout.trim())["aud"], AUDIENCE);

    let file = place.stage.path("token");
    let output = format!("file:{}", file.display());
    id_token(&place, &["--audience", AUDIENCE, "--output", &output]).run().expect(0);
    let ran = google(&place, &json!({ "file": file })).expect(0);
    assert_eq!(tokens::claims(ran.stdout.trim())["aud"], AUDIENCE);

    // A platform that cannot give this audience.
    let declared = place.stage.mint(&Order::of("gitlab"));
    let command = format!("{command} --platform gitlab --id-token-env DECLARED");
    let executable = json!({ "executable": { "command": command, "timeout_millis": 30000 } });
    let script = place.stage.write("client.py", GOOGLE);
    let refused = place
        .job(&install::python())
        .args(&[script, external_account(&place, &executable)])
        .env("GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES", "1")
        .env("DECLARED", declared)
        .run();
    assert!(refused.code != 0 && refused.stderr.contains("audience"), "{refused:?}");
}
