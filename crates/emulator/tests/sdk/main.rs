//! The proof that the emulator is believed: Microsoft's own SDKs get tokens from it, and refusals.

#[cfg(test)]
mod install;
#[cfg(test)]
mod sdks;
