//! What a person runs against a deployment. The page for its users is `docs/command-line.md`.
//!
//! `main.rs` only parses and prints. A command is two files: what it does, which the local stack, the tour and the tests
//! call too, and beside it `command.rs` with its options and what it answers.
//!
//! To add a command: its module, a variant of [`arguments::Command`], and a section of the page; a test compares the two.
//! It must not reach for this project's own stack: who installs it compiles AWS's clients and nothing else.

pub mod answer;
pub mod arguments;
pub mod collections;
pub mod doctor;
pub mod exit;
pub mod index;
pub mod search;
pub mod sign_in;
pub mod verify;
