//! What the tests of a running stack share: callers of its API, plain clients of its stores, its functions and its bus.
//!
//! A test puts its records and looks at the outcome through the stores themselves, never through our own code: an adapter
//! that reads back its own mistake proves nothing. Each test has a tenant of its own, so that all run side by side.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "what panics here is a test that fails"
)]

pub mod areas;
pub mod bus;
pub mod caller;
pub mod functions;
pub mod http;
pub mod mail;
pub mod queues;
pub mod stacks;
pub mod stores;
pub mod wait;
