//! Any discovery document and key set of an issuer.

use crate::job::{ISSUER, Job, id_token, words};
use crate::message::Message;

/// Separates the two answers.
const NEXT: &str = "\n====\n";

/// No answers make a signature valid that is not, and keys are fetched over https only.
pub(crate) fn answers(input: &[u8]) {
    let token = id_token();
    let text = String::from_utf8_lossy(input);
    let (document, keys) = text.split_once(NEXT).unwrap_or((&text, ""));
    let answered =
        |number: usize, _: &_| Ok(Message::read(if number == 0 { document } else { keys }.as_bytes()).into_response());
    let variables = [("T", token.as_str())];
    let job = Job::new(&variables, &[], &answered);
    let outcome = job.run(&words("verify --discover --id-token-env T --output json"), &[&token]);
    assert_ne!(outcome.exit_code, 0, "the signature counts as valid: {}", outcome.stdout);
    assert!(!outcome.stdout.contains(&token), "standard output has the ID token");
    let urls = job.urls();
    assert!(urls.len() <= 2, "{urls:?}");
    assert!(urls.first().is_some_and(|url| url.starts_with(ISSUER)), "{urls:?}");
    assert!(urls.iter().all(|url| is_safe(url)), "{urls:?}");
}

/// Whether a URL is https, or plain http to this machine.
fn is_safe(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("http://") else { return url.starts_with("https://") };
    let host =
        if rest.starts_with('[') { rest.split_inclusive(']').next() } else { rest.split(['/', ':', '?', '#']).next() };
    let host = host.unwrap_or_default().to_ascii_lowercase();
    let is_loopback =
        host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    host == "localhost" || host.ends_with(".localhost") || is_loopback
}
