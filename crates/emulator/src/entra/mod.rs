//! The part that Entra plays: the token endpoint, its answers, its discovery documents, and the access tokens it issues.

pub(crate) mod answers;
pub(crate) mod discovery;
mod issue;
mod request;
mod scope;
pub(crate) mod token;
