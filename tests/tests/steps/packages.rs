//! The packages of a release: each is installed from its file and run, and the manifests name the
//! archives' digests.

use std::fs;
use std::path::Path;

use azure_oidc_release::{SYSTEMS, System, VERSION, digest};
use azure_oidc_tests::Job;
use azure_oidc_tests::conformance::packages::with_environment;
use serde_json::Value;
use tempfile::TempDir;

use crate::release::{Published, small};

/// A release of this system and of Windows.
fn release() -> (TempDir, Published) {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let release = small(folder.path());
    let windows = SYSTEMS.iter().find(|system| system.system == "windows").expect("there is one");
    fs::write(release.path(&windows.program()), "MZ").expect("it can be written");
    fs::write(release.path(&format!("{}.cdx.json", windows.program())), "{}\n").expect("it can be written");
    release.pack();
    (folder, release)
}

fn here() -> &'static System {
    System::here().expect("there is a release for this system")
}

/// The only file of the release whose name starts and ends so.
fn named(release: &Published, start: &str, end: &str) -> std::path::PathBuf {
    let entries = fs::read_dir(release.path("")).expect("it is a folder").flatten().map(|entry| entry.path());
    let fits = |path: &Path| {
        let name = path.file_name().expect("a name").to_string_lossy();
        name.starts_with(start) && name.ends_with(end)
    };
    let mut found: Vec<_> = entries.filter(|path| fits(path)).collect();
    assert_eq!(found.len(), 1, "{start}...{end}: {found:?}");
    found.remove(0)
}

/// The program says its version, and fails as it fails.
#[track_caller]
fn runs(program: &Path) {
    let ran = with_environment(program, Path::new("/")).args(&["--version"]).run().expect(0);
    assert!(ran.stdout.starts_with(&format!("azure-oidc {VERSION}\n")), "{ran:?}");
}

#[test]
fn an_archive_has_everything_in_one_folder() {
    let (_folder, release) = release();
    let list = Job::program(Path::new("/usr/bin/tar")).args(&["-tvzf"]).args(&[release.archive()]);
    let list = list.env("PATH", "/usr/bin:/bin").env("TZ", "UTC").run().expect(0).stdout;
    let name = here().name();
    for file in
        ["azure-oidc", "LICENSE", "README.md", "azure-oidc.cdx.json", "man/azure-oidc.1", "completions/azure-oidc.bash"]
    {
        let line = list.lines().find(|line| line.ends_with(&format!(" {name}/{file}")));
        let line = line.unwrap_or_else(|| panic!("{file} is missing: {list}"));
        assert!(line.starts_with(if file == "azure-oidc" { "-rwxr-xr-x 0/0" } else { "-rw-r--r-- 0/0" }), "{line}");
        assert!(line.contains("2026-01-01 00:00"), "{line}");
    }
    assert_eq!(list.lines().count(), 6, "{list}");
}

