//! Tests rules that hold for every platform, and tables of each platform's behaviour.

mod built;
mod choosing;
mod consumers;
mod environments;
mod injection;
mod outputs;
mod requests;
mod rules;
mod subjects;

use super::{Platform, Source, by_name};
use crate::fault::Fault;
use crate::ports::fixed::Variables;

fn platform(name: &str) -> &'static dyn Platform {
    by_name(name).unwrap_or_else(|| panic!("{name}"))
}

/// Variables as they stand in a job's log: `NAME=value`, one a line.
fn environment(lines: &str) -> Variables {
    let pairs = lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| line.split_once('=').unwrap());
    Variables(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

fn parts(text: &[&str]) -> Vec<(String, String)> {
    text.iter()
        .map(|part| part.split_once('=').unwrap())
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

/// A token with these claims and a signature of nothing.
fn token(claims: &serde_json::Value) -> String {
    use base64::Engine as _;
    let segment = |text: &str| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(text);
    format!(
        "{}.{}.{}",
        segment(r#"{"alg":"RS256","typ":"JWT","kid":"1"}"#),
        segment(&claims.to_string()),
        segment("signature")
    )
}

/// Where a token is, in a line.
pub(super) fn describe(source: &Source) -> String {
    match source {
        Source::Variable(name) => format!("variable {name}"),
        Source::File(path) => format!("file {path}"),
        Source::Program(words) => format!("program {}", words.join(" ")),
        Source::Request { request, socket, .. } => {
            let socket = socket.as_ref().map(|path| format!(" through {path}")).unwrap_or_default();
            format!("{} {}{socket}", format!("{:?}", request.method).to_uppercase(), request.url)
        }
    }
}

/// Everything that a fault says, in lines.
fn text(fault: &Fault) -> String {
    let facts = fault.facts.iter().map(|(name, value)| format!("{name}: {value}"));
    [fault.message.clone()].into_iter().chain(fault.hints.iter().cloned()).chain(facts).collect::<Vec<_>>().join("\n")
}
