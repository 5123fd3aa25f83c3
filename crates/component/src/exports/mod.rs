//! The exports of the world, one file each. They translate; what is done is done in
//! [`commands`](crate::commands) and the core.

mod claims;
mod command;
mod convert;
mod exchange;
mod run;
mod service;
