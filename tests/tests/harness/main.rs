//! The plugin of a Harness step, end to end: `PLUGIN_*` in, one request, a line in the secret output file.

mod contract;
mod defects;
