//! Tests which variables, files and destinations each command and platform is granted.

use azure_oidc_core::plan::Limits;
use azure_oidc_core::ports::fixed::Variables;

use super::*;

fn grants(arguments: &[&str], env: &[(&str, &str)]) -> Grants {
    let cli = crate::parse(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
    let env = Variables(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
    needed(&cli, &env)
}

fn hosts(grants: &Grants) -> Vec<(&str, Option<u16>, bool)> {
    grants.destinations.iter().map(|one| (one.host.as_str(), one.port, one.is_beside)).collect()
}

#[test]
fn the_limits_of_the_command_line_are_the_usual_ones() {
    let Command::Exchange(args) = crate::parse(&[]).unwrap().command else { panic!("not an exchange") };
    let limits = Limits { timeout: args.timeout, retries: args.retries, replication_wait: args.replication_wait };
    assert_eq!(limits, Limits::DEFAULT);
}

#[test]
fn a_plan_that_fails_shows_the_component_what_there_is_and_grants_no_more() {
    // The platform offers half of what it must give, so the token cannot be had.
    let grants = grants(&[], &[("BITBUCKET_BUILD_NUMBER", "12"), ("GITHUB_OUTPUT", "/o"), ("HOME", "/h")]);
    assert!(
        ["BITBUCKET_BUILD_NUMBER", "GITHUB_OUTPUT"].iter().all(|name| grants.variables.contains(&(*name).to_owned()))
    );
    assert!(!grants.variables.contains(&"HOME".to_owned()));
    assert_eq!(hosts(&grants), [AUTHORITY]);
    assert_eq!(grants.outputs, []);
}

#[test]
fn the_files_are_those_of_the_options_and_of_the_token() {
    let files = |arguments: &[&str], env: &[(&str, &str)]| grants(arguments, env).files;
    let federated = ("AZURE_FEDERATED_TOKEN_FILE", "/var/token");
    assert_eq!(files(&[], &[federated]), ["/var/token"]);
    assert_eq!(files(&["--id-token", "-", "--credential", "fic.json"], &[federated]), ["-", "fic.json"]);
    assert_eq!(files(&["check", "--id-token-env", "T", "--credential", "-", "--jwks", "k"], &[federated]), ["-", "k"]);
    assert_eq!(files(&["explain", "-", "--id-token-file", "t"], &[]), ["-", "t"]);
    assert_eq!(
        files(&["audit", "--credential", "b", "--credential", "a", "--credential", "b"], &[federated]),
        ["a", "b"]
    );
}

#[test]
fn the_issuer_of_a_token_is_reached_only_to_discover_its_keys() {
    let token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlOjg0NDMvYSJ9.c2ln";
    let env = Variables::from([("T", token)]);
    let issuer = |arguments: &[&str]| {
        let cli = crate::parse(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>()).unwrap();
        needed(&cli, &env).issuer(&cli.host.allow_host, &env, &|name| (name == "file").then(|| format!("{token}\n")))
    };
    let found = |arguments| issuer(arguments).map(|one| (one.host, one.port));
    let expected = Some(("issuer.example".to_owned(), Some(8443)));
    assert_eq!(found(&["verify", "--discover", "--id-token-env", "T"]), expected);
    assert_eq!(found(&["check", "--credential", "c", "--discover", "--id-token-file", "file"]), expected);
    assert_eq!(found(&["verify", "--jwks", "k", "--id-token-env", "T"]), None);
}

const AUTHORITY: (&str, Option<u16>, bool) = ("login.microsoftonline.com", Some(443), false);

const MINT: [(&str, &str); 3] =
    [("HARNESS_WI_HANDLE", "h"), ("PLUGIN_WORKLOAD_IDENTITY", "azure"), ("HARNESS_OUTPUT_SECRET_FILE", "/o")];

#[test]
fn a_socket_is_the_one_that_the_variable_names() {
    let env = [&MINT[..], &[("HARNESS_WI_MINT_URL", "unix:///tmp/harness-wi/wi.sock")]].concat();
    let grants = grants(&[], &env);
    assert_eq!(grants.sockets, [("harness-wi.localhost", "/tmp/harness-wi/wi.sock".to_owned())]);
    assert_eq!(hosts(&grants), [AUTHORITY]);
}

#[test]
fn the_build_machine_may_be_asked_in_the_clear() {
    let url = "http://host.docker.internal:9080/mint_workload_token";
    let grants = grants(&[], &[&MINT[..], &[("HARNESS_WI_MINT_URL", url)]].concat());
    assert_eq!(hosts(&grants), [("host.docker.internal", Some(9080), true), AUTHORITY]);
    assert!(grants.sockets.is_empty());
}

#[test]
fn the_metadata_server_is_reached_only_by_who_asks_for_google() {
    let asked = grants(&["exchange", "--platform", "google-cloud"], &[]);
    assert_eq!(hosts(&asked), [("metadata.google.internal", Some(80), true), AUTHORITY]);
    assert_eq!(hosts(&grants(&[], &[("ARM_OIDC_TOKEN", "t")])), [AUTHORITY]);
    // An address of that kind is no authority.
    let authority = [("AZURE_AUTHORITY_HOST", "http://169.254.169.254"), ("ARM_OIDC_TOKEN", "t")];
    assert_eq!(hosts(&grants(&[], &authority)), []);
}

#[test]
fn the_agent_of_the_platform_that_publishes_is_reached() {
    let job = [
        ("BUILDKITE", "true"),
        ("BUILDKITE_AGENT_ACCESS_TOKEN", "a"),
        ("BUILDKITE_JOB_ID", "j"),
        ("BUILDKITE_AGENT_JOB_API_SOCKET", "/tmp/job-api.sock"),
        ("BUILDKITE_AGENT_JOB_API_TOKEN", "b"),
        ("TMPDIR", "/t"),
    ];
    let socket = ("buildkite-job-api.localhost", "/tmp/job-api.sock".to_owned());
    assert_eq!(grants(&[], &job).sockets, [socket]);
    assert_eq!(grants(&["--output", "json"], &job).sockets, []);
}

#[test]
fn a_program_is_named_by_the_platform_and_only_for_another_audience() {
    let job = [("CIRCLECI", "true"), ("CIRCLE_OIDC_TOKEN", "t"), ("BASH_ENV", "/b")];
    assert_eq!(grants(&[], &job).program, None);
    let (name, words) = grants(&["--audience", "it's; rm -rf"], &job).program.unwrap();
    assert_eq!(words, ["circleci", "run", "oidc", "get", "--claims", r#"{"aud":"it's; rm -rf"}"#]);
    assert_eq!(name, r#"circleci run oidc get --claims '{"aud":"it'\''s; rm -rf"}'"#);
}

#[test]
fn the_file_of_the_id_token_is_where_the_user_or_the_job_says() {
    let place = |arguments: &[&str], env: &[(&str, &str)]| grants(arguments, env).id_token_output;
    let (token, file, temp) =
        (("ARM_OIDC_TOKEN", "t"), ("AZURE_FEDERATED_TOKEN_FILE", "/var/token"), ("RUNNER_TEMP", "/tmp/job/"));
    let usual = Some("/tmp/job/azure-oidc-id-token".to_owned());
    assert_eq!(place(&["--publish", "sdk-env"], &[token, temp]), usual);
    assert_eq!(place(&["--publish", "both", "--id-token-output", "/x"], &[token, temp]), Some("/x".to_owned()));
    assert_eq!(place(&["--publish", "both"], &[token]), None);
    assert_eq!(place(&["--publish", "both"], &[file, temp]), None, "it is in a file, which the cluster renews");
    assert_eq!(place(&[], &[token, temp]), None, "nobody asked for it");
    let relative = &["--publish", "both", "--id-token-output", "x"];
    assert_eq!(place(relative, &[token, ("PWD", "/builds"), ("TMPDIR", "/t")]), Some("/builds/x".to_owned()));
    let shown = |arguments: &[&str]| grants(arguments, &[token]).variables.contains(&"PWD".to_owned());
    assert!(shown(relative), "the component works out the same path");
    assert!(!shown(&["--output", "json"]));
}

#[test]
fn a_new_file_for_the_shell_is_granted_only_where_the_result_goes_to_one() {
    let folder = |arguments: &[&str], env: &[(&str, &str)]| {
        let grants = grants(arguments, env);
        let is_shown = ["RUNNER_TEMP", "TMPDIR"].iter().all(|name| grants.variables.contains(&(*name).to_owned()));
        (grants.new_file_in, is_shown)
    };
    let (token, temp, output) = (("ARM_OIDC_TOKEN", "t"), ("TMPDIR", "/t"), ("GITHUB_OUTPUT", "/o"));
    assert_eq!(folder(&[], &[token, temp]), (Some("/t".to_owned()), true));
    assert_eq!(folder(&[], &[token]), (None, true), "the component says what is missing");
    assert_eq!(folder(&["--output", "env"], &[token, temp]), (None, false));
    assert_eq!(folder(&["--output", "github"], &[token, temp, output]), (None, false));
}

#[test]
fn the_platforms_own_file_with_the_token_is_read_when_it_is_handed_on() {
    let job = [("PULUMI_CI_SYSTEM", "Pulumi Deployments"), ("PULUMI_OIDC_TOKEN", "t")];
    let needed = grants(&["--publish", "sdk-env"], &job);
    assert_eq!((needed.files, needed.id_token_output), (vec!["/mnt/pulumi/pulumi.oidc".to_owned()], None));
    assert!(grants(&[], &job).files.is_empty());
}

#[test]
fn what_tells_the_shell_is_shown_only_where_commands_are_written_and_no_shell_is_named() {
    let shell = [("PSModulePath", "C:\\m"), ("SHELL", "/bin/bash"), ("SHLVL", "1"), ("_", "/bin/x"), ("HOME", "/h")];
    let shown = |line: &str| grants(&line.split(' ').collect::<Vec<_>>(), &shell).variables;
    for line in ["explain 700213", "check --credential c", "credential --issuer i", "exchange", "doctor"] {
        let variables = shown(line);
        assert!(Shell::VARIABLES.iter().all(|name| variables.contains(&(*name).to_owned())), "{line}: {variables:?}");
        assert!(!variables.contains(&"HOME".to_owned()), "{line}");
        let named = shown(&format!("{line} --shell bash"));
        assert!(!Shell::VARIABLES.iter().any(|name| named.contains(&(*name).to_owned())), "{line}: {named:?}");
    }
    for line in ["inspect", "verify --jwks k", "serve"] {
        let variables = shown(line);
        assert!(!Shell::VARIABLES.iter().any(|name| variables.contains(&(*name).to_owned())), "{line}: {variables:?}");
    }
}

#[test]
fn doctor_sees_the_folders_that_exchange_may_write_to() {
    let job = [("ARM_OIDC_TOKEN", "t"), ("TMPDIR", "/t")];
    for line in ["exchange", "doctor"] {
        let shown = grants(&[line], &job).variables;
        assert!(["TMPDIR", "RUNNER_TEMP"].iter().all(|name| shown.contains(&(*name).to_owned())), "{line}: {shown:?}");
    }
}

#[test]
fn both_tokens_of_a_circleci_job_are_shown() {
    let job = [("CIRCLECI", "true"), ("CIRCLE_OIDC_TOKEN", "a"), ("CIRCLE_OIDC_TOKEN_V2", "b"), ("BASH_ENV", "/b")];
    let shown = grants(&[], &job).variables;
    assert!(["CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2"].iter().all(|name| shown.contains(&(*name).to_owned())));
}

#[test]
fn every_variable_that_a_sign_in_reads_or_names_is_shown() {
    let shown = grants(&[], &[("ARM_OIDC_TOKEN", "t")]).variables;
    for name in [
        "tenantId",
        "servicePrincipalId",
        "AZURESUBSCRIPTION_CLIENT_ID",
        "ARM_ENVIRONMENT",
        "AZURE_ENVIRONMENT",
        "ARM_SUBSCRIPTION_ID",
        "AZURE_SUBSCRIPTION_ID",
        "ARM_METADATA_HOSTNAME",
    ] {
        assert!(shown.contains(&name.to_owned()), "{name}");
    }
    let github = grants(&[], &[("GITHUB_ACTIONS", "true"), ("GITHUB_ACTOR", "dependabot[bot]")]).variables;
    assert!(github.contains(&"GITHUB_ACTOR".to_owned()));
}

#[test]
fn the_request_pair_and_the_cloud_of_the_variables_decide_what_is_reached() {
    let pair = [
        ("ARM_OIDC_REQUEST_URL", "http://127.0.0.1:9/t"),
        ("ARM_OIDC_REQUEST_TOKEN", "b"),
        ("ARM_ENVIRONMENT", "usgovernment"),
        ("TMPDIR", "/t"),
    ];
    let grants = grants(&[], &pair);
    assert_eq!(hosts(&grants), [("127.0.0.1", Some(9), false), ("login.microsoftonline.us", Some(443), false)]);
    assert!(
        ["ARM_OIDC_REQUEST_URL", "ARM_OIDC_REQUEST_TOKEN"]
            .iter()
            .all(|name| grants.variables.contains(&(*name).to_owned()))
    );
}

/// The destinations of a tool's call, after its input was read.
fn narrowed(line: &str, input: &str, env: &[(&str, &str)]) -> Vec<(String, Option<u16>)> {
    let cli = crate::parse(&line.split(' ').map(str::to_owned).collect::<Vec<_>>()).unwrap();
    let env = Variables(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
    let mut grants = needed(&cli, &env);
    grants.restrict_to_server(&env, &|name| (name == STANDARD_INPUT).then(|| input.to_owned()));
    grants.destinations.into_iter().map(|one| (one.host, one.port)).collect()
}

#[test]
fn the_one_registry_that_was_asked_for_is_reached_and_no_other() {
    let own = |host: &str, port| (host.to_owned(), Some(port));
    let authority = own(AUTHORITY.0, 443);
    let get = |input: &str, env: &[(&str, &str)]| narrowed("docker-credential get", input, env);
    assert_eq!(get("contoso.azurecr.io\n", &[]), [authority.clone(), own("contoso.azurecr.io", 443)]);
    for other in ["", "ghcr.io", "contoso.azurecr.io.evil.example", "a.azurecr.io\nb.azurecr.io", "http://a.azurecr.io"]
    {
        assert_eq!(
            get(other, &[("ARM_OIDC_REQUEST_URL", "https://ci.example"), ("ARM_OIDC_REQUEST_TOKEN", "t")]),
            [],
            "{other}"
        );
    }
    let named = [("AZURE_OIDC_REGISTRIES", "localhost:5000")];
    assert_eq!(get("localhost:5000", &named), [authority, own("localhost", 5000)]);
    for verb in ["list", "store", "erase", "version"] {
        assert_eq!(narrowed(&format!("docker-credential {verb}"), "contoso.azurecr.io", &[]), [], "{verb}");
    }
}

#[test]
fn git_reaches_nobody_for_a_server_that_is_not_served() {
    let get = |host: &str| narrowed("git-credential get", &format!("protocol=https\nhost={host}\n\n"), &[]);
    assert_eq!(get("dev.azure.com"), [(AUTHORITY.0.to_owned(), AUTHORITY.1)]);
    assert_eq!(get("github.com"), []);
    assert_eq!(narrowed("git-credential store", "protocol=https\nhost=dev.azure.com\n", &[]), []);
}

#[test]
fn a_call_reaches_the_broker_of_exec_on_this_machine_only() {
    let with = |address: &str| {
        narrowed("kubernetes-credential", "", &[("AZURE_OIDC_BROKER", address), ("IDENTITY_HEADER", "s")])
    };
    assert_eq!(with("http://127.0.0.1:4000").last(), Some(&("127.0.0.1".to_owned(), Some(4000))));
    assert_eq!(with("http://evil.example:4000").len(), 1);
}

#[test]
fn the_id_token_of_another_party_reaches_no_authority() {
    let found = grants(&["id-token", "--audience", "a", "--output", "file:/t"], &[("ARM_OIDC_TOKEN", "t")]);
    assert_eq!((hosts(&found).len(), found.id_token_output.as_deref()), (0, Some("/t")));
}
