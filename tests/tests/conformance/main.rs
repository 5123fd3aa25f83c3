//! Runs the component under foreign hosts, and tests the examples for them.

mod dagger;
mod lines;
mod packages;
mod table;
mod worlds;
