//! The endpoints at which CI systems hand an ID token to a running job, with the variables that lead a job there.
//!
//! They stand under `/platforms/ISSUER/`. Harness and Google have fixed paths of their own, which jobs reach over plain HTTP or
//! a Unix socket.

mod azure_pipelines;
mod buildkite;
mod github;
mod google;
mod harness;

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::body::{self, Answer};
use crate::issuers::Issuer;
use crate::keys::guid_of;
use crate::mint::{self, Order};
use crate::server::Incoming;
use crate::world::World;

/// A token endpoint of an emulated CI system.
#[derive(Clone, Copy)]
pub(crate) struct Endpoint<'a> {
    platform: &'static Platform,
    /// None at a fixed path: what comes in says which job it is.
    issuer: Option<&'a Issuer>,
    /// The path below `/platforms/ISSUER`, or the whole one.
    path: &'a str,
}

/// One CI system's way.
struct Platform {
    name: &'static str,
    answer: fn(&Job<'_>) -> Answer,
    environment: fn(&World, &Issuer) -> Vec<(&'static str, String)>,
}

/// A request of a job.
struct Job<'a> {
    world: &'a World,
    issuer: Option<&'a Issuer>,
    incoming: &'a Incoming,
    path: &'a str,
}

const PLATFORMS: [Platform; 5] = [
    Platform { name: "azure-pipelines", answer: azure_pipelines::answer, environment: azure_pipelines::environment },
    Platform { name: "buildkite", answer: buildkite::answer, environment: buildkite::environment },
    Platform { name: "github", answer: github::answer, environment: github::environment },
    Platform { name: "google-cloud", answer: google::answer, environment: google::environment },
    Platform { name: "harness", answer: harness::answer, environment: harness::environment },
];

impl<'a> Endpoint<'a> {
    /// The endpoint at a path, if there is one.
    pub(crate) fn of(world: &'a World, path: &'a str) -> Option<Self> {
        let fixed = [(harness::PATH, "harness"), (google::PATH, "google-cloud")];
        if let Some((_, name)) = fixed.iter().find(|(fixed, _)| *fixed == path) {
            return Some(Self { platform: by_name(name)?, issuer: None, path });
        }
        let below = path.strip_prefix("/platforms/")?;
        let at = below.find('/')?;
        let issuer = world.issuers.by_name(&below[..at])?;
        Some(Self { platform: by_name(issuer.shape.platform)?, issuer: Some(issuer), path: &below[at..] })
    }

    /// The token, or the platform's refusal.
    pub(crate) fn answer(&self, world: &World, incoming: &Incoming) -> Answer {
        (self.platform.answer)(&Job { world, issuer: self.issuer, incoming, path: self.path })
    }
}

/// The variables of a job of this issuer; none when its platform has no endpoint.
pub(crate) fn environment(world: &World, issuer: &Issuer) -> Option<Value> {
    issuer.signs_with.as_ref()?;
    let variables = (by_name(issuer.shape.platform)?.environment)(world, issuer);
    Some(variables.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>().into())
}

fn by_name(name: &str) -> Option<&'static Platform> {
    static ALL: &[Platform] = &PLATFORMS;
    ALL.iter().find(|platform| platform.name == name)
}

impl Job<'_> {
    /// Mints what the job asked for and wraps it as its platform does.
    fn mint(&self, order: &Order, wrap: impl FnOnce(String) -> Answer) -> Answer {
        match mint::mint(order, &self.world.issuers, &self.world.keys) {
            Ok(token) => wrap(token),
            Err(fault) => message(StatusCode::INTERNAL_SERVER_ERROR, &fault.message),
        }
    }

    /// Whether the request carries the job's secret under this scheme (RFC 9110 §11.4).
    fn is_authorized(&self, scheme: &str, issuer: &Issuer) -> bool {
        let presented = self.incoming.header("authorization").and_then(|header| header.split_once(' '));
        presented.is_some_and(|(given, secret)| {
            given.eq_ignore_ascii_case(scheme) && secret == secret_of(self.world, issuer)
        })
    }

    /// The body in JSON; none when it isn't any.
    fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.incoming.body).ok()
    }
}

/// The secret with which the jobs of an issuer show who they are. Another one at every start.
fn secret_of(world: &World, issuer: &Issuer) -> String {
    guid_of(&format!("{} {}", world.secret, issuer.name))
}

/// A made-up id that stays the same.
fn id_of(issuer: &Issuer, what: &str) -> String {
    guid_of(&format!("{what} {}", issuer.name))
}

/// A claim of the issuer's tokens, as they are made without further wishes.
fn claim(issuer: &Issuer, name: &str) -> String {
    let value = issuer.claims.get(name).cloned().or_else(|| issuer.shape.claims().remove(name));
    value.and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn message(status: StatusCode, text: &str) -> Answer {
    body::json(status, &json!({ "message": text }))
}
