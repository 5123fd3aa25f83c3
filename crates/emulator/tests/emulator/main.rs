//! The emulator as its users meet it: over TLS, through its control plane, and as a program.

#[cfg(test)]
mod control;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod exchange;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod platforms;
#[cfg(test)]
mod program;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod support;
