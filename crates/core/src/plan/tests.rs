//! Tests the decisions that are made before anything is fetched or sent.

use super::*;
use crate::fault::Category;
use crate::platform::{File, Platform, Source};
use crate::ports::fixed::Variables;

const INPUTS: Inputs<'_> = Inputs {
    token: TokenInputs { source: TokenSource::Platform, platform: None, audience: None, is_lasting: false },
    output: OutputInputs { form: "auto", publish: Publish::Token, id_token_file: None, host: HostKind::Native },
};
const TOKEN: (&str, &str) = ("ARM_OIDC_TOKEN", "t");

fn resolve<const N: usize>(change: impl FnOnce(&mut Inputs<'_>), env: [(&str, &str); N]) -> Result<Plan, Fault> {
    let mut inputs = INPUTS;
    change(&mut inputs);
    Plan::resolve(&inputs, None, &Variables::from(env))
}

fn code<const N: usize>(change: impl FnOnce(&mut Inputs<'_>), env: [(&str, &str); N]) -> &'static str {
    resolve(change, env).unwrap_err().code
}

#[test]
fn a_platform_that_lacks_something_is_no_obstacle_when_the_token_comes_from_elsewhere() {
    let half = [("BITBUCKET_BUILD_NUMBER", "1")];
    let fault = resolve(|_| {}, half).unwrap_err();
    assert_eq!((fault.code, fault.category), ("id-token-missing", Category::IdToken));
    let plan = resolve(|inputs| inputs.token.source = TokenSource::Variable("T"), half).unwrap();
    assert_eq!(plan.token.platform.name(), "bitbucket");
    assert!(matches!(plan.token.source, Source::Variable(name) if name == "T"));
}

#[test]
fn the_options_say_where_the_token_is_before_the_platform_does() {
    let source = |source| {
        let plan = resolve(|inputs| inputs.token.source = source, [("AZURE_FEDERATED_TOKEN_FILE", "/f")]).unwrap();
        (format!("{:?}", plan.token.source), plan.token.named, plan.token.file().map(str::to_owned))
    };
    let (file, none) = (Some("/f".to_owned()), None);
    assert_eq!(source(TokenSource::Platform), (r#"File("/f")"#.to_owned(), "kubernetes", file));
    assert_eq!(source(TokenSource::File("x")).1, "--id-token-file");
    assert_eq!(source(TokenSource::StandardInput), (r#"File("-")"#.to_owned(), "--id-token", none));
}

#[test]
fn auto_is_the_platforms_own_way() {
    let form = |form: &'static str, env| resolve(|inputs| inputs.output.form = form, env).unwrap().output;
    let github = [TOKEN, ("GITHUB_OUTPUT", "/o"), ("TMPDIR", "/t")];
    assert_eq!(form("auto", github).form.publisher().map(Platform::name), Some("generic"));
    let output = form("github", github);
    assert_eq!(output.form.publisher().map(Platform::name), Some("github"));
    assert_eq!(output.files, [File::Variable("GITHUB_OUTPUT")]);
    assert!(matches!(form("generic", github).form, Form::Platform(_)));
    assert_eq!(code(|inputs| inputs.output.form = "yaml", [TOKEN]), "output-unknown");
}

#[test]
fn a_stock_host_says_how_it_shows_a_variable_that_is_missing() {
    let stock = |inputs: &mut Inputs<'_>| {
        inputs.output.form = "github";
        inputs.output.host = HostKind::Stock;
    };
    let fault = resolve(stock, [TOKEN]).unwrap_err();
    assert!(fault.hints.last().is_some_and(|hint| hint.contains("`--env NAME`")), "{:?}", fault.hints);
    let native = resolve(|inputs| inputs.output.form = "github", [TOKEN]).unwrap_err();
    assert_eq!(native.hints.len() + 1, fault.hints.len());
}

#[test]
fn the_file_of_the_id_token_is_where_the_user_says_or_where_it_is_or_in_the_folder_of_the_job() {
    let (file, temp) = (("AZURE_FEDERATED_TOKEN_FILE", "/var/token"), ("RUNNER_TEMP", "/tmp/job/"));
    let place = |path: Option<&'static str>, host, env: [(&str, &str); 2]| {
        let output = |inputs: &mut Inputs<'_>| {
            inputs.output = OutputInputs { form: "env", publish: Publish::SdkEnv, id_token_file: path, host };
        };
        resolve(output, env).map(|plan| plan.output.id_token.unwrap()).map_err(|fault| fault.code)
    };
    let new = |path: &str| Ok(IdTokenPlace::NewFile(path.to_owned()));
    let there = Ok(IdTokenPlace::File("/var/token".to_owned()));
    let empty = ("X", "");
    assert_eq!(place(None, HostKind::Native, [TOKEN, temp]), new("/tmp/job/azure-oidc-id-token"));
    assert_eq!(place(Some("/x"), HostKind::Native, [TOKEN, temp]), new("/x"));
    assert_eq!(place(Some("/x"), HostKind::Native, [file, temp]), new("/x"));
    assert_eq!(place(None, HostKind::Native, [file, temp]), there);
    assert_eq!(place(None, HostKind::Native, [TOKEN, empty]), Err("id-token-output-missing"));
    assert_eq!(place(None, HostKind::Native, [TOKEN, ("TMPDIR", "/t")]), new("/t/azure-oidc-id-token"));
    let gitlab = |inputs: &mut Inputs<'_>| {
        inputs.token.platform = Some("gitlab");
        inputs.output =
            OutputInputs { form: "auto", publish: Publish::SdkEnv, id_token_file: None, host: HostKind::Native };
        inputs.token.source = TokenSource::Variable("T");
    };
    let plan = resolve(gitlab, [("T", "t"), ("RUNNER_TEMP_PROJECT_DIR", "/builds/p.tmp")]).unwrap();
    assert_eq!(plan.output.id_token, Some(IdTokenPlace::NewFile("/builds/p.tmp/azure-oidc-id-token".to_owned())));
    assert_eq!(place(Some("/x"), HostKind::Stock, [file, temp]), there);
    assert_eq!(place(Some("/x"), HostKind::Stock, [TOKEN, temp]), Ok(IdTokenPlace::Variable));
}

#[test]
fn a_platform_without_a_token_names_the_request_that_is_set_for_terraform() {
    let pair = [
        ("ARM_OIDC_REQUEST_URL", "https://x"),
        ("ARM_OIDC_REQUEST_TOKEN", "b"),
        ("BITBUCKET_BUILD_NUMBER", "1"),
        ("TMPDIR", "/t"),
    ];
    let fault = resolve(|_| {}, pair).unwrap_err();
    assert!(fault.hints.iter().any(|hint| hint.contains("ARM_OIDC_REQUEST_URL")), "{:?}", fault.hints);
    let plan = resolve(|inputs| inputs.token.platform = Some("generic"), pair).unwrap();
    assert!(matches!(plan.token.source, Source::Request { .. }));
}

#[test]
fn a_token_that_no_platform_takes_goes_to_the_temporary_folder_of_the_job_or_is_asked_for() {
    let folder = |form, publish, host, env: [(&str, &str); 2]| {
        let output = |inputs: &mut Inputs<'_>| {
            inputs.output = OutputInputs { form, publish, id_token_file: Some("/i"), host };
        };
        resolve(output, env).map(|plan| plan.output.folder)
    };
    let (native, stock) = (HostKind::Native, HostKind::Stock);
    let at = |path: &str| Ok(Some(path.to_owned()));
    for name in ["RUNNER_TEMP", "TMPDIR"] {
        assert_eq!(folder("auto", Publish::Token, native, [TOKEN, (name, "/t/")]), at("/t"));
        assert_eq!(folder("auto", Publish::Both, native, [TOKEN, (name, "/t/")]), at("/t"));
        assert_eq!(folder("auto", Publish::SdkEnv, native, [TOKEN, (name, "/t/")]), Ok(None));
        assert_eq!(folder("env", Publish::Token, native, [TOKEN, (name, "/t/")]), Ok(None));
    }
    assert_eq!(folder("semaphore", Publish::Token, native, [TOKEN, ("X", "")]), at("/tmp"));
    assert_eq!(folder("semaphore", Publish::Token, native, [TOKEN, ("TMPDIR", "/t")]), at("/t"));
    assert_eq!(folder("gitlab", Publish::Token, native, [TOKEN, ("RUNNER_TEMP_PROJECT_DIR", "/p.tmp")]), at("/p.tmp"));
    let fault = folder("auto", Publish::Token, native, [TOKEN, ("X", "")]).unwrap_err();
    assert_eq!((fault.code, fault.category), ("output-folder-missing", Category::Publish));
    assert!(fault.hints[0].contains("mktemp -d") && fault.hints[1].contains("--output env"), "{:?}", fault.hints);

    // A stock host has no files. It prints what the user asks for.
    let (temp, file) = (("TMPDIR", "/t"), ("GITHUB_OUTPUT", "/o"));
    for (form, publish, env) in [
        ("auto", Publish::Token, [TOKEN, temp]),
        ("auto", Publish::SdkEnv, [TOKEN, temp]),
        ("gitlab", Publish::Token, [TOKEN, temp]),
    ] {
        assert_eq!(folder(form, publish, stock, env).unwrap_err().code, "output-folder-missing", "{form}");
    }
    for form in ["github", "azure-pipelines", "env", "text"] {
        assert_eq!(folder(form, Publish::Token, stock, [TOKEN, file]), Ok(None), "{form}");
    }
}

#[test]
fn a_file_that_is_handed_on_has_a_whole_path() {
    let place = |change: &dyn Fn(&mut Inputs<'_>), env: [(&str, &str); 2]| {
        let output = |inputs: &mut Inputs<'_>| {
            inputs.output = OutputInputs { form: "env", publish: Publish::SdkEnv, ..INPUTS.output };
            change(inputs);
        };
        resolve(output, env).map(|plan| plan.output.id_token.unwrap()).map_err(|fault| fault.code)
    };
    let (current, none) = (("PWD", "/builds"), ("X", ""));
    let named = |inputs: &mut Inputs<'_>| inputs.output.id_token_file = Some("a/token");
    assert_eq!(place(&named, [TOKEN, current]), Ok(IdTokenPlace::NewFile("/builds/a/token".to_owned())));
    assert_eq!(place(&named, [TOKEN, none]), Err("id-token-output-relative"));
    let read = |inputs: &mut Inputs<'_>| inputs.token.source = TokenSource::File("token");
    assert_eq!(place(&read, [current, none]), Ok(IdTokenPlace::File("/builds/token".to_owned())));
    let stock = |inputs: &mut Inputs<'_>| {
        read(inputs);
        inputs.output.host = HostKind::Stock;
    };
    // A stock host gives the paths of its own folders.
    assert_eq!(place(&stock, [none, none]), Ok(IdTokenPlace::File("token".to_owned())));
}

