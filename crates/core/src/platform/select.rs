//! Chooses the platform: the requested one, otherwise the first one detected, otherwise `generic`.

use super::{ALL, Detection, Platform, by_issuer, by_name};
use crate::fault::{Category, Fault};
use crate::ports::Env;

/// The platform of a job.
#[derive(Debug, Clone)]
pub struct Selected {
    /// The platform.
    pub platform: &'static dyn Platform,
    /// The reason, such as "`GITHUB_ACTIONS` is `true`".
    pub why: String,
    /// Why it gives no ID token, when only half of what it must give is there.
    pub incomplete: Option<Fault>,
}

impl Selected {
    /// The platform as the source of the ID token.
    pub fn for_token(self) -> Result<Self, Fault> {
        match self.incomplete {
            Some(fault) => Err(fault),
            None => Ok(self),
        }
    }
}

/// The platform whose ID token is used: the one of this name (`auto` counts as no name), otherwise
/// the first one detected, otherwise `generic`.
///
/// # Errors
///
/// When no platform has that name, or when the detected platform gives no ID token. A later
/// platform in the order is not tried, because it may belong to the machine and not to the job.
pub fn select(name: Option<&str>, env: &dyn Env) -> Result<Selected, Fault> {
    select_for_output(name, env)?.for_token()
}

/// The platform that publishes the results. As [`select`], but also accepts a platform that gives
/// no ID token, because the user may give one.
pub fn select_for_output(name: Option<&str>, env: &dyn Env) -> Result<Selected, Fault> {
    if let Some(name) = name.filter(|name| *name != "auto") {
        let platform = by_name(name).ok_or_else(|| unknown(name))?;
        return Ok(Selected { platform, why: format!("`{name}` was requested"), incomplete: None });
    }
    for platform in ALL.iter().copied() {
        match platform.detect(env) {
            Detection::Yes(why) => return Ok(Selected { platform, why, incomplete: None }),
            Detection::Half(fault) => {
                return Ok(Selected { platform, why: fault.message.clone(), incomplete: Some(fault) });
            }
            Detection::No(_) => {}
        }
    }
    let generic = ALL[ALL.len() - 1];
    Ok(Selected { platform: generic, why: "no platform was detected".to_owned(), incomplete: None })
}

/// The result of each platform's detection, in order. More than one can be [`Detection::Yes`]; the
/// first wins.
pub fn verdicts(env: &dyn Env) -> Vec<(&'static dyn Platform, Detection)> {
    ALL.iter().map(|platform| (*platform, platform.detect(env))).collect()
}

/// The platform that issued a token, from its issuer and subject.
///
/// The subject decides between platforms that share an issuer. For an unknown issuer, as of a
/// self-hosted installation, a subject that only one platform writes is enough.
pub fn identify(issuer: &str, subject: Option<&str>) -> Option<&'static dyn Platform> {
    let fits = |platform: &dyn Platform| subject.is_some_and(|subject| platform.subject(subject).is_some());
    let known = ALL.iter().copied().find(|platform| platform.issues(issuer) && fits(*platform));
    match by_issuer(issuer) {
        Some(platform) if is_shared(issuer) => known.filter(|known| known.name() == platform.name()),
        Some(platform) => known.or(Some(platform)),
        None => SELF_HOSTED.iter().filter_map(|name| by_name(name)).find(|platform| fits(*platform)),
    }
}

/// The only platform that writes subjects of this form.
pub fn by_subject(subject: &str) -> Option<&'static dyn Platform> {
    let mut writers = ALL.iter().copied().filter(|platform| platform.subject(subject).is_some());
    let first = writers.next()?;
    writers.next().is_none().then_some(first)
}

/// Platforms that can be self-hosted and whose subjects have a form that no other platform has.
const SELF_HOSTED: &[&str] = &["github", "gitlab", "kubernetes", "spiffe"];

/// Whether tokens of other services have this issuer too, as Entra's own tokens do.
fn is_shared(issuer: &str) -> bool {
    issuer.starts_with("https://login.microsoftonline.")
}

fn unknown(name: &str) -> Fault {
    let known: Vec<_> = ALL.iter().map(|platform| platform.name()).collect();
    Fault::new(Category::Usage, "platform-unknown", format!("The platform `{}` is not known", name.escape_debug()))
        .hint(format!("use one of: auto, {}", known.join(", ")))
}
