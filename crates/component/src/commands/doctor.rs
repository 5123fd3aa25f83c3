//! `doctor`: shows the detected platform, the settings and what is missing.

use azure_oidc_cli::failure::harmless;
use azure_oidc_cli::{DoctorArgs, Form};
use azure_oidc_core::{Category, Fault};
use azure_oidc_jobs::doctor::{self, Answer, Request};
use azure_oidc_jobs::json::line;

use super::exchange::sign_in;
use super::{Context, Outcome};

pub(super) fn run(args: &DoctorArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let shell = args.shell.chosen(context.ports.env);
    let request = Request { token: args.token.inputs(&args.platform), sign_in: sign_in(&args.sign_in), shell };
    let answer = doctor::run(&request, context)?;
    let exit_code = if answer.healthy { 0 } else { Category::Negative.exit_code() };
    let stdout = match args.output {
        Form::Text => render(&answer),
        Form::Json => line(&answer),
    };
    Ok(Outcome { exit_code, stdout, ..Outcome::default() })
}

fn render(answer: &Answer) -> String {
    let mut out = String::from("Platforms, in the order of detection:\n");
    for detector in &answer.detectors {
        let (verdict, why) = (detector.verdict.name(), harmless(&detector.why));
        out.push_str(&format!("  {verdict:<11}{}: {why}\n", detector.platform));
    }
    out.push_str("\nThis job:\n");
    for check in &answer.checks {
        let mark = if check.ok { "ok" } else { "missing" };
        out.push_str(&format!("  {mark:<11}{}: {}\n", check.check, harmless(&check.message)));
        for hint in &check.hints {
            out.push_str(&format!("             hint: {}\n", harmless(hint)));
        }
    }
    out
}
