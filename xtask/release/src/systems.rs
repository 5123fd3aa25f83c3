//! The systems that have a program, and their names in each kind of package.

use crate::VERSION;

/// A system and processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct System {
    /// `linux`, `macos` or `windows`.
    pub system: &'static str,
    /// `amd64`, `arm64`, `riscv64` or `s390x`, as Debian and containers call it.
    pub processor: &'static str,
    /// Node's `process.platform` and `process.arch`.
    pub(crate) node: (&'static str, &'static str),
    /// The platform of a Python wheel.
    pub(crate) wheel: &'static str,
    /// The target of Rust.
    pub target: &'static str,
}

/// All of them.
pub const SYSTEMS: [System; 7] = [
    System {
        system: "linux",
        processor: "amd64",
        node: ("linux", "x64"),
        // A static program runs on each.
        wheel: "manylinux2014_x86_64.musllinux_1_1_x86_64",
        target: "x86_64-unknown-linux-musl",
    },
    System {
        system: "linux",
        processor: "arm64",
        node: ("linux", "arm64"),
        wheel: "manylinux2014_aarch64.musllinux_1_1_aarch64",
        target: "aarch64-unknown-linux-musl",
    },
    System {
        system: "linux",
        processor: "riscv64",
        node: ("linux", "riscv64"),
        wheel: "manylinux_2_31_riscv64.musllinux_1_2_riscv64",
        target: "riscv64gc-unknown-linux-gnu",
    },
    System {
        system: "linux",
        processor: "s390x",
        node: ("linux", "s390x"),
        wheel: "manylinux2014_s390x.musllinux_1_1_s390x",
        target: "s390x-unknown-linux-gnu",
    },
    System {
        system: "macos",
        processor: "amd64",
        node: ("darwin", "x64"),
        wheel: "macosx_10_12_x86_64",
        target: "x86_64-apple-darwin",
    },
    System {
        system: "macos",
        processor: "arm64",
        node: ("darwin", "arm64"),
        wheel: "macosx_11_0_arm64",
        target: "aarch64-apple-darwin",
    },
    System {
        system: "windows",
        processor: "amd64",
        node: ("win32", "x64"),
        wheel: "win_amd64",
        target: "x86_64-pc-windows-msvc",
    },
];

impl System {
    /// The system and processor that this code was compiled for.
    pub fn here() -> Option<&'static Self> {
        let processor = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            other => other,
        };
        SYSTEMS.iter().find(|system| system.system == std::env::consts::OS && system.processor == processor)
    }

    /// The file name of the program in the release's folder.
    pub fn program(&self) -> String {
        let end = if self.is_windows() { ".exe" } else { "" };
        format!("azure-oidc-{}-{}{end}", self.system, self.processor)
    }

    /// The program's file name after installation.
    pub fn executable(&self) -> &'static str {
        if self.is_windows() { "azure-oidc.exe" } else { "azure-oidc" }
    }

    /// The folder in the archive.
    pub fn name(&self) -> String {
        format!("azure-oidc-{VERSION}-{}-{}", self.system, self.processor)
    }

    /// The file name of the archive.
    pub fn archive(&self) -> String {
        format!("{}.{}", self.name(), if self.is_windows() { "zip" } else { "tar.gz" })
    }

    pub(crate) fn is_windows(&self) -> bool {
        self.system == "windows"
    }
}
