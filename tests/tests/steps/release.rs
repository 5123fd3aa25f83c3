//! A signed release, packed as `cargo xtask dist` packs it.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use azure_oidc_release::{Release, System, VERSION, digest, pack};
use azure_oidc_tests::programs;
use minisign::KeyPair;

use crate::server::Server;

/// Files below a folder as a server of releases has them: `v0.1.0/...`.
pub(crate) struct Published {
    pub(crate) root: PathBuf,
    /// The public key, in one line.
    pub(crate) key: String,
    pair: KeyPair,
}

/// A published release, served.
pub(crate) struct Served {
    pub(crate) published: Published,
    pub(crate) server: Server,
}

/// The release with the program under test. It is packed once for each test program.
pub(crate) fn real() -> &'static Served {
    static RELEASE: OnceLock<Served> = OnceLock::new();
    RELEASE.get_or_init(|| {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("steps-release");
        fs::remove_dir_all(&root).ok();
        let published = Published::new(&root, &fs::read(programs::host()).expect("the host is built"));
        let server = Server::start(&root, None);
        Served { published, server }
    })
}

/// A small program that says which version it is.
pub(crate) fn small(root: &Path) -> Published {
    let text = format!("#!/bin/sh\necho azure-oidc {VERSION}\necho component sha256:00\n");
    Published::new(root, text.as_bytes())
}

impl Published {
    pub(crate) fn new(root: &Path, program: &[u8]) -> Self {
        let system = System::here().expect("there is a release for this system");
        let folder = root.join(format!("v{VERSION}"));
        for below in ["man", "completions"] {
            fs::create_dir_all(folder.join(below)).expect("it can be made");
        }
        fs::write(folder.join(system.program()), program).expect("it can be written");
        fs::write(folder.join(format!("{}.cdx.json", system.program())), "{}\n").expect("it can be written");
        fs::write(folder.join("man/azure-oidc.1"), ".TH azure-oidc 1\n").expect("it can be written");
        fs::write(folder.join("completions/azure-oidc.bash"), "complete azure-oidc\n").expect("it can be written");
        let pair = KeyPair::generate_unencrypted_keypair().expect("there is chance");
        let key = pair.pk.to_base64();
        let published = Self { root: root.to_owned(), key, pair };
        published.pack();
        published.sum();
        published.sign(&format!("azure-oidc {VERSION}"));
        published
    }

    /// Packs the programs in the folder.
    pub(crate) fn pack(&self) {
        let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let release = Release { folder: &self.path(""), root: &repository, epoch: 1_767_225_600 };
        pack(&release).expect("it can be packed");
    }

    /// A file of the release.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(format!("v{VERSION}")).join(name)
    }

    /// Writes `SHA256SUMS`.
    pub(crate) fn sum(&self) {
        let mut sums = String::new();
        for entry in
            fs::read_dir(self.path("")).expect("it is a folder").flatten().filter(|entry| entry.path().is_file())
        {
            let name = entry.file_name().into_string().expect("a plain name");
            if !name.starts_with("SHA256SUMS") {
                sums.push_str(&format!("{}  {name}\n", digest(&fs::read(entry.path()).expect("it is a file"))));
            }
        }
        fs::write(self.path("SHA256SUMS"), sums).expect("it can be written");
    }

    /// Signs `SHA256SUMS` with this trusted comment, as `minisign -S -t COMMENT` does.
    pub(crate) fn sign(&self, comment: &str) {
        let sums = fs::read(self.path("SHA256SUMS")).expect("it was written");
        let signed = minisign::sign(Some(&self.pair.pk), &self.pair.sk, Cursor::new(sums), Some(comment), None);
        fs::write(self.path("SHA256SUMS.minisig"), signed.expect("it can be signed").to_string()).expect("a file");
    }

    /// The archive for this system.
    pub(crate) fn archive(&self) -> PathBuf {
        self.path(&System::here().expect("there is one").archive())
    }
}

/// A folder with these programs of the system and nothing else, for `PATH`.
pub(crate) fn path_with(folder: &Path, names: &[&str]) -> PathBuf {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin).expect("it can be made");
    for name in names {
        let found =
            ["/usr/bin", "/bin"].map(|place| Path::new(place).join(name)).into_iter().find(|path| path.exists());
        let found = found.unwrap_or_else(|| panic!("this system has no {name}"));
        std::os::unix::fs::symlink(found, bin.join(name)).expect("it is new");
    }
    bin
}

/// Writes a shell script into a folder.
pub(crate) fn script(path: &Path, text: &str) {
    fs::write(path, format!("#!/bin/sh\n{text}\n")).expect("it can be written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
}
