//! `install.sh`: what it verifies, what it refuses, and that a refusal changes nothing.

use std::fs;
use std::path::{Path, PathBuf};

use azure_oidc_tests::{Job, Ran};
use tempfile::TempDir;

use crate::release::{Published, path_with, script, small};
use crate::server::Server;

/// What the script needs besides a program for downloads and one for signatures.
const TOOLS: [&str; 18] = [
    "uname",
    "mktemp",
    "mkdir",
    "tar",
    "gzip",
    "rm",
    "mv",
    "cat",
    "sed",
    "tail",
    "head",
    "tr",
    "cut",
    "chmod",
    "grep",
    "cp",
    "wc",
    "sha256sum",
];

/// A machine with some tools, and a release on a server.
struct Machine {
    folder: TempDir,
    release: Published,
    bin: PathBuf,
    releases: String,
}

impl Machine {
    fn new(others: &[&str]) -> Self {
        Self::with_cut(others, None)
    }

    fn with_cut(others: &[&str], cut: Option<&'static str>) -> Self {
        let folder = tempfile::tempdir().expect("there is a temporary folder");
        let release = small(&folder.path().join("releases"));
        let bin = path_with(folder.path(), &[&TOOLS, others].concat());
        let releases = Server::start(&release.root, cut).address;
        Self { folder, release, bin, releases }
    }

    /// The folder that the program goes to.
    fn target(&self) -> PathBuf {
        self.folder.path().join("my programs")
    }

    fn job(&self, words: &[&str]) -> Job {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../install.sh");
        Job::program(Path::new("/bin/sh"))
            .args(&[script, "--dir".into(), self.target()])
            .args(words)
            .within(self.folder.path())
            .env("PATH", &self.bin)
            .env("AZURE_OIDC_RELEASES", &self.releases)
            .env("AZURE_OIDC_RELEASE_KEY", &self.release.key)
    }

    fn run(&self, words: &[&str]) -> Ran {
        self.job(words).run()
    }

    /// Asserts a refusal that says this, with one thing to do, and that the folder is as it was.
    #[track_caller]
    fn refuses(&self, job: Job, says: &str) -> Ran {
        fs::create_dir_all(self.target()).expect("it can be made");
        fs::write(self.target().join("azure-oidc"), "the old one").expect("it can be written");
        let ran = job.run().expect(1);
        assert!(ran.stderr.contains(&format!("install.sh: error: {says}")), "{}", ran.printed());
        assert_eq!(ran.stderr.matches("install.sh: hint: ").count(), 1, "{}", ran.stderr);
        let left: Vec<_> =
            fs::read_dir(self.target()).expect("it is there").flatten().map(|entry| entry.file_name()).collect();
        assert_eq!(left, ["azure-oidc"]);
        assert_eq!(fs::read_to_string(self.target().join("azure-oidc")).expect("it is there"), "the old one");
        ran
    }
}

/// The program is in the folder, alone, and says its version.
#[track_caller]
fn assert_installed(machine: &Machine) {
    let left: Vec<_> = fs::read_dir(machine.target()).expect("it is there").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let says = Job::program(&machine.target().join("azure-oidc")).env("PATH", &machine.bin).run().expect(0).stdout;
    assert!(says.starts_with("azure-oidc 0.1.0\n"), "{says}");
}

#[test]
fn openssl_verifies_where_minisign_is_missing() {
    let machine = Machine::new(&["curl", "openssl"]);
    let ran = machine.run(&["--require-signature"]).expect(0);
    assert!(ran.stdout.contains("verified: the signature of SHA256SUMS (with openssl)\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\nverified: the SHA-256 digest of azure-oidc-0.1.0-linux-"), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("export PATH=\"{}:$PATH\"", machine.target().display())), "{}", ran.stdout);
    assert_eq!(ran.stderr, "");
    assert_installed(&machine);
}

#[test]
fn minisign_verifies_where_it_is_installed() {
    if !Path::new("/usr/bin/minisign").exists() {
        println!("skipped: minisign is not installed");
        return;
    }
    let machine = Machine::new(&["curl", "minisign"]);
    let ran = machine.run(&["--require-signature"]).expect(0);
    assert!(ran.stdout.contains("(with minisign)"), "{}", ran.stdout);
    assert_installed(&machine);
    machine.release.sign("azure-oidc 0.0.9");
    machine.refuses(machine.job(&[]), "the signature is for `azure-oidc 0.0.9` and not for azure-oidc 0.1.0");
    fs::write(machine.release.path("SHA256SUMS"), "nothing\n").expect("it can be written");
    machine.refuses(machine.job(&[]), "SHA256SUMS is not signed with the release key");
}

#[test]
fn without_a_verifier_it_says_what_was_not_verified() {
    let machine = Machine::new(&["curl"]);
    let ran = machine.run(&[]).expect(0);
    let not = "not verified: the signature of SHA256SUMS, because neither minisign nor OpenSSL 3 is installed\n";
    assert!(ran.stdout.contains(not), "{}", ran.stdout);
    assert_installed(&machine);
    machine.refuses(machine.job(&["--require-signature"]), "the signature cannot be verified: neither minisign nor");
}

