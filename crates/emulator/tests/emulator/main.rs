//! The emulator over TLS, through its control API, and as a program.

#[cfg(test)]
mod arm;
#[cfg(test)]
mod control;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod injections;
#[cfg(test)]
mod platforms;
#[cfg(test)]
mod program;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod registry;
#[cfg(test)]
mod support;
