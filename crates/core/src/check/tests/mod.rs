//! Cases as data (`testdata/check/*.json`), rules that hold for any token, and signatures.

mod case;
mod order;
mod preflights;
mod properties;
mod signatures;
mod tables;
