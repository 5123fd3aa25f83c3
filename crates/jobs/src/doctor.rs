//! `doctor`: which platform this is and how that was recognised, what is missing, whether the
//! authority can be reached.

mod answer;
mod authority;

pub use answer::{Answer, Check, Detector, Recognised};

use azure_oidc_core::Fault;
use azure_oidc_core::authority::{ClientId, Tenant};
use azure_oidc_core::check::{self, Severity};
use azure_oidc_core::cloud::PUBLIC;
use azure_oidc_core::plan::{Endpoint, Limits, TokenInputs, TokenPlan, default_output};
use azure_oidc_core::platform::{self, Detection, File, Platform};
use azure_oidc_core::ports::Env;
use azure_oidc_core::settings::{self, Chosen, Setting, Unread};
use azure_oidc_core::shell::Shell;
use azure_oidc_core::token::Token;

use crate::exchange::{self, SignIn, explain_missing};
use crate::json::rfc3339;
use crate::{Context, Deadline, id_token};

/// Beyond this, tokens begin to look expired or not yet valid; in seconds.
const TOLERABLE_SKEW: i64 = 60;

/// What the command line asks for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Request<'a> {
    /// Where the ID token is.
    pub token: TokenInputs<'a>,
    /// Where to sign in, and as whom.
    pub sign_in: SignIn<'a>,
    /// The shell that the commands in hints are for.
    pub shell: Shell,
}

/// Looks at everything that an exchange in this job would need.
pub fn run(request: &Request<'_>, context: Context<'_>) -> Result<Answer, Fault> {
    let env = context.ports.env;
    let SignIn { tenant_id, client_id, cloud, authority_host } = request.sign_in;
    let endpoint = Endpoint::find(cloud, authority_host, env)?;
    let detectors = platform::verdicts(env).into_iter().map(|(platform, detection)| detector(platform, detection));
    let checks = vec![
        required(&settings::TENANT_ID, tenant_id, request, env, |text, named| Tenant::parse(text, named).map(drop)),
        required(&settings::CLIENT_ID, client_id, request, env, |text, named| ClientId::parse(text, named).map(drop)),
        scopes(&endpoint, context),
        authority_host_check(&endpoint, request, env),
        id_token(request, &endpoint, context),
        output(request, context),
        authority::reach(&endpoint.authority, TOLERABLE_SKEW, context.ports),
    ];
    Ok(Answer { healthy: checks.iter().all(|check| check.ok), detectors: detectors.collect(), checks })
}

fn detector(platform: &dyn Platform, detection: Detection) -> Detector {
    let (verdict, why) = match detection {
        Detection::Yes(why) => (Recognised::Yes, why),
        Detection::No(why) => (Recognised::No, why),
        Detection::Half(fault) => (Recognised::Incomplete, fault.message.clone()),
    };
    Detector { platform: platform.name(), verdict, why }
}

