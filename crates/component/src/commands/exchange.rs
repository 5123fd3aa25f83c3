//! `exchange`: trades an ID token for access tokens and prints or publishes them.

use azure_oidc_cli::failure::{Form, harmless};
use azure_oidc_cli::{ExchangeArgs, SignIn};
use azure_oidc_core::plan::Limits;
use azure_oidc_core::platform::Publication;
use azure_oidc_jobs::exchange::{self, Notice, Request};

use super::{Context, Outcome, failed, text};

pub(super) fn run(args: &ExchangeArgs, context: Context<'_>) -> Outcome {
    let request = Request {
        sign_in: sign_in(&args.sign_in),
        scopes: &args.scope,
        output_names: &args.output_name,
        credential: args.credential.as_deref(),
        plan: args.plan_inputs(context.host),
        limits: Limits { timeout: args.timeout, retries: args.retries, replication_wait: args.replication_wait },
        preflight: !args.no_preflight,
        log_level: args.log_level.as_deref(),
        shell: args.shell.chosen(context.ports.env),
    };
    let mut notices = Vec::new();
    let mut outcome = match exchange::run(&request, context, &mut notices) {
        Ok(publications) => published(publications),
        Err(fault) => failed(&fault, if args.output == "json" { Form::Json } else { Form::Text }),
    };
    // Warnings come first: they often explain a failed exchange.
    outcome.stderr = notices.iter().map(render).collect::<String>() + &outcome.stderr;
    outcome
}

pub(super) fn sign_in(args: &SignIn) -> exchange::SignIn<'_> {
    exchange::SignIn {
        tenant_id: args.tenant_id.as_deref(),
        client_id: args.client_id.as_deref(),
        cloud: args.cloud.as_deref(),
        authority_host: args.authority_host.as_deref(),
    }
}

fn published(publications: Vec<Publication>) -> Outcome {
    let mut outcome = Outcome::default();
    for publication in publications {
        match publication {
            Publication::Mask(commands) => outcome.masks.push_str(commands.reveal()),
            Publication::Print(lines) | Publication::Source(lines) => outcome.stdout.push_str(lines.reveal()),
            publication => outcome.publish.push(publication),
        }
    }
    outcome
}

pub(super) fn render(notice: &Notice) -> String {
    match notice {
        Notice::Warning(finding) => text::warning(finding),
        Notice::Debug(name, value) => format!("debug: {name}: {}\n", harmless(value)),
        Notice::Published(sentence) => format!("{}\n", harmless(sentence)),
    }
}