#[test]
fn the_same_programs_give_the_same_bytes() {
    let (_one, first) = release();
    let (_two, second) = release();
    for entry in fs::read_dir(first.path("")).expect("it is a folder").flatten() {
        let name = entry.file_name().into_string().expect("a plain name");
        if entry.path().is_file() && name != "SHA256SUMS.minisig" && name != "SHA256SUMS" {
            let other = fs::read(second.path(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(fs::read(entry.path()).expect("it is a file") == other, "{name} differs");
        }
    }
}

#[test]
fn pip_installs_the_wheel() {
    let (folder, release) = release();
    let place = folder.path().join("venv");
    with_environment("python3", folder.path()).args(&["-m", "venv"]).args(&[&place]).run().expect(0);
    let wheel = named(&release, "azure_oidc-", if cfg!(target_arch = "x86_64") { "x86_64.whl" } else { "aarch64.whl" });
    let pip = with_environment(place.join("bin/python"), folder.path()).args(&["-m", "pip", "install", "--no-index"]);
    pip.args(&[&wheel]).run().expect(0);
    runs(&place.join("bin/azure-oidc"));
    // pip compares no digests of a wheel's files, so this does.
    let check = "import base64, csv, hashlib, io, sys, zipfile\n\
        wheel = zipfile.ZipFile(sys.argv[1])\n\
        record = next(name for name in wheel.namelist() if name.endswith('/RECORD'))\n\
        rows = list(csv.reader(io.StringIO(wheel.read(record).decode())))\n\
        assert sorted(row[0] for row in rows) == sorted(wheel.namelist()), rows\n\
        for name, digest, size in rows:\n    \
            if name != record:\n        \
                data = wheel.read(name)\n        \
                is_ = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()\n        \
                assert digest == 'sha256=' + is_ and int(size) == len(data), name\n";
    with_environment("python3", folder.path()).args(&["-c", check]).args(&[&wheel]).run().expect(0);
}

#[test]
fn npm_installs_the_package_and_its_program() {
    let (folder, release) = release();
    let processor = if cfg!(target_arch = "x86_64") { "x64" } else { "arm64" };
    let program = release.path(&format!("azure-oidc-linux-{processor}-{VERSION}.tgz"));
    let chooser = release.path(&format!("azure-oidc-{VERSION}.tgz"));
    let place = folder.path().join("project");
    fs::create_dir(&place).expect("it is new");
    let words = ["install", "--offline", "--no-audit", "--no-fund", "--ignore-scripts"];
    let npm = with_environment("npm", &place).env("npm_config_cache", place.join("cache"));
    npm.args(&words).args(&[&program, &chooser]).run().expect(0);
    runs(&place.join("node_modules/.bin/azure-oidc"));
    fs::remove_dir_all(place.join(format!("node_modules/azure-oidc-linux-{processor}"))).expect("it was installed");
    let ran = with_environment(place.join("node_modules/.bin/azure-oidc"), &place).run().expect(1);
    assert!(
        ran.stderr.contains(&format!("error: the package azure-oidc-linux-{processor} is not installed")),
        "{ran:?}"
    );
}

#[test]
fn the_package_of_npm_passes_on_exit_code_and_signals() {
    let folder = tempfile::tempdir().expect("there is a temporary folder");
    let program = b"#!/bin/sh\n[ \"$1\" = wait ] || exit 7\ntrap 'exit 9' TERM\n>ready\nwhile :; do sleep 0.1; done\n";
    let release = Published::new(folder.path(), program);
    let unpack = |name: &str, to: &str| {
        let to = folder.path().join("node_modules").join(to);
        fs::create_dir_all(&to).expect("it can be made");
        let tar = Job::program(Path::new("/usr/bin/tar")).env("PATH", "/usr/bin:/bin");
        tar.args(&["-xz", "--strip-components=1", "-C"])
            .args(&[&to, Path::new("-f"), &release.path(name)])
            .run()
            .expect(0);
    };
    let processor = if cfg!(target_arch = "x86_64") { "x64" } else { "arm64" };
    let name = format!("azure-oidc-linux-{processor}");
    unpack(&format!("{name}-{VERSION}.tgz"), &name);
    unpack(&format!("azure-oidc-{VERSION}.tgz"), "azure-oidc");
    let start = folder.path().join("node_modules/azure-oidc/bin/azure-oidc.js");
    with_environment(&start, folder.path()).run().expect(7);
    let running = with_environment(&start, folder.path()).args(&["wait"]).start();
    while !folder.path().join("ready").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(running.terminate().code, 9);
}

#[test]
fn debian_unpacks_the_package() {
    if !Path::new("/usr/bin/dpkg-deb").exists() {
        println!("skipped: dpkg-deb is not installed");
        return;
    }
    let (folder, release) = release();
    let package = named(&release, "azure-oidc_", ".deb");
    let deb = |words: &[&str]| with_environment("dpkg-deb", folder.path()).args(words);
    let fields = deb(&["--field"]).args(&[&package]).run().expect(0).stdout;
    assert!(fields.contains(&format!("Package: azure-oidc\nVersion: {VERSION}\n")), "{fields}");
    assert!(!fields.contains("Depends:"), "the program is static: {fields}");
    let root = folder.path().join("root");
    deb(&["--extract"]).args(&[&package, &root]).run().expect(0);
    runs(&root.join("usr/bin/azure-oidc"));
    for file in [
        "share/man/man1/azure-oidc.1",
        "share/bash-completion/completions/azure-oidc",
        "share/doc/azure-oidc/copyright",
    ] {
        assert!(root.join("usr").join(file).is_file(), "{file}");
    }
}

#[test]
fn rpm_lists_the_package() {
    if !Path::new("/usr/bin/rpmbuild").exists() {
        println!("skipped: rpmbuild is not installed");
        return;
    }
    let (folder, release) = release();
    let package = named(&release, "azure-oidc-", ".rpm");
    let list = with_environment("rpm", folder.path()).args(&["--query", "--package", "--list", "--requires"]);
    let list = list.args(&[&package]).run().expect(0).stdout;
    for file in ["/usr/bin/azure-oidc", "/usr/share/man/man1/azure-oidc.1", "/usr/share/doc/azure-oidc/copyright"] {
        assert!(list.lines().any(|line| line == file), "{file}: {list}");
    }
    let needs = list.lines().find(|line| !line.starts_with('/') && !line.starts_with("rpmlib("));
    assert_eq!(needs, None, "the program is static");
}

#[test]
fn manifests_name_the_archives_and_their_digests() {
    let (_folder, release) = release();
    let of = |path: &Path| digest(&fs::read(path).expect("it was packed"));
    let formula = fs::read_to_string(release.path("azure-oidc.rb")).expect("it was written");
    let (processor, archive) = (if here().processor == "amd64" { "intel" } else { "arm" }, here().archive());
    let wanted = format!(
        "    on_{processor} do\n      url \"https://github.com/YOUR_ORG/azure-oidc/releases/download/v{VERSION}/{archive}\"\n      \
         sha256 \"{}\"\n    end\n",
        of(&release.archive())
    );
    assert!(formula.contains(&wanted), "{formula}");
    assert!(!formula.contains("on_macos"), "there is no program for macOS here: {formula}");

    let windows = format!("azure-oidc-{VERSION}-windows-amd64");
    let zip = of(&release.path(&format!("{windows}.zip")));
    let scoop: Value =
        serde_json::from_slice(&fs::read(release.path("azure-oidc.json")).expect("a file")).expect("JSON");
    assert_eq!(scoop["architecture"]["64bit"]["hash"], zip.as_str());
    assert_eq!(scoop["architecture"]["64bit"]["extract_dir"], windows.as_str());
    let winget = crate::runner::document(
        &fs::read_to_string(release.path("YOUR_ORG.AzureOIDC.installer.yaml")).expect("it was written"),
    );
    assert_eq!(winget["Installers"][0]["InstallerSha256"], zip.to_uppercase().as_str());
    assert_eq!(winget["NestedInstallerFiles"][0]["RelativeFilePath"], format!("{windows}\\azure-oidc.exe").as_str());
    let list = with_environment("python3", Path::new("/")).args(&["-m", "zipfile", "--list"]);
    let list = list.args(&[release.path(&format!("{windows}.zip"))]).run().expect(0).stdout;
    assert!(list.contains(&format!("{windows}/azure-oidc.exe")), "{list}");
}
