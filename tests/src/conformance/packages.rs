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

/// The package for Node, built with this component. `npm ci` runs only if the lock file has
/// changed.
pub fn node_package(digest: &str) -> PathBuf {
    let folder = Path::new(EXAMPLES).join("node");
    let _lock = lock(&folder.join("package-lock.json"));
    once(&folder.join("node_modules"), &folder.join("package-lock.json"), || {
        inherited("npm", &folder).args(&["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).run().expect(0);
    });
    let made_of = fs::read_to_string(folder.join("dist/component.json")).unwrap_or_default();
    if !made_of.contains(digest) {
        inherited("node", &folder).args(&["build.mjs".as_ref(), programs::component().as_os_str()]).run().expect(0);
    }
    folder
}

/// A Python with the dependencies of the module in `examples/python`, and the module's folder.
pub fn python_module() -> (PathBuf, PathBuf) {
    let folder = Path::new(EXAMPLES).join("python");
    (python(&folder, "requirements.txt"), folder)
}

/// The Python of a virtual environment in `folder` with the packages of its requirements file.
pub fn python(folder: &Path, requirements: &str) -> PathBuf {
    let environment = folder.join(".venv");
    let python = environment.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let pins = folder.join(requirements);
    let _lock = lock(&pins);
    once(&environment, &pins, || {
        inherited("python3", folder).args(&["-m", "venv", "--clear", ".venv"]).run().expect(0);
        let pip = inherited(python.to_str().expect("the folder has a plain name"), folder);
        pip.args(&["-m", "pip", "install", "--quiet", "--requirement", requirements]).run().expect(0);
    });
    python
}

/// A program with the user's `HOME` and `PATH`, which it needs to find its settings.
pub fn inherited(program: &str, folder: &Path) -> Job {
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
