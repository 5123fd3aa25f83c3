//! Tests the HTTP service, natively and with the stock `wasmtime serve`: the same cases with the
//! same answers, limits, hostile callers, trusted issuers, shutdown, its OpenAPI document, and a
//! public test tool.

mod answers;
mod description;
mod ending;
mod hostile;
mod limits;
mod schemathesis;
mod trust;
