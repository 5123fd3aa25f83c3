//! `exec` and `broker`: access tokens that stay fresh for a program that outlives them.
//!
//! A [`Session`] answers the program's requests, in the protocols of App Service, of a virtual
//! machine and of the CI systems' token services. It decides when to exchange and when to ask for a
//! new ID token, and uses no port after [`Session::open`]: it says what to do ([`Action`]), and the
//! host does it. [`mint`] and [`exchange`] are what needs the network.
//!
//! All times are milliseconds since 1970 by the wall clock, judged anew at each call: a machine can
//! be suspended, and its clock can be set.

mod action;
mod answer;
mod attempts;
mod cache;
mod environment;
mod id_token;
mod message;
mod perform;
mod protocol;
mod session;
mod settings;
#[cfg(test)]
mod tests;
mod token_file;

pub use action::{Action, Environment, Exchanged, Failure, Outcome, Refusal, Reply, Task};
pub use environment::ReadyFile;
pub use perform::{exchange, mint};
pub use protocol::Request;
pub use session::Session;
pub use settings::{Listening, Offer};
