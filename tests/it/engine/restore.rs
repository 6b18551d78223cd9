//! The restore: what comes back, and what cannot.

pub(crate) mod again;
mod failures;
mod plain;
pub(crate) mod restores;
