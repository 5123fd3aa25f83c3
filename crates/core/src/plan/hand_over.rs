//! How an ID token is handed over to a relying party that is not Entra.

use crate::ports::Env;

/// The variable with the audience of Google's configuration, for the executable that it names.
pub const GOOGLE_AUDIENCE: &str = "GOOGLE_EXTERNAL_ACCOUNT_AUDIENCE";

/// The form of an ID token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HandOver {
    /// The token and a line end, on standard output.
    Text,
    /// JSON with what the token says, on standard output.
    Json,
    /// The token alone, in this file.
    File(String),
    /// What Google's libraries read from an executable, on standard output.
    GcpExecutable,
}

impl HandOver {
    /// The audience to ask for: the user's, else the one of Google's configuration, which leaves out
    /// the scheme.
    pub fn audience(&self, wanted: Option<&str>, env: &dyn Env) -> Option<String> {
        let of_google = || {
            let audience = env.present(GOOGLE_AUDIENCE).filter(|_| *self == Self::GcpExecutable)?;
            Some(if audience.starts_with("//") { format!("https:{audience}") } else { audience })
        };
        wanted.map(str::to_owned).or_else(of_google)
    }
}
