//! The restore: what comes back, and what cannot.

pub(crate) mod again;
mod another_parent;
mod documents;
mod failures;
mod plain;
pub(crate) mod restores;
