//! Microsoft's own SDKs get tokens and refusals from the emulator.

#[cfg(test)]
mod install;
#[cfg(test)]
mod sdks;
