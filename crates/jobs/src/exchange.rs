//! `exchange`: trades an ID token for access tokens.
//!
//! [`run`] is the whole job, as the command line has it: settings, plan, ID token, pre-flight, trade, publication, in this order, so that
//! what can fail without the network fails before it. The typed interface and the HTTP service bring the ID token and take the
//! answer: [`trade`] is the part that all three share.

mod answer;
mod preflight;
mod service;
mod settings;
mod trade;

pub use answer::{AccessToken, Answer, Body};
pub use service::{Refusal, serve};
pub use settings::{Settings, SignIn};
pub use trade::{Order, Traded, trade};

use azure_oidc_core::check::Finding;
use azure_oidc_core::credential::{Credential, forms};
use azure_oidc_core::plan::{self, Limits, Plan};
use azure_oidc_core::platform::Publication;
use azure_oidc_core::settings::LOG_LEVEL;
use azure_oidc_core::{Category, Fault};

use crate::publication::{self, Outcome};
use crate::{Context, id_token};

/// What the command line asks for.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Where to sign in, and as whom.
    pub sign_in: SignIn<'a>,
    /// What the access tokens are for; the variables and the default count when empty.
    pub scopes: &'a [String],
    /// Names of the published variables.
    pub output_names: &'a [String],
    /// The file of federated identity credentials to check the token against.
    pub credential: Option<&'a str>,
    /// Where the ID token is, and how the result leaves.
    pub plan: plan::Inputs<'a>,
    /// How long to try.
    pub limits: Limits,
    /// Whether to send only a token that passes the pre-flight check.
    pub preflight: bool,
    /// `--log-level`.
    pub log_level: Option<&'a str>,
}

/// Something to tell a person, besides the result. Never a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// Something that was found.
    Warning(Finding),
    /// A decision, for `--log-level debug`.
    Debug(&'static str, String),
    /// What was published, in a sentence.
    Published(String),
}

/// Trades the job's ID token and returns what to publish. The notices count whether it succeeds or fails.
pub fn run(request: &Request<'_>, context: Context<'_>, notices: &mut Vec<Notice>) -> Result<Vec<Publication>, Fault> {
    let started = context.ports.clock.monotonic();
    let (settings, names) = settings::of_command(request, context)?;
    let plan = Plan::resolve(&request.plan, settings.endpoint.cloud, context.ports.env)?;
    let credentials = request.credential.map(|name| read_credentials(name, context, notices)).transpose()?;

    let obtain = || id_token::obtain(&plan.token, request.limits.timeout, context);
    let id_token = obtain()?;
    let token = id_token.parse()?;

    let order = Order {
        settings: &settings,
        id_token: &id_token,
        token: &token,
        platform: plan.token.platform.name(),
        credentials: credentials.as_deref(),
    };
    if request.preflight {
        let warnings = preflight::check(&order, context.ports.clock.now())
            .map_err(|fault| fault.hint("nothing was sent; `--no-preflight` sends the token all the same"))?;
        notices.extend(warnings.into_iter().map(Notice::Warning));
    }
    notices.extend(decisions(request, &order, &plan, context));

    let spent = context.ports.clock.monotonic().saturating_sub(started);
    let limits = Limits { timeout: request.limits.timeout.saturating_sub(spent), ..request.limits };
    let traded = trade::send(&order, limits, context.ports, &mut || Some(obtain().ok()?.token))?;

    publication::publish(&plan.output, &Outcome { order: &order, traded: &traded, names: &names }, context, notices)
}

fn read_credentials(name: &str, context: Context<'_>, notices: &mut Vec<Notice>) -> Result<Vec<Credential>, Fault> {
    let bytes = context.files.read(name).map_err(|why| {
        let name = if name == plan::STANDARD_INPUT { "Standard input" } else { name };
        Fault::new(Category::Usage, "file-unreadable", format!("{name}, named by `--credential`, {why}"))
    })?;
    let parsed = forms::parse_bytes(&bytes)?;
    notices.extend(parsed.notes.into_iter().map(|note| Notice::Warning(note.into())));
    Ok(parsed.credentials)
}

/// Everything that was decided, and no token.
fn decisions(request: &Request<'_>, order: &Order<'_>, plan: &Plan, context: Context<'_>) -> Vec<Notice> {
    let level = LOG_LEVEL.find(request.log_level, context.ports.env).map(|found| found.value);
    if !level.is_some_and(|level| ["debug", "trace"].contains(&level.to_ascii_lowercase().as_str())) {
        return Vec::new();
    }
    let settings = order.settings;
    let scopes: Vec<_> = settings.scopes.iter().map(|scope| scope.value.as_str()).collect();
    vec![
        Notice::Debug("platform", plan.token.platform.title().to_owned()),
        Notice::Debug("ID token from", order.id_token.place.clone()),
        Notice::Debug("token endpoint", settings.endpoint.authority.token_url(&settings.tenant)),
        Notice::Debug("client id", settings.client_id.as_str().to_owned()),
        Notice::Debug("scopes", scopes.join(", ")),
    ]
}
