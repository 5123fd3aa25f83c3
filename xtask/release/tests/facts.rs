//! Compares the files that repeat a fact of a release: the version, where the project is published,
//! the key, and the digest of `install.sh`. `UPDATE_PINS=1` renews digests and the copies of
//! `integrations/bootstrap.sh`.

use std::fs;
use std::path::{Path, PathBuf};

use azure_oidc_release::{REPOSITORY, VERSION, digest};

/// The first words of the shell function that integrations contain.
const BEGIN: &str = "# azure_oidc_install FOLDER:";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in fs::read_dir(folder).expect("it is a folder").map(|entry| entry.expect("it can be listed").path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The value of `name=value` at the start of a line, without quotes.
fn assigned(text: &str, name: &str) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix('='));
    line.unwrap_or_else(|| panic!("{name} has no value")).trim().trim_matches('\'').to_owned()
}

/// Compares a file with what it is to be, or writes it.
fn settle(path: &Path, wanted: &str) {
    if std::env::var_os("UPDATE_PINS").is_some() {
        fs::write(path, wanted).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    assert_eq!(
        read(path),
        wanted,
        "{}: run UPDATE_PINS=1 cargo test -p azure-oidc-release --test facts",
        path.display()
    );
}

/// Replaces each digest that comes before this text.
fn with_digest(text: &str, before: &str, digest: &str) -> String {
    let mut parts = text.split(before);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let kept = out.len().checked_sub(64).filter(|at| out[*at..].bytes().all(|byte| byte.is_ascii_hexdigit()));
        if let Some(at) = kept {
            out.replace_range(at.., digest);
        }
        out.push_str(before);
        out.push_str(part);
    }
    out
}

/// Replaces each copy of the shell function, with the copy's indentation.
fn with_bootstrap(text: &str, bootstrap: &str) -> String {
    let mut out = String::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let Some(at) = line.find(BEGIN).filter(|at| line[..*at].trim().is_empty()) else {
            out.push_str(line);
            continue;
        };
        let (indent, end) = (&line[..at], format!("{}}}", &line[..at]));
        lines.by_ref().find(|line| line.trim_end() == end).expect("the function ends");
        for line in bootstrap.split_inclusive('\n') {
            out.push_str(indent);
            out.push_str(line);
        }
    }
    out
}

#[test]
fn installers_know_the_version_and_the_place() {
    let (shell, power) = (read(&root().join("install.sh")), read(&root().join("install.ps1")));
    let releases = format!("{REPOSITORY}/releases/download");
    assert_eq!(assigned(&shell, "version"), VERSION);
    assert_eq!(assigned(&shell, "releases"), releases);
    assert_eq!(assigned(&power, "$releases"), releases);
    assert_eq!(assigned(&power, "$key"), assigned(&shell, "key"));
    assert!(power.contains(&format!("[string] $Version = '{VERSION}'")));
}

#[test]
fn integrations_pin_the_installer() {
    let installer = digest(read(&root().join("install.sh")).as_bytes());
    let bootstrap = root().join("integrations/bootstrap.sh");
    let wanted = with_digest(&read(&bootstrap), " ]; then", &installer);
    assert!(wanted.contains(&installer), "bootstrap.sh compares no digest");
    settle(&bootstrap, &wanted);
    let mut copies = 0;
    let examples = fs::read_dir(root().join("examples")).expect("it is a folder").flatten();
    let examples = examples.flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten());
    let examples = examples.map(|file| file.path()).filter(|path| path.extension().is_some_and(|end| end == "yml"));
    let all = files(&root().join("integrations")).into_iter().chain(examples).chain([root().join("README.md")]);
    for path in all {
        let text = read(&path);
        let renewed = with_bootstrap(&with_digest(&text, "  install.sh", &installer), &wanted);
        copies += usize::from(text.contains(BEGIN)) + text.matches(&format!("{installer}  install.sh")).count();
        settle(&path, &renewed);
    }
    assert!(copies > 6, "{copies}");
}

#[test]
fn files_of_integrations_name_this_version_and_place() {
    let (owner, image) = (REPOSITORY.rsplit('/').nth(1).expect("an owner"), format!("azure-oidc:{VERSION}"));
    for path in files(&root().join("integrations")) {
        let text = read(&path);
        for rest in text.split("/azure-oidc@").skip(1).chain(text.split("integrations/github@v").skip(1)) {
            assert!(rest.starts_with(VERSION), "{}: another version: {}", path.display(), &rest[..10.min(rest.len())]);
        }
        for (before, _) in text.match_indices("/azure-oidc/releases/download").map(|(at, _)| text.split_at(at)) {
            assert!(before.ends_with(owner), "{}: another owner", path.display());
        }
        if text.contains("azure-oidc:0") {
            assert!(text.contains(&image), "{}", path.display());
        }
    }
}

#[test]
fn binstall_names_the_archives() {
    let manifest = read(&root().join("host/Cargo.toml"));
    for system in azure_oidc_release::SYSTEMS {
        let (name, archive) = (system.name(), system.archive());
        let template = |text: &str| text.replace(VERSION, "{ version }");
        assert!(manifest.contains(&format!("/v{{ version }}/{}\"", template(&archive))), "{archive}");
        assert!(manifest.contains(&format!("bin-dir = \"{}/", template(&name))), "{name}");
    }
}
