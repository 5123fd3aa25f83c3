//! The addresses of the documentation's pages.

use crate::platform::Platform;

/// Where the pages of this version are. The repository is named once, in the workspace's
/// `Cargo.toml`.
pub const BASE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/blob/v", env!("CARGO_PKG_VERSION"), "/docs");

/// The page of a platform.
pub fn page(platform: &dyn Platform) -> String {
    format!("{BASE}/platforms/{}.md", platform.name())
}
