//! The targets that the host is built or checked for, and the tools that they need.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use object::elf::PT_INTERP;
use object::read::elf::ElfFile64;
use object::{Architecture, Endianness, Object};

use crate::{build, shell};

/// A target of the host.
pub(crate) struct Platform {
    pub(crate) triple: &'static str,
    processor: Architecture,
    /// The C compiler and linker. ring contains C.
    compiler: &'static str,
    /// Debian's package with the compiler.
    package: &'static str,
}

/// Packs the relocations of a static program, which makes it 232 KiB smaller on amd64. The C library
/// that Rust brings can read them. A linker that cannot write them ignores the option.
const PACKED: &str = "-Clink-arg=-Wl,-z,pack-relative-relocs";

/// Links glibc statically, which is not the default of its targets. A static program cannot ask at run
/// time whether its C library has `getrandom`, and would read `/dev/urandom`, which an empty container
/// does not have.
const STATIC_GLIBC: &str = r#"-Ctarget-feature=+crt-static --cfg=getrandom_backend="linux_getrandom""#;

/// Linux with a static C library: the processor's name in container images, and the target.
pub(crate) const STATIC: [(&str, Platform); 2] = [
    (
        "amd64",
        Platform {
            triple: "x86_64-unknown-linux-musl",
            processor: Architecture::X86_64,
            compiler: "gcc",
            package: "gcc",
        },
    ),
    ("arm64", ARM64_MUSL),
];

/// More of the same, which a release has where Rust's standard library for them can be installed. For
/// musl there is none.
pub(crate) const MORE: [(&str, Platform); 2] = [
    (
        "riscv64",
        Platform {
            triple: "riscv64gc-unknown-linux-gnu",
            processor: Architecture::Riscv64,
            compiler: "riscv64-linux-gnu-gcc",
            package: "gcc-riscv64-linux-gnu libc6-dev-riscv64-cross",
        },
    ),
    (
        "s390x",
        Platform {
            triple: "s390x-unknown-linux-gnu",
            processor: Architecture::S390x,
            compiler: "s390x-linux-gnu-gcc",
            package: "gcc-s390x-linux-gnu libc6-dev-s390x-cross",
        },
    ),
];

/// The other targets.
pub(crate) const OTHERS: [Platform; 2] = [
    Platform {
        triple: "aarch64-unknown-linux-gnu",
        processor: Architecture::Aarch64,
        compiler: "aarch64-linux-gnu-gcc",
        package: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
    },
    Platform {
        triple: "x86_64-pc-windows-gnu",
        processor: Architecture::X86_64,
        compiler: "x86_64-w64-mingw32-gcc",
        package: "gcc-mingw-w64-x86-64",
    },
];

/// The targets of macOS, with Zig's names for them. The compiler is Zig's.
pub(super) const APPLE: [(Platform, &str); 2] = [
    (
        Platform { triple: "aarch64-apple-darwin", processor: Architecture::Aarch64, compiler: "cc", package: "gcc" },
        "aarch64-macos",
    ),
    (
        Platform { triple: "x86_64-apple-darwin", processor: Architecture::X86_64, compiler: "cc", package: "gcc" },
        "x86_64-macos",
    ),
];

/// A processor of 32 bits, for which the image is interpreted. No release has it.
pub(crate) const ARMV7: Platform = Platform {
    triple: "armv7-unknown-linux-gnueabihf",
    processor: Architecture::Arm,
    compiler: "arm-linux-gnueabihf-gcc",
    package: "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross",
};

/// Rust's target brings the C library, so any compiler for the processor works.
const ARM64_MUSL: Platform = Platform {
    triple: "aarch64-unknown-linux-musl",
    processor: Architecture::Aarch64,
    compiler: "aarch64-linux-gnu-gcc",
    package: "gcc-aarch64-linux-gnu libc6-dev-arm64-cross",
};

impl Platform {
    /// The cargo command for the host on this target, with the tested component.
    ///
    /// # Errors
    ///
    /// If Rust's target or the C compiler is missing and cannot be installed.
    pub(crate) fn cargo(&self, subcommand: &str, component: &Path) -> Result<Command> {
        build::add_target(self.triple)?;
        self.require_compiler()?;
        let mut command = shell::cargo(&[subcommand, "--release", "--locked", "--package", "azure-oidc"]);
        command.args(["--target", self.triple]);
        if !self.has_this_processor() {
            command.args(["--features", "azure-oidc-artifact/all-targets"]);
        }
        let name = self.triple.replace('-', "_");
        command
            .env("AZURE_OIDC_COMPONENT", component)
            .env(format!("CC_{name}"), self.compiler)
            .env(format!("CARGO_TARGET_{}_LINKER", name.to_uppercase()), self.compiler);
        let is_among = |list: &[(&str, Self)]| list.iter().any(|(_, one)| one.triple == self.triple);
        let flags = match () {
            () if is_among(&MORE) || self.triple == ARMV7.triple => STATIC_GLIBC,
            () if is_among(&STATIC) => PACKED,
            () => return Ok(command),
        };
        command.env(format!("CARGO_TARGET_{}_RUSTFLAGS", name.to_uppercase()), flags);
        Ok(command)
    }

