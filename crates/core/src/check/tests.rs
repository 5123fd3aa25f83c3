//! Cases as data (`testdata/check/*.json`), rules that hold for any token, and signatures.

mod case;
mod described;
mod order;
mod preflights;
mod properties;
mod real_life;
mod remedies;
mod signatures;
mod tables;
