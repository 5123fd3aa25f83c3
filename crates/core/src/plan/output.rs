//! How the result of an exchange leaves.

use super::{HostKind, Inputs};
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

/// How the result leaves.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// JSON on standard output.
    Json,
    /// The access tokens on standard output, one a line.
    Text,
    /// Assignments for a shell.
    Env,
    /// A dotenv report of GitLab.
    Dotenv,
    /// In the way of this platform.
    Platform(&'static dyn Platform),
}

/// Where Azure's tools find the ID token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdTokenPlace {
    /// In this file, which exists.
    File(String),
    /// In this file, which the host writes.
    NewFile(String),
    /// In a variable, because the host writes no files.
    Variable,
}

/// How the result leaves, with everything that it needs.
#[derive(Debug, Clone)]
pub struct OutputPlan {
    /// In which form.
    pub form: Form,
    /// The files that the platform's form appends to.
    pub files: Vec<File>,
    /// What is published.
    pub publish: Publish,
    /// Where Azure's tools find the ID token, when their settings are published.
    pub id_token: Option<IdTokenPlace>,
}

impl Form {
    /// The form that `--output` names. `auto` is the way of the selected platform.
    pub(super) fn resolve(output: &str, selected: &'static dyn Platform) -> Result<Self, Fault> {
        match output {
            "auto" if selected.name() == "generic" => Ok(Self::Text),
            "auto" => Ok(Self::Platform(selected)),
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            "env" => Ok(Self::Env),
            "dotenv" => Ok(Self::Dotenv),
            name => platform::by_name(name).map(Self::Platform).ok_or_else(|| {
                let message = format!("`--output {}` is not known", name.escape_debug());
                Fault::new(Category::Usage, "output-unknown", message).hint(
                    "give auto, json, text, env, dotenv, or the name of a platform; `azure-oidc exchange --help` lists them",
                )
            }),
        }
    }

    /// The platform whose way it is.
    pub fn publisher(self) -> Option<&'static dyn Platform> {
        match self {
            Self::Platform(platform) => Some(platform),
            Self::Json | Self::Text | Self::Env | Self::Dotenv => None,
        }
    }

    pub(super) fn files(self, env: &dyn Env) -> Result<Vec<File>, Fault> {
        self.publisher().map_or(Ok(Vec::new()), |platform| platform.outputs(env))
    }

    /// What `--output` takes for a form that prints the access tokens alone.
    fn prints_tokens(self) -> Option<&'static str> {
        match self {
            Self::Json => Some("json"),
            Self::Text => Some("text"),
            Self::Env | Self::Dotenv | Self::Platform(_) => None,
        }
    }
}

/// Variables that name a folder which lasts as long as the job: GitHub's, Azure Pipelines' and Harness's.
pub const JOB_FOLDERS: [&str; 3] = ["RUNNER_TEMP", "AGENT_TEMPDIRECTORY", "HARNESS_SCRATCH_DIR"];

/// Where Azure's tools find the ID token: where the user says, else where it is already, else in the folder of the job.
pub(super) fn id_token_place(
    inputs: &Inputs<'_>,
    form: Form,
    present: Option<&str>,
    env: &dyn Env,
) -> Result<Option<IdTokenPlace>, Fault> {
    if inputs.publish == Publish::Token {
        return Ok(None);
    }
    // `auto` outside any platform prints access tokens too, and is let pass.
    if let Some(output) = form.prints_tokens().filter(|_| inputs.output != "auto") {
        let message = format!("`--output {output}` prints access tokens, not the variables of `--publish`");
        return Err(Fault::new(Category::Usage, "publish-needs-variables", message).hint("use `--output env`"));
    }
    let in_folder = |folder: String| format!("{}/azure-oidc-id-token", folder.trim_end_matches(['/', '\\']));
    let of_job = || JOB_FOLDERS.iter().find_map(|name| env.present(name)).map(in_folder);
    match (inputs.host, inputs.id_token_output, present) {
        (HostKind::Native, Some(path), _) => Ok(Some(IdTokenPlace::NewFile(path.to_owned()))),
        (_, _, Some(path)) => Ok(Some(IdTokenPlace::File(path.to_owned()))),
        (HostKind::Stock, _, None) => Ok(Some(IdTokenPlace::Variable)),
        (HostKind::Native, None, None) => of_job().map(IdTokenPlace::NewFile).map(Some).ok_or_else(|| {
            let message = "`--publish sdk-env` needs a file for the ID token, and this job has no temporary folder";
            Fault::new(Category::Usage, "id-token-output-missing", message).hint("add `--id-token-output PATH`")
        }),
    }
}