    fn require_compiler(&self) -> Result<()> {
        require(self.compiler, self.package).map(drop)
    }

    /// Refuses an image for another target. Wasmtime packs each image as ELF and writes the target
    /// into it.
    pub(super) fn judge_image(&self, image: &[u8]) -> Result<()> {
        self.judge_processor(image).context("the image")?;
        let is_named = image.windows(self.triple.len()).any(|window| window == self.triple.as_bytes());
        ensure!(is_named, "the image was made for another system than {}", self.triple);
        Ok(())
    }

    /// Refuses a program for another target, or one that needs shared libraries.
    pub(super) fn judge_program(&self, program: &[u8]) -> Result<()> {
        self.judge_processor(program).context("the program")?;
        let file = ElfFile64::<Endianness>::parse(program)?;
        let mut segments = file.elf_program_headers().iter();
        ensure!(
            segments.all(|segment| segment.p_type.get(file.endian()) != PT_INTERP),
            "the program for {} asks for a loader of libraries; it is to be static",
            self.triple
        );
        Ok(())
    }

    fn judge_processor(&self, bytes: &[u8]) -> Result<()> {
        let found = object::File::parse(bytes)?.architecture();
        ensure!(found == self.processor, "for {found:?}, and not for {}", self.triple);
        Ok(())
    }

    /// Whether programs for the target run on this machine.
    pub(super) fn is_native(&self) -> bool {
        self.has_this_processor() && self.triple.contains(std::env::consts::OS)
    }

    fn has_this_processor(&self) -> bool {
        self.processor_name() == std::env::consts::ARCH
    }

    /// The processor's name for Rust and QEMU.
    pub(crate) fn processor_name(&self) -> &'static str {
        match self.triple.split_once('-').map_or(self.triple, |(processor, _)| processor) {
            "riscv64gc" => "riscv64",
            "armv7" => "arm",
            processor => processor,
        }
    }
}

/// The path of a program in `PATH`.
pub(crate) fn found(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// The path of a program. Installs Debian's package for it, as root, if it is missing.
pub(crate) fn require(program: &str, package: &str) -> Result<PathBuf> {
    if let Some(path) = found(program) {
        return Ok(path);
    }
    let install = format!("apt-get install --yes --no-install-recommends {package}");
    ensure!(is_root() && found("apt-get").is_some(), "{program} is missing; on Debian: {install}");
    let mut words = install.split(' ');
    let mut command = Command::new(words.next().unwrap_or_default());
    shell::run(command.args(words).env("DEBIAN_FRONTEND", "noninteractive"))?;
    found(program).with_context(|| format!("the package {package} has no program {program}"))
}

/// Whether this process runs as root.
pub(crate) fn is_root() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:")).and_then(|ids| ids.split_whitespace().nth(1));
    user == Some("0")
}

/// The path of the release build for this target.
pub(crate) fn program(platform: &Platform) -> Result<PathBuf> {
    let name = if platform.triple.contains("windows") { "azure-oidc.exe" } else { "azure-oidc" };
    let path = build::target_folder().join(platform.triple).join("release").join(name);
    path.is_file().then_some(()).with_context(|| format!("{} was not built", path.display()))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An ELF file that consists of a header.
    fn image(machine: u8, triple: &str) -> Vec<u8> {
        let mut image = b"\x7fELF\x02\x01\x01".to_vec();
        image.resize(64, 0);
        // A relocatable file; the processor; the version; the size of this header.
        (image[16], image[18], image[20], image[52]) = (1, machine, 1, 64);
        image.extend(triple.as_bytes());
        image
    }

    #[test]
    fn an_image_must_be_for_the_processor_and_for_the_system() {
        let windows = &OTHERS[1];
        windows.judge_image(&image(62, "x86_64-pc-windows-gnu")).unwrap();
        for (bad, reason) in [
            (image(183, "x86_64-pc-windows-gnu"), "for Aarch64"),
            (image(62, "x86_64-unknown-linux-gnu"), "another system"),
            (b"not an image".to_vec(), "file"),
        ] {
            let error = format!("{:#}", windows.judge_image(&bad).unwrap_err());
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn a_program_that_needs_libraries_is_refused() {
        let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let (_, native) = STATIC.iter().find(|(_, platform)| platform.is_native()).unwrap();
        let error = native.judge_program(&program).unwrap_err().to_string();
        assert!(error.contains("to be static"), "{error}");
    }
}
