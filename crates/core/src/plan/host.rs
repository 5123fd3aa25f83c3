//! The two kinds of hosts: native (reads and writes files) and stock (standard streams only).

use crate::fault::Fault;

/// What kind of host runs the component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostKind {
    /// It reads files for the component and writes the files that a CI system reads.
    Native,
    /// It has streams only; a shell redirects them.
    Stock,
}

impl HostKind {
    /// Adds to the fault of a missing variable how a stock host is told to show it.
    pub fn explain(self, fault: Fault) -> Fault {
        match self {
            Self::Native => fault,
            Self::Stock => fault.hint(
                "this host shows the component only the variables that it is told to: pass each as `--env NAME` to \
                 `wasmtime run`",
            ),
        }
    }
}
