//! The restore: what comes back, and what cannot.

mod documents;
mod failures;
mod plain;
pub(crate) mod restores;
