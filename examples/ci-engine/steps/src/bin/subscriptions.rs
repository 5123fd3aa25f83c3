//! A step that uses an access token: lists the subscriptions that it may read.

use std::env;
use std::process::ExitCode;

use azure_oidc_ci_steps::get;
use serde_json::Value;

fn main() -> ExitCode {
    match subscriptions() {
        Ok(names) => {
            names.iter().for_each(|name| println!("{name}"));
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn subscriptions() -> Result<Vec<String>, String> {
    let variable = |name: &str| env::var(name).map_err(|_| format!("the variable {name} is not set"));
    let (token, manager) = (variable("AZURE_ACCESS_TOKEN")?, variable("RESOURCE_MANAGER")?);
    let list = get(&format!("{manager}/subscriptions?api-version=2022-12-01"), Some(&token))?;
    let list: Value = serde_json::from_slice(&list).map_err(|error| format!("{manager} answered no JSON: {error}"))?;
    let names = list["value"].as_array().into_iter().flatten();
    Ok(names.filter_map(|one| one["displayName"].as_str()).map(ToOwned::to_owned).collect())
}
