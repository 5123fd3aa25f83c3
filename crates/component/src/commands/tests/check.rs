//! Tests the output of `check`, as text and as JSON.

use super::*;

const PROD: &str = "repo:octo-org/octo-repo:environment:prod";

#[test]
fn a_match_names_the_credential_and_what_was_not_checked() {
    let job = Job::with_token(&token(GITHUB, PROD, AUDIENCE)).file("f", list(&[("main", GITHUB, PROD)]));
    insta::assert_snapshot!(shown(&job.run("check --id-token-env T --credential f")), @r"
    exit 0
    match: Entra would accept this token for the credential `main`

    note: the signature was not checked: that takes the issuer's keys, with `--discover` or `--jwks FILE`
    ---
    ");
}

#[test]
fn a_near_miss_is_shown_with_a_caret_and_the_command_that_corrects_it() {
    let job = Job::with_token(&token(GITHUB, "repo:Octo-Org/octo-repo:environment:prod", AUDIENCE));
    let job = job.file("-", list(&[("main", GITHUB, PROD)]));
    let outcome = job.run("check --id-token-env T --credential -");
    insta::assert_snapshot!(shown(&outcome), @r#"
    exit 1
    no match: Entra would refuse this token, with AADSTS7002138

    error: the token's subject differs from the credential `main` only in upper and lower case: `Octo-Org/octo-repo:environment:prod` instead of `octo-org/octo-repo:environment:prod`
      expected: repo:octo-org/octo-repo:environment:prod
      actual:   repo:Octo-Org/octo-repo:environment:prod
                     ^
      remedy:   az ad app federated-credential update --federated-credential-id 'main' --id "${AZURE_CLIENT_ID:?}" --parameters '{"audiences":["api://AzureADTokenExchange"],"issuer":"https://token.actions.githubusercontent.com","name":"main","subject":"repo:Octo-Org/octo-repo:environment:prod"}'

    note: the signature was not checked: that takes the issuer's keys, with `--discover` or `--jwks FILE`
    ---
    "#);
    let colored = job.run("--color=always check --id-token-env T --credential -").stdout;
    assert!(colored.starts_with("\x1b[1;31mno match"), "{colored:?}");
    let plain = ["\x1b[1;31m", "\x1b[1;36m", "\x1b[0m"].iter().fold(colored, |text, code| text.replace(code, ""));
    assert_eq!(plain, outcome.stdout);
}

#[test]
fn ids_that_look_random_are_whole_in_the_command() {
    const ACCOUNT: &str = "Hue1lBsaSx2APlXjzVEPIg";
    let issuer = format!("https://app.harness.io/ng/api/oidc/account/{ACCOUNT}");
    let job = Job::default().file("f", list(&[("main", GITHUB, PROD)]));
    let outcome = job.run(&format!("check --credential f --token-issuer {issuer} --token-subject {ACCOUNT}"));
    let body = format!(r#""issuer":"{issuer}","name":"{ACCOUNT}","subject":"{ACCOUNT}"}}"#);
    assert!(outcome.exit_code == 1 && outcome.stdout.contains(&body), "{}", shown(&outcome));
    let key = "ghs_16C7e42F292c6912E7710c838347Ae178B4a";
    let outcome = job.run(&format!("check --credential f --token-issuer {issuer} --token-subject {key}"));
    let printed = shown(&outcome);
    assert!(!printed.contains(key) && !printed.contains("federated-credential create"), "{printed}");
}

#[test]
fn colours_are_used_if_requested() {
    for (variables, option, is_colored) in [
        (&[][..], "", false),
        (&["CLICOLOR_FORCE=1"], "", true),
        (&["CLICOLOR_FORCE=1"], "--color auto", true),
        (&["CLICOLOR_FORCE=1"], "--color never", false),
        (&["CLICOLOR_FORCE=0"], "", false),
        (&["CLICOLOR_FORCE=1", "NO_COLOR=1"], "", false),
        (&["CLICOLOR_FORCE=1", "NO_COLOR="], "", true),
        (&["NO_COLOR=1"], "--color always", true),
    ] {
        let token = token(GITHUB, PROD, AUDIENCE);
        let mut job = Job::with_token(&token).file("f", list(&[("main", GITHUB, PROD)]));
        let variables = variables.iter().filter_map(|text| text.split_once('='));
        job.variables.0.extend(variables.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let outcome = job.run(&format!("check --id-token-env T --credential f {option}"));
        assert_eq!(outcome.stdout.contains("\x1b["), is_colored, "{option}");
    }
}

#[test]
fn a_malformed_token_is_an_answer_and_not_a_failure() {
    let job = Job::with_token("eyJhbGciOiJSUzI1NiJ9.e30").file("f", list(&[("main", GITHUB, PROD)]));
    insta::assert_snapshot!(shown(&job.run("check --id-token-env T --credential f")), @r"
    exit 1
    invalid token: Entra would not take this for an ID token, with AADSTS50027

    error: the token has two segments, not three: its signature is missing
      remedy:   copy the token whole; all three parts and both dots belong to it
    ---
    ");
    let outcome = job.run("check --id-token-env T --credential f --output json");
    assert_eq!(outcome.exit_code, 1);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&report["verdict"], &report["predicted_error"]), (&json!("invalid-token"), &json!("AADSTS50027")));
    assert_eq!(report["token"], json!({}));
}

#[test]
fn a_token_that_entra_never_accepts_is_recognised_by_its_header() {
    let es256 = minted(&json!({"alg": "ES256", "kid": "k1"}), GITHUB, PROD, AUDIENCE);
    let job = Job::with_token(&es256).file("f", list(&[("main", GITHUB, PROD)]));
    let outcome = job.run("check --id-token-env T --credential f");
    assert_eq!(outcome.exit_code, 1);
    assert!(
        outcome.stdout.starts_with("invalid token: Entra would not take this for an ID token, with AADSTS5002738\n")
    );
}

#[test]
fn a_pipeline_can_be_checked_without_a_token() {
    let job = Job::default().file("f", list(&[("main", GITHUB, PROD)]));
    let line = format!("check --credential f --token-issuer {GITHUB} --token-subject");
    insta::assert_snapshot!(shown(&job.run(&format!("{line} {PROD}"))), @r"
    exit 0
    match: Entra would accept this token for the credential `main`

    note: only claims were given, no token: issuer, subject and audience were compared, and neither time nor signature was
    ---
    ");
    let outcome = job.run(&format!("{line} {PROD}x --output json"));
    assert_eq!(outcome.exit_code, 1);
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["predicted_error"], "AADSTS700213");
    assert_eq!(report["token"], json!({"iss": GITHUB, "sub": format!("{PROD}x"), "aud": AUDIENCE}));
    let codes: Vec<_> = report["findings"].as_array().unwrap().iter().map(|finding| &finding["code"]).collect();
    assert_eq!(codes.last(), Some(&&json!("token-not-given")));
}

#[test]
fn a_claim_of_an_expression_can_be_given_without_a_token() {
    let expression = "claims['sub'] matches 'repo:octo-org/octo-repo:*' and claims['repository_id'] eq '74'";
    let credential = json!({"name": "any", "issuer": GITHUB, "audiences": [AUDIENCE],
        "claimsMatchingExpression": {"value": expression, "languageVersion": 1}});
    let job = Job::default().file("f", credential.to_string());
    let line =
        format!("check --credential f --token-issuer {GITHUB} --token-subject {PROD} --token-claim repository_id=");
    assert_eq!(job.run(&format!("{line}74")).exit_code, 0);
    assert_eq!(job.run(&format!("{line}75")).exit_code, 1);
}

#[test]
fn an_issuer_that_answers_wrongly_is_a_finding_with_the_error_that_entra_would_give() {
    let job = Job::with_token(&token(GITHUB, PROD, AUDIENCE)).file("f", list(&[("main", GITHUB, PROD)]));
    let job = job.page(format!("{GITHUB}/.well-known/openid-configuration"), &json!({"issuer": GITHUB}));
    insta::assert_snapshot!(shown(&job.run("check --id-token-env T --credential f --discover")), @r"
    exit 1
    no match: Entra would refuse this token, with AADSTS501661

    error: the issuer's keys could not be fetched: https://token.actions.githubusercontent.com/.well-known/openid-configuration names no `jwks_uri`
      remedy:   try again with growing pauses, and look at the status page of the issuer; with an issuer of your own make both addresses public over https, with `authorization_endpoint` and `subject_types_supported` not empty; if only this machine cannot reach them, give the keys as a file

    note: the credential `main` has this issuer, subject and audience
    ---
    ");
}

#[test]
fn a_host_without_network_reports_nothing_about_the_issuer() {
    let job = Job::with_token(&token(GITHUB, PROD, AUDIENCE)).file("f", list(&[("main", GITHUB, PROD)]));
    let outcome =
        Job { otherwise: Some(TransportKind::Denied), ..job }.run("check --id-token-env T --credential f --discover");
    assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (5, ""));
    assert!(outcome.stderr.contains("--allow-host"), "{}", outcome.stderr);

    let job = Job::with_token(&token(GITHUB, PROD, AUDIENCE)).file("f", list(&[("main", GITHUB, PROD)]));
    let outcome = job.run("check --id-token-env T --credential f --discover");
    assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (5, ""));
    assert!(!outcome.stderr.contains("AADSTS501661") && outcome.stderr.contains("--jwks FILE"), "{}", outcome.stderr);
}

#[test]
fn discovery_requests_the_issuers_document_and_keys() {
    let keys = json!({"keys": [{"kty": "RSA", "kid": "other", "n": "AQ", "e": "AQAB"}]});
    let document = json!({"issuer": GITHUB, "jwks_uri": format!("{GITHUB}/keys")});
    let job = Job::with_token(&token(GITHUB, PROD, AUDIENCE))
        .file("f", list(&[("main", GITHUB, PROD)]))
        .page(format!("{GITHUB}/.well-known/openid-configuration"), &document)
        .page(format!("{GITHUB}/keys"), &keys);
    let outcome = job.run("check --id-token-env T --credential f --discover");
    assert_eq!(outcome.exit_code, 1);
    assert!(outcome.stdout.contains("AADSTS7000272"), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("the issuer's keys have none with the id `k1`"), "{}", outcome.stdout);
    assert_eq!(job.asked.borrow().len(), 2);
}

#[test]
fn notes_about_the_list_are_warnings() {
    let page = json!({"value": serde_json::from_str::<Value>(&list(&[("main", GITHUB, PROD)])).unwrap(),
        "@odata.nextLink": "https://graph.microsoft.com/next"});
    let job = Job::with_token(&token(GITHUB, PROD, AUDIENCE)).file("f", page.to_string());
    let outcome = job.run("check --id-token-env T --credential f");
    assert_eq!(outcome.exit_code, 0);
    assert!(outcome.stderr.starts_with("warning: the document is one page of a longer list"), "{}", outcome.stderr);
}

#[test]
fn a_list_that_windows_powershell_wrote_is_read() {
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(list(&[("main", GITHUB, PROD)]).encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    // `Set-Content -Encoding utf8` of Windows PowerShell writes a mark at the start.
    let marked = format!("\u{feff}{}", list(&[("main", GITHUB, PROD)])).into_bytes();
    for file in [utf16, marked] {
        let job = Job::with_token(&token(GITHUB, PROD, AUDIENCE)).file("f", file);
        assert_eq!(job.run("check --id-token-env T --credential f").exit_code, 0);
    }
}

#[test]
fn the_remedy_is_for_the_shell_that_is_named_or_detected() {
    let other = token(GITHUB, &PROD.replace("prod", "Prod"), AUDIENCE);
    let (bash, powershell) = ("remedy:   az ad app ", "remedy:   if (!$env:AZURE_CLIENT_ID) { throw ");
    for (option, modules, start) in [
        ("", "", bash),
        ("", "C:\\Modules", powershell),
        ("--shell powershell", "", powershell),
        ("--shell bash", "C:\\Modules", bash),
    ] {
        let mut job = Job::with_token(&other).file("f", list(&[("main", GITHUB, PROD)]));
        job.variables.0.push(("PSModulePath".to_owned(), modules.to_owned()));
        let outcome = job.run(&format!("check --id-token-env T --credential f {option}"));
        assert!(outcome.stdout.contains(start), "{option} {modules}\n{}", outcome.stdout);
    }
}

#[test]
fn wrong_input_is_a_failure() {
    let job = Job::with_token(&token(GITHUB, PROD, AUDIENCE)).file("f", "[]x").file("-", "[]");
    for (line, words) in [
        ("check --id-token-env T", "--credential"),
        ("check --id-token-env T --credential f", "not valid JSON"),
        ("check --id-token-env T --credential missing", "not passed by the host"),
        ("check --id-token-env T --issuer https://x", "--subject"),
        ("check --id-token - --credential -", "two inputs"),
        ("check --id-token-env T --credential - --cloud x", "possible values: public"),
        ("check --id-token-env T --credential - --now yesterday", "seconds since 1970"),
        ("check --credential - --token-subject x", "--token-issuer"),
        ("check --id-token-env T --credential - --token-issuer x --token-subject x", "cannot be used with"),
    ] {
        let outcome = job.run(line);
        assert_eq!(outcome.exit_code, 2, "{line}\n{}", shown(&outcome));
        assert!(outcome.stderr.contains(words), "{line}\n{}", outcome.stderr);
    }
}
