//! `exchange`: settings, ID token, pre-flight, trade, publication, in this order, so that what can fail without the network
//! fails before it.

use azure_oidc_cli::failure::harmless;
use azure_oidc_cli::grants::publishing_platform;
use azure_oidc_cli::{ExchangeArgs, SignIn};
use azure_oidc_core::authority::{Authority, ClientId, Scope, Tenant, cloud_by_name};
use azure_oidc_core::check::{self, Finding, Outcome as Checked, Question, Severity};
use azure_oidc_core::cloud::{self, Cloud};
use azure_oidc_core::credential::Credential;
use azure_oidc_core::exchange::{self, Terms};
use azure_oidc_core::explain::{self, Refused};
use azure_oidc_core::platform::text::is_variable_name;
use azure_oidc_core::settings::{self, Found};
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault};

mod publish;

use super::id_token::{self, Obtained, Wanted};
use super::{Context, HostKind, Outcome, failed, read_credentials, text};
use publish::{Form, Traded};

/// How far the clocks of the runner and of Entra may differ before a token counts as out of its time, in seconds.
pub(crate) const SKEW: i64 = 300;

pub(super) fn run(args: &ExchangeArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let started = context.ports.clock.monotonic();
    let target = Target::resolve(&args.sign_in, context)?;
    let scopes = scopes(&args.scope, &target, context)?;
    let names = output_names(&args.output_name, &scopes)?;
    let publisher = publisher(args, context)?;
    let (listed, of_list) = read_credentials(context, args.credential.as_deref())?;
    let credentials = args.credential.is_some().then_some(listed);

    let wanted = Wanted {
        source: &args.token,
        platform: &args.platform,
        audience: args.audience.as_deref(),
        cloud: target.cloud,
        timeout: args.timeout,
    };
    let obtained = id_token::obtain(&wanted, context)?;
    let token = obtained.parse()?;
    publish::check(args, &obtained, context)?;
    let warnings = match args.no_preflight {
        true => String::new(),
        false => preflight(&token, &obtained, credentials.as_deref(), &target, context)?,
    };

    let said = of_list + &warnings + &notes(args, &target, &scopes, &obtained, context);

    let spent = context.ports.clock.monotonic().saturating_sub(started);
    let terms = Terms {
        authority: target.authority.clone(),
        tenant: target.tenant.clone(),
        client_id: target.client_id.clone(),
        scopes,
        assertion: obtained.token.clone(),
        timeout: args.timeout.saturating_sub(spent),
        retries: args.retries,
        replication_wait: args.replication_wait,
    };
    let mut assertion = obtained.token.clone();
    let mut renew = || {
        let again = id_token::obtain(&wanted, context).ok()?.token;
        assertion = again.clone();
        Some(again)
    };
    let traded = exchange::run(terms, context.ports, &mut renew)
        .map_err(|fault| {
            advise(fault, &token, credentials.as_deref().unwrap_or_default(), &target, context.ports.clock.now())
        })
        .and_then(|tokens| {
            let (obtained, token, assertion) = (&obtained, &token, &assertion);
            let traded = Traded { args, target: &target, obtained, assertion, token, names: &names, tokens: &tokens };
            publisher.show(&traded, context)
        });
    // What was noticed on the way is worth most when it went wrong.
    let mut outcome = traded.unwrap_or_else(|fault| failed(&fault, args.output == "json"));
    outcome.stderr.insert_str(0, &said);
    Ok(outcome)
}

/// What `debug` adds: everything that was decided, and no token.
fn notes(args: &ExchangeArgs, target: &Target, scopes: &[Scope], obtained: &Obtained, context: Context<'_>) -> String {
    let level = settings::LOG_LEVEL.find(args.log_level.as_deref(), context.ports.env).map(|found| found.value);
    if !level.is_some_and(|level| ["debug", "trace"].contains(&level.to_ascii_lowercase().as_str())) {
        return String::new();
    }
    let scopes: Vec<_> = scopes.iter().map(|scope| scope.value.as_str()).collect();
    let lines = [
        ("platform", obtained.platform.title().to_owned()),
        ("ID token from", obtained.place.clone()),
        ("token endpoint", target.authority.token_url(&target.tenant)),
        ("client id", target.client_id.as_str().to_owned()),
        ("scopes", scopes.join(", ")),
    ];
    lines.iter().map(|(name, value)| format!("debug: {name}: {}\n", harmless(value))).collect()
}

