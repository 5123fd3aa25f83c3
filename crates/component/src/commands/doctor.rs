//! `doctor`: which platform this is and how one can tell, what is missing, can the authority be reached. It prints no secret.

use std::time::{Duration, UNIX_EPOCH};

use azure_oidc_cli::failure::harmless;
use azure_oidc_cli::{DoctorArgs, Form};
use azure_oidc_core::authority::Authority;
use azure_oidc_core::check;
use azure_oidc_core::cloud::Cloud;
use azure_oidc_core::exchange::USER_AGENT;
use azure_oidc_core::platform::{self, Detection};
use azure_oidc_core::ports::{Method, Request, Response};
use azure_oidc_core::secret::without_tokens;
use azure_oidc_core::settings::{self, Setting};
use azure_oidc_core::token::Token;
use azure_oidc_core::{Category, Fault};
use serde_json::Value;

use super::id_token::{self, Wanted};
use super::{Context, Outcome, authority};
use crate::report::{self, object};

const TIMEOUT: Duration = Duration::from_secs(10);
/// Beyond this, tokens begin to look expired or not yet valid.
const TOLERABLE_SKEW: i64 = 60;

pub(super) fn run(args: &DoctorArgs, context: Context<'_>) -> Result<Outcome, Fault> {
    let env = context.ports.env;
    let (authority, cloud) = authority(
        args.sign_in.cloud.as_deref(),
        settings::AUTHORITY_HOST.find(args.sign_in.authority_host.as_deref(), env),
    )?;
    let detectors: Vec<_> =
        platform::verdicts(env).into_iter().map(|(platform, verdict)| detector(platform, verdict)).collect();
    let mut lines = vec![
        setting(&settings::TENANT_ID, args.sign_in.tenant_id.as_deref(), true, context),
        setting(&settings::CLIENT_ID, args.sign_in.client_id.as_deref(), true, context),
        setting(&settings::SCOPE, None, false, context),
        setting(&settings::AUTHORITY_HOST, args.sign_in.authority_host.as_deref(), false, context),
    ];
    lines.push(id_token(args, cloud, context));
    lines.push(outputs(args, context));
    lines.push(reach(&authority, context));
    let healthy = lines.iter().all(|line| line.ok);
    let exit_code = if healthy { 0 } else { Category::Negative.exit_code() };
    let stdout = match args.output {
        Form::Text => told(&detectors, &lines),
        Form::Json => report::line(&object(vec![
            ("healthy", healthy.into()),
            ("detectors", detectors.iter().map(detector_json).collect()),
            ("checks", lines.iter().map(Line::json).collect()),
        ])),
    };
    Ok(Outcome { exit_code, stdout, ..Outcome::default() })
}

/// One thing that was looked at.
struct Line {
    ok: bool,
    what: &'static str,
    said: String,
    hints: Vec<String>,
}

impl Line {
    fn good(what: &'static str, said: impl Into<String>) -> Self {
        // A setting may hold a token that was pasted in the wrong place.
        Self { ok: true, what, said: without_tokens(&said.into()), hints: Vec::new() }
    }

    fn bad(what: &'static str, fault: &Fault) -> Self {
        Self { ok: false, what, said: fault.message.clone(), hints: fault.hints.clone() }
    }

    fn json(&self) -> Value {
        object(vec![
            ("check", self.what.into()),
            ("ok", self.ok.into()),
            ("message", self.said.as_str().into()),
            ("hints", self.hints.as_slice().into()),
        ])
    }
}

type Detector = (&'static str, &'static str, String);

fn detector_json((name, verdict, why): &Detector) -> Value {
    object(vec![("platform", (*name).into()), ("verdict", (*verdict).into()), ("why", why.as_str().into())])
}

fn detector(platform: &dyn platform::Platform, verdict: Detection) -> Detector {
    match verdict {
        Detection::Yes(why) => (platform.name(), "yes", why),
        Detection::No(why) => (platform.name(), "no", why),
        Detection::Half(fault) => (platform.name(), "incomplete", fault.message.clone()),
    }
}

fn setting(setting: &'static Setting, flag: Option<&str>, required: bool, context: Context<'_>) -> Line {
    match setting.find(flag, context.ports.env) {
        Some(found) => Line::good(setting.what, format!("{} from {}", found.value, found.named)),
        None if required => match setting.require(None, context.ports.env) {
            Err(fault) => Line::bad(setting.what, &fault),
            Ok(found) => Line::good(setting.what, found.value),
        },
        None => Line::good(setting.what, "not set; the default is used"),
    }
}

