//! Tests the commands that answer other tools, where a tool asks for what nobody can give.

use super::*;

#[test]
fn git_gets_nothing_for_other_servers_whatever_bytes_their_urls_have() {
    for input in [
        &b"protocol=https\nhost=github.com\npath=o/r\xff.git\n\n"[..],
        b"protocol=https\nhost=github.com\nusername=J\xfcrgen\n\n",
        b"protocol=https\nhost=dev.azure.com\xff\n\n",
    ] {
        let outcome = Job::default().file("-", input).run("git-credential get");
        assert_eq!((outcome.exit_code, outcome.stdout.as_str(), outcome.stderr.as_str()), (0, "", ""), "{input:?}");
    }
    let served = Job::default().file("-", &b"protocol=https\nhost=dev.azure.com\nusername=J\xfcrgen\n\n"[..]);
    assert_ne!(served.run("git-credential get").exit_code, 0);
}

#[test]
fn an_unusable_entry_among_the_registries_is_named() {
    let entry = "x.example:99999";
    let variables = Variables::from([("AZURE_OIDC_REGISTRIES", entry)]);
    let outcome = Job { variables, ..Job::default() }.file("-", entry).run("docker-credential get");
    // Docker shows what is on standard output.
    let said = outcome.stdout + &outcome.stderr;
    assert_eq!(outcome.exit_code, 2, "{said}");
    assert!(said.contains("AZURE_OIDC_REGISTRIES") && said.contains(entry), "{said}");
}

#[test]
fn google_gets_no_expiry_where_the_token_has_none() {
    let part = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let claims = json!({"iss": GITHUB, "sub": "s", "aud": "a"});
    let run = |header: &Value, signature: &str| {
        let text = format!("{}.{}.{signature}", part(header), part(&claims));
        Job::with_token(&text).run("id-token --id-token-env T --audience a --output gcp-executable")
    };
    let outcome = run(&json!({"alg": "RS256", "kid": "k"}), "AQ");
    let answer: Value = serde_json::from_str(&outcome.stdout).unwrap_or_else(|_| panic!("{}", outcome.stderr));
    assert_eq!((&answer["success"], answer.get("expiration_time")), (&json!(true), None));
    for (alg, signature) in [("none", ""), ("None", "AQ"), ("RS256", "")] {
        let outcome = run(&json!({"alg": alg}), signature);
        let answer: Value = serde_json::from_str(&outcome.stdout).unwrap();
        let found = (outcome.exit_code, &answer["success"], &answer["code"]);
        assert_eq!(found, (3, &json!(false), &json!("token-unsigned")), "{alg}");
    }
}
