//! `explain`: what an error of a sign-in means, why it happens, and what to do.

use azure_oidc_cli::failure::harmless;
use azure_oidc_cli::grants::STANDARD_INPUT;
use azure_oidc_cli::{ExplainArgs, Form, PlatformArgs};
use azure_oidc_core::Fault;
use azure_oidc_jobs::explain::{self, Explanation, Request};
use azure_oidc_jobs::{Document, Interface, json};

use super::id_token::{self, Wanted};
use super::{Context, Outcome, id_token_of, read_bytes, read_text, text};

pub(super) fn run(args: &ExplainArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let (text, place) = match args.what.as_str() {
        STANDARD_INPUT => (read_text(context, STANDARD_INPUT, "explain -")?, "standard input"),
        given => (given.to_owned(), "the argument"),
    };
    let token = match args.token.is_given() {
        true => {
            let anywhere = PlatformArgs { platform: Some("generic".to_owned()) };
            Some(id_token_of(id_token::obtain(&Wanted::by(&args.token, &anywhere), context)?)?)
        }
        false => None,
    };
    let credentials = args.credential.as_deref().map(|name| read_bytes(context, name, "--credential")).transpose()?;
    let shell = Some(args.shell.chosen(context.ports.env));
    let request = Request {
        text,
        token: token.map(Into::into),
        credentials: credentials.map(Document::Bytes),
        now: None,
        shell,
        interface: Interface::CommandLine,
    };
    let answer = explain::run(&request, Some(context.ports.clock.now()))?.found_in(place)?;
    let stdout = match args.output {
        Form::Json => json::line(&answer),
        Form::Text => answer.explanations.iter().map(render).collect::<Vec<_>>().join("\n"),
    };
    Ok(Outcome { stderr: text::notes(&answer.notes), ..Outcome::printed(stdout) })
}

fn render(one: &Explanation) -> String {
    let words = one.quoted.as_ref().map(|words| format!("  Entra says: {}\n", harmless(words)));
    let mut out = match (one.name, one.cause) {
        (Some(name), Some(cause)) => format!("{}: {name}\n  why: {cause}\n", one.code),
        _ => format!("{}\n{}", harmless(&one.message), words.unwrap_or_default()),
    };
    for (name, value) in &one.facts {
        out += &format!("  {}: {}\n", name.replace('_', " "), harmless(value));
    }
    for hint in &one.advice {
        out += &format!("do:  {}\n", hint.lines().map(harmless).collect::<Vec<_>>().join("\n     "));
    }
    out
}
