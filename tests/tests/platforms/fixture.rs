//! Reads a job from a file: variables, files and expected results.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use azure_oidc_emulator::{Order, config};
use azure_oidc_tests::stage::DOMAIN;
use azure_oidc_tests::{APPLICATION, Job, Stage, TENANT, tokens};
use serde::Deserialize;

/// An application with credentials for the platforms that the emulator's default configuration
/// omits.
const OTHER_APPLICATION: &str = "33333333-3333-4333-8333-333333333333";

/// One `CASE.toml`. In variables, arguments and files, `${folder}` is the job's folder,
/// `${authority}` the emulator's URL, and `${token.NAME}` an ID token.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fixture {
    /// The issuer whose job variables are set.
    job: Option<String>,
    /// Arguments of all commands.
    #[serde(default)]
    select: Vec<String>,
    /// Arguments of `exchange`.
    #[serde(default)]
    pub(crate) args: Vec<String>,
    /// Variables. An empty value removes a variable of `job`.
    #[serde(default)]
    env: BTreeMap<String, String>,
    /// Files that exist before the job.
    #[serde(default)]
    files: BTreeMap<String, String>,
    /// ID tokens that differ from the default token of the issuer with that name.
    #[serde(default)]
    token: BTreeMap<String, Order>,
    /// Whether a stock host gives the same result. It cannot if files or sockets are needed.
    #[serde(default = "yes")]
    pub(crate) stock: bool,
    pub(crate) expect: Expect,
    #[serde(skip)]
    pub(crate) path: PathBuf,
}

/// The expected result of `exchange`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    #[serde(default)]
    pub(crate) exit: i32,
    #[serde(default)]
    pub(crate) stdout: String,
    /// Texts that standard error must contain.
    #[serde(default)]
    pub(crate) stderr: Vec<String>,
    /// The new file for the job's shell, in the job's folder. Its name differs from run to run.
    #[serde(default)]
    pub(crate) shell: String,
    /// Files after the job.
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
}

fn yes() -> bool {
    true
}

