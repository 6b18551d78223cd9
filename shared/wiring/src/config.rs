//! The environment, read once at start, into a type for each function. All errors are reported at once, each with the
//! variable, what is wrong and what to write; nothing is guessed, and no table, queue or index has a default name.
//!
//! [`VARIABLES`] is the authoritative list: a test compares `template.yaml`, `.env.example` and `docs/configuration.md`
//! with it. Values are never logged or put into an error, except where a value is one of a few fixed words.

mod collections;
mod functions;
mod problem;
mod secret;
mod stores;
mod times;
mod values;
mod variables;

pub use self::functions::{
    ApiConfig, ClaimNames, ConsumerConfig, EngineConfig, GroupsForm, SweeperConfig,
};
pub use self::problem::{ConfigError, Problem};
pub use self::secret::Secret;
pub use self::stores::{Search, StoresConfig};
pub use self::variables::{Function, VARIABLES, Variable};

#[cfg(test)]
mod tests;
