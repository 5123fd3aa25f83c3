//! `exchange`: trades an ID token for access tokens.

mod answer;

pub use answer::{AccessToken, Answer, Body};
