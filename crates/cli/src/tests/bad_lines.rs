//! Tests the errors of invalid command lines.

use super::*;

/// Lines, the message, and the hints before the last one, which names the help.
const LINES: &[(&str, &str, &[&str])] = &[
    // Unknown options and commands.
    ("--xyz", "unexpected argument '--xyz' found", &[]),
    ("exchange --xyz=LONG", "unexpected argument '--xyz' found", &[]),
    ("--tenant x", "unexpected argument '--tenant' found", &["a similar argument exists: '--tenant-id'"]),
    ("--Tenant_Id x", "unexpected argument '--Tenant_Id' found", &["a similar argument exists: '--tenant-id'"]),
    ("---tenant-id x", "unexpected argument '---tenant-id' found", &["a similar argument exists: '--tenant-id'"]),
    ("--id x", "unexpected argument '--id' found", &["a similar argument exists: '--id-token'"]),
    ("verify --ouput json", "unexpected argument '--ouput' found", &["a similar argument exists: '--output'"]),
    (
        "check --credentials x",
        "unexpected argument '--credentials' found",
        &["a similar argument exists: '--credential'"],
    ),
    ("credential --brnch a", "unexpected argument '--brnch' found", &["a similar argument exists: '--branch'"]),
    (
        "credential --project-pth a",
        "unexpected argument '--project-pth' found",
        &["a similar argument exists: '--project-path'"],
    ),
    ("doctor --jwks k", "unexpected argument '--jwks' found", &["`--jwks` is an option of `check`, `verify`"]),
    ("exchange -x", "unexpected argument '-x' found", &[]),
    ("exchange -xh", "unexpected argument '-x' found", &[]),
    ("exchange -V", "unexpected argument '-V' found", &[]),
    ("inspect --version", "unexpected argument '--version' found", &[]),
    ("exchange --=x", "unexpected argument '--' found", &[]),
    ("exchange --LONG", "unexpected argument (a long value) found", &[]),
    ("chek", "unrecognized command 'chek'", &["a similar command exists: 'check'"]),
    ("exchnage", "unrecognized command 'exchnage'", &["a similar command exists: 'exchange', 'exec'"]),
    ("--timings Check", "unrecognized command 'Check'", &["a similar command exists: 'check'"]),
    ("help chek", "unrecognized command 'chek'", &[COMMANDS]),
    ("LONG", "unrecognized command (a long value)", &[COMMANDS]),
    ("--output json LONG", "unrecognized command (a long value)", &[COMMANDS]),
    ("-- --help", "unrecognized command '--help'", &["a similar command exists: 'help'"]),
    // A command after options that are not the host's, or in the place of a value: no token is
    // traded by accident.
    ("--output json check", "the command 'check' must stand before its options", &["write `azure-oidc check ...`"]),
    (
        "--scope arm exchange",
        "the command 'exchange' must stand before its options",
        &["write `azure-oidc exchange ...`"],
    ),
    ("--tenant-id check", "the command 'check' must stand before its options", &["write `azure-oidc check ...`"]),
    (
        "--allow-host credential",
        "the command 'credential' must stand before its options",
        &["write `azure-oidc credential ...`"],
    ),
    // Words by themselves.
    ("exchange check", "unexpected argument 'check' found", &[]),
    ("exchange -- --help", "unexpected argument '--help' found", &[]),
    ("inspect LONG", "unexpected argument (a long value) found", &[]),
    ("explain a b", "unexpected argument 'b' found", &[]),
    ("explain x -- y", "unexpected argument 'y' found", &[]),
    ("explain -1", "unexpected argument '-1' found", &[]),
    ("explain --file job.log", "unexpected argument '--file' found", &[]),
    ("exchange -scope arm", "unexpected argument '-s' found", &["write `--scope`: long options begin with two dashes"]),
    (
        "check -credential=fics.json",
        "unexpected argument '-c' found",
        &["write `--credential`: long options begin with two dashes"],
    ),
    (
        "exchange --scope graph arm",
        "unexpected argument 'arm' found",
        &["for more than one value repeat the option: `--scope VALUE --scope VALUE`"],
    ),
    (
        "exchange --scope=graph arm",
        "unexpected argument 'arm' found",
        &["for more than one value repeat the option: `--scope VALUE --scope VALUE`"],
    ),
    ("exchange --tenant-id contoso.com arm", "unexpected argument 'arm' found", &[]),
    (
        "check fics.json",
        "unexpected argument 'fics.json' found",
        &["name a file with credentials with `--credential FILE`"],
    ),
    (
        "explain 700213 fics.json",
        "unexpected argument 'fics.json' found",
        &["name a file with credentials with `--credential FILE`"],
    ),
    ("explain", "the following required arguments were not provided: <CODE|JSON|->", &[]),
    ("explain --", "the following required arguments were not provided: <CODE|JSON|->", &[]),
    (
        "exec",
        "the following required arguments were not provided: <CMD>...",
        &["the program stands after `--`: `azure-oidc exec -- CMD`"],
    ),
    (
        "exec terraform apply",
        "unexpected argument 'terraform' found",
        &["the program stands after `--`: `azure-oidc exec -- CMD`"],
    ),
    (
        "exec --id-token - -- true",
        "unexpected argument '--id-token' found",
        &[
            "`--id-token` is an option of `exchange`, `check`, `verify`, `inspect`, `explain`, `credential`, `setup`, `doctor`",
        ],
    ),
    ("broker", "the following required arguments were not provided: --ready-file <FILE>", &[]),
    // Values.
    ("--scope", "a value is required for '--scope <SCOPE>' but none was supplied", &[]),
    ("--tenant-id=", "a value is required for '--tenant-id <ID>' but none was supplied", &[]),
    ("--client-id=", "a value is required for '--client-id <GUID>' but none was supplied", &[]),
    ("--audience=", "a value is required for '--audience <AUDIENCE>' but none was supplied", &[]),
    (
        "id-token --output file:",
        "invalid value 'file:' for '--output <FORM>': `file:` has no path; is its variable empty?",
        &[],
    ),
    (
        "credential --branch -x",
        "unexpected argument '-x' found",
        &["write `--branch=VALUE` if the value begins with `-`"],
    ),
    (
        "--tenant-id --help",
        "a value is required for '--tenant-id <ID>' but none was supplied",
        &["write `--tenant-id=VALUE` if the value begins with `-`"],
    ),
    (
        "--publish",
        "a value is required for '--publish <WHAT>' but none was supplied",
        &["possible values: token, sdk-env, both"],
    ),
    ("verify --discover=true", "unexpected value 'true' for '--discover' found; no more were expected", &[]),
    ("--no-preflight=", "unexpected value '' for '--no-preflight' found; no more were expected", &[]),
    ("check --help=LONG", "unexpected value (a long value) for '--help' found; no more were expected", &[]),
    (
        "--publish sdkenv",
        "invalid value 'sdkenv' for '--publish <WHAT>'",
        &["possible values: token, sdk-env, both", "a similar value exists: 'sdk-env'"],
    ),
    ("--color LONG", "invalid value (a long value) for '--color <WHEN>'", &["possible values: auto, always, never"]),
    (
        "doctor --output=",
        "a value is required for '--output <FORMAT>' but none was supplied",
        &["possible values: text, json"],
    ),
    (
        "--timeout soon",
        "invalid value 'soon' for '--timeout <TIME>': give a number with its unit, such as 500ms, 30s, 5m or 1h",
        &[],
    ),
    (
        "--timeout 0s",
        "invalid value '0s' for '--timeout <TIME>': a limit of zero leaves no time: give one such as 30s or 2m",
        &[],
    ),
    (
        "serve --grace 5",
        "invalid value '5' for '--grace <TIME>': give a number with its unit, such as 500ms, 30s, 5m or 1h",
        &[],
    ),
    ("--retries=-1", "invalid value '-1' for '--retries <N>': give a whole number from 0 to 4294967295", &[]),
    (
        "serve --max-concurrency LONG",
        "invalid value (a long value) for '--max-concurrency <N>': give a whole number from 0 to 4294967295",
        &[],
    ),
    (
        "check --credential c --now 2026-11-20",
        "invalid value '2026-11-20' for '--now <TIME>': give seconds since 1970, or a time such as 2026-11-20T17:00:00Z",
        &[],
    ),
    (
        "check --credential c --token-issuer i --token-subject s --token-claim ab",
        "invalid value 'ab' for '--token-claim <NAME=VALUE>': give the name of the claim, `=`, and its value",
        &[],
    ),
    (
        "inspect --id-token LONG",
        "invalid value (a long value) for '--id-token <->': a token is never the value of an option, \
      because other processes can read a command line; use `--id-token-env NAME`, `--id-token-file PATH`, or `--id-token -` for standard input",
        &[],
    ),
    (
        "credential --format yaml",
        "invalid value 'yaml' for '--format <FORMAT>'",
        &[
            "possible values: az, az-identity, graph, arm, terraform, terraform-json, bicep",
            "a similar value exists: 'arm'",
        ],
    ),
    // Empty, as an unset variable leaves it.
    ("--ca-file= check --credential f", "a value is required for '--ca-file <FILE>' but none was supplied", &[]),
    ("check --credential=", "a value is required for '--credential <FILE>' but none was supplied", &[]),
    ("inspect --id-token-file=", "a value is required for '--id-token-file <PATH>' but none was supplied", &[]),
    // Twice.
    ("--ca-file a --ca-file b", "the argument '--ca-file <FILE>' cannot be used multiple times", &[]),
    ("--ca-file a --scope a --ca-file b", "the argument '--ca-file <FILE>' cannot be used multiple times", &[]),
    ("verify --discover --discover", "the argument '--discover' cannot be used multiple times", &[]),
    ("credential --issuer a --issuer b", "the argument '--issuer <URL>' cannot be used multiple times", &[]),
    // Not together.
    (
        "inspect --id-token-env A --id-token -",
        "the argument '--id-token-env <NAME>' cannot be used with '--id-token <->'",
        &[],
    ),
    (
        "inspect --id-token - --id-token-file f",
        "the argument '--id-token <->' cannot be used with '--id-token-file <PATH>'",
        &[],
    ),
    (
        "inspect --id-token-env A --id-token-file B --id-token -",
        "the argument '--id-token-env <NAME>' cannot be used with '--id-token-file <PATH>' or '--id-token <->'",
        &[],
    ),
    ("verify --discover --jwks a", "the argument '--discover' cannot be used with '--jwks <FILE>'", &[]),
    ("check --credential c --jwks j --discover", "the argument '--jwks <FILE>' cannot be used with '--discover'", &[]),
    (
        "check --discover --token-issuer x --token-subject x",
        "the argument '--discover' cannot be used with '--token-issuer <URL>' or '--token-subject <SUBJECT>'",
        &[],
    ),
    (
        "check --credential c --id-token-env T --token-issuer x --token-subject x",
        "the argument '--id-token-env <NAME>' cannot be used with '--token-issuer <URL>' or '--token-subject <SUBJECT>'",
        &[],
    ),
    (
        "credential --resource-group b --client-id a",
        "the argument '--resource-group <NAME>' cannot be used with '--client-id <GUID>'",
        &[],
    ),
    ("component --output a --digest", "the argument '--output <FILE>' cannot be used with '--digest'", &[]),
    // Only together.
    (
        "check",
        "the following required arguments were not provided: --credential <FILE> or --issuer <URL> or --subject <SUBJECT>",
        &[],
    ),
    ("verify", "the following required arguments were not provided: --jwks <FILE> or --discover", &[]),
    ("component", "the following required arguments were not provided: --output <FILE> or --digest", &[]),
    ("check --issuer a", "the following required arguments were not provided: --subject <SUBJECT>", &[]),
    (
        "check --token-issuer a",
        "the following required arguments were not provided: --token-subject <SUBJECT>, --credential <FILE> or --issuer <URL> or --subject <SUBJECT>",
        &[],
    ),
    (
        "check --credential c --token-subject s --discover",
        "the argument '--token-subject <SUBJECT>' cannot be used with '--discover'",
        &[],
    ),
    (
        "check --credential c --token-audience a",
        "the following required arguments were not provided: --token-issuer <URL>, --token-subject <SUBJECT>",
        &[],
    ),
];

