//! Tests valid command lines.

use super::*;

/// Lines, and what must be in what they are read as.
const LINES: &[(&str, &[&str])] = &[
    // Defaults, and `exchange` when nothing is said.
    ("", &["Exchange(", r#"output: "auto""#, "publish: Token", r#"output_name: ["AZURE_ACCESS_TOKEN"]"#, "scope: []"]),
    ("exchange", &["timeout: 30s", "retries: 3", "replication_wait: 4s", "no_preflight: false", "color: Auto"]),
    ("check --credential c", &["skew: 300s", r#"cloud: "public""#, "output: Text", "now: None", "discover: false"]),
    ("serve", &[r#"listen: "127.0.0.1:8080""#, "max_concurrency: 64", "grace: 30s", "access_log: false"]),
    ("credential", &["format: Graph", r#"cloud: "public""#, "parts: Parts([])"]),
    ("--tenant-id a", &["Exchange(", r#"tenant_id: Some("a")"#]),
    ("--", &["Exchange("]),
    ("-- exchange", &["Exchange("]),
    // A value is the next word, or what follows `=`.
    ("--tenant-id a=b", &[r#"tenant_id: Some("a=b")"#]),
    ("--tenant-id=a=b", &[r#"tenant_id: Some("a=b")"#]),
    ("--tenant-id=--help", &[r#"tenant_id: Some("--help")"#]),
    ("--tenant-id -", &[r#"tenant_id: Some("-")"#]),
    ("--audience=check", &[r#"audience: Some("check")"#]),
    ("--tenant-id LONG", &["Exchange("]),
    // What may be repeated.
    ("--scope a,b --scope c", &[r#"scope: ["a", "b", "c"]"#]),
    ("--scope a,,b --scope=", &[r#"scope: ["a", "", "b", ""]"#]),
    ("--output-name A,B", &[r#"output_name: ["A", "B"]"#]),
    ("--allow-host a,b --allow-host c:1", &[r#"allow_host: ["a,b", "c:1"]"#]),
    // What the host has may be before the command, after it, and both; then the later one counts.
    ("--ca-file c --timings check --credential c", &["Check(", r#"ca_file: Some("c")"#, "timings: true"]),
    ("check --ca-file c --credential c --allow-program", &[r#"ca_file: Some("c")"#, "allow_program: true"]),
    ("--ca-file a --color always exchange --color never --ca-file b", &[r#"ca_file: Some("b")"#, "color: Never"]),
    ("--timings exchange --timings", &["timings: true"]),
    ("--allow-host a exchange --allow-host b", &[r#"allow_host: ["a", "b"]"#]),
    // Types.
    ("--timeout 1h30m --replication-wait=500ms", &["timeout: 5400s", "replication_wait: 500ms"]),
    ("--retries 0", &["retries: 0"]),
    ("-v", &[r#"log_level: Some("debug")"#]),
    ("exchange --verbose", &[r#"log_level: Some("debug")"#]),
    ("--log-level trace", &[r#"log_level: Some("trace")"#]),
    ("completions powershell", &["shell: Powershell"]),
    ("check --credential c --shell powershell", &["shell: Some(Powershell)"]),
    ("explain 1 --shell=bash", &["shell: Some(Bash)"]),
    ("credential", &["ShellArgs { shell: None }"]),
    ("--output powershell", &[r#"output: "powershell""#]),
    ("--publish sdk-env", &["publish: SdkEnv"]),
    ("--publish both --output gitlab", &["publish: Both", r#"output: "gitlab""#]),
    ("--id-token -", &["id_token: Some(StandardInput)"]),
    ("--platform auto", &[r#"platform: Some("auto")"#]),
    ("--platform=gitlab", &[r#"platform: Some("gitlab")"#]),
    ("check --credential c --now 2026-11-20T17:00:00Z", &["now: Some(1795194000)"]),
    ("check --credential c --now=-5", &["now: Some(-5)"]),
    ("check --credential c --output=json", &["output: Json"]),
    ("credential --format terraform-json", &["format: TerraformJson"]),
    // What belongs together.
    ("check --issuer i --subject s --audience a", &[r#"issuer: Some("i")"#, r#"audience: Some("a")"#]),
    (
        "check --credential c --token-issuer i --token-subject s --token-claim a=b --token-claim c==d",
        &[r#"token_subject: Some("s")"#, r#"token_claim: [("a", "b"), ("c", "=d")]"#],
    ),
    ("verify --jwks k", &[r#"jwks: Some("k")"#, "discover: false"]),
    ("verify --discover", &["jwks: None", "discover: true"]),
    ("component --digest", &["digest: true"]),
    ("component --output=", &[r#"output: Some("")"#]),
    ("credential --identity-name n --resource-group g", &[r#"identity_name: Some("n")"#]),
    (
        "audit --credential a --credential=- --replace o/r=o@1/r@2 --replace https://a/=https://b/?c=d",
        &[r#"credential: ["a", "-"]"#, r#"("o/r", "o@1/r@2"), ("https://a/", "https://b/?c=d")"#, "write: false"],
    ),
    ("audit --credential a --write --format az", &["write: true", "format: Az,"]),
    ("audit --credential a", &["format: Graph", r#"cloud: "public""#, "output: Text"]),
    // A program with arguments of its own.
    (
        "exec --scope arm,graph --keep-id-token -- sh -c --scope --output json",
        &["Exec(", r#"scope: ["arm", "graph"]"#, r#"command: ["sh", "-c", "--scope", "--output", "json"]"#],
    ),
    ("exec --allow-host a -- x", &[r#"allow_host: ["a"]"#, "timeout: 30s", "keep_id_token: false"]),
    ("--ca-file c exec -- x --ca-file d", &[r#"ca_file: Some("c")"#, r#"command: ["x", "--ca-file", "d"]"#]),
    ("broker --ready-file f --watch-pid 12 --imds", &[r#"ready_file: "f""#, "watch_pid: Some(12)", "imds: true"]),
    // Words by themselves.
    ("explain -", &[r#"what: "-""#]),
    ("explain 700213 --output json", &[r#"what: "700213""#, "output: Json"]),
    ("explain --output json 700213", &[r#"what: "700213""#]),
    ("explain check", &["Explain(", r#"what: "check""#]),
    ("explain -- -x", &[r#"what: "-x""#]),
    ("explain -- --output", &[r#"what: "--output""#]),
    ("explain ~", &[r#"what: """#]),
    // Parts of platforms, in their order; the option of the same name comes first.
    ("credential --branch b --org=o --branch=-x", &[r#"Parts([("branch", "b"), ("org", "o"), ("branch", "-x")])"#]),
    ("credential --platform kubernetes --issuer i", &[r#"issuer: Some("i")"#, "parts: Parts([])"]),
];

#[test]
fn a_line_means_what_it_says() {
    for (line, expected) in LINES {
        let shown = format!("{:?}", read(line));
        for part in *expected {
            assert!(shown.contains(part), "{line}: no {part} in {shown}");
        }
    }
}

#[test]
fn the_version_is_that_of_the_program() {
    let version = format!("azure-oidc {}\n", env!("CARGO_PKG_VERSION"));
    for line in ["-V", "--version", "--timings --version", "-V exchange"] {
        assert_eq!(help(line), version, "{line}");
    }
}

#[test]
fn the_help_is_that_of_the_command_that_was_named() {
    for line in [
        "check -h",
        "check --help",
        "help check",
        "--timings check --credential c --help",
        "check -hx",
        "check --skew soon -h",
    ] {
        assert!(help(line).starts_with("Check whether Entra would accept"), "{line}");
    }
    assert_eq!(help("-h"), help("--help check"));
    assert_eq!(help("--scope arm --help"), help("exchange --help"));
}

#[test]
fn the_help_of_credential_tells_the_parts_of_the_platform_that_is_named() {
    let all = help("credential --help");
    assert!(all.contains("\npulumi:\n") && all.contains("\ngitlab:\n"));
    for line in ["credential --platform pulumi --help", "credential --help --platform=pulumi"] {
        let one = help(line);
        assert!(one.contains("\npulumi:\n") && !one.contains("\ngitlab:\n"), "{line}");
    }
    assert!(!help("explain credential --help").contains("\npulumi:\n"));
}

#[test]
fn every_part_of_every_platform_is_an_option() {
    use azure_oidc_core::platform;
    for platform in platform::ALL {
        for part in platform.parts() {
            let line = ["credential", "--platform", platform.name(), &format!("--{}", part.name), part.example];
            let Command::Credential(args) = parse(&line.map(str::to_owned)).unwrap().command else { panic!() };
            let part = (part.name.to_owned(), part.example.to_owned());
            assert!(args.parts.0 == [part.clone()] || args.pipeline.issuer.as_ref() == Some(&part.1), "{part:?}");
        }
    }
}

#[test]
fn a_shorter_timeout_takes_the_place_of_the_one_on_the_line() {
    let shorter = std::time::Duration::from_millis(1500);
    for line in
        ["", "exchange", "--timeout 30s", "exchange --retries 1 --timeout=30s --output json", "--timings --timeout 5m"]
    {
        match parse(&with_timeout(&words(line), shorter)) {
            Ok(Cli { command: Command::Exchange(args), .. }) => assert_eq!(args.timeout, shorter, "{line}"),
            other => panic!("{line}: {other:?}"),
        }
    }
}

#[test]
fn no_time_left_is_a_limit_of_a_millisecond() {
    match parse(&with_timeout(&words("exchange"), std::time::Duration::ZERO)) {
        Ok(Cli { command: Command::Exchange(args), .. }) => assert_eq!(args.timeout.as_millis(), 1),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_login_is_for_az_unless_tools_are_named_and_passes_its_settings_on() {
    let login = |line: &str| match read(line).command {
        Command::Login(args) => args,
        other => panic!("{other:?}"),
    };
    let usual = login("login");
    assert_eq!((usual.tools.as_slice(), usual.settings()), (&[LoginTool::Az][..], Vec::new()));
    assert!(matches!(read("logout --timings").command, Command::Logout(args) if !args.all));

    let line = "login --for docker,git --for kubectl --registry a.azurecr.io,b.azurecr.io --tenant-id t --client-id c \
                --id-token-env T --platform gitlab --cloud usgov --audience a --retries 1 --timeout 9s";
    let args = login(line);
    assert!(args.is_for(LoginTool::Git) && !args.is_for(LoginTool::Az));
    assert_eq!(args.registry, ["a.azurecr.io", "b.azurecr.io"]);
    let settings = "--id-token-env=T --platform=gitlab --tenant-id=t --client-id=c --cloud=usgov --audience=a";
    assert_eq!(args.settings().join(" "), settings);
    let words = args.exchange("/x");
    let Command::Exchange(exchange) = read(&words.join(" ")).command else { panic!("{words:?}") };
    assert_eq!((exchange.timeout, exchange.retries), (std::time::Duration::from_secs(9), 1));
    assert_eq!(exchange.id_token_output.as_deref(), Some("/x"));
    assert_eq!(exchange.sign_in.cloud.as_deref(), Some("usgov"));
}

#[test]
fn a_login_refuses_options_that_would_be_without_effect() {
    let check = |line: &str| {
        let cli = read(line);
        match &cli.command {
            Command::Login(args) => args.check(&cli.host).err().map(|fault| fault.message.clone()),
            other => panic!("{other:?}"),
        }
    };
    for (line, expected) in [
        ("login --registry a.azurecr.io", "`--registry` needs `--for docker`"),
        ("login --for az,docker --kube-context x", "`--kube-context` needs `--for kubectl`"),
        ("login --for docker --ca-file a.pem", "would not know `--ca-file`"),
        ("login --for git,docker --allow-host a", "would not know `--allow-host`"),
        ("login --for docker --allow-program", "would not know `--allow-program`"),
        ("login --for docker --id-token-env T", "would not know `--id-token-env`"),
        ("login --for docker --platform gitlab", "would not know `--platform`"),
    ] {
        assert!(check(line).is_some_and(|message| message.contains(expected)), "{line}: {:?}", check(line));
    }
    for line in ["login --ca-file a.pem", "login --for docker --registry a.azurecr.io --tenant-id t"] {
        assert_eq!(check(line), None, "{line}");
    }
}

#[test]
fn a_login_hands_variables_over_where_a_tool_needs_them() {
    let hands_over = |line: &str| matches!(read(line).command, Command::Login(args) if args.hands_over());
    for line in ["login", "login --for kubectl", "login --for docker --tenant-id t"] {
        assert!(hands_over(line), "{line}");
    }
    for line in ["login --for docker,git", "login --for powershell --tenant-id t"] {
        assert!(!hands_over(line), "{line}");
    }
}
