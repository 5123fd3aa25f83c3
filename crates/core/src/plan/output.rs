//! Chooses the output: files of the platform, standard output, or a file for the shell.

use super::host::HostKind;
use super::path;
use super::token::TokenPlan;
use crate::fault::{Category, Fault};
use crate::platform::{self, File, Platform};
use crate::ports::Env;

/// What is published.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Publish {
    /// The access tokens.
    #[default]
    Token,
    /// The settings with which Azure's own tools sign in, the ID token among them.
    SdkEnv,
    /// Both.
    Both,
}

/// The form of the result.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// JSON on standard output.
    Json,
    /// The access tokens on standard output, one a line.
    Text,
    /// Assignments for a POSIX shell.
    Env,
    /// Assignments for PowerShell.
    Powershell,
    /// A dotenv report of GitLab.
    Dotenv,
    /// In the way of this platform. A token that the platform can neither mask nor read from a file
    /// goes to a file for the job's shell.
    Platform(&'static dyn Platform),
}

/// Where Azure's tools find the ID token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdTokenPlace {
    /// In this file, from which the token was read.
    File(String),
    /// In this file of the platform, which was not read yet.
    PlatformFile(String),
    /// In this file, which the host writes.
    NewFile(String),
    /// In a variable, because the host writes no files.
    Variable,
}

/// What decides how the result leaves, besides the environment.
#[derive(Debug, Clone, Copy)]
pub struct OutputInputs<'a> {
    /// `--output`.
    pub form: &'a str,
    /// What to publish.
    pub publish: Publish,
    /// `--id-token-output`.
    pub id_token_file: Option<&'a str>,
    /// What the host can do.
    pub host: HostKind,
}

/// How the result leaves, with everything that it needs.
#[derive(Debug, Clone)]
pub struct OutputPlan {
    /// In which form.
    pub form: Form,
    /// The files that the platform's form appends to.
    pub files: Vec<File>,
    /// The folder in which the host writes a new file, which the job's shell reads.
    pub folder: Option<String>,
    /// What is published.
    pub publish: Publish,
    /// Where Azure's tools find the ID token, when their settings are published.
    pub id_token: Option<IdTokenPlace>,
}

impl OutputPlan {
    /// Decides how the result leaves, and finds out whether it can.
    pub(super) fn resolve(inputs: &OutputInputs<'_>, token: &TokenPlan, env: &dyn Env) -> Result<Self, Fault> {
        let form = Form::resolve(inputs, token.platform)?;
        let files = form.publisher().map_or(Ok(Vec::new()), |platform| match inputs.publish {
            Publish::Token => platform.outputs(env),
            Publish::SdkEnv | Publish::Both => platform.outputs_with_settings(env),
        });
        let files = files.map_err(|fault| inputs.host.explain(fault))?;
        let id_token = match inputs.publish {
            Publish::Token => None,
            Publish::SdkEnv | Publish::Both => Some(IdTokenPlace::resolve(inputs, form, token, env)?),
        };
        let has_secret = inputs.publish != Publish::SdkEnv || id_token == Some(IdTokenPlace::Variable);
        let folder = match form {
            Form::Platform(platform) if has_secret => folder(platform, &files, inputs, env)?,
            _ => None,
        };
        Ok(Self { form, files, folder, publish: inputs.publish, id_token })
    }
}

/// Where the access token of an exchange without options leaves on this platform: the files of the
/// platform, and the folder for a file that the job's shell reads.
///
/// # Errors
/// As an exchange would fail: a variable is missing, or the job has no temporary folder.
pub fn default_output(
    platform: &'static dyn Platform,
    host: HostKind,
    env: &dyn Env,
) -> Result<(Vec<File>, Option<String>), Fault> {
    let inputs = OutputInputs { form: "auto", publish: Publish::Token, id_token_file: None, host };
    let files = platform.outputs(env).map_err(|fault| host.explain(fault))?;
    let folder = folder(platform, &files, &inputs, env)?;
    Ok((files, folder))
}