#[test]
fn an_openssl_that_cannot_verify_is_not_believed() {
    let machine = Machine::new(&["curl"]);
    // One that accepts everything, as a version without `-rawin` that ignores it might.
    script(&machine.bin.join("openssl"), "exec /usr/bin/true");
    machine.refuses(machine.job(&["--require-signature"]), "the signature cannot be verified");
}

#[test]
fn without_a_release_key_it_says_so() {
    let machine = Machine::new(&["curl", "openssl"]);
    let ran = machine.job(&[]).without("AZURE_OIDC_RELEASE_KEY").run().expect(0);
    assert!(ran.stdout.contains("because this copy of install.sh has no release key\n"), "{}", ran.stdout);
    let job = machine.job(&["--require-signature"]).without("AZURE_OIDC_RELEASE_KEY");
    machine.refuses(job, "the signature cannot be verified: this copy of install.sh has no release key");
}

#[test]
fn a_changed_archive_is_refused() {
    let machine = Machine::new(&["curl", "openssl"]);
    let archive = machine.release.archive();
    let mut bytes = fs::read(&archive).expect("it is there");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&archive, bytes).expect("it can be written");
    let ran = machine.refuses(machine.job(&[]), "azure-oidc-0.1.0-linux-");
    assert!(ran.stderr.contains("it is damaged, or somebody changed it"), "{}", ran.stderr);
    // Whoever changes the sums as well lacks the key.
    machine.release.sum();
    machine.refuses(machine.job(&[]), "SHA256SUMS is not signed with the release key");
}

#[test]
fn a_signature_must_be_there_and_be_for_this_version() {
    let machine = Machine::new(&["curl", "openssl"]);
    machine.release.sign("azure-oidc 0.0.9");
    machine.refuses(machine.job(&[]), "the signature is for `azure-oidc 0.0.9` and not for azure-oidc 0.1.0");
    // The comment is signed too: nobody can change it alone.
    let file = machine.release.path("SHA256SUMS.minisig");
    let text = fs::read_to_string(&file).expect("it is there").replace("azure-oidc 0.0.9", "azure-oidc 0.1.0");
    fs::write(&file, text).expect("it can be written");
    machine.refuses(machine.job(&[]), "SHA256SUMS is not signed with the release key");
    fs::remove_file(&file).expect("it is there");
    let ran = machine.refuses(machine.job(&[]), &format!("{}/v0.1.0/SHA256SUMS.minisig", machine.releases));
    assert!(ran.stderr.contains("404"), "{}", ran.stderr);
}

#[test]
fn another_key_is_refused() {
    let machine = Machine::new(&["curl", "openssl"]);
    let other = small(&machine.folder.path().join("other")).key;
    machine.refuses(machine.job(&[]).env("AZURE_OIDC_RELEASE_KEY", other), "SHA256SUMS is not signed");
}

#[test]
fn a_cut_download_is_refused() {
    for tool in ["curl", "wget"] {
        let machine = Machine::with_cut(&[tool, "openssl"], Some(".tar.gz"));
        let ran = machine.refuses(machine.job(&[]), &format!("{}/v0.1.0/azure-oidc-0.1.0-linux-", machine.releases));
        assert!(ran.stderr.contains("cannot be downloaded: "), "{tool}: {}", ran.stderr);
        let machine = Machine::with_cut(&[tool, "openssl"], Some("SHA256SUMS"));
        machine.refuses(machine.job(&[]), &format!("{}/v0.1.0/SHA256SUMS cannot be downloaded: ", machine.releases));
    }
}

#[test]
fn wget_serves_where_curl_is_missing() {
    let machine = Machine::new(&["wget", "openssl"]);
    machine.run(&["--require-signature"]).expect(0);
    assert_installed(&machine);
}

#[test]
fn missing_tools_are_named() {
    let machine = Machine::new(&[]);
    machine.refuses(machine.job(&[]), "neither curl nor wget is installed");
    let machine = Machine::new(&["curl"]);
    fs::remove_file(machine.bin.join("sha256sum")).expect("it is there");
    machine.refuses(machine.job(&[]), "no program for SHA-256 is installed");
    fs::remove_file(machine.bin.join("tar")).expect("it is there");
    machine.refuses(machine.job(&[]), "tar is not installed");
}

#[test]
fn openssl_serves_for_the_digest_too() {
    let machine = Machine::new(&["curl", "openssl"]);
    fs::remove_file(machine.bin.join("sha256sum")).expect("it is there");
    machine.run(&["--require-signature"]).expect(0);
    assert_installed(&machine);
}

#[test]
fn without_a_network_it_names_the_address() {
    let machine = Machine::new(&["curl"]);
    // The discard port, which nobody listens at.
    let job = machine.job(&[]).env("AZURE_OIDC_RELEASES", "http://127.0.0.1:9");
    let ran = machine.refuses(job, "http://127.0.0.1:9/v0.1.0/SHA256SUMS cannot be downloaded: ");
    assert!(ran.stderr.contains("hint: check the network, the proxy (HTTPS_PROXY) and that this version exists\n"));
}

