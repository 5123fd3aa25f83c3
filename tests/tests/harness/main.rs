//! Tests the plugin of a Harness step end to end: `PLUGIN_*` as input, one request, and a line in
//! the secret output file.

mod contract;
mod defects;
