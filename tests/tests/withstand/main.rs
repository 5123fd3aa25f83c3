//! What it must withstand: wrong settings, wrong tokens, files that cannot be written, an Entra that says no, a network that fails. Every
//! case runs as people see it and as programs see it, and is searched for secrets afterwards.

mod case;
mod entra;
mod id_token;
mod network;
mod outputs;
mod partly;
mod settings;
