//! The same bytes under the stock wasmtime CLI: the command line, the typed functions, the service.

mod command_line;
mod invoke;
mod service;