#[test]
fn some_platforms_have_the_token_in_a_file_beside_the_variable() {
    for (name, path) in
        [("PULUMI_OIDC_TOKEN", "/mnt/pulumi/pulumi.oidc"), ("SPACELIFT_OIDC_TOKEN", "/mnt/workspace/spacelift.oidc")]
    {
        let place = |change: &dyn Fn(&mut Inputs<'_>)| {
            let output = |inputs: &mut Inputs<'_>| {
                inputs.output = OutputInputs { publish: Publish::SdkEnv, ..INPUTS.output };
                change(inputs);
            };
            resolve(output, [(name, "t"), ("RUNNER_TEMP", "/t")]).unwrap().output.id_token.unwrap()
        };
        assert_eq!(place(&|_| {}), IdTokenPlace::PlatformFile(path.to_owned()));
        let named = |inputs: &mut Inputs<'_>| inputs.output.id_token_file = Some("/x");
        assert_eq!(place(&named), IdTokenPlace::NewFile("/x".to_owned()));
        // Another token is not the one in the file.
        let other = |inputs: &mut Inputs<'_>| inputs.token.source = TokenSource::Variable("OTHER");
        assert_eq!(place(&other), IdTokenPlace::NewFile("/t/azure-oidc-id-token".to_owned()));
    }
}

