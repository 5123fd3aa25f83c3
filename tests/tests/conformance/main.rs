//! The same bytes under hosts that nobody here wrote, and the examples that show how.

mod dagger;
mod lines;
mod packages;
mod table;
mod worlds;
