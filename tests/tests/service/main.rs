//! The HTTP service, natively and under the stock `wasmtime serve`: the same cases with the same answers, its limits, its end, its
//! description, and what a public tool finds.

mod answers;
mod description;
mod ending;
mod limits;
mod schemathesis;