#[test]
fn forms_for_access_tokens_alone_do_not_hold_the_settings_of_tools() {
    for form in ["json", "text"] {
        let output = |inputs: &mut Inputs<'_>| {
            inputs.output = OutputInputs { form, publish: Publish::Both, ..INPUTS.output };
        };
        assert_eq!(code(output, [TOKEN, ("RUNNER_TEMP", "/t")]), "publish-needs-variables");
    }
}

#[test]
fn inside_exec_the_id_token_comes_from_this_machine_on_every_platform() {
    let pair =
        [("ARM_OIDC_REQUEST_URL", "http://127.0.0.1:4000/oidc/token?audience=a"), ("ARM_OIDC_REQUEST_TOKEN", "b")];
    let asked = |env: [(&str, &str); 3]| match resolve(|inputs| inputs.output.form = "json", env).unwrap().token {
        TokenPlan { source: Source::Request { request, .. }, platform, .. } => (request.url, platform.name()),
        plan => panic!("{plan:?}"),
    };
    for (variable, platform) in [
        (("GITLAB_CI", "true"), "gitlab"),
        (("BITBUCKET_BUILD_NUMBER", "1"), "bitbucket"),
        (("CIRCLECI", "true"), "circleci"),
        // The token of the start is there, and may have ended.
        (TOKEN, "generic"),
        (("AZURE_FEDERATED_TOKEN_FILE", "/f"), "kubernetes"),
    ] {
        assert_eq!(asked([variable, pair[0], pair[1]]), (pair[0].1.to_owned(), platform));
    }
    let named = |inputs: &mut Inputs<'_>| {
        inputs.token.source = TokenSource::Variable("T");
        inputs.output.form = "json";
    };
    assert!(matches!(resolve(named, pair).unwrap().token.source, Source::Variable(_)), "an option wins");
    let elsewhere = ("ARM_OIDC_REQUEST_URL", "https://ci.example/t");
    let plan = resolve(|inputs| inputs.output.form = "json", [TOKEN, elsewhere, pair[1]]).unwrap();
    assert!(matches!(plan.token.source, Source::Variable(_)), "an address elsewhere comes last");
}

