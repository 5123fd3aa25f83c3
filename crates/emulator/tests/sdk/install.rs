//! Installs pinned versions of the SDKs once, below the target directory.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::HERE;

/// Returns the Python of a virtual environment with azure-identity.
pub(crate) fn python() -> PathBuf {
    let place = target().join("tools-venv");
    let binaries = place.join(if cfg!(windows) { "Scripts" } else { "bin" });
    once(&place, &["requirements.txt"], || {
        run(Command::new(if cfg!(windows) { "python" } else { "python3" }).args(["-m", "venv", "--clear"]).arg(&place));
        let requirements = Path::new(HERE).join("requirements.txt");
        run(Command::new(binaries.join("python"))
            .args(["-m", "pip", "install", "--quiet", "--require-hashes", "-r"])
            .arg(requirements));
    });
    binaries.join("python")
}

/// Returns a directory with @azure/identity in its `node_modules`.
pub(crate) fn node() -> PathBuf {
    let place = target().join("tools-node");
    once(&place, &["package.json", "package-lock.json"], || {
        for file in ["package.json", "package-lock.json"] {
            std::fs::copy(Path::new(HERE).join(file), place.join(file)).unwrap();
        }
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        run(Command::new(npm).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&place));
    });
    place
}

/// Installs unless these versions are installed. Other test processes wait for a lock.
fn once(place: &Path, pins: &[&str], install: impl FnOnce()) {
    std::fs::create_dir_all(place.parent().unwrap()).unwrap();
    let lock = File::create(place.with_extension("lock")).unwrap();
    lock.lock().unwrap();
    let wanted: String = pins.iter().map(|file| std::fs::read_to_string(Path::new(HERE).join(file)).unwrap()).collect();
    let stamp = place.join("installed.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return;
    }
    let _ = std::fs::remove_dir_all(place);
    std::fs::create_dir_all(place).unwrap();
    install();
    std::fs::write(stamp, wanted).unwrap();
}

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {}: {errors}", output.status);
}

/// The target directory, which can have any name.
fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().to_owned()
}
