//! `azure-oidc-azure-identity KIND SCOPE...`: prints an access token for each scope, a line each,
//! from the SDK's `managed` or `workload` identity with the settings of the environment.

use std::error::Error;
use std::sync::Arc;

use azure_core::credentials::TokenCredential;
use azure_identity::{ManagedIdentityCredential, WorkloadIdentityCredential};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), String> {
    // The errors of the SDK end with a backtrace in their other form.
    run().await.map_err(|error| error.to_string())
}

async fn run() -> Result<(), Box<dyn Error>> {
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "a provider is installed already")?;
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let (kind, scopes) = arguments.split_first().ok_or("usage: azure-oidc-azure-identity KIND SCOPE...")?;
    let credential: Arc<dyn TokenCredential> = match kind.as_str() {
        "managed" => ManagedIdentityCredential::new(None)?,
        "workload" => WorkloadIdentityCredential::new(None)?,
        other => return Err(format!("there is no identity `{other}`").into()),
    };
    for scope in scopes {
        println!("{}", credential.get_token(&[scope], None).await?.token.secret());
    }
    Ok(())
}
