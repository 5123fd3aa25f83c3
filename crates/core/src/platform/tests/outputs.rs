//! Tests the destinations of results: files, whether they are known before anything is sent, and
//! unmasked output.

use super::super::{File, Publication, Secret, Value, dotenv};
use super::{environment, platform, text};
use crate::fault::Category;
use crate::ports::fixed::Variables;

/// The files that a job's results go to.
const OUTPUTS: &[(&str, &str, &[&str])] = &[
    ("harness", "HARNESS_OUTPUT_SECRET_FILE=/s", &["$HARNESS_OUTPUT_SECRET_FILE"]),
    ("harness", "HARNESS_OUTPUT_SECRET_FILE=/s\nDRONE_OUTPUT=/o", &["$HARNESS_OUTPUT_SECRET_FILE", "$DRONE_OUTPUT"]),
    ("circleci", "BASH_ENV=/b", &["$BASH_ENV"]),
    ("pulumi", "", &["/PULUMI_ENV"]),
    ("pulumi", "AZURE_OIDC_PULUMI_ENV=/srv/PULUMI_ENV", &["$AZURE_OIDC_PULUMI_ENV"]),
    ("github", "GITHUB_OUTPUT=/o\nGITHUB_ENV=/e", &["$GITHUB_OUTPUT"]),
    ("github", "GITHUB_OUTPUT=/o\nGITHUB_ENV=/e\nAZURE_OIDC_GITHUB_ENV=true", &["$GITHUB_OUTPUT", "$GITHUB_ENV"]),
    ("github", "GITHUB_ENV=/e", &["$GITHUB_ENV"]),
    ("gitlab", "", &[]),
    ("azure-pipelines", "", &[]),
    ("generic", "", &[]),
];

#[test]
fn output_files_are_known_before_the_exchange() {
    for (name, lines, files) in OUTPUTS {
        let outputs = platform(name).outputs(&environment(lines)).unwrap();
        let outputs: Vec<_> = outputs
            .iter()
            .map(|file| match file {
                File::Variable(name) => format!("${name}"),
                File::Path(path) => path.clone(),
            })
            .collect();
        assert_eq!(outputs, *files, "{name} {lines}");
    }
}

#[test]
fn a_missing_output_file_is_a_fault_that_names_its_variable() {
    for (name, variable, hint) in [
        ("harness", "HARNESS_OUTPUT_SECRET_FILE", "CI_ENABLE_OUTPUT_SECRETS"),
        ("harness", "HARNESS_OUTPUT_SECRET_FILE", "CI_SKIP_NON_EXPRESSION_EVALUATION"),
        ("harness", "HARNESS_OUTPUT_SECRET_FILE", "CI_ENABLE_PLUGIN_OUTPUT_SECRETS"),
        ("circleci", "BASH_ENV", "--output json"),
        ("github", "GITHUB_OUTPUT", "--output json"),
    ] {
        let fault =
            platform(name).outputs(&environment("PLUGIN_OIDC_TOKEN_ID=jwt\nHARNESS_OUTPUT_SECRET_FILE=")).unwrap_err();
        assert_eq!((fault.category, fault.code), (Category::Publish, "output-file-unset"));
        assert!(fault.message.contains(variable) && text(&fault).contains(hint), "{}", text(&fault));
        assert_eq!(platform(name).publish(&[], &Variables::default()).unwrap_err(), fault);
    }
}

#[test]
fn settings_for_tools_reach_every_later_step_on_github_and_access_tokens_only_the_output() {
    let github = platform("github");
    let (results, settings) = ([value("TOKEN", "s3cr3t", true)], [value("ARM_USE_OIDC", "true", false)]);
    let shown = |lines: &str| -> Vec<String> {
        let published = github.publish_with_settings(&results, &settings, &environment(lines)).unwrap();
        published.iter().map(|publication| publication.text().to_owned()).collect()
    };
    let files = |lines: &str| github.outputs_with_settings(&environment(lines)).unwrap();
    let (output, env) = (File::Variable("GITHUB_OUTPUT"), File::Variable("GITHUB_ENV"));

    let both = "GITHUB_OUTPUT=/o\nGITHUB_ENV=/e";
    assert_eq!(files(both), [output.clone(), env.clone()]);
    let [mask, output_lines, env_lines] = &shown(both)[..] else { panic!() };
    assert_eq!(mask, "::add-mask::s3cr3t\n");
    assert!(output_lines.contains("s3cr3t") && output_lines.contains("ARM_USE_OIDC"));
    assert!(!env_lines.contains("s3cr3t") && env_lines.contains("ARM_USE_OIDC"));

    let wanted = shown(&format!("{both}\nAZURE_OIDC_GITHUB_ENV=true"));
    assert!(wanted.len() == 3 && wanted[2].contains("s3cr3t"));
    assert_eq!(files("GITHUB_ENV=/e"), [env]);
    let fault = github.outputs_with_settings(&environment("GITHUB_OUTPUT=/o")).unwrap_err();
    assert!(fault.message.contains("`GITHUB_ENV`"), "{}", fault.message);
}

