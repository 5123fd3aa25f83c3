//! Any answers of Entra's token endpoint.

use azure_oidc_component::commands::Outcome;
use azure_oidc_core::ports::TransportKind;

use crate::job::{CLIENT, Job, TENANT, id_token, words};
use crate::message::Message;

/// Separates the answers; the last one is repeated.
const NEXT: &str = "\n====\n";

/// The exchange ends, and no message repeats the ID token, also when an answer does: in an answer,
/// `{assertion}` stands for the ID token.
pub(crate) fn answer(input: &[u8]) {
    let token = id_token();
    // One of the two, so that the limit of time is that of one exchange.
    let output = if input.len().is_multiple_of(2) { "json" } else { "text" };
    let (outcome, urls) = exchange(input, output);
    assert!(!outcome.stdout.contains(&token), "standard output has the ID token");
    for url in urls {
        assert!(url.starts_with("https://login.microsoftonline.com/"), "the ID token was sent to {url}");
    }
}

/// The outcome of an exchange, and where its requests went.
fn exchange(input: &[u8], output: &str) -> (Outcome, Vec<String>) {
    let token = id_token();
    let text = String::from_utf8_lossy(input).replace("{assertion}", &token);
    let answers: Vec<&str> = text.split(NEXT).collect();
    let answered = |number: usize, _: &_| {
        let answer = answers[number.min(answers.len() - 1)];
        // An answer that is only this word is a lost connection.
        if answer == "cut" { Err(TransportKind::Cut) } else { Ok(Message::read(answer.as_bytes()).into_response()) }
    };
    let variables = [("T", token.as_str()), ("GITHUB_ACTIONS", "true")];
    let job = Job::new(&variables, &[], &answered);
    let line = format!("exchange --id-token-env T --tenant-id {TENANT} --client-id {CLIENT} --output {output}");
    let outcome = job.run(&words(&line), &[&token]);
    (outcome, job.urls())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_the_corpus_reach_every_end_of_an_exchange() {
        let mut codes: Vec<_> =
            crate::corpus::seeds("entra").iter().map(|seed| exchange(seed, "json").0.exit_code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes, [0, 4, 5]);
    }
}