/// Every fixture.
pub(crate) fn all() -> Vec<Fixture> {
    let mut found = Vec::new();
    for folder in entries(&root()) {
        for path in entries(&folder).into_iter().filter(|path| path.extension().is_some_and(|end| end == "toml")) {
            let text = fs::read_to_string(&path).expect("it is there");
            let mut fixture: Fixture =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            fixture.path = path;
            found.push(fixture);
        }
    }
    found
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/platforms/fixtures")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).expect("it is there").flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// An emulator with an issuer for each platform, and a credential for each that can match.
pub(crate) fn stage() -> Stage {
    let hosts = r#"hostnames = ["localhost", "contoso.azurecr.io"]"#;
    Stage::with_config(&format!("{hosts}\n{}\n{}", config::DEFAULT, include_str!("emulator.toml")))
}

impl Fixture {
    /// `PLATFORM/CASE`, for messages.
    pub(crate) fn name(&self) -> String {
        self.path.strip_prefix(root()).expect("it is below").with_extension("").display().to_string()
    }

    /// The variables of the job. `base` replaces the emulator's URL.
    pub(crate) fn variables(&self, stage: &Stage, base: &str) -> Vec<(String, String)> {
        let ready = stage.emulator.ready();
        let own = self.job.as_ref().map(|job| ready["jobs"][job].as_object().expect("the issuer has jobs").clone());
        let mut variables: BTreeMap<_, _> = own
            .into_iter()
            .flatten()
            .map(|(name, value)| (name, value.as_str().unwrap_or_default().to_owned()))
            .collect();
        for (name, value) in &self.env {
            variables.insert(name.clone(), self.filled(value, stage));
        }
        variables.retain(|_, value| !value.is_empty());
        variables.into_iter().map(|(name, value)| (name, value.replace(stage.emulator.url(), base))).collect()
    }

    /// The arguments that select platform and token.
    pub(crate) fn select(&self, stage: &Stage) -> Vec<String> {
        self.select.iter().map(|argument| self.filled(argument, stage)).collect()
    }

    /// `exchange` without its own arguments.
    pub(crate) fn plain_exchange(&self, stage: &Stage) -> Job {
        self.command(stage, "exchange", &[])
    }

    /// A command of the native host in this job.
    pub(crate) fn job(&self, stage: &Stage, command: &str) -> Job {
        let own: Vec<_> = self.args.iter().map(|argument| self.filled(argument, stage)).collect();
        self.command(stage, command, if command == "exchange" { &own } else { &[] })
    }

    fn command(&self, stage: &Stage, command: &str, own: &[String]) -> Job {
        for (name, contents) in &self.files {
            stage.write(name, &self.filled(contents, stage));
        }
        let mut job = Job::host(&[command]).args(&self.select(stage)).args(own);
        job = job.env("SSL_CERT_FILE", stage.emulator.ca_file());
        if !["inspect", "id-token"].contains(&command) {
            job = job.args(&["--authority-host", stage.emulator.url()]);
        }
        self.variables(stage, stage.emulator.url()).into_iter().fold(job, |job, (name, value)| job.env(&name, value))
    }

    fn filled(&self, text: &str, stage: &Stage) -> String {
        let mut text = text
            .replace("${folder}", stage.folder().to_str().expect("temporary folders have plain names"))
            .replace("${authority}", stage.emulator.url())
            .replace("${tenant}", TENANT)
            .replace("${domain}", DOMAIN)
            .replace("${client}", APPLICATION)
            .replace("${other-client}", OTHER_APPLICATION);
        while let Some((before, rest)) = text.split_once("${token.") {
            let (name, after) = rest.split_once('}').expect("a placeholder ends");
            let order = self.token.get(name).cloned().unwrap_or_else(|| Order::of(name));
            text = format!("{before}{}{after}", stage.mint(&order));
        }
        text
    }
}

/// Replaces what differs from run to run.
pub(crate) fn settled(text: &str, stage: &Stage) -> String {
    let metadata = stage.emulator.ready()["jobs"]["google-cloud"]["GCE_METADATA_HOST"].clone();
    let mut text = text
        .replace(metadata.as_str().unwrap_or("${metadata}"), "${metadata}")
        .replace(stage.folder().to_str().expect("temporary folders have plain names"), "${folder}")
        .replace(stage.emulator.url(), "${authority}")
        .replace(stage.emulator.url().trim_start_matches("https://"), "${authority}");
    let mut out = String::new();
    while let Some(at) = text.find("eyJ") {
        let token: String =
            text[at..].chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
        let issuer = tokens::claims(&token)["iss"].as_str().unwrap_or_default().to_owned();
        out.push_str(&text[..at]);
        out.push_str(if issuer.contains(TENANT) && !issuer.contains("oic.prod-aks") {
            "${access-token}"
        } else {
            "${id-token}"
        });
        text = text[at + token.len()..].to_owned();
    }
    out.push_str(&text);
    let out = masked(&out, "dddd-dd-ddTdd:dd:ddZ", "${time}");
    let out = masked(&out, &format!("ghadelimiter_{}", "x".repeat(64)), "${delimiter}");
    let out = masked(&out, &format!("/azure-oidc-{}.sh", "x".repeat(16)), "/azure-oidc-${id}.sh");
    out.split_inclusive('\n').map(without_random_ids).collect()
}

/// Removes from a line how long ago a time is, and ids that are new in each token.
fn without_random_ids(line: &str) -> String {
    if let Some((name, _)) = line.split_once("jti: ") {
        return format!("{name}jti: ${{id}}\n");
    }
    match line.split_once("${time} (").and_then(|(before, after)| Some((before, after.split_once(')')?.1))) {
        Some((before, after)) => format!("{before}${{time}}{after}"),
        None => line.to_owned(),
    }
}

/// Replaces text of this form: in a time `d` is a digit, elsewhere `x` is a hexadecimal digit, and
/// all other characters are themselves.
fn masked(text: &str, like: &str, with: &str) -> String {
    let like_time = like.starts_with('d');
    let fits = |at: usize| {
        text.get(at..at + like.len()).is_some_and(|piece| {
            piece.chars().zip(like.chars()).all(|(is, like)| match like {
                'd' if like_time => is.is_ascii_digit(),
                'x' if !like_time => is.is_ascii_hexdigit(),
                like => is == like,
            })
        })
    };
    let (mut out, mut at) = (String::new(), 0);
    while let Some(next) = text[at..].chars().next() {
        if fits(at) {
            out.push_str(with);
            at += like.len();
        } else {
            out.push(next);
            at += next.len_utf8();
        }
    }
    out
}
