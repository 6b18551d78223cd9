//! The local stack as a library: what the subcommands, the demo and the stack tests share.
//!
//! `main.rs` only parses and calls. A test that needs a stack of its own starts one with [`stack::Stack::start`].

pub mod attached;
pub mod authorization;
pub mod cli;
pub mod demo;
pub mod env;
mod environment;
pub mod http;
pub mod index;
pub mod interrupt;
pub mod lambda;
pub mod layout;
pub mod load;
pub mod logs;
mod prerequisites;
pub mod process;
pub mod stack;
mod tail;
pub mod terminal;
pub mod test;
pub mod token;
mod tools;
pub mod validate;
pub mod verify;
