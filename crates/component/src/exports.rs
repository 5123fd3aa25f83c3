//! The exported interfaces, one file each. They only translate requests and answers.

mod claims;
mod command;
mod convert;
mod exchange;
mod run;
mod service;
