//! The jobs of azure-oidc, one module each: a request, an answer, one function over the core's
//! ports.
//!
//! This is the only place that puts a job together. The command line, the typed exports and the
//! HTTP service translate their own form of a request into the one here, and the answer back. So
//! defaults, the order of steps, hints and remedies are the same everywhere.

pub mod audit;
pub mod broker;
pub mod check;
pub mod credential;
mod deadline;
mod discovery;
pub mod docker_credential;
pub mod doctor;
mod document;
pub mod exchange;
pub mod explain;
pub mod git_credential;
mod helper;
pub mod id_token;
pub mod inspect;
mod interface;
pub mod json;
pub mod kubernetes_credential;
#[cfg(feature = "schema")]
pub mod schema;
pub mod setup;
#[cfg(test)]
mod tests;
mod token_text;
pub mod verify;

use azure_oidc_core::Fault;
use azure_oidc_core::authority::cloud_by_name;
use azure_oidc_core::cloud::{Cloud, PUBLIC};
use azure_oidc_core::ports::Ports;

pub use azure_oidc_core::plan::HostKind;
pub use deadline::Deadline;
pub use document::Document;
pub use interface::Interface;
pub use token_text::TokenText;

/// Everything a job may use.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// Environment, clock, randomness, HTTP.
    pub ports: Ports<'a>,
    /// Files that the request names.
    pub files: &'a dyn Files,
    /// What the host can do with the result.
    pub host: HostKind,
}

/// Reads the files that a request names.
pub trait Files {
    /// The contents of a file, or why it cannot be read, in words that end a sentence.
    fn read(&self, name: &str) -> Result<Vec<u8>, String>;
}

/// The cloud of that name; the public one when there is no name.
fn cloud(name: Option<&str>) -> Result<&'static Cloud, Fault> {
    name.map_or(Ok(PUBLIC), |name| cloud_by_name(name, "`cloud`"))
}