fn id_token(args: &DoctorArgs, cloud: Option<&'static Cloud>, context: Context<'_>) -> Line {
    const WHAT: &str = "ID token";
    let wanted = Wanted { cloud, ..Wanted::by(&args.token, &args.platform) };
    let found = id_token::obtain(&wanted, context).and_then(|obtained| Ok((obtained.parse()?, obtained.place)));
    match found {
        Err(fault) => Line::bad(WHAT, &fault),
        Ok((token, place)) => {
            let findings = check::preflight(&token, cloud, context.ports.clock.now(), TOLERABLE_SKEW);
            let ok = !findings.iter().any(|finding| finding.severity == check::Severity::Error);
            let said = findings.iter().map(|finding| format!("; {}", finding.message)).collect::<String>();
            let hints = findings.into_iter().filter_map(|mut finding| finding.remedy.take()).collect();
            Line { ok, what: WHAT, said: format!("from {place}: {}{said}", claims(&token)), hints }
        }
    }
}

fn claims(token: &Token) -> String {
    let claims = token.claims();
    format!(
        "issuer {}, subject {}, audience {}, expires {}",
        claims.iss.as_deref().unwrap_or("missing"),
        claims.sub.as_deref().unwrap_or("missing"),
        claims.aud.join(", "),
        claims.exp.map_or("never".to_owned(), report::rfc3339),
    )
}

fn outputs(args: &DoctorArgs, context: Context<'_>) -> Line {
    const WHAT: &str = "output";
    const TOKEN: &str = "AZURE_ACCESS_TOKEN";
    let env = context.ports.env;
    let selected = match platform::select_for_output(args.platform.platform.as_deref(), env) {
        Ok(selected) => selected.platform,
        Err(fault) => return Line::bad(WHAT, &fault),
    };
    match selected.outputs(env) {
        Err(fault) => Line::bad(WHAT, &fault),
        Ok(files) if files.is_empty() => {
            Line::good(WHAT, format!("{TOKEN} goes to standard output, as {} takes it", selected.title()))
        }
        Ok(files) => {
            let names: Vec<_> = files
                .into_iter()
                .map(|file| match file {
                    platform::File::Variable(name) => format!("the file that `{name}` names"),
                    platform::File::Path(path) => path,
                })
                .collect();
            Line::good(WHAT, format!("{TOKEN} goes to {}, as {} takes it", names.join(" and "), selected.title()))
        }
    }
}

/// Asks the authority for its discovery document, and compares its clock with ours.
fn reach(authority: &Authority, context: Context<'_>) -> Line {
    const WHAT: &str = "authority";
    let request = Request {
        method: Method::Get,
        url: format!("{}/common/v2.0/.well-known/openid-configuration", authority.base()),
        headers: vec![("accept", "application/json".to_owned()), ("user-agent", USER_AGENT.to_owned())],
        body: Vec::new(),
        max_response: 64 * 1024,
    };
    match context.ports.http.send(&[request], TIMEOUT).pop() {
        Some(Ok(response)) => match skew(&response, context.ports.clock.now()) {
            Some(skew) if skew.abs() > TOLERABLE_SKEW => Line {
                ok: false,
                what: WHAT,
                said: format!(
                    "{} can be reached, but the clock here differs from its clock by {skew}s",
                    authority.base()
                ),
                hints: vec!["set the runner's clock; Entra answers AADSTS700024 when they differ too far".to_owned()],
            },
            Some(skew) => {
                Line::good(WHAT, format!("{} can be reached; the clocks differ by {skew}s", authority.base()))
            }
            None => Line::good(WHAT, format!("{} can be reached", authority.base())),
        },
        Some(Err(error)) => Line {
            ok: false,
            what: WHAT,
            said: format!("{} cannot be reached: {}", authority.base(), error.kind.words()),
            hints: vec!["check proxies (`HTTPS_PROXY`, `NO_PROXY`), `--ca-file`, and what the host allows".to_owned()],
        },
        None => Line::good(WHAT, "was not asked"),
    }
}

fn skew(response: &Response, now: i64) -> Option<i64> {
    let date = httpdate::parse_http_date(response.header("date")?).ok()?;
    let theirs = i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?;
    Some(now - theirs)
}

fn told(detectors: &[Detector], lines: &[Line]) -> String {
    let mut out = String::from("Platforms, in the order of detection:\n");
    for (name, verdict, why) in detectors {
        out.push_str(&format!("  {verdict:<11}{name}: {}\n", harmless(why)));
    }
    out.push_str("\nThis job:\n");
    for line in lines {
        let mark = if line.ok { "ok" } else { "missing" };
        out.push_str(&format!("  {mark:<11}{}: {}\n", line.what, harmless(&line.said)));
        for hint in &line.hints {
            out.push_str(&format!("             hint: {}\n", harmless(hint)));
        }
    }
    out
}