#[test]
fn a_job_that_needs_more_id_tokens_asks_for_new_ones_where_it_can() {
    let again = |env: &[(&str, &str)], source| {
        let env = Variables(env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect());
        TokenPlan::resolve(&TokenInputs { source, is_lasting: true, ..INPUTS.token }, None, &env).unwrap().again()
    };
    let task = [
        ("TF_BUILD", "True"),
        ("idToken", "t"),
        ("SYSTEM_ACCESSTOKEN", "s"),
        (
            "SYSTEM_OIDCREQUESTURI",
            "https://dev.azure.com/o/p/_apis/distributedtask/hubs/build/plans/1/jobs/2/oidctoken",
        ),
    ];
    assert_eq!(again(&task, TokenSource::Platform), Again::Requested);
    assert_eq!(again(&task[..2], TokenSource::Platform), Again::Never);
    assert_eq!(again(&[("AZURE_FEDERATED_TOKEN_FILE", "/f")], TokenSource::Platform), Again::Replaced);
    assert_eq!(again(&[("ARM_OIDC_TOKEN_FILE_PATH", "/f")], TokenSource::Platform), Again::Unsure);
    assert_eq!(again(&[], TokenSource::File("/f")), Again::Unsure);
    assert_eq!(again(&[], TokenSource::Variable("T")), Again::Never);
}