/// Where to sign in and as whom, with everything checked that can be checked here.
struct Target {
    authority: Authority,
    tenant: Tenant,
    client_id: ClientId,
    cloud: Option<&'static Cloud>,
}

impl Target {
    fn resolve(args: &SignIn, context: Context<'_>) -> Result<Self, Fault> {
        let env = context.ports.env;
        let shown = |fault: Fault| stock_hint(fault, context.host);
        let tenant = settings::TENANT_ID.require(args.tenant_id.as_deref(), env).map_err(shown)?;
        let client = settings::CLIENT_ID.require(args.client_id.as_deref(), env).map_err(shown)?;
        let (authority, cloud) =
            authority(args.cloud.as_deref(), settings::AUTHORITY_HOST.find(args.authority_host.as_deref(), env))?;
        Ok(Self {
            authority,
            cloud,
            tenant: Tenant::parse(&tenant.value, tenant.named)?,
            client_id: ClientId::parse(&client.value, client.named)?,
        })
    }
}

/// The authority and the cloud it belongs to. Both may be given, as long as they agree.
pub(crate) fn authority(
    cloud: Option<&str>,
    host: Option<Found>,
) -> Result<(Authority, Option<&'static Cloud>), Fault> {
    let named = cloud.map(|name| cloud_by_name(name, "--cloud")).transpose()?;
    let Some(host) = host else {
        let cloud = named.unwrap_or(cloud::PUBLIC);
        return Ok((Authority::of(cloud), Some(cloud)));
    };
    let authority = Authority::parse(&host.value, host.named)?;
    match (named, authority.cloud()) {
        (Some(named), Some(actual)) if named != actual => Err(Fault::new(
            Category::Usage,
            "cloud-and-authority-differ",
            format!(
                "`--cloud` says {}, but the authority host `{}` from {} belongs to {}",
                named.name,
                authority.host(),
                host.named,
                actual.name
            ),
        )
        .hint("give only one of the two")),
        (named, actual) => Ok((authority, named.or(actual))),
    }
}

fn stock_hint(fault: Fault, host: HostKind) -> Fault {
    match host {
        HostKind::Native => fault,
        HostKind::Stock => {
            fault.hint("this host shows only the variables it is told to: pass each as `--env NAME` to `wasmtime run`")
        }
    }
}

