//! Tests what does not depend on a platform: settings, tokens, credentials and output formats.

mod credentials;
mod forms;
mod schemas;
mod scopes;
mod settings;
