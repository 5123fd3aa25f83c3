//! Tests the output formats: json, text, env, and that of a named platform.

use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT, secrets, tokens};

#[test]
fn json_contains_the_tokens_and_their_scopes() {
    let stage = Stage::new();
    let id_token = stage.id_token();
    let ran = exchange(&stage, &id_token, &["--output", "json"]).run().expect(0);
    let answer = ran.json();
    let claims = tokens::claims(&id_token);
    assert_eq!(answer["platform"], "generic");
    assert_eq!(
        (&answer["issuer"], &answer["subject"], &answer["audience"]),
        (&claims["iss"], &claims["sub"], &claims["aud"])
    );
    assert_eq!((answer["tenant_id"].as_str(), answer["client_id"].as_str()), (Some(TENANT), Some(APPLICATION)));
    let access = tokens::claims(answer["tokens"][0]["access_token"].as_str().unwrap());
    assert_eq!(access["aud"], "https://management.azure.com");
    assert!(!ran.stdout.contains(&id_token), "the ID token was not asked for");
    secrets::assert_none(&ran.stderr, &id_token);
}

#[test]
fn text_has_one_token_in_each_line_in_the_order_of_the_scopes() {
    let stage = Stage::new();
    let ran = exchange(&stage, &stage.id_token(), &["--cloud", "public", "--scope", "graph,arm", "--output", "text"])
        .run()
        .expect(0);
    let audiences: Vec<_> = ran.stdout.lines().map(|token| tokens::claims(token)["aud"].clone()).collect();
    assert_eq!(audiences, ["https://graph.microsoft.com", "https://management.azure.com"]);
}

#[test]
fn a_shell_can_evaluate_env() {
    let stage = Stage::new();
    let scopes = ["--cloud", "public", "--scope", "arm,graph", "--output", "env", "--output-name", "FIRST,SECOND"];
    let ran = exchange(&stage, &stage.id_token(), &scopes).run().expect(0);
    let script = format!("{}printf '%s\\n%s\\n' \"$FIRST\" \"$SECOND\"", ran.stdout);
    let shell = Job::program("/bin/sh".as_ref()).args(&["-eu"]).input(script).run().expect(0);
    let audiences: Vec<_> = shell.stdout.lines().map(|token| tokens::claims(token)["aud"].clone()).collect();
    assert_eq!(audiences, ["https://management.azure.com", "https://graph.microsoft.com"]);
}

#[test]
fn the_format_of_a_platform_can_be_chosen_by_name() {
    let stage = Stage::new();
    let job = exchange(&stage, &stage.id_token(), &["--output", "harness", "--id-token-env", "ARM_OIDC_TOKEN"]);
    job.env("HARNESS_OUTPUT_SECRET_FILE", stage.path("secrets")).run().expect(0);
    assert!(stage.output("secrets", "AZURE_ACCESS_TOKEN").is_some());

    let ran = exchange(&stage, &stage.id_token(), &["--output", "azure-pipelines"]).run().expect(0);
    let command = "##vso[task.setvariable variable=AZURE_ACCESS_TOKEN;issecret=true";
    assert!(ran.stdout.lines().any(|line| line.starts_with(command)), "{}", ran.stdout.len());
}

#[test]
fn the_platform_of_the_token_and_that_of_the_output_may_differ() {
    let stage = Stage::new();
    let job = exchange(
        &stage,
        &stage.id_token(),
        &["--platform", "gitlab", "--output", "harness", "--id-token-env", "ARM_OIDC_TOKEN"],
    );
    job.env("HARNESS_OUTPUT_SECRET_FILE", stage.path("secrets")).run().expect(0);
    assert!(stage.output("secrets", "AZURE_ACCESS_TOKEN").is_some());
}

#[test]
fn an_unknown_format_is_refused_before_anything_is_sent() {
    let stage = Stage::new();
    let ran = exchange(&stage, &stage.id_token(), &["--output", "xml"]).run().expect(2);
    assert!(ran.stderr.contains("--output xml") && ran.stderr.contains("json"), "{}", ran.stderr);
    assert_eq!(stage.requests().len(), 0);
}

#[test]
fn stdout_that_cannot_be_written_is_a_failure_to_publish() {
    let stage = Stage::new();
    let job = exchange(&stage, &stage.id_token(), &["--output", "json"]);
    let ran = job.through_a_shell("exec \"$0\" \"$@\" >/dev/full").run().expect(6);
    assert!(ran.stderr.contains("standard output"), "{}", ran.stderr);
}

#[test]
fn what_a_token_claims_never_becomes_a_command_of_the_ci_system() {
    let stage = Stage::new();
    let hostile = "x\n##vso[task.setvariable variable=PATH]/tmp ##[error]\n::add-mask::x\r\n\u{1b}[31m";
    let id_token = stage.mint(&azure_oidc_emulator::Order::of("local").claim("sub", hostile).claim("note", hostile));
    let credential = |format| ["credential", "--format", format, "--id-token-env", "ARM_OIDC_TOKEN"];
    let written = ["graph", "arm", "az", "az-identity", "terraform", "bicep"].map(credential);
    let mut commands = vec![
        &["inspect"][..],
        &["check", "--issuer", "https://x.example", "--subject", "y"],
        &["explain", "700213", "--id-token-env", "ARM_OIDC_TOKEN"],
        &["verify", "--jwks", "/dev/null"],
        &["doctor"],
        &["exchange"],
    ];
    commands.extend(written.iter().map(|command| &command[..]));
    for command in commands {
        for form in [&[][..], &["--output", "json"]].iter().take(if command[0] == "credential" { 1 } else { 2 }) {
            let ran = match command {
                ["exchange"] => exchange(&stage, &id_token, form).run(),
                _ => Job::host(command).args(form).env("ARM_OIDC_TOKEN", &id_token).run(),
            };
            let shown = ran.printed();
            assert!(
                !shown.contains("##vso[") && !shown.contains("##[") && !shown.contains('\u{1b}'),
                "{command:?} {form:?}: {shown}"
            );
            assert!(!shown.lines().any(|line| line.trim_start().starts_with("::")), "{command:?} {form:?}: {shown}");
        }
    }
}

fn exchange(stage: &Stage, id_token: &str, arguments: &[&str]) -> Job {
    let job = stage.job(arguments).env("ARM_OIDC_TOKEN", id_token);
    job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION)
}
