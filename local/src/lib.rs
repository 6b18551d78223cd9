//! The local stack as a library: what the project's tasks, the tour and the stack tests share.
//!
//! A test that needs a stack of its own starts one with [`stack::Stack::start`].

pub mod authorization;
pub mod env;
pub mod environment;
pub mod http;
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
pub mod token;
pub mod tools;
