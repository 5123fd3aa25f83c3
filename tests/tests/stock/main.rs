//! Runs the component with the stock wasmtime CLI: command line, typed functions and service.

mod command_line;
mod invoke;
mod service;
mod settings;
