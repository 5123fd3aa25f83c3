//! The emulated Microsoft Entra: token endpoint, answers, discovery documents and access tokens.

pub(crate) mod answers;
pub(crate) mod discovery;
mod form;
mod issue;
mod scope;
pub(crate) mod token;
