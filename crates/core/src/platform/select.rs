//! Which platform it is: the one that was asked for, else the first that is detected, else none in particular.

use super::{ALL, Detection, Platform, by_issuer, by_name};
use crate::fault::{Category, Fault};
use crate::ports::Env;

/// The platform that a job uses.
#[derive(Debug, Clone)]
pub struct Selected {
    /// Which.
    pub platform: &'static dyn Platform,
    /// How one can tell, such as "`GITHUB_ACTIONS` is `true`".
    pub why: String,
    /// What it lacks to give an ID token, when it was detected by half.
    pub lacks: Option<Fault>,
}

impl Selected {
    /// The platform as a source of the ID token: a fault when it lacks half of what it must give. What follows in the order of
    /// detection may belong to the machine and not to the job, so nothing else is tried.
    pub fn for_token(self) -> Result<Self, Fault> {
        match self.lacks {
            Some(fault) => Err(fault),
            None => Ok(self),
        }
    }
}

/// The platform whose ID token to use. A name wins (`auto` is none); then the first that is detected; then `generic`.
///
/// # Errors
///
/// When no platform has that name, and when the detected platform lacks half of what it must give.
pub fn select(name: Option<&str>, env: &dyn Env) -> Result<Selected, Fault> {
    select_for_output(name, env)?.for_token()
}

/// The platform whose way of publishing to use. As [`select`], but a platform that gives no ID token is good enough: the token may
/// come from elsewhere.
pub fn select_for_output(name: Option<&str>, env: &dyn Env) -> Result<Selected, Fault> {
    if let Some(name) = name.filter(|name| *name != "auto") {
        let platform = by_name(name).ok_or_else(|| unknown(name))?;
        return Ok(Selected { platform, why: format!("`{name}` was asked for"), lacks: None });
    }
    for platform in ALL.iter().copied() {
        match platform.detect(env) {
            Detection::Yes(why) => return Ok(Selected { platform, why, lacks: None }),
            Detection::Half(fault) => {
                return Ok(Selected { platform, why: fault.message.clone(), lacks: Some(fault) });
            }
            Detection::No(_) => {}
        }
    }
    let generic = ALL[ALL.len() - 1];
    Ok(Selected { platform: generic, why: "no platform was detected".to_owned(), lacks: None })
}

/// What every detector says, in order. More than one may say yes; the first counts.
pub fn verdicts(env: &dyn Env) -> Vec<(&'static dyn Platform, Detection)> {
    ALL.iter().map(|platform| (*platform, platform.detect(env))).collect()
}

/// The platform that made a token, from its issuer and subject.
///
/// The subject decides between platforms that share an issuer. For an issuer that nobody lists, such as an installation of
/// one's own, an unmistakable subject is enough.
pub fn identify(issuer: &str, subject: Option<&str>) -> Option<&'static dyn Platform> {
    let fits = |platform: &dyn Platform| subject.is_some_and(|subject| platform.subject(subject).is_some());
    let known = ALL.iter().copied().find(|platform| platform.issues(issuer) && fits(*platform));
    let own = || SELF_HOSTED.iter().filter_map(|name| by_name(name)).find(|platform| fits(*platform));
    match by_issuer(issuer) {
        Some(platform) if is_shared(issuer) => known.filter(|known| known.name() == platform.name()),
        Some(platform) => known.or(Some(platform)),
        None => own(),
    }
}

/// Platforms that people run under names of their own, and whose subjects cannot be taken for another's.
const SELF_HOSTED: &[&str] = &["github", "gitlab", "kubernetes", "spiffe"];

/// Whether tokens that no CI platform made have this issuer too: Entra's own do.
fn is_shared(issuer: &str) -> bool {
    issuer.starts_with("https://login.microsoftonline.")
}

fn unknown(name: &str) -> Fault {
    let known: Vec<_> = ALL.iter().map(|platform| platform.name()).collect();
    Fault::new(Category::Usage, "platform-unknown", format!("The platform `{}` is not known", name.escape_debug()))
        .hint(format!("known platforms: auto, {}", known.join(", ")))
}