#[test]
fn a_setting_that_is_missing_on_github_can_be_a_secret_that_the_run_does_not_get() {
    let hint = |lines: &str| platform("github").missing_setting(&["PLUGIN_X", "AZURE_X"], &environment(lines));
    let dependabot = hint("GITHUB_ACTOR=dependabot[bot]\nAZURE_X=").unwrap();
    for part in
        ["Dependabot", "`gh secret set AZURE_X --app dependabot`", "`gh variable set AZURE_X`", "${{ vars.AZURE_X }}"]
    {
        assert!(dependabot.contains(part), "{dependabot}");
    }
    assert!(hint("GITHUB_ACTOR=dependabot[bot]").unwrap().contains("AZURE_X"));
    let empty = hint("GITHUB_ACTOR=octo\nAZURE_X=").unwrap();
    assert!(empty.contains("`AZURE_X` is set and empty") && empty.contains("forks"), "{empty}");
    assert_eq!(hint("GITHUB_ACTOR=octo"), None);
    assert_eq!(platform("gitlab").missing_setting(&["AZURE_X"], &environment("AZURE_X=")), None);
}

fn value(name: &str, value: &str, secret: bool) -> Value {
    Value { name: name.into(), value: Secret::new(value), secret }
}

fn published(name: &str, lines: &str, values: &[Value]) -> String {
    let publications = platform(name).publish(values, &environment(lines)).unwrap();
    let shown: Vec<_> = publications
        .iter()
        .map(|publication| match publication {
            Publication::Mask(text) => format!("masks\n{}", text.reveal()),
            Publication::Print(text) => format!("stdout\n{}", text.reveal()),
            Publication::Source(text) => format!("shell\n{}", text.reveal()),
            Publication::Append { file, lines } => format!("{file:?}\n{}", lines.reveal()),
            Publication::Write { path, contents } => format!("{path}\n{}", contents.reveal()),
            Publication::Send(request) => {
                format!("{:?} {}\n{}\n", request.method, request.url, String::from_utf8_lossy(&request.body))
            }
        })
        .collect();
    shown.concat()
}

#[test]
fn what_each_platform_is_given() {
    let values = [
        value("AZURE_ACCESS_TOKEN", "eyJ0.eyJh.c2ln", true),
        value("AZURE_TOKEN_EXPIRES_ON", "2030-01-01T00:00:00Z", false),
    ];
    let jobs = [
        ("harness", "HARNESS_OUTPUT_SECRET_FILE=/s\nDRONE_OUTPUT=/o"),
        ("circleci", "BASH_ENV=/b"),
        ("pulumi", ""),
        ("azure-pipelines", ""),
        ("gitlab", ""),
        ("github", "GITHUB_OUTPUT=/o"),
        ("buildkite", "BUILDKITE_AGENT_JOB_API_SOCKET=/job.sock\nBUILDKITE_AGENT_JOB_API_TOKEN=t"),
        ("buildkite", ""),
        ("generic", ""),
    ];
    let texts: Vec<_> =
        jobs.iter().map(|(name, lines)| format!("[{name}]\n{}", published(name, lines, &values))).collect();
    // The delimiter is a hash of the value.
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn harness_encodes_only_values_that_its_parser_would_change() {
    for (text, line) in [
        ("eyJ0.eyJh.c2ln-_", "A=eyJ0.eyJh.c2ln-_\n"),
        ("2030-01-01T00:00:00Z", "A=2030-01-01T00:00:00Z\n"),
        ("a=b; c", "A=a=b; c\n"),
        ("", "A=\n"),
        ("a#b", "A=__B64__YSNi\n"),
        ("$HOME", "A=__B64__JEhPTUU=\n"),
        (" a", "A=__B64__IGE=\n"),
        ("a\n", "A=__B64__YQo=\n"),
        ("\"a\"", "A=__B64__ImEi\n"),
        ("__B64__YQ==", "A=__B64__X19CNjRfX1lRPT0=\n"),
    ] {
        let shown = published("harness", "HARNESS_OUTPUT_SECRET_FILE=/s", &[value("A", text, true)]);
        assert_eq!(shown.split_once('\n').unwrap().1, line, "{text:?}");
    }
}

#[test]
fn a_line_that_is_too_long_for_harness_is_refused() {
    let publish = |length: usize| {
        let env = environment("HARNESS_OUTPUT_SECRET_FILE=/s");
        platform("harness").publish(&[value("A", &"x".repeat(length), true)], &env)
    };
    let longest = 64 * 1024 - "A=\n".len();
    assert!(publish(longest).is_ok());
    let fault = publish(longest + 1).unwrap_err();
    assert_eq!((fault.category, fault.code), (Category::Publish, "value-too-long"));
    assert!(fault.message.contains("`A`"));
}

#[test]
fn harness_omits_plain_values_without_a_plain_output_file() {
    let values = [value("T", "jwt", true), value("P", "plain", false)];
    assert_eq!(
        published("harness", "HARNESS_OUTPUT_SECRET_FILE=/s", &values),
        "Variable(\"HARNESS_OUTPUT_SECRET_FILE\")\nT=jwt\n"
    );
}

#[test]
fn github_refuses_node_options_in_the_environment() {
    let publish = |lines| platform("github").publish(&[value("NODE_OPTIONS", "x", false)], &environment(lines));
    assert!(publish("GITHUB_OUTPUT=/o").is_ok());
    assert_eq!(publish("GITHUB_ENV=/e").unwrap_err().code, "output-name-invalid");
}

#[test]
fn a_dotenv_report_has_at_most_5_kib() {
    let report = |length: usize| dotenv(&[value("A", &"x".repeat(length), true)]);
    assert_eq!(report(5).unwrap().reveal(), "A=xxxxx\n");
    assert!(report(5 * 1024 - 3).is_ok());
    let fault = report(5 * 1024 - 2).unwrap_err();
    assert_eq!((fault.category, fault.code), (Category::Publish, "value-too-long"));
}
