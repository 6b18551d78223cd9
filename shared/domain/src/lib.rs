//! What a deletion *is*: types and decisions without input or output.
//!
//! Everything here is a function of its arguments. No clock, no store, no log: a rule that needs one of them
//! belongs to `engine` or `requests`.

pub mod above;
pub mod adoption;
pub mod certificate;
pub mod chain;
pub mod change;
pub mod collection;
pub mod condition;
pub mod cursor;
pub mod deletion;
pub mod document;
pub mod draft;
pub mod effects;
mod entry;
pub mod event;
pub mod fingerprint;
pub mod found;
mod hex;
pub mod json_text;
pub mod key;
pub mod mark;
pub mod message;
pub mod narrowing;
pub mod notice;
pub mod number;
pub mod only;
pub mod open;
mod outcome;
pub mod page;
mod part;
pub mod permission;
pub mod principal;
pub mod request_key;
pub mod row;
pub mod scope;
pub mod size;
pub mod strategy;
pub mod tags;
pub mod time;

// Cargo distinguishes two checkouts with one target folder only by the times of their files, and could run the code of
// the other one. `.cargo/config.toml` gives this a value for each checkout, and a change of the value compiles
// everything that depends on it.
const _: Option<&str> = option_env!("TOMBSTONE_WORKSPACE");
