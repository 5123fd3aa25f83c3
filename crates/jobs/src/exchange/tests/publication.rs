//! Tests what a job publishes, and the notices about it.

use azure_oidc_core::platform::text::shell_quote;

use super::*;

const GRANTED: (&str, &str) = ("GITHUB_OUTPUT", "/o");

fn job(variables: &[(&str, &str)]) -> Job {
    let mut job = Job::new(&token(NOW + 300), 200, granted());
    job.variables.0.extend(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    job
}

/// The publications as text, without access token and ID token.
fn shown(job: &Job, form: &'static str, publish: Publish, host: HostKind) -> (Vec<String>, Vec<Notice>) {
    let (published, notices) = job.run(|request| {
        request.plan.output = OutputInputs { form, publish, id_token_file: None, host };
    });
    let one = |publication: &Publication| {
        let text = publication.text().replace(&token(NOW + 300), "ID-TOKEN");
        match publication {
            Publication::Print(_) => text,
            Publication::Mask(_) => format!("first {text}"),
            Publication::Source(_) => panic!("no place was found for it"),
            Publication::Append { file, .. } => format!("{file:?}\n{text}"),
            Publication::Write { path, .. } => format!("write {path}\n{text}"),
            Publication::Send(_) => "a request that was not sent".to_owned(),
        }
    };
    (published.unwrap().iter().map(one).collect(), notices)
}

#[test]
fn a_platform_gets_the_token_with_its_details_and_a_person_is_told() {
    let (publications, notices) = shown(&job(&[GRANTED]), "github", Publish::Token, HostKind::Native);
    let all = publications.concat();
    for part in ["AZURE_ACCESS_TOKEN", "AZURE_ACCESS_TOKEN_EXPIRES_ON", "https://management.azure.com/.default"] {
        assert!(all.contains(part), "{all}");
    }
    let told = "published AZURE_ACCESS_TOKEN for https://management.azure.com/.default to GitHub Actions (GITHUB_OUTPUT), \
                valid until 2026-08-21T11:00:00Z";
    assert_eq!(notices, [Notice::Published(told.to_owned())]);
}

#[test]
fn a_token_for_the_shell_of_the_job_is_in_a_new_file_and_the_line_that_reads_it_is_printed() {
    let mut job = job(&[("CI_SERVER_URL", "https://gitlab.com"), ("RUNNER_TEMP_PROJECT_DIR", "/builds/it's.tmp/")]);
    job.variables.0.push(("GITLAB_CI".to_owned(), "true".to_owned()));
    for form in ["auto", "gitlab"] {
        let (publications, notices) = shown(&job, form, Publish::Token, HostKind::Native);
        let [file, line] = &publications[..] else { panic!("{publications:?}") };
        let (path, lines) = file.strip_prefix("write ").unwrap().split_once('\n').unwrap();
        assert!(lines.starts_with("export AZURE_ACCESS_TOKEN='at'\n"), "{lines}");
        assert!(path.starts_with("/builds/it's.tmp/azure-oidc-") && path.ends_with(".sh"), "{path}");
        assert_eq!(line, &format!(". {}\n", shell_quote(path)));
        let [Notice::Published(told)] = &notices[..] else { panic!("{notices:?}") };
        assert!(told.contains(path) && !told.contains("'at'"), "{told}");
    }
    job.variables.0.push(("RUNNER_TEMP".to_owned(), "/t".to_owned()));
    let (publications, _) = shown(&job, "auto", Publish::Both, HostKind::Native);
    assert_eq!(publications.len(), 3, "the file of the ID token, the file for the shell, the line that reads it");
}

#[test]
fn in_powershell_the_lines_are_for_powershell() {
    let job = job(&[("GITLAB_CI", "true"), ("CI_SERVER_URL", "https://gitlab.com"), ("RUNNER_TEMP", "/it's")]);
    let run = |form, publish| {
        let (published, _) = job.run(|request| {
            request.shell = Shell::Powershell;
            request.plan.output = OutputInputs { form, publish, id_token_file: None, host: HostKind::Native };
        });
        published.unwrap()
    };
    for publish in [Publish::Token, Publish::SdkEnv, Publish::Both] {
        for form in ["auto", "gitlab", "env"] {
            for publication in run(form, publish) {
                let lines = publication.text();
                assert!(!lines.contains("export ") && !lines.starts_with(". "), "{form}: {lines}");
                assert!(
                    lines.starts_with("$env:") || lines.starts_with("Get-Content ") || lines == token(NOW + 300),
                    "{lines}"
                );
            }
        }
    }
    let published = run("auto", Publish::Token);
    let [Publication::Write { path, contents }, Publication::Print(line)] = &published[..] else {
        panic!("{published:?}")
    };
    assert!(contents.reveal().starts_with("$env:AZURE_ACCESS_TOKEN = 'at'\n"), "{contents:?}");
    assert!(path.starts_with("/it's/azure-oidc-") && path.ends_with(".ps1"), "{path}");
    let read = format!("Get-Content -Raw -LiteralPath '{}' | Invoke-Expression\n", path.replace('\'', "''"));
    assert_eq!(line.reveal(), read);
}

#[test]
fn settings_without_a_token_are_printed() {
    let job = job(&[("GITLAB_CI", "true"), ("CI_SERVER_URL", "https://gitlab.com"), ("RUNNER_TEMP", "/t")]);
    let (publications, _) = shown(&job, "auto", Publish::SdkEnv, HostKind::Native);
    let [_, lines] = &publications[..] else { panic!("{publications:?}") };
    assert!(lines.contains("export ARM_USE_OIDC='true'\n"), "{lines}");
}

#[test]
fn the_id_token_is_in_its_file_before_anything_names_the_file() {
    let job = job(&[("RUNNER_TEMP", "/t")]);
    let (publications, _) = shown(&job, "env", Publish::SdkEnv, HostKind::Native);
    let [file, lines] = &publications[..] else { panic!("{publications:?}") };
    assert_eq!(file, "write /t/azure-oidc-id-token\nID-TOKEN");
    assert!(lines.contains("AZURE_FEDERATED_TOKEN_FILE='/t/azure-oidc-id-token'"), "{lines}");
    assert!(!lines.contains("AZURE_ACCESS_TOKEN"), "{lines}");
}

#[test]
fn a_host_that_writes_no_files_gets_the_id_token_as_a_variable() {
    let (publications, notices) = shown(&job(&[]), "env", Publish::Both, HostKind::Stock);
    let [lines] = &publications[..] else { panic!("{publications:?}") };
    assert!(lines.contains("AZURE_ACCESS_TOKEN='at'") && lines.contains("ARM_OIDC_TOKEN='ID-TOKEN'"), "{lines}");
    assert_eq!(notices, []);
}

#[test]
fn powershell_gets_assignments_that_it_can_execute() {
    let (publications, notices) = shown(&job(&[]), "powershell", Publish::Both, HostKind::Stock);
    let [lines] = &publications[..] else { panic!("{publications:?}") };
    assert!(lines.starts_with("$env:AZURE_ACCESS_TOKEN = 'at'\n"), "{lines}");
    assert!(lines.lines().all(|line| line.starts_with("$env:") && line.ends_with('\'')), "{lines}");
    assert_eq!(notices, []);
}

#[test]
fn a_dotenv_report_comes_with_a_warning() {
    let (publications, notices) = shown(&job(&[]), "dotenv", Publish::Token, HostKind::Native);
    assert_eq!(publications.len(), 1);
    let [Notice::Warning(finding)] = &notices[..] else { panic!("{notices:?}") };
    assert!(finding.message.contains("artifacts:access"), "{}", finding.message);
}

#[test]
fn the_file_of_a_pulumi_deployment_is_handed_on_when_it_is_there() {
    let mut job = job(&[("PULUMI_CI_SYSTEM", "Pulumi Deployments"), ("AZURE_OIDC_PULUMI_ENV", "/e")]);
    job.variables.0.push(("PULUMI_OIDC_TOKEN".to_owned(), token(NOW + 300)));
    let run = |job: &Job| {
        job.run(|request| {
            let output =
                OutputInputs { form: "auto", publish: Publish::SdkEnv, id_token_file: None, host: HostKind::Native };
            request.plan.output = output;
        })
        .0
    };
    let fault = run(&job).unwrap_err();
    assert_eq!((fault.code, job.sent.get()), ("id-token-output-missing", 0));
    assert!(fault.message.contains("`/mnt/pulumi/pulumi.oidc`"), "{}", fault.message);
    job.files.push(("/mnt/pulumi/pulumi.oidc", token(NOW + 300)));
    let published = run(&job).unwrap();
    let [Publication::Append { lines, .. }] = &published[..] else { panic!("{published:?}") };
    for name in ["AZURE_FEDERATED_TOKEN_FILE", "ARM_OIDC_TOKEN_FILE_PATH"] {
        assert!(lines.reveal().contains(&format!("{name}=/mnt/pulumi/pulumi.oidc\n")), "{}", lines.reveal());
    }
}
