//! The `component` command, and the component's digest in `--version`.

use std::fs;

use azure_oidc_artifact::DIGEST;
use azure_oidc_cli::ComponentArgs;
use azure_oidc_core::{Category, Fault};

use crate::deadline::{Phase, Watchdog};
use crate::reason;

/// Writes the embedded component to the file of `--output`, and returns the text to print.
pub(crate) fn run(args: &ComponentArgs, watchdog: &Watchdog) -> Result<String, Fault> {
    if let Some(path) = &args.output {
        watchdog.enter(Phase::Publishing);
        fs::write(path, azure_oidc_artifact::component()).map_err(|error| {
            let message = format!("The component cannot be written to {path}: {}", reason::of_writing(&error));
            Fault::new(Category::Publish, "output-not-writable", message)
                .fact("file", path)
                .hint("name a file in an existing folder that you may write to")
        })?;
    }
    Ok(if args.digest { format!("{DIGEST}\n") } else { String::new() })
}

/// Adds the component's digest to the text of `--version`; the text of `--help` is returned as it
/// is.
pub(crate) fn with_digest(text: String, arguments: &[String]) -> String {
    let is_version = arguments.iter().any(|argument| argument == "--version" || argument == "-V");
    if is_version && text.lines().count() == 1 { format!("{text}component sha256:{DIGEST}\n") } else { text }
}
