//! Tests that no secret is in what a program prints, writes or passes on: authorities and token
//! services that repeat it in any form, secrets in the place of something else, and programs of the
//! CI system.

mod echoes;
mod mistakes;
mod program;
mod service;
mod shapes;