const COMMANDS: &str = "commands: exchange, check, verify, inspect, explain, credential, setup, audit, doctor, exec, broker, login, logout, docker-credential, kubernetes-credential, git-credential, id-token, serve, component, link, completions, help";

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    for (line, message, hints) in LINES {
        let fault = refused(line);
        assert_eq!(fault.code, "usage", "{line}");
        assert_eq!(&fault.message, message, "{line}");
        let (last, before) = fault.hints.split_last().unwrap();
        assert_eq!(before, *hints, "{line}");
        assert!(last.starts_with("`azure-oidc") && last.contains(" --help` shows"), "{line}: {last}");
    }
}

#[test]
fn the_last_hint_names_the_help_of_the_command() {
    let last = |line: &str| refused(line).hints.pop().unwrap();
    assert_eq!(last("check"), "`azure-oidc check --help` shows every option with examples");
    assert_eq!(last("--xyz"), "`azure-oidc exchange --help` shows every option with examples");
    assert_eq!(last("chek"), "`azure-oidc --help` shows every option with examples");
}

#[test]
fn an_unknown_platform_is_answered_with_the_known_ones() {
    let fault = refused("--platform travis");
    assert_eq!(fault.message, "invalid value 'travis' for '--platform <NAME>'");
    let known = &fault.hints[0];
    assert!(known.starts_with("possible values: auto, harness, ") && known.ends_with(", generic"), "{known}");
    let jenkins = refused("--platform jenkins");
    assert!(jenkins.hints[1].contains("`--id-token-env NAME`"), "{:?}", jenkins.hints);
    assert!(fault.hints.iter().all(|hint| !hint.contains("Jenkins")), "{:?}", fault.hints);
}

#[test]
fn an_unknown_cloud_has_the_code_that_it_has_everywhere() {
    for line in ["--cloud mars", "check --credential c --cloud mars", "credential --cloud mars"] {
        let fault = refused(line);
        assert_eq!(fault.code, "cloud-unknown", "{line}");
        assert_eq!(fault.hints[0], "possible values: public, usgov, china, france, germany, singapore", "{line}");
    }
}

#[test]
fn standard_input_is_for_one_thing() {
    for line in [
        "--credential - --id-token -",
        "check --credential - --jwks -",
        "explain - --credential -",
        "explain - --id-token -",
        "verify --jwks - --id-token -",
        "audit --credential - --credential -",
    ] {
        assert_eq!(refused(line).code, "stdin-named-twice", "{line}");
    }
}
