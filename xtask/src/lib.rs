//! The project's own tasks as a library: what `main.rs` parses and calls, and the tests read.

pub mod attached;
pub mod cli;
pub mod test;
pub mod validate;
