//! The browsers that the page is tested in, and which tests each runs.

use std::path::Path;
use std::process::Command;

use crate::shell;

/// The tests that Firefox and WebKitGTK run with all others: each kind of answer, and axe-core.
pub(super) const FEW: &str = "every sample|pasted signature|log of (html|colours|masked)|axe-core finds nothing, light";
/// The files with those tests.
pub(super) const FEW_FILES: &[&str] = &["answers", "cases", "reach"];

/// A browser of Debian. A variable named after it overrides its path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Browser {
    Chromium,
    Firefox,
    Webkit,
}

impl Browser {
    pub(super) const ALL: [Self; 3] = [Self::Chromium, Self::Firefox, Self::Webkit];

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|browser| browser.name() == name)
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Chromium => "chromium",
            Self::Firefox => "firefox",
            Self::Webkit => "webkit",
        }
    }

    /// The programs in Debian's packages.
    const fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &["/usr/bin/chromium"],
            Self::Firefox => &["/usr/bin/firefox-esr"],
            Self::Webkit => &["/usr/bin/WebKitWebDriver", "/usr/bin/Xvfb"],
        }
    }

    const fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &["chromium"],
            Self::Firefox => &["firefox-esr"],
            Self::Webkit => &["webkit2gtk-driver", "xvfb"],
        }
    }

    /// The tests that it can run: files, and a pattern of names unless it is all of them.
    pub(super) const fn whole(self) -> &'static [(&'static [&'static str], Option<&'static str>)] {
        match self {
            Self::Chromium => &[(&[""], None)],
            // `load` slows the connection down, which only Chromium's own protocol can. Neither of
            // these two can be told to be dark.
            Self::Firefox => &[
                (&["alone", "answers", "cases", "closed", "intake", "write"], None),
                (&["reach"], Some(", light|, tablet|, phone|keyboard|announced|on a phone|the two strings")),
            ],
            // WebDriver cannot answer requests in place of the server, which `closed` needs, and it
            // reads no clipboard.
            Self::Webkit => &[
                (&["answers", "cases", "intake"], None),
                (&["reach"], Some(", light|, tablet|, phone|announced|on a phone|in the same columns")),
            ],
        }
    }

    /// Whether it is installed. Debian's is installed if that needs no questions.
    pub(super) fn is_installed(self) -> bool {
        if let Some(named) = std::env::var_os(self.name().to_ascii_uppercase()) {
            return Path::new(&named).is_file();
        }
        let installed = || self.programs().iter().all(|program| Path::new(program).is_file());
        let apt = |arguments: &[&str]| {
            let mut command = Command::new("apt-get");
            command.args(["-o", "DPkg::Lock::Timeout=120"]).args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
            shell::run(&mut command).is_ok()
        };
        let install = [&["install", "--yes", "--quiet", "--no-install-recommends"], self.packages()].concat();
        installed() || (apt(&["update", "--quiet"]) && apt(&install) && installed())
    }

    /// What to say where it is missing.
    pub(super) fn missing(self) -> String {
        format!(
            "there is no {}, and apt-get could not install it. The claim checker was NOT run in it. Install the package \
             `{}`, or name another program by the variable {}",
            self.programs().join(" and no "),
            self.packages().join("` and `"),
            self.name().to_ascii_uppercase()
        )
    }
}
