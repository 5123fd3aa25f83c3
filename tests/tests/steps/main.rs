//! Follows `integrations/` and the installers as a new user does: from a release on a local file
//! server to the first signed-in job, in shims with the rules of each runner, with the real program
//! and the emulator over TLS.

mod azure_pipelines;
mod buildkite;
mod circleci;
mod github;
mod gitlab;
mod harness;
mod install;
mod packages;
mod powershell;
mod release;
mod runner;
mod server;
mod setup;
mod shells;
