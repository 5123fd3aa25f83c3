//! Installs the packages of `examples/node` and `examples/python` with the component under test.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::{Job, programs};

/// Relative to the root of the repository.
const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples");

/// The component under test and its SHA-256.
pub fn component() -> (Vec<u8>, String) {
    let path = programs::component();
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let digest = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    (bytes, digest)
}

/// The package for Node, built with this component.
pub fn node_package(digest: &str) -> PathBuf {
    let folder = Path::new(EXAMPLES).join("node");
    let _lock = node_modules(&folder);
    let made_of = fs::read_to_string(folder.join("dist/component.json")).unwrap_or_default();
    if !made_of.contains(digest) {
        with_environment("node", &folder)
            .args(&["build.mjs".as_ref(), programs::component().as_os_str()])
            .run()
            .expect(0);
    }
    folder
}

/// Runs `npm ci` in a folder unless the versions of its lock file are installed. Returns the lock
/// that keeps other tests waiting.
pub fn node_modules(folder: &Path) -> File {
    let pins = folder.join("package-lock.json");
    let lock = lock(&pins);
    once(&folder.join("node_modules"), &pins, || {
        with_environment("npm", folder).args(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).run().expect(0);
    });
    lock
}

/// A Python with the dependencies of the module in `examples/python`, and the module's folder.
pub fn python_module() -> (PathBuf, PathBuf) {
    let folder = Path::new(EXAMPLES).join("python");
    (environment(&folder.join(".venv"), &folder.join("requirements.txt")).join("python"), folder)
}

/// The folder of the programs in a virtual environment with the packages of a requirements file. It
/// is created if it does not exist or has other versions.
pub fn environment(place: &Path, requirements: &Path) -> PathBuf {
    let programs = place.join(if cfg!(windows) { "Scripts" } else { "bin" });
    let folder = requirements.parent().expect("a file is in a folder");
    let _lock = lock(requirements);
    once(place, requirements, || {
        let python = if cfg!(windows) { "python" } else { "python3" };
        with_environment(python, folder).args(&["-m", "venv", "--clear"]).args(&[place]).run().expect(0);
        let pip = with_environment(programs.join("python"), folder).args(&[
            "-m",
            "pip",
            "install",
            "--quiet",
            "--require-hashes",
            "--requirement",
        ]);
        pip.args(&[requirements]).run().expect(0);
    });
    programs
}

/// A program with all of the user's variables, which it needs to find its settings.
pub fn with_environment(program: impl AsRef<Path>, folder: &Path) -> Job {
    let job = Job::program(program.as_ref()).within(folder);
    std::env::vars_os().fold(job, |job, (name, value)| match name.to_str() {
        Some(name) => job.env(name, value),
        None => job,
    })
}

/// Installs unless the same versions are installed.
fn once(place: &Path, pins: &Path, install: impl FnOnce()) {
    let wanted = fs::read(pins).unwrap_or_else(|error| panic!("{}: {error}", pins.display()));
    let stamp = place.join("installed-pins");
    if fs::read(&stamp).is_ok_and(|installed| installed == wanted) {
        return;
    }
    install();
    fs::write(&stamp, wanted).unwrap_or_else(|error| panic!("{}: {error}", stamp.display()));
}

/// Test programs run at the same time, so the folder is locked.
fn lock(file: &Path) -> File {
    let locked = File::open(file).and_then(|file| file.lock().map(|()| file));
    locked.unwrap_or_else(|error| panic!("{} cannot be locked: {error}", file.display()))
}
