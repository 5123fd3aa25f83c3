//! The foreign programs that tests run: from the PATH, or else from Debian's packages.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The path that clients get, besides their own folder.
pub const PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// What apt says when it cannot reach its server.
const UNREACHABLE: [&str; 5] =
    ["Could not resolve", "Temporary failure", "Failed to fetch", "Unable to connect", "Could not connect"];

/// All programs of this name in the PATH, the first one first.
pub fn all(name: &str) -> Vec<PathBuf> {
    PATH.split(':').map(|folder| Path::new(folder).join(name)).filter(|path| path.is_file()).collect()
}

/// The program of this name, installed if need be. None, with a line that says so, where that cannot
/// be done.
pub fn program(name: &str, package: &str) -> Option<PathBuf> {
    let lock = File::create(std::env::temp_dir().join("azure-oidc-tests.lock")).expect("a temporary file");
    lock.lock().expect("it is a file");
    let found = || all(name).into_iter().next();
    if let Some(program) = found() {
        return Some(program);
    }
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|metadata| metadata.uid() == 0);
    if !is_root || all("apt-get").is_empty() {
        return skip(name, &format!("it is not in {PATH}, and nothing can be installed here"));
    }
    let apt = |arguments: &[&str]| {
        let output = Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive").output();
        let output = output.expect("apt-get is there");
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    apt(&["update", "-qq"]);
    match apt(&["install", "-y", "-qq", "--no-install-recommends", package]) {
        (true, _) => Some(found().unwrap_or_else(|| panic!("{package} has no program {name}"))),
        (false, why) if UNREACHABLE.iter().any(|text| why.contains(text)) => skip(name, &why),
        (false, why) => panic!("{package} cannot be installed: {why}"),
    }
}

fn skip(name: &str, why: &str) -> Option<PathBuf> {
    eprintln!("skipped, because there is no {name}: {why}");
    None
}
