//! The deletion engine of Tombstone, and nothing that knows Lambda.
//!
//! Arrows go one way: [`domain`] (pure) ← [`ports`] (narrow traits with their contracts) ← [`engine`] and [`requests`] (the use cases)
//! and, beside it, the adapters (feature `aws`) and the fakes (feature `testing`). `cargo check -p shared` without
//! features fails to compile when an inner layer reaches out; `tests/it/layers.rs` names the file that does.

#[cfg(feature = "dynamo")]
pub mod adapters;
pub mod config;
pub mod domain;
pub mod engine;
pub mod ports;
pub mod requests;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "aws")]
pub mod wiring;

// Cargo tells two checkouts with one target folder apart by nothing but the times of their files, and would run the code
// of the other. `.cargo/config.toml` gives this a value for each checkout, and a change of it compiles all that follows.
const _: Option<&str> = option_env!("TOMBSTONE_WORKSPACE");
