//! Tests that a secret given as the value of an option, or as the name of a command, file or
//! variable, is not shown.

use azure_oidc_tests::hunt::Hunt;
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT};

use crate::shapes;

const COMMANDS: [&str; 12] = [
    "exchange",
    "check",
    "verify",
    "inspect",
    "explain",
    "credential",
    "audit",
    "doctor",
    "serve",
    "completions",
    "exec",
    "broker",
];

/// Options that take an address or a name of a host.
const ADDRESSES: [&str; 4] = ["--authority-host", "--allow-host", "--issuer", "--token-issuer"];

/// Variables that are read, or that name files, addresses and platforms.
const VARIABLES: [&str; 22] = [
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_AUTHORITY_HOST",
    "AZURE_ENVIRONMENT",
    "AZURE_CLOUD_ENVIRONMENT",
    "AZURE_SUBSCRIPTION_ID",
    "ARM_OIDC_AUDIENCE",
    "ARM_OIDC_REQUEST_URL",
    "ARM_OIDC_TOKEN",
    "PLUGIN_SCOPE",
    "PLUGIN_TENANT_ID",
    "PLUGIN_OIDC_TOKEN_ID",
    "PLUGIN_LOG_LEVEL",
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "SYSTEM_OIDCREQUESTURI",
    "BUILDKITE_AGENT_ENDPOINT",
    "GITLAB_CI",
    "GITHUB_OUTPUT",
    "HARNESS_OUTPUT_SECRET_FILE",
    "SSL_CERT_FILE",
    "TMPDIR",
];

/// The options of a command that take a value, from its help.
fn options(command: &str) -> Vec<String> {
    let help = Job::host(&[command, "--help"]).run().expect(0).stdout;
    let words = help.split_whitespace().filter(|word| word.starts_with("--"));
    let names = words.map(|word| word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric()));
    let mut names: Vec<_> = names.map(|name| name.split(['=', ',']).next().unwrap_or_default().to_owned()).collect();
    names.sort();
    names.dedup();
    names.retain(|name| name.len() > 2);
    names
}

/// Lines with the secret in every place of a command.
fn lines(command: &str, secret: &str, is_opaque: bool) -> Vec<Vec<String>> {
    let words = |words: &[&str]| words.iter().map(ToString::to_string).collect::<Vec<_>>();
    let mut lines = vec![
        words(&[secret]),
        words(&[&format!("--{secret}")]),
        words(&[&format!("--no-such-option={secret}")]),
        words(&["--no-such-option", secret]),
        words(&["--", secret]),
    ];
    for option in options(command) {
        lines.push(words(&[&option, secret]));
        if is_opaque {
            lines.push(words(&[&format!("{option}={secret}")]));
        }
    }
    // A service that starts would not end.
    let last: &[&str] = match command {
        "serve" => &["--listen", "nonsense"],
        "exec" => &["--", "true"],
        "broker" => &["--ready-file", "missing/ready.json"],
        _ => &[],
    };
    lines.into_iter().map(|line| [words(&[command]), line, words(last)].concat()).collect()
}

#[test]
fn no_option_repeats_a_secret_that_it_was_given() {
    let stage = Stage::new();
    for command in COMMANDS {
        for (shape, secret) in shapes::all() {
            let hunt = Hunt::of(&[&secret]);
            for line in lines(command, &secret, shape == "opaque") {
                let what = format!("{shape}: {}", line.join(" ").replace(&secret, "SECRET"));
                let job =
                    Job::host(&[]).args(&line).within(stage.folder()).env("SSL_CERT_FILE", stage.emulator.ca_file());
                let job = job.env("AZURE_AUTHORITY_HOST", stage.emulator.url());
                let ran = job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION).run();
                // What a credential is to be made of is in the credential.
                if !(command == "credential" && ran.code == 0) {
                    hunt.assert_not_printed(&what, &ran);
                }
                hunt.assert_not_written(&what, stage.folder(), &[]);
            }
        }
    }
}

#[test]
fn no_option_repeats_the_password_of_an_address() {
    const PASSWORD: &str = "words-that-follow-each-other";
    let hunt = Hunt::of(&[PASSWORD]);
    let stage = Stage::new();
    for address in ["https://user:PASSWORD@login.example", "http://PASSWORD@host:1/x", "user:PASSWORD@login.example"] {
        let address = address.replace("PASSWORD", PASSWORD);
        for command in COMMANDS {
            // What a credential is made of, an explanation is about, and a token says is shown.
            for option in options(command).iter().filter(|option| ADDRESSES.contains(&option.as_str())) {
                for output in [&[][..], &["--output", "json"]] {
                    let job = Job::host(&[command, option, &address]).within(stage.folder());
                    let job = job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION);
                    let job = match command {
                        "serve" => job.args(&["--listen", "nonsense"]),
                        "exec" => job.args(&["--", "true"]),
                        "broker" => job.args(&["--ready-file", "ready.json"]),
                        _ => job.args(output),
                    };
                    let ran = job.run();
                    assert_ne!(ran.code, 0, "{command} {option}: {}", ran.printed());
                    hunt.assert_not_printed(&format!("{command} {option} {address}"), &ran);
                }
            }
        }
        for name in ["AZURE_AUTHORITY_HOST", "ARM_OIDC_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_URL", "HTTPS_PROXY"] {
            let job = Job::host(&["exchange", "--timeout", "2s", "--retries", "0"]).env(name, &address);
            let job = job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION);
            let job = job.env("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "x").env("ARM_OIDC_REQUEST_TOKEN", "x");
            let ran = job.run();
            assert_ne!(ran.code, 0, "{name}: {}", ran.printed());
            hunt.assert_not_printed(&format!("{name} {address}"), &ran);
        }
    }
}

#[test]
fn no_command_is_named_by_a_secret_in_the_message() {
    for (shape, secret) in shapes::all() {
        let hunt = Hunt::of(&[&secret]);
        for line in [vec![secret.as_str()], vec!["help", &secret], vec!["--allow-host", &secret, &secret]] {
            for output in [&[][..], &["--output", "json"]] {
                let ran = Job::host(&line).args(output).run();
                assert_ne!(ran.code, 0, "{shape}");
                hunt.assert_not_printed(shape, &ran);
            }
        }
    }
}

#[test]
fn no_variable_is_repeated_that_holds_a_secret() {
    let stage = Stage::new();
    for name in VARIABLES {
        for (shape, secret) in shapes::all() {
            let hunt = Hunt::of(&[&secret]);
            for command in
                [&["exchange"][..], &["exchange", "--output", "json"], &["doctor"], &["doctor", "--output", "json"]]
            {
                let job = Job::host(command).within(stage.folder()).env("SSL_CERT_FILE", stage.emulator.ca_file());
                let job = job.args(&["--authority-host", stage.emulator.url()]);
                let job = job.env("AZURE_TENANT_ID", TENANT).env("AZURE_CLIENT_ID", APPLICATION);
                let job = job.env("GITHUB_ACTIONS", "true").env(name, &secret);
                let what = format!("{shape} in {name}: {command:?}");
                hunt.assert_not_printed(&what, &job.run());
            }
        }
    }
}
