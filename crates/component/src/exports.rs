//! The exported interfaces, one file each. They only translate requests and answers.

mod broker;
mod claims;
mod command;
mod convert;
mod exchange;
mod hiding;
mod run;
mod service;
