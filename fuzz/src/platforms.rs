//! Any answer of a CI platform's token service. The first line of the input is the platform.

use azure_oidc_component::commands::Outcome;
use azure_oidc_core::ports::Request;

use crate::job::{CLIENT, Job, TENANT, granted, id_token, words};
use crate::message::Message;

/// A secret of the job, which its platform's token service gets.
const BEARER: &str = "secret-of-the-job-for-its-token-service";

/// The platforms with a token service, and what their jobs have.
const JOBS: [(&str, &[(&str, &str)]); 6] = [
    (
        "harness",
        &[
            ("HARNESS_WI_HANDLE", BEARER),
            ("HARNESS_WI_MINT_URL", "unix:///tmp/harness-wi/wi.sock"),
            ("PLUGIN_WORKLOAD_IDENTITY", "azure"),
        ],
    ),
    (
        "azure-pipelines",
        &[("TF_BUILD", "True"), ("SYSTEM_ACCESSTOKEN", BEARER), ("SYSTEM_OIDCREQUESTURI", "https://dev.azure.com/x")],
    ),
    (
        "github",
        &[
            ("GITHUB_ACTIONS", "true"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", BEARER),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://pipelines.actions.githubusercontent.com/x"),
        ],
    ),
    ("buildkite", &[("BUILDKITE", "true"), ("BUILDKITE_AGENT_ACCESS_TOKEN", BEARER), ("BUILDKITE_JOB_ID", "job")]),
    ("google-cloud", &[]),
    ("generic", &[("ARM_OIDC_REQUEST_URL", "https://ci.example/token"), ("ARM_OIDC_REQUEST_TOKEN", BEARER)]),
];

/// The exchange ends, and nothing shows the job's secrets. Only an answer with the job's ID token,
/// which `{token}` stands for, leads to an access token.
pub(crate) fn answer(input: &[u8]) {
    if let Some(outcome) = exchange(input) {
        assert!(!outcome.stdout.contains(&id_token()), "standard output has the ID token");
        assert!(!outcome.stdout.contains(BEARER), "standard output has the secret of the job");
    }
}

/// The outcome of an exchange on the platform, if there is one of that name.
fn exchange(input: &[u8]) -> Option<Outcome> {
    let text = String::from_utf8_lossy(input);
    let (name, answer) = text.split_once('\n').unwrap_or((&text, ""));
    let (name, variables) = JOBS.iter().find(|(known, _)| *known == name)?;
    let token = id_token();
    let answer = answer.replace("{token}", &token);
    let answered = |_: usize, request: &Request| {
        if request.url.starts_with("https://login.microsoftonline.com/") {
            return Ok(granted());
        }
        Ok(Message::read(answer.as_bytes()).into_response())
    };
    let job = Job::new(variables, &[], &answered);
    let line =
        format!("exchange --platform {name} --tenant-id {TENANT} --client-id {CLIENT} --no-preflight --output json");
    Some(job.run(&words(&line), &[&token, BEARER]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_platform_hands_over_its_token() {
        let traded = crate::corpus::seeds("platforms")
            .iter()
            .filter_map(|seed| exchange(seed))
            .filter(|outcome| outcome.exit_code == 0)
            .count();
        assert_eq!(traded, JOBS.len());
    }
}