/// A setting that an exchange cannot do without, in the form that it must have.
fn required(
    setting: &'static Setting,
    flag: Option<&str>,
    request: &Request<'_>,
    env: &dyn Env,
    parse: fn(&str, &'static str) -> Result<(), Fault>,
) -> Check {
    let found = setting
        .require(flag, env)
        .map_err(|fault| explain_missing(setting, fault, request.token.platform, env))
        .and_then(|found| parse(&found.value, found.named).map(|()| found));
    match found {
        Ok(found) => Check::good(setting.what, format!("{} from {}", found.value, found.named)),
        Err(fault) => Check::bad(setting.what, &fault),
    }
}

fn scopes(endpoint: &Endpoint, context: Context<'_>) -> Check {
    match exchange::scopes(&[], endpoint, context) {
        Ok(_) => optional(&settings::SCOPE, None, context.ports.env),
        Err(fault) => Check::bad(settings::SCOPE.what, &fault),
    }
}

/// The authority, or the cloud that decides it, and the variables that are not read.
fn authority_host_check(endpoint: &Endpoint, request: &Request<'_>, env: &dyn Env) -> Check {
    let SignIn { client_id, cloud, authority_host, .. } = request.sign_in;
    let mut check = optional(&settings::AUTHORITY_HOST, authority_host, env);
    let is_found = settings::AUTHORITY_HOST.find(authority_host, env).is_some();
    if let Some(cloud) = endpoint.cloud.filter(|cloud| *cloud != PUBLIC && !is_found) {
        let named = settings::CLOUD.find(request.sign_in.cloud, env).map_or(settings::CLOUD.flag, |found| found.named);
        check.message = format!("{} of the cloud {} from {named}", endpoint.authority.host(), cloud.name);
    }
    let chosen =
        Chosen { cloud: cloud.is_some() || authority_host.is_some(), client: client_id.is_some(), audience: false };
    check.hints = Unread::sentences(chosen, env);
    check
}

fn optional(setting: &'static Setting, flag: Option<&str>, env: &dyn Env) -> Check {
    match setting.find(flag, env) {
        Some(found) => Check::good(setting.what, format!("{} from {}", found.value, found.named)),
        None => Check::good(setting.what, "not set; the default is used"),
    }
}

fn id_token(request: &Request<'_>, endpoint: &Endpoint, context: Context<'_>) -> Check {
    const WHAT: &str = "ID token";
    let obtained = TokenPlan::resolve(&request.token, endpoint.cloud, context.ports.env)
        .and_then(|plan| {
            id_token::obtain(&plan, Deadline::after(Limits::DEFAULT.timeout, context.ports.clock), context)
        })
        .and_then(|obtained| Ok((obtained.parse()?, obtained.place)));
    let (token, place) = match obtained {
        Ok(obtained) => obtained,
        Err(fault) => return Check::bad(WHAT, &fault),
    };
    let findings = check::preflight(&token, endpoint.cloud, context.ports.clock.now(), TOLERABLE_SKEW, request.shell);
    let ok = !findings.iter().any(|finding| finding.severity == Severity::Error);
    let messages: String = findings.iter().map(|finding| format!("; {}", finding.message)).collect();
    let hints = findings.into_iter().filter_map(|mut finding| finding.remedy.take()).collect();
    Check { check: WHAT, hints, message: format!("from {place}: {}{messages}", claims(&token)), ok }
}

fn claims(token: &Token) -> String {
    let claims = token.claims();
    format!(
        "issuer {}, subject {}, audience {}, expires {}",
        claims.iss.as_deref().unwrap_or("missing"),
        claims.sub.as_deref().unwrap_or("missing"),
        claims.aud.join(", "),
        claims.exp.map_or("never".to_owned(), rfc3339),
    )
}

/// Where the access token goes when `exchange` has no option for it.
fn output(request: &Request<'_>, context: Context<'_>) -> Check {
    const WHAT: &str = "output";
    const TOKEN: &str = "AZURE_ACCESS_TOKEN";
    let env = context.ports.env;
    let found = platform::select_for_output(request.token.platform, env).and_then(|selected| {
        let (files, folder) = default_output(selected.platform, context.host, env)?;
        Ok((selected.platform, files, folder))
    });
    match found {
        Err(fault) => Check::bad(WHAT, &fault),
        Ok((_, _, Some(folder))) => {
            Check::good(WHAT, format!("{TOKEN} goes to a new file in {folder}, which the job's shell reads"))
        }
        Ok((platform, files, None)) if files.is_empty() => {
            Check::good(WHAT, format!("{TOKEN} goes to standard output, in the form of {}", platform.title()))
        }
        Ok((_, files, None)) => {
            let names = files.into_iter().map(|file| match file {
                File::Variable(name) => format!("the file that `{name}` names"),
                File::Path(path) => path,
            });
            Check::good(WHAT, format!("{TOKEN} goes to {}", names.collect::<Vec<_>>().join(" and ")))
        }
    }
}

#[cfg(test)]
mod tests;
