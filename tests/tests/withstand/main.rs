//! Tests failures: wrong settings, wrong tokens, files that cannot be written, refusals of Entra,
//! and network errors. Each case runs with text and with JSON output, and its output is searched
//! for secrets.

mod case;
mod deadline;
mod entra;
mod id_token;
mod network;
mod outputs;
mod partly;
mod publishing;
mod settings;
mod surroundings;
mod tls;
