//! The jobs of azure-oidc, one module each: a request, an answer, one function over the core's ports.
//!
//! This is the only place that puts a job together. The command line, the typed exports and the HTTP service translate their own form
//! of a request into the one here, and the answer back. So defaults, the order of steps, hints and remedies are the same everywhere.

pub mod doctor;
pub mod exchange;
pub mod id_token;
pub mod json;
mod publication;

pub use azure_oidc_core::plan::HostKind;
use azure_oidc_core::ports::Ports;

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
