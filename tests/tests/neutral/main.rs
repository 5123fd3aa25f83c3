//! Every way in and out that belongs to no platform: settings, tokens, credentials, forms of output.

mod credentials;
mod forms;
mod schemas;
mod scopes;
mod settings;
