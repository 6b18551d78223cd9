//! The restore: what comes back, and what cannot.

pub(crate) mod again;
mod another_parent;
mod failures;
mod plain;
pub(crate) mod restores;
