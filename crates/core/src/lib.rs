//! The domain of azure-oidc: parses a CI job's OIDC ID token, predicts whether Microsoft Entra ID
//! accepts it, exchanges it for Azure access tokens, and explains Entra's answers.
//!
//! Nothing here does input or output or reads a clock or a variable. The traits of [`ports`]
//! provide all of that, so the same code runs in unit tests, in the component and in a browser.
//!
//! # Layers
//!
//! A module uses only modules of its own or lower layers:
//!
//! 1. [`secret`], [`ports`], [`shell`], [`address`], [`cloud`], [`catalogue`]: secrets, ports,
//!    shells, IP addresses, and data about Azure
//! 2. [`fault`], [`authority`], [`settings`], [`token`]: errors and parsed input
//! 3. [`jwks`], [`platform`], [`docs`], [`exchange`], [`broker`]: signatures; CI platforms and the
//!    pages about them; the exchange, and the broker that makes it for others
//! 4. [`credential`], [`issuer`]: federated identity credentials, and their issuers
//! 5. [`check`]: the prediction of Entra's decision
//! 6. [`audit`]: problems of credentials that are found without a token
//! 7. [`explain`]: the meaning of Entra's answers, and advice about a refusal

pub mod address;
pub mod audit;
pub mod authority;
pub mod broker;
pub mod catalogue;
pub mod check;
pub mod cloud;
pub mod credential;
pub mod docs;
pub mod exchange;
pub mod explain;
pub mod git;
mod guid;
mod harmless;
pub mod issuer;
pub mod plan;
pub mod platform;
pub mod ports;
pub mod settings;
pub mod shell;

use azure_oidc_token::mask;
pub use azure_oidc_token::{Category, Fault, Secret, fault, jwks, secret, shorten, token};
