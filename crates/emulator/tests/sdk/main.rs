//! Microsoft's own SDKs get tokens and refusals from the emulator.

#[cfg(test)]
mod install;
#[cfg(test)]
mod sdks;

/// Where the pinned versions and the scripts stand.
#[cfg(test)]
const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk");