/// The folder of the file for the job's shell, on a platform that needs one. A token is printed only
/// where the platform masks it, or where the user named the form for a stock host.
fn folder(
    platform: &'static dyn Platform,
    files: &[File],
    inputs: &OutputInputs<'_>,
    env: &dyn Env,
) -> Result<Option<String>, Fault> {
    let needs_file = platform.is_read_by_shell();
    match inputs.host {
        HostKind::Native if needs_file => job_folder(platform, env)
            .ok_or_else(|| {
                no_place("no variable names a temporary folder of this job, such as `TMPDIR` or `RUNNER_TEMP`")
                    .hint("set `TMPDIR` to a folder that ends with the job, as in `export TMPDIR=\"$(mktemp -d)\"`")
            })
            .and_then(|folder| path::absolute(folder.trim_end_matches(['/', '\\']), env))
            .map(Some),
        HostKind::Stock if needs_file || inputs.form == "auto" && !files.is_empty() => {
            let fault = no_place("this host gives the component no files");
            Err(match needs_file {
                true => fault,
                false => {
                    fault.hint(format!("add `--output {}` and redirect the lines that it prints", platform.name()))
                }
            })
        }
        HostKind::Native | HostKind::Stock => Ok(None),
    }
    .map_err(|fault| {
        fault.hint("alternative: `--output env`, `json` or `text` prints the token for a shell to redirect")
    })
}

/// A folder for files that only this job needs.
fn job_folder(platform: &'static dyn Platform, env: &dyn Env) -> Option<String> {
    let named = JOB_FOLDERS.iter().chain([&TEMPORARY_FOLDER]).find_map(|name| env.present(name));
    named.or_else(|| platform.job_folder(env))
}

fn no_place(why: &str) -> Fault {
    let message = format!("The access token cannot be handed to later steps: {why}");
    Fault::new(Category::Publish, "output-folder-missing", message)
}

impl Form {
    /// The form that `--output` names. `auto` is the way of the selected platform.
    fn resolve(inputs: &OutputInputs<'_>, selected: &'static dyn Platform) -> Result<Self, Fault> {
        match inputs.form {
            "auto" => Ok(Self::Platform(selected)),
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            "env" => Ok(Self::Env),
            "powershell" => Ok(Self::Powershell),
            "dotenv" => Ok(Self::Dotenv),
            name => platform::by_name(name).map(Self::Platform).ok_or_else(|| {
                let message = format!("`--output {}` is not known", name.escape_debug());
                Fault::new(Category::Usage, "output-unknown", message).hint(
                    "give auto, json, text, env, powershell, dotenv, or the name of a platform; `azure-oidc exchange --help` lists them",
                )
            }),
        }
    }

    /// The platform whose way it is.
    pub fn publisher(self) -> Option<&'static dyn Platform> {
        match self {
            Self::Platform(platform) => Some(platform),
            Self::Json | Self::Text | Self::Env | Self::Powershell | Self::Dotenv => None,
        }
    }

    /// What `--output` takes for a form that prints the access tokens alone.
    fn prints_tokens(self) -> Option<&'static str> {
        match self {
            Self::Json => Some("json"),
            Self::Text => Some("text"),
            Self::Env | Self::Powershell | Self::Dotenv | Self::Platform(_) => None,
        }
    }
}

/// Variables that name a folder which lasts as long as the job: GitHub's, Azure Pipelines' and
/// Harness's.
pub const JOB_FOLDERS: [&str; 3] = ["RUNNER_TEMP", "AGENT_TEMPDIRECTORY", "HARNESS_SCRATCH_DIR"];

/// The variable that names the folder for temporary files on Unix (POSIX).
pub const TEMPORARY_FOLDER: &str = "TMPDIR";

impl IdTokenPlace {
    /// Where the user says, else where the token is already, else in the folder of the job.
    fn resolve(inputs: &OutputInputs<'_>, form: Form, token: &TokenPlan, env: &dyn Env) -> Result<Self, Fault> {
        if let Some(output) = form.prints_tokens() {
            let message = format!("`--output {output}` prints access tokens, not the variables of `--publish`");
            return Err(Fault::new(Category::Usage, "publish-needs-variables", message)
                .hint("use `--output env`, in PowerShell `--output powershell`"));
        }
        let is_native = inputs.host == HostKind::Native;
        let absolute = |path: &str| if is_native { path::absolute(path, env) } else { Ok(path.to_owned()) };
        if let Some(path) = inputs.id_token_file.filter(|_| is_native) {
            return absolute(path).map(Self::NewFile);
        }
        if let Some(path) = token.file() {
            return absolute(path).map(Self::File);
        }
        if !is_native {
            return Ok(Self::Variable);
        }
        if let Some(path) = token.kept_in(env) {
            return Ok(Self::PlatformFile(path));
        }
        let folder = job_folder(token.platform, env).ok_or_else(no_folder)?;
        absolute(&format!("{}/azure-oidc-id-token", folder.trim_end_matches(['/', '\\']))).map(Self::NewFile)
    }
}

fn no_folder() -> Fault {
    let message = "`--publish sdk-env` needs a file for the ID token, and this job has no temporary folder";
    Fault::new(Category::Usage, "id-token-output-missing", message)
        .hint("add `--id-token-output PATH`, or set `TMPDIR` to a folder that ends with the job")
}
