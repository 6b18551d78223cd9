//! The environment, read once at start, by a type for each function. All errors are told at once, each with the variable,
//! what is wrong and what to write; nothing is guessed, and no table, queue or index has a default name.
//!
//! [`VARIABLES`] is the list that counts: `template.yaml`, `.env.example` and `docs/configuration.md` are compared with it
//! by a test. Values are never logged or put into an error, except where a value is one of few words.

mod collections;
mod functions;
mod problem;
mod stores;
mod times;
mod values;
mod variables;

pub use self::functions::{ApiConfig, ClaimNames, ConsumerConfig, EngineConfig, SweeperConfig};
pub use self::problem::{ConfigError, Problem};
pub use self::stores::{Search, StoresConfig};
pub use self::variables::{Function, VARIABLES, Variable};

#[cfg(test)]
mod tests;
