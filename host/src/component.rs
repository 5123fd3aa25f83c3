//! The component that this program carries: writing it out, and saying which one it is.

use std::fs;

use azure_oidc_artifact::{COMPONENT, DIGEST};
use azure_oidc_cli::ComponentArgs;
use azure_oidc_core::{Category, Fault};

/// `component`: writes the component to a file, or gives its digest to be printed.
pub(crate) fn hand_out(args: &ComponentArgs) -> Result<String, Fault> {
    let printed = if args.digest { format!("{DIGEST}\n") } else { String::new() };
    let Some(path) = &args.output else { return Ok(printed) };
    fs::write(path, COMPONENT).map_err(|error| {
        Fault::new(
            Category::Publish,
            "output-not-writable",
            format!("The component cannot be written to {path}: {error}"),
        )
        .fact("file", path)
        .hint("name a file in a folder that exists and can be written")
    })?;
    Ok(printed)
}

/// The answer to `--version` names the component too; the answer to `--help` stays as it is.
pub(crate) fn with_digest(text: String, arguments: &[String]) -> String {
    let is_version = arguments.iter().any(|argument| argument == "--version" || argument == "-V");
    if is_version && text.lines().count() == 1 { format!("{text}component sha256:{DIGEST}\n") } else { text }
}