#[test]
fn other_systems_and_processors_are_named() {
    for (system, processor, says) in [
        ("Linux", "mips", "there is no azure-oidc for the processor mips"),
        ("SunOS", "x86_64", "there is no azure-oidc for SunOS"),
        ("MINGW64_NT-10.0", "x86_64", "this is Windows"),
        ("Darwin", "arm64", "SHA256SUMS of version 0.1.0 does not name azure-oidc-0.1.0-macos-arm64.tar.gz"),
    ] {
        let machine = Machine::new(&["curl"]);
        fs::remove_file(machine.bin.join("uname")).expect("it is there");
        let text = format!("case $1 in -s) echo {system} ;; -m) echo {processor} ;; esac");
        script(&machine.bin.join("uname"), &text);
        machine.refuses(machine.job(&[]), says);
    }
}

#[test]
fn wrong_words_are_named() {
    let machine = Machine::new(&["curl"]);
    machine.refuses(machine.job(&["--prefix", "/usr"]), "there is no option --prefix");
    machine.refuses(machine.job(&["--version"]), "--version needs a value");
    machine.refuses(machine.job(&["--version", "../1"]), "`../1` is no version");
    machine.refuses(machine.job(&["--version", "latest"]), "`latest` is no version");
    machine.refuses(machine.job(&["--version", "9.9.9"]), &format!("{}/v9.9.9/SHA256SUMS", machine.releases));
    let without = machine.job(&[]).without("AZURE_OIDC_RELEASES");
    machine.refuses(without, "this copy of install.sh does not know where releases are");
    let plain = machine.job(&[]).env("AZURE_OIDC_RELEASES", "http://releases.example/azure-oidc");
    machine.refuses(plain, "http://releases.example/azure-oidc is not encrypted");
    let odd = machine.job(&[]).env("AZURE_OIDC_RELEASES", "releases");
    machine.refuses(odd, "AZURE_OIDC_RELEASES is `releases`, which is no address");
    let file = machine.folder.path().join("file");
    fs::write(&file, "").expect("it can be written");
    let below = file.join("below");
    let below = below.to_str().expect("a plain name");
    machine.refuses(machine.job(&["--dir", below]), &format!("the folder {below} cannot be created"));
    assert!(machine.run(&["--help"]).expect(0).stdout.contains("--require-signature"));
}

#[test]
fn a_program_that_does_not_run_replaces_nothing() {
    let machine = Machine::new(&["curl", "openssl"]);
    let root = machine.folder.path().join("broken");
    let broken = Published::new(&root, b"#!/bin/sh\necho wrong machine >&2; exit 1\n");
    let job = machine.job(&[]).env("AZURE_OIDC_RELEASE_KEY", &broken.key);
    let job = job.env("AZURE_OIDC_RELEASES", format!("file://{}", root.display()));
    machine.refuses(job, "the program does not run here: wrong machine");
}

#[test]
fn a_copy_in_a_folder_and_a_relative_target_work() {
    let machine = Machine::new(&["openssl"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../install.sh");
    let job = Job::program(Path::new("/bin/sh")).args(&[script]).args(&["--dir=-my tools", "--version=v0.1.0"]);
    job.within(machine.folder.path())
        .env("PATH", &machine.bin)
        .env("AZURE_OIDC_RELEASES", format!("file://{}/", machine.release.root.display()))
        .env("AZURE_OIDC_RELEASE_KEY", &machine.release.key)
        .run()
        .expect(0);
    assert!(machine.folder.path().join("-my tools/azure-oidc").is_file());
}

#[test]
fn the_default_folder_is_below_the_home_folder() {
    let machine = Machine::new(&["curl", "openssl"]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../install.sh");
    let job = Job::program(Path::new("/bin/sh")).args(&[script]).env("PATH", &machine.bin);
    let job = job.env("AZURE_OIDC_RELEASES", &machine.releases).env("AZURE_OIDC_RELEASE_KEY", &machine.release.key);
    job.env("HOME", machine.folder.path()).run().expect(0);
    assert!(machine.folder.path().join(".local/bin/azure-oidc").is_file());
}

/// shellcheck knows what differs between shells.
#[test]
fn the_scripts_are_clean_for_shellcheck() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    if !Path::new("/usr/bin/shellcheck").exists() {
        println!("skipped: shellcheck is not installed");
        return;
    }
    for (shell, file) in [
        ("sh", "install.sh"),
        ("sh", "integrations/bootstrap.sh"),
        ("sh", "integrations/circleci/src/scripts/sign-in.sh"),
        ("bash", "integrations/buildkite/hooks/pre-command"),
        ("bash", "integrations/buildkite/hooks/pre-exit"),
    ] {
        let job = Job::program(Path::new("/usr/bin/shellcheck")).args(&["--shell", shell]).args(&[root.join(file)]);
        let ran = job.run();
        assert_eq!((ran.code, ran.stdout.as_str()), (0, ""), "{file}");
    }
}