fn scopes(flags: &[String], target: &Target, context: Context<'_>) -> Result<Vec<Scope>, Fault> {
    let (texts, named) = match flags {
        [] => match settings::SCOPE.find(None, context.ports.env) {
            Some(found) => (found.value.split(',').map(|part| part.trim().to_owned()).collect(), found.named),
            None => (vec!["arm".to_owned()], "the default"),
        },
        flags => (flags.to_vec(), settings::SCOPE.flag),
    };
    let mut scopes: Vec<Scope> = Vec::new();
    for text in texts.iter().filter(|text| !text.is_empty()) {
        // An emulator or a private authority belongs to no cloud; the plugin that this replaces then meant the public one's ARM.
        let scope = Scope::parse(text, target.cloud.or((named == "the default").then_some(cloud::PUBLIC)), named)?;
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    match scopes.is_empty() {
        true => Err(Fault::new(Category::Usage, "scope-missing", format!("{named} names no scope"))
            .hint("leave it out for Azure Resource Manager, or name one such as `graph`")),
        false => Ok(scopes),
    }
}

/// A variable name for each scope: as many as were given, or the one given with a suffix for every scope but the first.
fn output_names(given: &[String], scopes: &[Scope]) -> Result<Vec<String>, Fault> {
    if let Some(name) = given.iter().find(|name| !is_variable_name(name)) {
        return Err(Fault::new(
            Category::Usage,
            "output-name-invalid",
            format!("`{}` from `--output-name` cannot be the name of a variable", name.escape_debug()),
        )
        .hint("use letters, digits and `_`, and begin with no digit, as in `AZURE_ACCESS_TOKEN`"));
    }
    if given.len() == scopes.len() {
        return Ok(given.to_vec());
    }
    let [name] = given else {
        return Err(Fault::new(
            Category::Usage,
            "output-names-do-not-fit",
            format!("`--output-name` gives {} names for {} scopes", given.len(), scopes.len()),
        )
        .hint("give one name for each scope, or one for all"));
    };
    let suffixed = scopes.iter().enumerate().map(|(index, scope)| match (index, scope.short) {
        (0, _) => name.clone(),
        (_, Some(short)) => format!("{name}_{}", short.to_ascii_uppercase()),
        (index, None) => format!("{name}_{}", index + 1),
    });
    Ok(suffixed.collect())
}

/// Decides it before anything is sent, and finds out whether the platform can take the result at all.
fn publisher(args: &ExchangeArgs, context: Context<'_>) -> Result<Form, Fault> {
    let platform = match args.output.as_str() {
        "json" => return Ok(Form::Json),
        "text" => return Ok(Form::Text),
        "env" => return Ok(Form::Env),
        "dotenv" => return Ok(Form::Dotenv),
        output => publishing_platform(output, &args.platform, context.ports.env),
    };
    match platform {
        Some(platform) => {
            platform.outputs(context.ports.env).map_err(|fault| stock_hint(fault, context.host))?;
            Ok(Form::Platform(platform))
        }
        None if args.output == "auto" => Ok(Form::Text),
        None => Err(Fault::new(
            Category::Usage,
            "output-unknown",
            format!("`--output {}` is not known", args.output.escape_debug()),
        )
        .hint(
            "give auto, json, text, env, dotenv, or the name of a platform; `azure-oidc exchange --help` lists them",
        )),
    }
}

/// What can be said before anything is sent: a fault, or warnings to print.
fn preflight(
    token: &Token,
    obtained: &Obtained,
    credentials: Option<&[Credential]>,
    target: &Target,
    context: Context<'_>,
) -> Result<String, Fault> {
    let now = context.ports.clock.now();
    let findings = match credentials {
        None => check::preflight(token, target.cloud, now, SKEW),
        Some(credentials) => {
            let verdict = check::check(&Question {
                token,
                credentials,
                client_id: Some(target.client_id.as_str()),
                cloud: target.cloud.unwrap_or(cloud::PUBLIC),
                now,
                skew: SKEW,
                keys: None,
            });
            match verdict.verdict {
                // What the other credentials of a list are like does not matter to a job whose own one matches.
                Checked::Match => check::preflight(token, target.cloud, now, SKEW),
                Checked::NoMatch | Checked::InvalidToken => verdict.findings,
            }
        }
    };
    match findings.iter().find(|finding| finding.severity == Severity::Error) {
        Some(error) => Err(preflight_fault(error, &findings, obtained)),
        None => {
            Ok(findings.iter().filter(|finding| finding.severity == Severity::Warning).map(text::warning).collect())
        }
    }
}

fn preflight_fault(error: &Finding, findings: &[Finding], obtained: &Obtained) -> Fault {
    let mut fault = Fault::new(
        Category::IdToken,
        error.code,
        format!("Entra would refuse the ID token from {}: {}", obtained.place, error.message),
    );
    for (name, value) in [("expected", &error.expected), ("actual", &error.actual)] {
        if let Some(value) = value {
            fault = fault.fact(name, value);
        }
    }
    if let Some(code) = error.aadsts {
        fault = fault.fact("Entra would answer", format!("AADSTS{code}"));
    }
    let others = findings.iter().filter(|other| *other != error && other.severity == Severity::Error);
    for remedy in [error].into_iter().chain(others).filter_map(|finding| finding.remedy.as_ref()) {
        if !fault.hints.contains(remedy) {
            fault = fault.hint(remedy);
        }
    }
    fault.hint("nothing was sent; `--no-preflight` sends the token all the same")
}

/// Turns Entra's refusal into advice from the token's own claims.
fn advise(mut fault: Fault, token: &Token, credentials: &[Credential], target: &Target, now: i64) -> Fault {
    let Some(entra) = fault.entra.as_ref() else { return fault };
    let Some(code) = entra.aadsts() else { return fault };
    let mut hints = explain::advise(&Refused {
        code,
        description: &entra.description,
        token: Some(token),
        credentials,
        client_id: Some(target.client_id.as_str()),
        cloud: target.cloud.unwrap_or(cloud::PUBLIC),
        now,
    });
    hints.extend(fault.hints.iter().filter(|own| !hints.contains(own)).cloned().collect::<Vec<_>>());
    fault.hints = hints;
    fault
}
