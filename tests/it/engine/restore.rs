//! The restore: what comes back, and what cannot.

mod failures;
mod plain;
pub(crate) mod restores;
